"""What must be read whole where there is hardly room for it, and seen where there is no colour."""

from __future__ import annotations

import re

import pytest

from controlroom.core import events as e
from controlroom.tui.draw.runs import short_names
from controlroom.tui.paper import _bare
from tests.scenes import SCENES, opened, play
from tests.tui.desk import desk


async def _lines(name: str, size: tuple[int, int] = (80, 24)) -> list[str]:
    scene = SCENES[name]
    own = opened(scene, "control-dark")
    async with own.app.run_test(size=size) as pilot:
        await own.ready(pilot)
        await play(own, scene)
        return own.screen_lines()


@pytest.mark.parametrize("name", ["inject", "halt", "trouble"])
async def test_help_keeps_its_place_in_the_key_line(name: str) -> None:
    assert (await _lines(name))[-1].rstrip().endswith("? help")


async def test_a_halt_names_every_fault() -> None:
    shown = " ".join("\n".join(await _lines("halt")).split())
    assert (
        "HALTING 2 faults · pod-kill fired 0/2 · network-latency active 0/3 · memory-stress active 0/2"
        in shown
    )


async def test_the_times_of_the_day_are_there_to_the_last() -> None:
    row = next(line for line in await _lines("recovery") if "TTD" in line)
    assert re.search(r"TTD \S+ +TTA \S+ +TTI \S+ +TTM \d+:\d\d +TTR ~?\d+:\d\d ", row)


async def test_state_and_time_of_an_experiment_never_touch() -> None:
    async with desk(4600.0, (80, 24)) as own:
        await own.feed(e.FaultObserved(run="pod-kill#1", state="ended", how="fired 2/2"))
        assert "ended fired 2/2 15:02" in own.pane("experiments")


def test_of_long_names_the_ends_are_kept() -> None:
    names = ("inventory-service-jxbdd58hrb-9scff", "inventory-service-jxbdd58hrb-dv7p9")
    assert short_names(names, 22) == "…d58hrb-9scff, …d58hrb-dv7p9"
    assert short_names(names, 40) == ", ".join(names)


async def test_the_chosen_command_is_seen_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with desk(2900.0, (80, 24)) as own:
        await own.press("ctrl+p", "l", "a", "t")
        await own.until(
            lambda: any("experiment: Network" in line for line in own.screen_lines()), "it is found"
        )
        turned = [
            "".join(part.text for part in strip if part.style and "7" in _bare(part.style).split(";")).strip()
            for strip in own.app.screen._compositor.render_strips()
        ]
    assert "experiment: Network Latency" in [line.rstrip("█▔ ") for line in turned]
