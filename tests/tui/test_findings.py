"""What was found when the plan was checked, on screen."""

from __future__ import annotations

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.findings import Finding
from tests.tui.desk import desk

FOUND = e.PlanChecked(
    findings=(
        Finding(id="cluster", group="Cluster", what="API server", state="ok", reason="v1.36.2 answers"),
        Finding(
            id="chaos-mesh",
            group="Cluster",
            what="Chaos Mesh controller",
            state="failed",
            reason="none of 3 is Ready",
            next="kubectl -n chaos-mesh describe pod chaos-controller-manager-abc",
        ),
        Finding(
            id="chat",
            group="Around it",
            what="chat",
            state="could not tell",
            reason="no http address",
            next="send one",
        ),
    )
)


async def test_the_checklist_says_what_was_found_and_opens_it() -> None:
    async with desk(1872) as room:
        await room.press("k")
        assert "the plan was not checked" in room.sheet()
        await room.feed(FOUND)
        assert "1 failed, 1 could not tell, 1 ok" in room.sheet()
        await room.press("c")
        shown = room.sheet()
        order = [shown.index(word) for word in ("FAILED", "could not tell  chat", "ok  ")]
        assert order == sorted(order)
        assert "next: kubectl -n chaos-mesh describe pod" in shown
        await room.press("c")
        assert room.asked(i.CheckPlan) == i.CheckPlan()
        await room.press("escape")
        assert "ticks or unticks" in room.sheet()
