"""Which metrics a viewer sees, in which order, and what must be said of those that are not seen. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from controlroom.core.assessment import MetricRow
from controlroom.core.plan import Metric
from controlroom.tui.moment import Moment

Order = Literal["plan", "worst", "name"]
ORDERS: tuple[Order, ...] = ("plan", "worst", "name")
SAID: dict[Order, str] = {"plan": "", "worst": "worst first", "name": "by name"}


@dataclass(frozen=True)
class Arrangement:
    """A viewer's own view of the table: not in the record, and nobody else's."""

    order: Order = "plan"
    hidden: frozenset[str] = frozenset()
    pinned: frozenset[str] = frozenset()
    """Stand on top whatever the order is."""
    text: str = ""
    """Only metrics whose name holds this; empty: all."""

    def next_order(self) -> Arrangement:
        return replace(self, order=ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)])

    def hide(self, metric: str) -> Arrangement:
        return replace(self, hidden=self.hidden | {metric}, pinned=self.pinned - {metric})

    def pin(self, metric: str) -> Arrangement:
        """Pins it, or lets go of it."""
        return replace(self, pinned=self.pinned ^ {metric})

    def shows(self, metric: Metric) -> bool:
        """Whether it has a row."""
        if metric.id in self.hidden:
            return False
        names = (metric.id, metric.title, metric.short)
        return not self.text or any(self.text.casefold() in name.casefold() for name in names)


def row_of(moment: Moment, index: int) -> MetricRow:
    """What is known of the metric at that place of the plan; nothing yet: an empty row."""
    if moment.plan is None:
        return MetricRow(metric="")
    metric, rows = moment.plan.metrics[index], moment.figures.rows
    given = rows[index] if index < len(rows) and rows[index].metric == metric.id else None
    return given or next((row for row in rows if row.metric == metric.id), MetricRow(metric=metric.id))


def arranged(moment: Moment, own: Arrangement) -> list[int]:
    """Places in the plan of the metrics that have a row, in their order."""
    plan = moment.plan
    if plan is None:
        return []
    shown = [index for index, metric in enumerate(plan.metrics) if own.shows(metric)]

    def key(index: int) -> tuple[object, ...]:
        metric = plan.metrics[index]
        first = metric.id not in own.pinned
        if own.order == "name":
            return first, (metric.short or metric.title).casefold(), index
        return (first, *(_badness(metric, row_of(moment, index)) if own.order == "worst" else ()), index)

    return sorted(shown, key=key)


def _badness(metric: Metric, row: MetricRow) -> tuple[int, int]:
    """Least is worst. How far beyond the limit goes by doublings, so that rows do not change places with noise."""
    if row.outside:
        group = 0 if metric.criterion or row.status == "fail" else 1
        return group, -_doublings(row)
    if row.status == "fail":
        return 2, 0
    if row.now.value is None or not math.isfinite(row.now.value):
        return 3, 0
    return 4, 0


def _doublings(row: MetricRow) -> int:
    value, limit = row.now.value, row.limit.value if row.limit is not None else None
    if value is None or not limit or value == 0 or value / limit <= 0:
        return 0
    return min(20, int(abs(math.log2(value / limit))))


def heading(moment: Moment, own: Arrangement, seen: Sequence[int]) -> str:
    """What the title says besides: order, filter, how many are not in sight, and which of those are outside.

    `seen`: places of the metrics whose rows are on screen. A breach is never out of sight in silence.
    """
    plan = moment.plan
    if plan is None:
        return ""
    gone = [index for index, metric in enumerate(plan.metrics) if not own.shows(metric)]
    hidden = sum(1 for index in gone if plan.metrics[index].id in own.hidden)
    below = len(plan.metrics) - len(gone) - len(seen)
    unseen = [index for index in range(len(plan.metrics)) if index not in set(seen)]
    outside = [plan.metrics[index] for index in unseen if row_of(moment, index).outside]
    names = ", ".join(metric.short or metric.title for metric in outside)
    parts = [
        f"▲ {len(outside)} outside, unseen: {names}" if outside else "",
        SAID[own.order],
        f"/{own.text}" if own.text else "",
        f"{len(own.pinned)} pinned" if own.pinned else "",
        f"{hidden} hidden" if hidden else "",
        f"{len(gone) - hidden} filtered out" if len(gone) > hidden else "",
        f"{below} more" if below > 0 else "",
    ]
    return " · ".join(part for part in parts if part)
