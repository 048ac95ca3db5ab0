"""Golden pictures: sizes, themes and sheets as they were last looked at.

After a wanted change: `pytest tests/tui/test_golden.py --snapshot-update`, and look at them before they are kept.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from controlroom.tui.app import Outcome
from tests.scenes import SCENES, opened, play

GOLDEN = (
    ("inject", (120, 36), "control-dark"),
    ("inject", (80, 24), "control-dark"),
    ("inject", (200, 50), "control-light"),
    ("before", (80, 24), "control-dark"),
    ("replay", (120, 36), "control-dark"),
    ("start", (120, 36), "control-dark"),
    ("halt", (80, 24), "control-contrast"),
    ("trouble", (120, 36), "control-dark"),
    ("ascii", (80, 24), "control-dark"),
    ("checklist", (80, 24), "control-light"),
    ("audience", (80, 24), "control-dark"),
    ("revealed", (120, 36), "control-light"),
    ("scribe", (120, 36), "control-dark"),
    ("layout debrief", (120, 36), "control-dark"),
    ("quit", (80, 24), "control-dark"),
)


@pytest.mark.parametrize(("name", "size", "theme"), GOLDEN, ids=lambda value: str(value).replace(" ", ""))
def test_it_looks_as_it_did(
    name: str, size: tuple[int, int], theme: str, snap_compare: Callable[..., bool]
) -> None:
    scene = SCENES[name]
    own = opened(scene, theme)

    async def before(pilot: Pilot[Outcome]) -> None:
        await own.ready(pilot)
        await play(own, scene)

    assert snap_compare(own.app, terminal_size=size, run_before=before)
