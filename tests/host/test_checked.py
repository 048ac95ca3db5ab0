"""A rehearsal checks its plan by itself; what a system in trouble makes of it is known, and stands against a start."""

from __future__ import annotations

from pathlib import Path

from controlroom.core import intents as i
from controlroom.core.checks import overall
from controlroom.core.findings import Finding
from controlroom.core.intents import Accepted, Refused
from tests.host.live import Troubles, Viewer, live_host


async def test_a_rehearsal_is_checked_and_checked_again(tmp_path: Path) -> None:
    async with live_host(tmp_path, rate=20.0) as host:
        viewer = await host.viewer()
        inspected = await _well(viewer)
        assert {"cluster", "chaos-daemon.network-latency", "metric.order_p95"} <= {
            one.id for one in inspected
        }

        trouble = Troubles(viewer)
        await trouble.put("alertmanager", kind="stopped", seconds=30.0)
        answer = await viewer.room.submit(i.CheckPlan())
        assert isinstance(answer, Accepted)
        assert answer.note == "failed"
        await viewer.until(lambda: viewer.state.seq >= answer.seq)
        assert viewer.state.inspected is not None
        wrong = {one.id for one in viewer.state.inspected.findings if one.state == "failed"}
        assert wrong == {"alertmanager"}

        # The phase is not the experiment's, either: its own word is typed, so that the check alone is in the way.
        start = i.Start(experiment="pod-kill", typed={"phase": "out of phase"}, reason="a test")
        refused = await viewer.room.submit(start)
        assert isinstance(refused, Refused)
        assert refused.reason == "checks: failed when the plan was checked: Alertmanager"

        await trouble.put("alertmanager", kind="none")
        assert (await viewer.room.submit(i.CheckPlan())).note != "failed"
        assert isinstance(await viewer.room.submit(start), Accepted)
        await trouble.close()


async def _well(viewer: Viewer) -> tuple[Finding, ...]:
    """Waits for the first look in which nothing failed: a lab that has just begun has no samples yet."""

    def well() -> bool:
        found = viewer.state.inspected
        return found is not None and overall(found.findings) in ("ok", "warning")

    await viewer.until(well)
    assert viewer.state.inspected is not None
    return viewer.state.inspected.findings
