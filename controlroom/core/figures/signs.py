"""Signs that the day needs improvement: set, clear, pending or unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from controlroom.core.assessment import CriterionResult, DayFigures, Evidence, Limit, SignResult
from controlroom.core.figures.cascade import Cascades
from controlroom.core.figures.context import PROMETHEUS, Context, seconds
from controlroom.core.figures.criteria import alerts_result
from controlroom.core.figures.known import Known
from controlroom.core.figures.recovery import intervened
from controlroom.core.plan import AlertsDelayed, AlertsWithin, Cascading, Judged, ManualIntervention, Sign

Status = Literal["set", "clear", "pending", "unknown"]
_OF_CRITERION: dict[str, Status] = {
    "fail": "set",
    "pass": "clear",
    "pending": "pending",
    "unknown": "unknown",
}


def sign_result(
    context: Context, sign: Sign, known: Known, cascades: Cascades, limits: dict[str, Limit]
) -> SignResult:
    if isinstance(sign, AlertsDelayed):
        return delayed_result(context, sign, known)
    if isinstance(sign, ManualIntervention):
        return manual_result(context, sign, known)
    if isinstance(sign, Cascading):
        return cascading_result(context, sign, cascades, limits)
    return judged_result(context, sign)


def delayed_result(context: Context, sign: AlertsDelayed, known: Known) -> SignResult:
    """As the plan's alert criterion has it; without one, only an alert that never came sets it."""
    own = next((found for found in context.plan.criteria if isinstance(found, AlertsWithin)), None)
    criterion = own or AlertsWithin(id=sign.id, text=sign.text, limit=float("inf"))
    found: CriterionResult = alerts_result(context, criterion, known)
    return SignResult(
        id=sign.id,
        text=sign.text,
        status=_OF_CRITERION[found.status],
        reason=found.reason,
        evidence=found.evidence,
    )


def manual_result(context: Context, sign: ManualIntervention, known: Known) -> SignResult:
    """The service recovered only after the facilitator's clean-up or a halt, or not at all."""
    day: DayFigures = known.day
    status, reason = _manual(context, known)
    if status == "clear" and not context.settled:
        status, reason = "pending", f"{reason} so far"
    return SignResult(
        id=sign.id, text=sign.text, status=status, reason=reason, evidence=day.recovered.evidence
    )


def _manual(context: Context, known: Known) -> tuple[Status, str]:
    recovered = known.day.recovered
    if not known.harms:
        return ("unknown" if context.settled else "pending"), "nothing was injected"
    if recovered.status == "absent":
        return "clear", "the service was never impacted"
    if recovered.status == "censored":
        return "set", recovered.reason
    at = seconds(recovered)
    if at is None:
        return ("unknown" if context.settled else "pending"), recovered.reason
    if why := intervened(context, known.harms, at):
        return "set", f"recovered only after {why}"
    return "clear", "recovered while the faults were left alone"


def cascading_result(
    context: Context, sign: Cascading, cascades: Cascades, limits: dict[str, Limit]
) -> SignResult:
    evidence: Sequence[Evidence] = ()
    status: Status
    if cascades.metrics:
        evidence = [
            Evidence(source=PROMETHEUS, text=context.plan.metric(name).query, value=limits[name].value)
            for name in cascades.metrics
        ]
        titles = ", ".join(context.plan.metric(name).title for name in cascades.metrics)
        status, reason = "set", f"beyond every expected impact: {titles}"
    elif not context.settled:
        status, reason = "pending", "none so far"
    elif cascades.proof:
        status, reason = "clear", f"{context.plan.metric(cascades.proof).title} stayed inside its limit"
    else:
        status, reason = "unknown", cascades.reason
    return SignResult(id=sign.id, text=sign.text, status=status, reason=reason, evidence=tuple(evidence))


def judged_result(context: Context, sign: Judged) -> SignResult:
    """A person's answer: `yes` sets it, `no` clears it, anything else leaves it open."""
    answer = context.state.observations.get(sign.question)
    said = answer.text.strip().lower() if answer else ""
    if answer is None or said not in ("yes", "no"):
        status: Status = "unknown" if context.closed else "pending"
        return SignResult(id=sign.id, text=sign.text, status=status, reason="not answered")
    evidence = Evidence(source=answer.by, text=f"{sign.question}: {said}")
    return SignResult(
        id=sign.id,
        text=sign.text,
        status="set" if said == "yes" else "clear",
        reason=f"{said}, says {answer.by}",
        evidence=(evidence,),
    )
