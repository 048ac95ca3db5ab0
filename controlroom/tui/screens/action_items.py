"""Action items: the day's and the plan's after-actions, with owner, date and state; one by one where they are many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal, get_args

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from controlroom.core import intents as i
from controlroom.core.action_items import ActionItem
from controlroom.core.todo import FORMS, due_of
from controlroom.tui.desk import Desk
from controlroom.tui.draw.action_items import action_row, listed, summary_row
from controlroom.tui.draw.guided import timer
from controlroom.tui.draw.lines import days
from controlroom.tui.moment import Moment, changed_since
from controlroom.tui.pane import ListPane, Pane
from controlroom.tui.screens.notes import today
from controlroom.tui.screens.sheet import Sheet, Text
from controlroom.tui.screens.simple import Line, Prompt
from controlroom.tui.text import Row, fit, wrapped

Status = Literal["open", "done", "dropped"]
STATES: tuple[Status, ...] = get_args(Status)


def may_set(moment: Moment) -> bool:
    return moment.live and moment.info.seat in ("facilitator", "scribe")


def setting(item: ActionItem, title: str, owner: str, due: str, status: Status) -> i.SetAction:
    """What to ask for so that the item is like that."""
    if item.after_action:
        return i.SetAction(title="", owner=owner, due=due, status=status, after_action=item.after_action)
    return i.SetAction(action=item.id, title=title, owner=owner, due=due, status=status)


def turn(desk: Desk, item: ActionItem) -> None:
    """Done, or open again."""
    status: Status = "open" if item.status == "done" else "done"
    desk.ask(setting(item, item.title, item.owner, item.due, status))


class ItemList(ListPane):
    """All of them, the open ones first."""

    def __init__(self) -> None:
        super().__init__("scroll")
        self.items: list[ActionItem] = []

    def count(self, moment: Moment) -> int:
        return len(self.items)

    def line(self, moment: Moment, index: int, width: int) -> Row:
        return action_row(self.items[index], width)

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        self.items = listed(moment)
        if not self.items:
            return (
                (("No action item so far: i adds one, and so does a note that begins with todo:", "dim"),),
            )
        return self.listed(moment, width, height)

    def chosen(self) -> ActionItem | None:
        return self.items[self.cursor] if self.cursor < len(self.items) else None


class ActionsSheet(Sheet[None]):
    """The list: space ticks, enter opens the form, which goes through all of them."""

    PURPOSE = "Action items: what is to be done after the day, by whom and by when."
    ENTERS = "change the chosen one"
    HEADING = "action items"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "done, or open again", show=False),
        Binding("i", "new", "new action item", show=False),
    ]

    def __init__(self, moment: Moment, desk: Desk) -> None:
        super().__init__(moment, tall=True)
        self._desk = desk

    def parts(self) -> Iterable[Widget]:
        yield Text(lambda moment, width: (summary_row(listed(moment)),), id="summary")
        yield ItemList()
        yield Text(self._hint, id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(ItemList).focus()

    def _hint(self, moment: Moment, width: int) -> tuple[Row, ...]:
        if not may_set(moment):
            return ((("esc", "key"), (" closes", "dim")),)
        pairs = (("space", "done"), ("enter", "owner, date, state"), ("i", "new"), ("esc", "closes"))
        return (tuple(piece for key, what in pairs for piece in ((key, "key"), (f" {what}   ", "dim"))),)

    def action_turn(self) -> None:
        item = self.query_one(ItemList).chosen()
        if item is not None and may_set(self.now):
            turn(self._desk, item)

    def action_open_chosen(self) -> None:
        item = self.query_one(ItemList).chosen()
        if item is not None and may_set(self.now):
            self.app.push_screen(ActionForm(self.now, self._desk, item))

    def action_new(self) -> None:
        if not may_set(self.now):
            return

        def add(text: str | None) -> None:
            if text:
                self._desk.ask(i.SetAction(title=text), "added; enter gives it an owner and a date")

        self.app.push_screen(Prompt(self.now, "new action item", ("What is to be done.",)), add)


class StatePick(Pane, can_focus=True):
    """Open, done or dropped: left and right, or space, choose."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "pick(-1)", "the state before", show=False),
        Binding("right,space", "pick(1)", "the next state", show=False),
    ]

    def __init__(self, status: Status) -> None:
        super().__init__("state")
        self.status: Status = status

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        found: list[tuple[str, str]] = [("state  ", "accent" if self.has_focus else "dim")]
        for own in STATES:
            chosen = own == self.status
            found.append((f"{'●' if chosen else '○'} {own}   ", "strong" if chosen else "dim"))
        return (tuple(found),)

    def action_pick(self, by: int) -> None:
        self.status = STATES[(STATES.index(self.status) + by) % len(STATES)]
        self.redraw()


