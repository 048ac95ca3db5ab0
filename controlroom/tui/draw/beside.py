"""One of two recordings that are shown beside each other: as much of its room as half a screen has room for."""

from __future__ import annotations

from collections.abc import Mapping

from controlroom.tui.draw import head, lines, metrics, runs, timeline
from controlroom.tui.moment import Moment, Record
from controlroom.tui.text import Row, fit

BLANK: Row = (("", ""),)
TIMELINE, FEED = 3, 4
RECORDS: Mapping[Record, str] = {
    "saved": "",
    "grows": "  still being recorded",
    "ended": "  has ended",
    "stopped": "  stopped without an end",
}
ROOMY = 12
"""Rows from which on the feed has some beside the metrics."""


def half_rows(moment: Moment, cells: int, height: int) -> tuple[Row, ...]:
    """Day, clock, timeline, experiments, metrics, and the newest of the feed; what has no room is left out."""
    plan = moment.plan
    if plan is None:
        return ((("not open yet at this moment", "dim"),),)
    rows: list[Row] = [
        ((fit(f"{moment.info.recorded}{RECORDS[moment.record]}  {plan.title}", cells), "title"),),
        head.clock_row(moment, cells),
        *timeline.timeline_rows(moment, cells, TIMELINE),
    ]
    listed = [runs.experiment_row(moment, at, own, cells) for at, own in enumerate(plan.experiments)]
    left = height - len(rows)
    rows += listed if len(listed) < left // 3 else listed[: max(0, left // 3)]
    own = metrics.columns(moment, cells)
    table = [metrics.header(own), *(metrics.metric_row(moment, own, at) for at in range(len(plan.metrics)))]
    left = height - len(rows)
    spare = FEED if left >= ROOMY else 0
    rows += [*table[: max(0, left - 1 - spare)], metrics.figures_row(moment, cells)]
    feed = moment.state.feed[-max(0, height - len(rows)) :] if height > len(rows) else ()
    rows += [lines.feed_row(own_, cells) for own_ in reversed(feed)]
    return tuple(rows[:height])
