"""Answers that were not whole prove nothing: what would pass, or be clear, on their account is unknown.

A breach that such answers show stays a breach: it is there to be looked at.
"""

from __future__ import annotations

from controlroom.core.assessment import CriterionResult, SignResult
from controlroom.core.figures.context import Context
from controlroom.core.plan import AlertsDelayed, AlertsWithin, Criterion, Judged, NoDataLoss, Sign
from controlroom.core.values import changed

METRICS, ALERTS = "prometheus", "prometheus alerts"
"""Under which names the two are read."""


def criterion_on_whole(context: Context, criterion: Criterion, result: CriterionResult) -> CriterionResult:
    """Totals are left out here: those that were not whole are not read at all."""
    if result.status != "pass" or isinstance(criterion, NoDataLoss):
        return result
    why = _partial(context, ALERTS if isinstance(criterion, AlertsWithin) else METRICS)
    return changed(result, status="unknown", reason=f"{result.reason}; {why}") if why else result


def sign_on_whole(context: Context, sign: Sign, result: SignResult) -> SignResult:
    if result.status != "clear" or isinstance(sign, Judged):
        return result
    why = _partial(context, ALERTS if isinstance(sign, AlertsDelayed) else METRICS)
    return changed(result, status="unknown", reason=f"{result.reason}; {why}") if why else result


def _partial(context: Context, source: str) -> str:
    """How long answers were partial before the load stopped; empty: never."""
    state = context.state
    stop = state.loads[-1].end if state.loads else None
    until = state.t if stop is None else stop
    seconds = 0.0
    found = False
    for span in state.partials:
        if span.what == source and span.start < until:
            found = True
            seconds += min(until, state.t if span.end is None else span.end) - span.start
    return f"not proven: the answers of {source} were partial for {seconds:.0f} s" if found else ""
