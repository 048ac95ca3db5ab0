"""What could not be measured, and why: nothing that is unknown is left for the reader to notice."""

from __future__ import annotations

from collections.abc import Iterator

from controlroom.core.assessment import Assessment, CriterionResult, Figure, FigureStatus, SignResult
from controlroom.core.state import State
from controlroom.core.values import Value

_SILENT: frozenset[FigureStatus] = frozenset({"known", "provisional", "absent"})
"""`absent` is an answer (it did not happen), not a gap in what we know."""

_FIGURES = {
    "injected": "time of injection",
    "alert": "alert",
    "detected": "detection",
    "impacted": "impact",
    "recovered": "recovery",
    "ttd": "TTD",
    "tta": "TTA",
    "tti": "TTI",
    "ttm": "TTM",
    "ttr": "TTR",
}


class Unmeasured(Value):
    """One thing that is not known."""

    what: str
    why: str
    start: float | None = None
    """Session seconds, where it is a stretch of time."""
    end: float | None = None


def unmeasured(state: State, assessment: Assessment) -> tuple[Unmeasured, ...]:
    """Everything of a session that is unknown, each with its reason; empty: all was measured."""
    found = [*_missing_time(state), *_metrics(state, assessment)]
    found += [*_run_figures(state, assessment), *_judgements(assessment)]
    return tuple(dict.fromkeys(found))


def _missing_time(state: State) -> Iterator[Unmeasured]:
    for gap in state.gaps:
        yield Unmeasured(
            what="the whole session", why="no host kept the record", start=gap.start, end=gap.end
        )
    for outage in state.outages:
        yield Unmeasured(what=outage.what, why="it did not answer", start=outage.start, end=outage.end)


def _metrics(state: State, assessment: Assessment) -> Iterator[Unmeasured]:
    titles = {metric.id: metric.title for metric in state.plan.metrics} if state.plan else {}
    for row in assessment.rows:
        title = titles.get(row.metric, row.metric)
        for column in ("pre", "during", "post"):
            cell = getattr(row, column)
            if cell.value is None:
                yield Unmeasured(what=f"{title}, {column}", why=cell.reason or "no sample is known")
    for metric, reason in state.troubled.items():
        yield Unmeasured(what=f"{titles.get(metric, metric)}, at the end", why=reason)


def _run_figures(state: State, assessment: Assessment) -> Iterator[Unmeasured]:
    titles = {own.id: own.title for own in state.plan.experiments} if state.plan else {}
    for run, figures in assessment.runs.items():
        again = run.removeprefix(figures.experiment).replace("#1", "")
        title = titles.get(figures.experiment, figures.experiment) + again
        for name, words in _FIGURES.items():
            figure: Figure = getattr(figures, name)
            if figure.status not in _SILENT:
                yield Unmeasured(
                    what=f"{title}, {words}", why=f"{figure.status}: {figure.reason}".rstrip(": ")
                )


def _judgements(assessment: Assessment) -> Iterator[Unmeasured]:
    judged: tuple[CriterionResult | SignResult, ...] = (*assessment.criteria, *assessment.signs)
    for own in judged:
        if own.status in ("unknown", "pending"):
            yield Unmeasured(what=own.text, why=own.reason or own.status)
