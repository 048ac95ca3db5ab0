"""Draws every screen at fixed moments of the example session: `python -m tests.pictures [SCENE ...]`.

Every scene in every size and look goes to `pictures/`, with an `index.html` to look through; those named in
:data:`README` to `docs/pictures/`, at the moments of the synthetic day, which no new recording moves. The golden
pictures of the tests are scenes of that day too. With names of scenes, those alone are drawn and `docs/` is left.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from html import escape
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from controlroom.core.events import Event
from controlroom.journal.reader import read_events
from controlroom.shipped import shipped
from controlroom.tui.paper import _bare
from controlroom.tui.pictures import FONTS
from tests.scenes import SCENES, Day, Scene, opened, play
from tests.sessions import synthetic_events

ROOT = Path(__file__).parent.parent
SIZES = ((80, 24), (120, 36), (200, 50))
LOOKS = {"dark": "control-dark", "light": "control-light", "no-colour": "control-dark"}
README = {
    "facilitator": ("inject", (120, 36)),
    "compact": ("inject", (80, 24)),
    "start": ("start", (120, 36)),
    "plot": ("plot", (120, 36)),
    "replay": ("replay", (120, 36)),
    "audience": ("revealed", (120, 36)),
    "scribe": ("scribe", (120, 36)),
    "wall": ("respond", (200, 50)),
    "debrief": ("layout debrief", (120, 36)),
    "first-room": ("baseline", (120, 36)),
    "first-phases": ("phases", (120, 36)),
    "beside": ("two beside", (120, 36)),
    "sessions": ("sessions", (120, 36)),
}


@lru_cache(maxsize=1)
def _example() -> tuple[Event, ...]:
    return tuple(read_events(shipped("sessions") / "example" / "journal.jsonl"))


def example_events(until: float) -> tuple[Event, ...]:
    """The example session up to that second; to its end, when as much as the whole synthetic day is asked for."""
    found = tuple(event for event in _example() if event.t <= until)
    return _example() if until >= _example()[-1].t - 60 else found


class _Bare(LineFilter):
    """What a terminal shows that is sent no colours: its own two, and what is bold, dim or turned round."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(text, self._look(style), control) for text, style, control in segments]

    def _look(self, style: Style | None) -> Style:
        codes = _bare(style).split(";") if style is not None else []
        ink, paper = ("#101010", "#d8d8d8") if "7" in codes else ("#d8d8d8", "#101010")
        return Style(color=ink, bgcolor=paper, bold="1" in codes, dim="2" in codes, underline="4" in codes)


@contextmanager
def _no_colour(wanted: bool) -> Iterator[None]:
    """As if NO_COLOR were set; the app takes it out of the environment when it reads it."""
    if wanted:
        os.environ["NO_COLOR"] = "1"
    try:
        yield
    finally:
        os.environ.pop("NO_COLOR", None)


async def draw(scene: Scene, size: tuple[int, int], look: str = "dark", day: Day = synthetic_events) -> str:
    """The scene as SVG."""
    with tempfile.TemporaryDirectory() as place, _no_colour(look == "no-colour"):
        own = opened(scene, LOOKS[look], day, Path(place) if day is example_events else None)
        if look == "no-colour":
            own.app._filters.append(_Bare())
        async with own.app.run_test(size=size) as pilot:
            await own.ready(pilot)
            await play(own, scene)
            return FONTS.sub("", own.app.export_screenshot(title="Control Room"))


def _file(name: str, size: tuple[int, int], look: str) -> str:
    return f"{name.replace(' ', '-')}-{size[0]}x{size[1]}-{look}.svg"


def contact_sheet(names: Iterable[str]) -> str:
    """All pictures on one page: a row for each scene and size, a column for each look."""
    rows = []
    for name in names:
        rows.append(f"<h2>{escape(name)}</h2>")
        for size in SIZES:
            pictures = "".join(
                f'<a href="{escape(_file(name, size, look))}">'
                f'<img loading="lazy" src="{escape(_file(name, size, look))}" alt="{escape(name)}, {look}"></a>'
                for look in LOOKS
            )
            rows.append(f"<h3>{size[0]}×{size[1]}</h3><div>{pictures}</div>")
    style = "body{background:#777;font:14px sans-serif}div{display:flex;gap:8px}a{flex:1}img{width:100%}"
    return (
        f'<!doctype html><meta charset="utf-8"><title>Every screen</title><style>{style}</style>'
        + "".join(rows)
    )


async def main(wanted: Iterable[str] = ()) -> None:
    everything, shown = ROOT / "pictures", ROOT / "docs" / "pictures"
    chosen = tuple(wanted)
    names = chosen or tuple(SCENES)
    everything.mkdir(exist_ok=True)
    for number, name in enumerate(names, 1):
        print(f"{number:3} of {len(names)}  {name}", flush=True)
        for size in SIZES:
            for look in LOOKS:
                svg = await draw(SCENES[name], size, look, example_events)
                (everything / _file(name, size, look)).write_text(svg, encoding="utf-8")
    (everything / "index.html").write_text(contact_sheet(SCENES), encoding="utf-8")
    if not chosen:
        for file, (name, size) in README.items():
            svg = await draw(SCENES[name], size)
            (shown / f"{file}.svg").write_text(svg, encoding="utf-8")
    print(f"{len(names) * len(SIZES) * len(LOOKS)} pictures: look through {everything / 'index.html'}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
