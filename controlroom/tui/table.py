"""The pane of the metrics table: each viewer's own order, pins and filter, and a sign where something turned."""

from __future__ import annotations

from controlroom.core.plan import Metric
from controlroom.tui.draw import metrics
from controlroom.tui.draw.arranged import Arrangement, arranged, heading, row_of
from controlroom.tui.moment import Moment
from controlroom.tui.pane import ListPane, as_title
from controlroom.tui.text import Row, fit

Standing = tuple[bool | None, str, bool]
"""Whether a metric is outside its limit, what its criterion says, whether its value is old."""


class Metrics(ListPane):
    TITLE = "metrics"
    ACTION = "plot"
    ABOVE = 1

    GLANCE = 5.0
    """Real seconds for which a row that turned is marked."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.own = Arrangement()
        self._places: list[int] = []
        """Places in the plan of the rows, in their order."""
        self._chosen = ""
        """The metric under the cursor: rows move under it, it does not move to another metric."""
        self._columns: metrics.Columns | None = None
        self._standing: dict[str, Standing] = {}
        self._turned: set[str] = set()
        self._said = ""
        self._room = 0
        """Rows that there is room for."""

    def count(self, moment: Moment) -> int:
        return len(self._places)

    def chosen(self) -> Metric | None:
        plan = self.moment.plan if self.moment else None
        if plan is None or self.cursor >= len(self._places) or self._places[self.cursor] >= len(plan.metrics):
            return None
        return plan.metrics[self._places[self.cursor]]

    def listed_metrics(self) -> list[Metric]:
        """Those that have a row, in their order."""
        plan = self.moment.plan if self.moment else None
        return [plan.metrics[place] for place in self._places if place < len(plan.metrics)] if plan else []

    def watch_cursor(self) -> None:
        chosen = self.chosen()
        self._chosen = chosen.id if chosen is not None else ""
        super().watch_cursor()

    def show_as(self, own: Arrangement) -> None:
        """Another order, pin or filter, shown at once."""
        self.own = own
        self.top = 0
        self.redraw()

    def line(self, moment: Moment, index: int, width: int) -> Row:
        own = self._columns or metrics.columns(moment, width)
        return metrics.metric_row(moment, own, self._places[index])

    def rows(self, moment: Moment, width: int, height: int) -> tuple[Row, ...]:
        if moment.plan is None:
            return ((("The plan's metrics will stand here.", "dim"),),)
        self._look(moment)
        self._place(moment)
        self._columns = metrics.columns(moment, width - 1)
        top: tuple[Row, ...] = ((((" ", ""), *metrics.header(self._columns))),)
        figures = (metrics.figures_row(moment, width),) if height >= 5 else ()
        room = height - 1 - len(figures)
        listed = self.listed(moment, width, room)
        if not self._places:
            listed = (((fit(self._nothing(moment), width), "dim"),),)
        self._room = room
        self._entitle(moment, self._places[self.top : self.top + room])
        blank: tuple[Row, ...] = ((("", ""),),) * (room - len(listed))
        return (*top, *listed, *blank, *figures)

    def _nothing(self, moment: Moment) -> str:
        if moment.plan is None or not moment.plan.metrics:
            return "The plan has no metrics."
        keys = moment.keys
        return f"No metric is shown: {keys.shown('all_metrics')} shows all, {keys.shown('filter_metrics')} filters."

    def _place(self, moment: Moment) -> None:
        """Rows in their order, with the cursor on the metric that it was on."""
        self._places = arranged(moment, self.own)
        names = [moment.plan.metrics[place].id for place in self._places] if moment.plan else []
        if self._chosen in names:
            self.set_reactive(Metrics.cursor, names.index(self._chosen))

    def _line(self, moment: Moment, index: int, width: int) -> Row:
        sign, *rest = super()._line(moment, index, width)
        name = moment.plan.metrics[self._places[index]].id if moment.plan else ""
        if name in self._turned and sign[0] == " ":
            sign = ("»", "title")
        elif name in self.own.pinned and sign[0] == " ":
            sign = ("‣", "dim")
        return (sign, *rest)

    def _look(self, moment: Moment) -> None:
        """Marks for a few seconds what turned since the last look: over its limit or back, judged, gone old.

        Every value changes with every sample, so the values themselves are not marked. Somebody who goes through
        the past sees another moment, not a change.
        """
        found: dict[str, Standing] = {}
        for index in range(len(moment.plan.metrics) if moment.plan else 0):
            row = row_of(moment, index)
            found[row.metric] = (row.outside, row.status, metrics.is_old(moment, row))
        follows = moment.playhead.pinned or moment.playhead.playing
        turned = {name for name, own in found.items() if _turned(self._standing.get(name, own), own)}
        self._standing = found
        if turned and follows:
            self._turned |= turned
            self.set_timer(self.GLANCE, lambda: self.calm(turned))

    def calm(self, turned: set[str]) -> None:
        """They were seen, or had their time."""
        self._turned -= turned
        self.redraw()

    def entitle(self) -> None:
        super().entitle()
        self._said = ""
        if self.moment is not None and self.moment.plan is not None:
            self._entitle(self.moment, self._places[self.top : self.top + self._room])

    def _entitle(self, moment: Moment, seen: list[int]) -> None:
        """The title says what order the rows are in and what is not in sight; only where it changes."""
        more = heading(moment, self.own, seen)
        key = moment.keys.shown(self.ACTION)
        text = f"{self.TITLE} [{key}]" if key else self.TITLE
        text += f" · {more}" if more else ""
        if text != self._said:
            self._said = text
            self.border_title = as_title(text)


def _turned(old: Standing, new: Standing) -> bool:
    """Whether something that was known became otherwise; what is known for the first time did not turn."""
    over = old[0] is not None and new[0] is not None and old[0] != new[0]
    return over or (old[1] != "" and old[1] != new[1]) or (old[0] is not None and old[2] != new[2])
