"""A session at a moment as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from controlroom.core.assessment import Cell, Figure, RunFigures
from controlroom.core.clean import clean
from controlroom.core.plan import Metric
from controlroom.core.timeline import left
from controlroom.core.values import changed
from controlroom.journal.report.page import Page
from controlroom.journal.report.unmeasured import absences, unmeasured
from controlroom.journal.report.words import figure, number, span

_TIMES = (("TTD", "ttd"), ("TTA", "tta"), ("TTI", "tti"), ("TTM", "ttm"), ("TTR", "ttr"))


def plain(page: Page, t: float) -> list[str]:
    """Phase, faults, alerts, metrics, figures and verdict at session second `t`; clean of control characters."""
    return [
        *_where(page, t),
        *_runs(page),
        *_alerts(page),
        *_metrics(page),
        *_verdict(page),
        *_missing(page),
    ]


def _where(page: Page, t: float) -> list[str]:
    state = page.state
    lines = [f"status   {state.status}" + (f": {clean(state.closed_reason)}" if state.closed_reason else "")]
    rest = left(state, t)
    if state.phase is not None and rest is not None:
        title = clean(page.plan.phase(state.phase).title)
        lines.append(
            f"phase    {title}, {span(rest)} left"
            if rest >= 0
            else f"phase    {title}, over by {span(-rest)}"
        )
    if state.held_since is not None:
        lines.append("clock    the plan's clock is held")
    if state.locked:
        lines.append("halt     locked: nothing may start")
    says = f": {clean(state.load_says)}" if state.load_says else ""
    lines.append(f"load     {'running' if state.load_running else 'not running'}{says}")
    for name, source in state.sources.items():
        if source.ok is False:
            lines.append(f"source   {clean(name)} does not answer: {clean(source.error)}")
        for said in source.partial:
            lines.append(f"source   {clean(name)} answers in part: {clean(said)}")
    return [*lines, ""]


def _runs(page: Page) -> list[str]:
    rows = [("EXPERIMENT", "STATE", "TARGETS", "INJECTED", *(title for title, _ in _TIMES))]
    for run in page.state.runs.values():
        own = page.assessment.runs.get(run.id, RunFigures(run=run.id, experiment=run.experiment))
        targets = f"{run.injected}/{len(run.targets)}" + (f", {run.lost} lost" if run.lost else "")
        values = [_short(page, getattr(own, name)) for _, name in _TIMES]
        rows.append((run.id, run.state, targets, _short(page, own.injected), *values))
    day = [_short(page, getattr(page.assessment.day, name)) for _, name in _TIMES]
    rows.append(("the day", "", "", _short(page, page.assessment.day.injected), *day))
    return _aligned(rows)


def _short(page: Page, found: Figure) -> str:
    """Without the reason: those are gathered at the end."""
    return figure(changed(found, reason=""), page.times)


def _short_cell(found: Cell, metric: Metric) -> str:
    return "unknown" if found.value is None else number(found.value, metric.unit, metric.decimals)


def _alerts(page: Page) -> list[str]:
    lines = [
        f"alert    {clean(alert.name)} {alert.state} since {page.times.both(alert.firing_at or alert.active_at)}"
        for alert in page.state.alerts.values()
        if alert.state != "resolved"
    ]
    return [*lines, ""] if lines else []


def _metrics(page: Page) -> list[str]:
    rows: list[tuple[str, ...]] = [("METRIC", "NOW", "PRE", "DURING", "POST", "")]
    for row in page.assessment.rows:
        metric = page.plan.metric(row.metric)
        cells = [_short_cell(own, metric) for own in (row.now, row.pre, row.during, row.post)]
        rows.append((metric.title, *cells, "outside its limit" if row.outside else ""))
    return _aligned(rows)


def _verdict(page: Page) -> list[str]:
    found = page.assessment
    rows: list[tuple[str, ...]] = [("VERDICT", found.verdict, "")]
    rows += [(own.text, own.status, own.reason) for own in found.criteria]
    rows += [(own.text, own.status, own.reason) for own in found.signs]
    return _aligned(rows)


def _missing(page: Page) -> list[str]:
    rows = [("NOT KNOWN", "BECAUSE")]
    rows += [(own.what, own.why) for own in unmeasured(page.state, page.assessment)]
    rows += [(own.what, own.why) for own in absences(page.state, page.assessment)]
    return _aligned(rows) if len(rows) > 1 else []


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell; the last one is left as it is."""
    cells = [[clean(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return [*lines, ""]
