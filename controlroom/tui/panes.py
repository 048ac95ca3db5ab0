"""The panes of the room."""

from __future__ import annotations

from controlroom.core.action_items import ActionItem
from controlroom.core.plan import Experiment
from controlroom.core.state import Note
from controlroom.tui.actions import BY_ID, possible
from controlroom.tui.draw import (
    action_items,
    banner,
    checklist,
    foot,
    head,
    lines,
    metrics,
    questions,
    runs,
    shared,
    verdicts,
)
from controlroom.tui.draw.checklist import Item
from controlroom.tui.moment import Moment
from controlroom.tui.pane import ListPane, Pane
from controlroom.tui.spine import Timeline
from controlroom.tui.table import Metrics
from controlroom.tui.text import Row


class StatusLine(Pane):
    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        return (head.status_row(moment, width),)


class ClockLine(Pane):
    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        return (head.clock_row(moment, width),)


class Banner(Pane):
    def wanted(self, moment: Moment) -> int:
        return len(banner.banner_rows(moment, self.app.size.width))

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        return banner.banner_rows(moment, width)


class KeyLine(Pane):
    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        return (foot.keys_row(moment, width),)


class FiguresLine(Pane):
    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        return (metrics.figures_row(moment, width),)


class Experiments(ListPane):
    TITLE = "experiments"
    ACTION = "experiments"
    ALWAYS_CHOSEN = True

    def count(self, moment: Moment) -> int:
        return len(moment.plan.experiments) if moment.plan else 0

    def chosen(self) -> Experiment | None:
        plan = self.moment.plan if self.moment else None
        return plan.experiments[self.cursor] if plan and self.cursor < len(plan.experiments) else None

    def line(self, moment: Moment, index: int, width: int) -> Row:
        assert moment.plan is not None
        return runs.experiment_row(moment, index, moment.plan.experiments[index], width)

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        if moment.plan is None:
            return ((("The plan's experiments will stand here.", "dim"),),)
        count = self.count(moment)
        listed = self.listed(moment, width, min(count, height))
        chosen, left = self.chosen(), height - count - 1
        if chosen is None or left < 2:
            return listed
        details = runs.detail_rows(moment, chosen, width - 1, left - 1)
        keys: tuple[Row, ...] = ()
        if possible(BY_ID["start_stop"], moment) and moment.info.live:
            start, more = moment.keys.shown("start_stop"), moment.keys.shown("details")
            keys = (
                ((f" [{start}]", "key"), (" start/stop  ", "dim"), (f"[{more}]", "key"), (" details", "dim")),
            )
        blank: tuple[Row, ...] = ((("", ""),),)
        fill = blank * max(0, height - count - 1 - len(details) - len(keys))
        return (*listed, *blank, *(((" ", ""), *row) for row in details), *fill, *keys)


class Feed(ListPane):
    TITLE = "feed"

    def count(self, moment: Moment) -> int:
        return len(moment.state.feed)

    def line(self, moment: Moment, index: int, width: int) -> Row:
        return lines.feed_row(moment.state.feed[-1 - index], width)

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        if not moment.state.feed:
            return ((("Alerts, faults, pods and people's acts will go by here.", "dim"),),)
        return self.listed(moment, width, height)


class Notes(ListPane):
    TITLE = "notes"
    ACTION = "note"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self._notes: list[Note] = []

    def count(self, moment: Moment) -> int:
        return len(self._notes)

    def chosen(self) -> Note | None:
        return self._notes[self.cursor] if self.cursor < len(self._notes) else None

    def line(self, moment: Moment, index: int, width: int) -> Row:
        return lines.note_row(moment, self._notes[index], width)

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        if not moment.state.notes:
            writes = moment.info.live and moment.info.seat in BY_ID["note"].seats
            nothing = "Notes will stand here." if moment.info.live else "No note so far."
            what = f"Notes will stand here: {moment.keys.shown('note')} writes one." if writes else nothing
            return (((what, "dim"),),)
        before = self.chosen() if self.has_focus else None
        self._notes = lines.notes(moment)
        self.set_reactive(Notes.cursor, lines.kept_on(before, self._notes, self.cursor))
        return self.listed(moment, width, height)


