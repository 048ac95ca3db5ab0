"""One experiment in full: what is said of it at each stage, and that what is shown is what is sent."""

from __future__ import annotations

from datetime import timedelta

from controlroom.core import events as e
from controlroom.tui.draw.experiment import experiment_page
from tests.scenes import PREVIEW
from tests.sessions import DAY, LATENCY, PODS, moment
from tests.tui.desk import Desk, desk
from tests.tui.fake_room import recorded


def _page(room: Desk, name: str, cells: int = 100) -> str:
    plan = room.app.now.plan
    assert plan is not None
    rows = experiment_page(room.app.now, plan.experiment(name), cells)
    return "\n".join("".join(text for text, _ in row) for row in rows)


async def test_before_anything_was_looked_up_the_plans_file_is_shown_as_such() -> None:
    async with desk(300.0) as room:
        page = _page(room, "network-latency")
    assert "planned  in 20:04" in page
    assert "not looked up yet: space looks" in page
    assert "a start adds a name of its own" in page
    assert "kind: NetworkChaos" in page


async def test_once_previewed_it_is_checked_with_its_targets_and_what_will_be_sent() -> None:
    async with desk(1872.0) as room:
        await room.feed(PREVIEW)
        page = _page(room, "memory-stress")
        assert "checked" in room.pane("experiments")
    assert "2 by the last preview" in page
    assert PODS[0] in page
    assert "as it will be sent" in page and "StressChaos" in page
    assert "warning  alerts" in page and "InventoryCircuitBreakerOpen is firing" in page


async def test_while_it_runs_its_end_its_targets_and_the_object_sent_are_told() -> None:
    async with desk(2900.0) as room:
        page = _page(room, "network-latency")
    for words in (
        "ACTIVE 3/3",
        "by itself 76:00, in 27:44",
        "25:02, ±1 s",
        "as it was sent 25:01",
        "TTD 0:48",
    ):
        assert words in page
    assert page.index("Network Latency active 3/3") < page.index("Network Latency requested"), "newest first"


async def test_what_is_not_proven_and_what_a_target_says_is_told() -> None:
    async with desk(LATENCY) as room:
        target = e.Target(id=PODS[0], state="failed", message="exec: tc: not found")
        injection = e.Injection(
            first=moment(LATENCY), last=moment(LATENCY), n=1, uncertainty=1.0, proven=False
        )
        await room.feed(
            e.FaultObserved(
                run="network-latency#1",
                state="inject-failing",
                targets=(target,),
                message="retrying",
                injection=injection,
                ends_at=moment(LATENCY) + timedelta(seconds=60),
            ),
            t=LATENCY + 2,
        )
        page = _page(room, "network-latency")
    assert "FAILING 0/1" in page
    assert "applied, not proven" in page and "tc: not found" in page and "retrying" in page


async def test_a_recording_says_how_it_ended_and_offers_nothing() -> None:
    async with desk(DAY, info=recorded()) as room:
        page = _page(room, "pod-kill")
        await room.press("x", "d")
        assert "starts or stops" not in room.sheet()
    assert "object gone" in page and "no effect since 15:40" in page


async def test_the_page_starts_and_stops_what_it_shows() -> None:
    async with desk(2900.0) as room:
        await room.press("x", "down", "d", "space")
        assert "stop Network Latency" in "\n".join(room.screen_lines())
