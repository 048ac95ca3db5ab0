"""Frames go out as what differs from the frame before: a slow line carries digits, not lines."""

from __future__ import annotations

from typing import TypeVar

from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.filter import Monochrome, NoColor
from textual.screen import Screen

from controlroom.tui.paper import Paper

T = TypeVar("T")


class Told(CompositorUpdate):
    """A frame that is put into bytes already."""

    def __init__(self, sequence: str) -> None:
        self._sequence = sequence

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self._sequence)

    def render_segments(self, console: Console) -> str:
        return self._sequence


class Sparing(App[T]):
    """An app that sends its frames so."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.paper = Paper()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Textual's own, with another update; a frame in which nothing differs is not sent."""
        if isinstance(renderable, LayoutUpdate | ChopsUpdate) and self._shows:
            sequence = self.paper.told(renderable, self.size, self._colours)
            if not sequence and self.cursor_position == self._previous_cursor_position:
                self.post_display_hook()
                return
            super()._display(screen, Told(sequence))
        else:
            super()._display(screen, renderable)

    @property
    def _colours(self) -> ColorSystem | None:
        """None: the terminal has none (`TERM=dumb`), or none is wanted (`NO_COLOR`, for which Textual takes greys)."""
        wanted = not any(isinstance(own, Monochrome | NoColor) for own in self._filters)
        return self.console._color_system if wanted else None

    @property
    def _shows(self) -> bool:
        """Whether what is displayed now reaches the terminal: else it is not known there."""
        return (
            self._running
            and not self._closed
            and not self.is_headless
            and not self._batch_count
            and self._driver is not None
        )

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Resize):
            self.paper.forget()  # terminals move what they show into another size, each in its own way
        await super().on_event(event)

    def paint_anew(self) -> None:
        """Whatever the terminal shows by now, it gets all of it again."""
        self.paper.forget()
        self.screen.refresh()
