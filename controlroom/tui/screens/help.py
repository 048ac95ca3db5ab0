"""Help on the screen in view: what the room or an open sheet is for, and its keys."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from textual.widget import Widget

from controlroom.tui.actions import ACTIONS, possible
from controlroom.tui.desk import Desk
from controlroom.tui.draw.timeline import LEGEND
from controlroom.tui.keymap import shown_key
from controlroom.tui.moment import Moment
from controlroom.tui.pane import ListPane
from controlroom.tui.screens.room import ENTER, RoomScreen
from controlroom.tui.screens.sheet import Sheet
from controlroom.tui.screens.simple import Reader
from controlroom.tui.text import Row, fit, wrapped

BLANK: Row = (("", ""),)
ROOM = (
    "The room: what is broken by us, where the day stands, whether the system suffers, what comes next. "
    "What is dim below is not possible now."
)


class HelpSheet(Reader):
    """No help on the help: its key closes it."""

    PURPOSE = "Explains the screen below it."

    def action_help(self) -> None:
        self.dismiss(None)


def show_help(desk: Desk) -> None:
    """On the sheet that is open, else on the room."""
    screen = desk.screen
    if isinstance(screen, HelpSheet):
        screen.dismiss(None)
    elif isinstance(screen, Sheet):
        focused = screen.focused
        heading = f"help · {screen.heading}"
        desk.open(
            HelpSheet(desk.now, heading, lambda moment, width: sheet_rows(screen, focused, moment, width))
        )
    else:
        pane = screen.focused if isinstance(screen, RoomScreen) else None
        desk.open(HelpSheet(desk.now, "help", lambda moment, width: room_rows(moment, width, pane)))


def sheet_rows(sheet: Sheet[object], focused: Widget | None, moment: Moment, width: int) -> tuple[Row, ...]:
    """What the sheet is for, its keys, and those that act everywhere."""
    rows: list[Row] = [((line, ""),) for line in wrapped(sheet.purpose, width)] if sheet.purpose else []
    own = [*sheet.help_keys(), *(bound(focused) if focused is not None and focused is not sheet else ())]
    if isinstance(focused, ListPane):
        own.append(("↑ ↓", "choose a line, or scroll"))
    if sheet.ENTERS:
        own.append(("enter", sheet.ENTERS))
    rows += [BLANK, (("keys here", "title"),)] if rows else [(("keys here", "title"),)]
    wide = max(8, *(cell_len(key) + 2 for key, _ in own))
    rows += [row for key, what in dict(own).items() for row in _line(key, what, width, side=wide)]
    rows += [BLANK, (("keys everywhere", "title"),)]
    taken = {binding.action for _, binding in sheet._bindings}
    for action in ACTIONS:
        here = action.everywhere or (action.in_sheets and f"app.do('{action.id}')" in taken)
        if here and moment.info.seat in action.seats:
            rows += _line(
                moment.keys.shown(action.id), action.help, width, possible(action, moment), side=wide
            )
    return tuple(rows)


def bound(widget: Widget | Sheet[object]) -> Iterable[tuple[str, str]]:
    """Keys of a sheet or pane and what they do; a binding without a text of its own says its action's name."""
    texts: dict[str, list[str]] = {}
    for key, binding in widget._bindings:
        if not binding.action.startswith("app.") and type(widget).__module__.startswith("controlroom."):
            what = binding.description or binding.action.partition("(")[0].replace("_", " ")
            texts.setdefault(what, []).append(shown_key(key))
    for what, keys in texts.items():
        if what not in ("move", "open chosen"):
            yield " ".join(dict.fromkeys(keys)), what


def room_rows(moment: Moment, width: int, pane: Widget | None = None) -> tuple[Row, ...]:
    """Every action that the seat has, by group; what is not possible now is dim. The chosen pane's keys come first."""
    rows: list[Row] = [((line, "dim"),) for line in wrapped(ROOM, width)]
    if isinstance(pane, ListPane):
        name = pane.TITLE or pane.id or ""
        rows += [BLANK, ((f"in the {name}", "title"),), *_line("↑ ↓", "choose a line", width)]
        enter = next((own for own in ACTIONS if own.id == ENTER.get(pane.id or "")), None)
        rows += _line("enter", enter.help, width) if enter is not None else []
        rows += [row for key, what in bound(pane) for row in _line(key, what, width)]
    own = [action for action in ACTIONS if moment.info.seat in action.seats]
    for group in dict.fromkeys(action.group for action in own):
        rows += [BLANK, ((group, "title"),)]
        for action in own:
            if action.group == group:
                key = moment.keys.shown(action.id)
                rows += _line(key, action.help, width, possible(action, moment), action.label)
    rows += [BLANK, (("signs on the timeline", "title"),)]
    rows += [((line, ""),) for text in LEGEND for line in wrapped(text, width)]
    return tuple(rows)


def _line(key: str, what: str, width: int, can: bool = True, label: str = "", side: int = 8) -> list[Row]:
    """`side`: cells of the keys."""
    rows: list[Row] = []
    for number, line in enumerate(wrapped(what, max(20, width - side - (16 if label else 0)))):
        first = number == 0
        head: list[tuple[str, str]] = [(fit(key if first else "", side), "key" if can else "dim")]
        if label:
            head.append((fit(label if first else "", 16), "" if can else "dim"))
        rows.append((*head, (line, "" if can else "dim")))
    return rows
