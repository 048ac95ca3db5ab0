"""The load: since when it runs or how it ended, and the last of what it said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from controlroom.tui.load_output import LOG, Output, read_output, what_drives
from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Scroll, Sheet, Text
from controlroom.tui.text import Row, clock, fit, span, wrapped


class Tail(Scroll):
    """A text that stays at its end while more is written, until somebody scrolls up."""

    follows = True

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        self._written = self._write(moment, width - 1)
        last = self.count(moment) - 1
        top = last if self.follows else min(self.cursor, last)
        self.set_reactive(Tail.cursor, top)
        return self._written[top : top + height]

    def action_move(self, by: int) -> None:
        if self.moment is not None:
            last = self.count(self.moment) - 1
            to = min(max(0, self.cursor + by), last)
            self.follows = to == last
            self.cursor = to

    def to_end(self) -> None:
        self.follows = True
        self.redraw()


class LoadSheet(Sheet[None]):
    """Reads the log again each second while it is open; a read that hangs is waited for, and said to hang."""

    PURPOSE = "Whether the load runs, since when, how it ended, and the last of what it said."
    HEADING = "load"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("end", "newest", "follow the output again", show=False)]
    EVERY: ClassVar[float] = 1.0
    """Real seconds between two looks."""
    LATE: ClassVar[int] = 3
    """Looks that one read may outlast before it is said."""

    def __init__(self, moment: Moment) -> None:
        super().__init__(moment, tall=True)
        self.read: Output | None = None
        self.reading = False
        self._skipped = 0
        """Looks that were left out, as the one before had not come back."""
        self._wrapped: tuple[Output | None, int, tuple[Row, ...]] = (None, 0, ())

    def parts(self) -> Iterable[Widget]:
        yield Text(self._about, id="about")
        yield Tail(self._said, paged=True)
        yield Text(self.hint("up and down scroll, end follows the output, esc closes"), id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Tail).focus()
        self.set_interval(self.EVERY, self.look)
        self.look()

    def look(self) -> None:
        if self.reading:
            self._skipped += 1
            if self._skipped == self.LATE:
                self.query_one("#about", Text).redraw()
            return
        self.reading = True
        self._fetch()

    @work(group="load output", exit_on_error=False)
    async def _fetch(self) -> None:
        try:
            found = await asyncio.to_thread(read_output, self.now.info.folder)
        finally:
            self.reading = False
        self._skipped = 0
        if found != self.read:
            self.read = found
            self.query_one(Tail).redraw()
        self.query_one("#about", Text).redraw()

    def action_newest(self) -> None:
        self.query_one(Tail).to_end()

    def _about(self, moment: Moment, width: int) -> tuple[Row, ...]:
        rows = list(state_rows(moment, width))
        if self._skipped >= self.LATE:
            rows.append((("The disk does not answer: what the load says now is not known.", "warn"),))
        elif not moment.live and self.read is not None and self.read.lines:
            rows.append((("The output is the newest there is, not that of the moment shown.", "dim"),))
        return (*rows, (("", ""),))

    def _said(self, moment: Moment, width: int) -> tuple[Row, ...]:
        """Wrapped once for each reading and width: the sheet is shown anew several times a second."""
        output, cells, rows = self._wrapped
        if output is not self.read or cells != width or output is None:
            rows = tuple(output_rows(moment, self.read, width))
            self._wrapped = (self.read, width, rows)
        return rows


def state_rows(moment: Moment, width: int) -> tuple[Row, ...]:
    """Since when the load runs, or how it ended."""
    state, plan = moment.state, moment.plan
    last = state.loads[-1] if state.loads else None
    rows: list[Row] = []
    if last is None:
        rows.append((("not started", "dim"),))
    elif last.end is None:
        begun = f" since T+{clock(last.start)}, for {span(moment.t - last.start)}"
        rows.append((("running", "good"), (begun, "")))
        if state.load_stop is not None:
            asked = f"asked to go at T+{clock(state.load_stop)}; it counts as running until its pods are gone"
            rows += [((line, "warn"),) for line in wrapped(asked, width)]
        if state.load_says:
            rows += [((line, ""),) for line in wrapped(state.load_says, width)]
        taken_up = next((gap.end for gap in state.gaps if gap.end is not None and gap.end > last.start), None)
        if taken_up is not None and not state.load_objects:  # a cluster keeps what its pods say
            lost = f"Its output is lost since the host was taken up again (T+{clock(taken_up)})."
            rows += [((line, "warn"),) for line in wrapped(lost, width)]
    else:
        ran = f" T+{clock(last.end)}, after {span(last.end - last.start)}: "
        why = "failed" if state.load_error and state.load_error == last.what else "ended"
        rows.append(((why, "bad" if why == "failed" else "strong"), (ran, ""), (last.what or "stopped", "")))
    if state.load_error and (last is None or last.what != state.load_error):
        rows += [((line, "bad"),) for line in wrapped(f"The last start failed: {state.load_error}", width)]
    if plan is not None and plan.load is not None:
        rows.append(((fit(what_drives(plan.load), width).rstrip(), "dim"),))
    return tuple(rows)


def output_rows(moment: Moment, output: Output | None, width: int) -> Iterable[Row]:
    """The lines of the log, or why there are none."""
    if output is None:
        return [(("Reading its output.", "dim"),)]
    if output.trouble:
        return [((line, "warn"),) for line in wrapped(output.trouble, width)]
    if output.missing:
        return [((line, "dim"),) for line in wrapped(_why_missing(moment), width)]
    if not output.lines:
        return [(("It has written nothing so far.", "dim"),)]
    rows: list[Row] = []
    if not output.whole:
        path = Path(moment.info.folder) / LOG
        rows += [((line, "dim"),) for line in wrapped(f"Earlier lines are in {path}.", width)]
    return rows + [((part, ""),) for line in output.lines for part in wrapped(line, max(1, width))]


def _why_missing(moment: Moment) -> str:
    opened = moment.state.opened
    if opened is not None and opened.lab:
        what = "manifest" if moment.plan and moment.plan.load and moment.plan.load.manifest else "command"
        return f"The lab's own load stands in for the plan's {what}. It writes no output."
    if not moment.state.loads:
        return "No output: the load has not been started."
    return f"There is no {LOG} in {moment.info.folder}: the host could not write it (see host.log there)."