class ActionForm(Sheet[None]):
    """One item after the other: what, who, by when, how it stands. What is left is kept."""

    PURPOSE = "One action item: its text, owner, date and state; the record keeps what it said before."
    HEADING = "action item"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "field(-1)", "the field above", show=False, priority=True),
        Binding("down", "field(1)", "the field below", show=False, priority=True),
        Binding("pageup", "other(-1)", "the item before", show=False, priority=True),
        Binding("pagedown", "other(1)", "the next item", show=False, priority=True),
        Binding("enter", "field(1)", "the field below", show=False),
    ]

    def __init__(self, moment: Moment, desk: Desk, item: ActionItem) -> None:
        super().__init__(moment)
        self._desk = desk
        self._items = [own.id for own in listed(moment)]
        self._item = item
        self._since = moment.t
        self._said = ""
        self._escaped = False
        """Escape was pressed once, with something that cannot be kept: the next one drops it."""

    def parts(self) -> Iterable[Widget]:
        yield Text(self._head, id="head")
        for name in ("title", "owner", "due"):
            line = Line(getattr(self._item, name), placeholder=_PLACE[name])
            line.id = name
            yield line
        yield StatePick(self._item.status)
        yield Text(self._told, id="told")
        yield Text(self._hint, id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self._begin()

    @property
    def _fields(self) -> list[Widget]:
        return [own for own in (*self.query(Line), self.query_one(StatePick)) if own.display]

    def _begin(self) -> None:
        """Shows the item; the plan's own words are not for changing here."""
        for line in self.query(Line):
            line.value = getattr(self._item, line.id or "")
        self.query_one("#title").display = not self._item.after_action
        self.query_one(StatePick).status = self._item.status
        self._since, self.seen, self._said = self.now.t, self.now.seen, ""
        self.query_one("#owner").focus()
        for pane in self.query(Pane):
            pane.redraw()

    def _head(self, moment: Moment, width: int) -> tuple[Row, ...]:
        at = self._items.index(self._item.id) + 1 if self._item.id in self._items else 1
        source = "after-action of the plan" if self._item.after_action else "of the day"
        count: Row = (
            (f"{at} of {len(self._items)}   ", "strong"),
            (f"{source}   ", "dim"),
            timer(moment, self._since),
        )
        text = wrapped(self._item.title, max(1, width))[:3] if self._item.after_action else []
        return (count, *(((line, "strong"),) for line in text))

    def _told(self, moment: Moment, width: int) -> tuple[Row, ...]:
        """What is wrong, or what the date means."""
        text = self.query_one("#due", Line).value
        try:
            due = due_of(text, today(moment)) if text != self._item.due else text
        except ValueError as error:
            return (((fit(str(error), width).rstrip(), "warn"),),)
        return (((self._said, "warn") if self._said else (days(due) if due else FORMS, "dim"),),)

    def _hint(self, moment: Moment, width: int) -> tuple[Row, ...]:
        pairs = (("↑ ↓", "fields"), ("pgdn", "keeps it, next"), ("pgup", "back"), ("esc", "keeps it, closes"))
        return (tuple(piece for key, what in pairs for piece in ((key, "key"), (f" {what}   ", "dim"))),)

    def _keep(self) -> bool:
        """On record what differs; False: it cannot be kept like that, and why is told."""
        value = {line.id: line.value.strip() for line in self.query(Line)}
        title, owner, due = value["title"] or self._item.title, value["owner"], value["due"]
        status = self.query_one(StatePick).status
        try:
            due = due if due == self._item.due else due_of(due, today(self.now))
        except ValueError as error:
            self.notify(str(error), severity="warning", markup=False)
            return False
        own = self._item
        if (title, owner, due, status) == (own.title, own.owner, own.due, own.status):
            return True
        intent = setting(own, title, owner.removeprefix("@"), due, status)
        if why := changed_since(self.now, intent, self.seen):
            self.notify(f"{why}: look at it, then go on", severity="warning", markup=False)
            self._said, self.seen = why, self.now.seen
            self.query_one("#told", Text).redraw()
            return False
        self._desk.ask(intent, seen=self.seen)
        return True

    @on(Input.Changed)
    def tell(self) -> None:
        self._escaped = False
        self.query_one("#told", Text).redraw()

    @on(Input.Submitted)
    def go_on(self) -> None:
        self.action_field(1)

    def action_field(self, by: int) -> None:
        """The next field; after the last one, the next item."""
        fields = self._fields
        at = (fields.index(self.focused) if self.focused in fields else 0) + by
        if at >= len(fields):
            self.action_other(1)
        else:
            fields[max(0, at)].focus()

    def action_other(self, by: int) -> None:
        if not self._keep():
            return
        at = self._items.index(self._item.id) + by if self._item.id in self._items else 0
        known = {own.id: own for own in listed(self.now)}
        while 0 <= at < len(self._items):
            if (found := known.get(self._items[at])) is not None:
                self._item = found
                self._begin()
                return
            at += by
        if by > 0:
            self.dismiss(None)

    def action_close(self) -> None:
        if self._keep() or self._escaped:
            self.dismiss(None)
        self._escaped = True


_PLACE = {"title": "what is to be done", "owner": "owner", "due": f"due: {FORMS}"}
