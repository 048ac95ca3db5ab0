"""The success criteria: pass, fail, pending or unknown, each with the evidence for it.

A criterion passes once nothing more can count (load stop, or the end of the session) and fails as soon as it is
broken. What is missing never passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from controlroom.core.assessment import (
    CriterionResult,
    Evidence,
    RunFigures,
)
from controlroom.core.figures.context import PROMETHEUS, Context, duration, utc
from controlroom.core.figures.known import Known
from controlroom.core.figures.recovery import recovery_result
from controlroom.core.figures.runs import Harm
from controlroom.core.figures.windows import Window
from controlroom.core.plan import (
    AlertsWithin,
    Criterion,
    Metric,
    NoDataLoss,
    RatioBelow,
    RecoversWithin,
    ValueBelow,
)

Status = Literal["pass", "fail", "pending", "unknown"]


def criterion_result(context: Context, criterion: Criterion, known: Known) -> CriterionResult:
    if isinstance(criterion, AlertsWithin):
        return alerts_result(context, criterion, known)
    if isinstance(criterion, NoDataLoss):
        return data_loss_result(context, criterion)
    if isinstance(criterion, RecoversWithin):
        return recovery_result(context, criterion, known)
    return samples_result(context, criterion, known)


def alerts_result(context: Context, criterion: AlertsWithin, known: Known) -> CriterionResult:
    """Firing, whoever was earlier, for every injected experiment that names an alert."""
    statuses: list[Status] = []
    reasons: list[str] = []
    evidence: list[Evidence] = []
    slowest: float | None = None
    for harm in known.harms:
        if harm.own.experiment.alert is None:
            continue
        figures = known.runs[harm.own.run.id]
        after = duration(figures.injected, figures.alert)
        status, reason = _alert_status(context, criterion, harm, after.value, figures)
        statuses.append(status)
        reasons.append(f"{harm.own.experiment.title}: {reason}")
        evidence += [*figures.injected.evidence, *figures.alert.evidence]
        if after.value is not None:
            slowest = after.value if slowest is None else max(slowest, after.value)
    status = gravest(statuses)
    if not statuses:
        reasons = ["nothing was injected that names an alert"]
        status = "unknown"
    if status != "fail" and not context.settled:
        status = "pending"
    return CriterionResult(
        id=criterion.id,
        text=criterion.text,
        status=status,
        reason="; ".join(reasons),
        value=slowest,
        limit=criterion.limit,
        unit="s",
        evidence=tuple(evidence),
    )


def _alert_status(
    context: Context, criterion: AlertsWithin, harm: Harm, after: float | None, figures: RunFigures
) -> tuple[Status, str]:
    if after is not None:
        return ("pass" if after <= criterion.limit else "fail"), f"fired after {after:.0f} s"
    if figures.alert.status == "absent":
        return "fail", figures.alert.reason
    if figures.alert.status == "pending":
        if context.heard_past(harm.own.at + criterion.limit):
            return "fail", f"not fired after {criterion.limit:.0f} s"
        return "pending", "not fired yet"
    return "unknown", figures.alert.reason


def gravest(statuses: Sequence[Status]) -> Status:
    """One failure fails all; then what is unknown, then what is pending."""
    for status in ("fail", "unknown", "pending"):
        if status in statuses:
            return status
    return "pass"


def data_loss_result(context: Context, criterion: NoDataLoss) -> CriterionResult:
    """Accepted and stored totals, as read once after load stop."""

    def result(status: Status, reason: str, lost: float | None = None) -> CriterionResult:
        return CriterionResult(
            id=criterion.id,
            text=criterion.text,
            status=status,
            reason=reason,
            value=lost,
            limit=criterion.tolerance,
            unit="lost",
            evidence=evidence,
        )

    evidence: tuple[Evidence, ...] = ()
    read = context.state.reconciled.get(criterion.id)
    if read is None:
        return result("unknown" if context.closed else "pending", "the totals were not read")
    evidence = (
        Evidence(source=PROMETHEUS, text=criterion.accepted, value=read.accepted),
        Evidence(source=PROMETHEUS, text=criterion.stored, value=read.stored),
    )
    if read.accepted is None or read.stored is None:
        return result("unknown", "a total has no value")
    lost = read.accepted - read.stored
    if not read.settled:
        return result("unknown", f"read before {criterion.lag} had settled", lost)
    counted = f"{read.accepted:.0f} accepted, {read.stored:.0f} stored"
    return result("pass" if lost <= criterion.tolerance else "fail", counted, lost)


def samples_result(context: Context, criterion: RatioBelow | ValueBelow, known: Known) -> CriterionResult:
    """The highest sample of *during* against a bound: one breach fails, a pass needs the samples to be there."""
    metric, baseline = context.plan.metric(criterion.metric), known.baselines[criterion.metric]

    def result(status: Status, reason: str, evidence: tuple[Evidence, ...] = ()) -> CriterionResult:
        return CriterionResult(
            id=criterion.id,
            text=criterion.text,
            status=status,
            reason=reason,
            value=value,
            limit=criterion.limit,
            unit="× baseline" if ratio else metric.unit,
            evidence=evidence,
        )

    ratio, value = isinstance(criterion, RatioBelow), None
    unsettled: Status = "unknown" if context.settled else "pending"
    if not known.during.exists:
        return result(unsettled, known.during.reason)
    if ratio and not (baseline.known and baseline.median > 0):
        return result(unsettled, baseline.reason or "the baseline's median is not above zero")
    worst, share = _highest(context, metric, known.during)
    if worst is None:
        return result(unsettled, "no sample is known")
    value = worst.value / baseline.median if ratio and worst.value is not None else worst.value
    assert value is not None
    so_far = f"worst {value:.2f}{'×' if ratio else ' ' + metric.unit}"
    if value >= criterion.limit:
        return result("fail", so_far, (worst,))
    if not context.settled:
        return result("pending", f"{so_far} so far", (worst,))
    if share < context.plan.sampling.present:
        return result("unknown", f"{so_far}, but only {share:.0%} of the samples are there", (worst,))
    return result("pass", so_far, (worst,))


def _highest(context: Context, metric: Metric, window: Window) -> tuple[Evidence | None, float]:
    """The highest known sample of a window, and the share of its steps that are known."""
    series = context.series(metric)
    within = context.indices(series, window.start, window.end)
    values = series.values(within)
    known = [value for value in values if value == value]
    steps = len(context.steps(window.start, window.end))
    if not known or not steps:
        return None, 0.0
    highest = max(known)
    at = utc(float(series.time(within.start + values.index(highest))))
    return Evidence(source=PROMETHEUS, at=at, text=metric.query, value=highest), len(known) / steps
