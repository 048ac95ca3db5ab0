"""Copying: what is chosen where the cursor is, or one of several texts, each seen before it is copied."""

from __future__ import annotations

from typing import Protocol

from controlroom.tui import clipboard, copying, panes
from controlroom.tui.copying import Copied
from controlroom.tui.desk import Desk
from controlroom.tui.screens.simple import Choice, Option, Reader, plain
from controlroom.tui.spine import Timeline
from controlroom.tui.surroundings import no_clipboard
from controlroom.tui.table import Metrics


class Writer(Protocol):
    """The terminal, as Textual's driver."""

    def write(self, data: str) -> None: ...


def chosen(desk: Desk) -> Copied | None:
    """What the cursor is on; None: it is on nothing."""
    pane, now = desk.pane(), desk.now
    if isinstance(pane, Metrics) and (metric := pane.chosen()) is not None:
        return copying.of_metric(now, metric)
    if isinstance(pane, panes.Experiments) and (experiment := pane.chosen()) is not None:
        return copying.of_experiment(now, experiment)
    if isinstance(pane, panes.Notes) and (note := pane.chosen()) is not None:
        return copying.of_note(now, note)
    if isinstance(pane, Timeline) and (stop := pane.chosen()) is not None:
        return copying.of_stop(now, stop)
    if isinstance(pane, panes.Feed) and pane.cursor < len(now.state.feed):
        return copying.of_feed(now, now.state.feed[-1 - pane.cursor])
    return None


def copy_chosen(desk: Desk) -> None:
    """At once; where nothing is chosen, a question."""
    found = chosen(desk)
    if found is None:
        copy_menu(desk)
    else:
        desk.copy(found)


async def send(desk: Desk, what: Copied, terminal: Writer | None) -> None:
    """Sends it by way of tmux where that is around the screen, else by the terminal's own sequence; and says so."""
    if why := no_clipboard():
        about = (f"Nothing was copied: {why}. Here it is, to be selected:", "", what.text)
        desk.open(Reader(desk.now, what.what, plain(about)))
        return
    if not await clipboard.through_tmux(what.text) and terminal is not None:
        terminal.write(clipboard.sequence(what.text))
    desk.say(". ".join(filter(None, (f"sent to the clipboard: {what.what}", what.kept_back))))


def copy_menu(desk: Desk) -> None:
    """Status line, figures, and what is chosen; each with its text."""
    now = desk.now
    found = {"s": copying.status(now, whole=False)}
    if now.info.seat != "audience":
        found["w"] = copying.status(now, whole=True)
        found["f"] = copying.figures(now)
    if (own := chosen(desk)) is not None:
        found["c"] = own
    # All begin with the day's title: what differs is what is worth seeing here.
    options = [
        Option(
            key, own.what.removeprefix("the "), key, own.text.removeprefix(copying.title(now)).lstrip(" ·:")
        )
        for key, own in found.items()
    ]
    about = [f"The status line is for everybody: {found['s'].kept_back}."] if found["s"].kept_back else []
    desk.open(
        Choice(now, "copy", options, about), lambda key: desk.copy(found[key]) if key in found else None
    )
