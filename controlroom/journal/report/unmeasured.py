"""What could not be measured, and why: nothing that is unknown is left for the reader to notice."""

from __future__ import annotations

from collections.abc import Iterator, Set

from controlroom.core.assessment import Assessment, Cell, CriterionResult, Figure, FigureStatus, SignResult
from controlroom.core.events import OUTWARD
from controlroom.core.state import State
from controlroom.core.values import Value

_UNKNOWN: frozenset[FigureStatus] = frozenset({"unknown", "censored", "masked"})

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
    """Everything that is unknown, each with its reason; empty: all was measured.

    What is pending may still come, so it counts only once the session is closed. What is absent is known:
    it did not happen (:func:`absences`).
    """
    late = state.status == "closed"
    statuses = _UNKNOWN | {"pending"} if late else _UNKNOWN
    found = [*missing_time(state), *_metrics(state, assessment, late)]
    found += [*_figures(state, assessment, statuses), *_judgements(assessment, late)]
    return tuple(dict.fromkeys(found))


def absences(state: State, assessment: Assessment) -> tuple[Unmeasured, ...]:
    """Figures that do not exist because nothing happened that they could measure."""
    return tuple(_figures(state, assessment, frozenset({"absent"})))


def missing_time(state: State) -> Iterator[Unmeasured]:
    """Stretches in which nobody kept the record, or a source did not answer."""
    for gap in state.gaps:
        yield Unmeasured(
            what="the whole session", why="no host kept the record", start=gap.start, end=gap.end
        )
    for outage in (own for own in state.outages if own.what not in OUTWARD):
        yield Unmeasured(what=outage.what, why="it did not answer", start=outage.start, end=outage.end)
    for part in state.partials:
        why = "its answers were partial: what they show is not proven"
        yield Unmeasured(what=part.what, why=why, start=part.start, end=part.end)


def _metrics(state: State, assessment: Assessment, late: bool) -> Iterator[Unmeasured]:
    """Empty cells of the metrics table: one line for a column and a reason, however many metrics share it."""
    titles = {metric.id: metric.title for metric in state.plan.metrics} if state.plan else {}
    for column in ("pre", "during", "post") if late else ("pre", "during"):
        reasons: dict[str, list[str]] = {}
        for row in assessment.rows:
            cell: Cell = getattr(row, column)
            if cell.value is None:
                reasons.setdefault(cell.reason, []).append(titles.get(row.metric, row.metric))
        for reason, names in reasons.items():
            which = "all metrics" if len(names) == len(assessment.rows) > 1 else ", ".join(names)
            yield Unmeasured(what=f"{which}: {column} chaos", why=reason or "no sample is known")
    # Without load there is nothing to measure: a ratio of requests is then no number, and no fault of anybody's.
    for metric, reason in state.troubled.items() if state.load_running or not state.loads else ():
        yield Unmeasured(what=f"{titles.get(metric, metric)}: at the end", why=reason)


def _figures(state: State, assessment: Assessment, statuses: Set[str]) -> Iterator[Unmeasured]:
    titles = {own.id: own.title for own in state.plan.experiments} if state.plan else {}
    for run, figures in assessment.runs.items():
        again = run.removeprefix(figures.experiment).replace("#1", "")
        title = titles.get(figures.experiment, figures.experiment) + again
        for name, words in _FIGURES.items():
            figure: Figure = getattr(figures, name)
            if figure.status in statuses:
                why = f"{figure.status}: {figure.reason}" if figure.reason else figure.status
                yield Unmeasured(what=f"{title}: {words}", why=why)


def _judgements(assessment: Assessment, late: bool) -> Iterator[Unmeasured]:
    judged: tuple[CriterionResult | SignResult, ...] = (*assessment.criteria, *assessment.signs)
    for own in judged:
        if own.status == "unknown" or (late and own.status == "pending"):
            yield Unmeasured(what=own.text, why=own.reason or own.status)