class Checklist(ListPane):
    TITLE = "checklist"
    ACTION = "checklist"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self._items: list[Item] = []

    def count(self, moment: Moment) -> int:
        return len(self._items)

    def chosen(self) -> Item | None:
        return self._items[self.cursor] if self.cursor < len(self._items) else None

    def line(self, moment: Moment, index: int, width: int) -> Row:
        return checklist.item_row(moment, self._items[index], width)

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        self._items = checklist.items(moment)
        return self.listed(moment, width, height)


class NextInChecklist(Checklist):
    """The same in the room: while nobody chooses in it, what is to be done next is in sight."""

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        if not self.has_focus:
            found = checklist.items(moment)
            undone = (n for n, own in enumerate(found) if own.tick is None or not own.tick.ticked)
            first = next(undone, len(found) - 1)
            self.top = max(0, first - 1)
            self.set_reactive(Checklist.cursor, max(0, min(first, len(found) - 1)))
        return super().rows(moment, width, height)


class Stage(Pane):
    """Title, phase and time of a shared screen."""

    def wanted(self, moment: Moment) -> int:
        width, height = self.app.size
        return shared.wanted_stage(width, height >= 40)

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        return shared.stage_rows(moment, width, height)


class Vitals(Pane):
    """The metrics of a shared screen."""

    TITLE = "system"

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        return shared.vitals_rows(moment, width, height)


class Alerts(Pane):
    """What fires, by name."""

    TITLE = "alerts"

    def wanted(self, moment: Moment) -> int:
        return len(shared.alert_rows(moment, self.app.size.width, 99))

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        return shared.alert_rows(moment, width, height)


class Criteria(ListPane):
    """What the day comes to so far; enter tells what proves it."""

    TITLE = "verdict"
    ACTION = "verdict"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self._written: tuple[Row, ...] = ()

    def count(self, moment: Moment) -> int:
        return len(self._written)

    def line(self, moment: Moment, index: int, width: int) -> Row:
        return self._written[index]

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        self._written = verdicts.verdict_rows(moment, width - 1, height)
        return self.listed(moment, width, height)


class Questions(ListPane):
    """Every question of observations and debrief, with what was answered; enter asks them one by one."""

    TITLE = "questions"
    ACTION = "debrief"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self._asked: list[questions.Asked] = []

    def count(self, moment: Moment) -> int:
        return len(self._asked)

    def line(self, moment: Moment, index: int, width: int) -> Row:
        _, question, answer = self._asked[index]
        return questions.question_row(index + 1, question, answer, width)

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        self._asked = questions.everything(moment)
        if not self._asked:
            return ((("The plan asks nothing after the day.", "dim"),),)
        return self.listed(moment, width, height)


class Actions(ListPane):
    """What is to be done after the day; enter opens them."""

    TITLE = "action items"
    ACTION = "action_items"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self._items: list[ActionItem] = []

    def count(self, moment: Moment) -> int:
        return len(self._items)

    def line(self, moment: Moment, index: int, width: int) -> Row:
        return action_items.action_row(self._items[index], width)

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        self._items = action_items.listed(moment)
        if not self._items:
            return ((("No action item so far: a note that begins with todo: makes one.", "dim"),),)
        return self.listed(moment, width, height)


def make(name: str) -> Pane:
    """The pane of that name."""
    return _KINDS[name](id=name)


_KINDS: dict[str, type[Pane]] = {
    "status": StatusLine,
    "clock": ClockLine,
    "banner": Banner,
    "timeline": Timeline,
    "metrics": Metrics,
    "figures": FiguresLine,
    "experiments": Experiments,
    "feed": Feed,
    "notes": Notes,
    "checklist": NextInChecklist,
    "keys": KeyLine,
    "stage": Stage,
    "vitals": Vitals,
    "alerts": Alerts,
    "criteria": Criteria,
    "questions": Questions,
    "actions": Actions,
}
