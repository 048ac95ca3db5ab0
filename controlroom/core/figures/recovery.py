"""How the service came back: by itself, by the on-call's mitigation, or only when the faults were taken away."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from controlroom.core.assessment import CriterionResult
from controlroom.core.figures.context import Context, seconds
from controlroom.core.figures.known import Known
from controlroom.core.figures.runs import Harm
from controlroom.core.plan import RecoversWithin


def interventions(context: Context, harms: Sequence[Harm]) -> tuple[tuple[float, str], ...]:
    """When a clean-up or a halt took away a fault that still acted (Unix seconds, in words), in order.

    To delete the object of a fault whose effect is over changes nothing for the service and is none.
    """
    found = []
    for harm in harms:
        run, acted_until = harm.own.run, harm.own.effect_end
        asked = [(run.stop_at, run.stop)] if run.stop_at is not None else []
        asked += [(halt.t, "halt") for halt in context.state.halts if run.id in halt.runs]
        for t, why in asked:
            moment = context.at(t)
            # Records of the effect's end are cut to whole seconds; the request to stop is not.
            if acted_until is None or acted_until >= math.floor(moment):
                found.append((moment, f"{why} of {harm.own.experiment.title}"))
    return tuple(sorted(found))


def intervened(context: Context, harms: Sequence[Harm], recovered: float) -> str:
    """The last intervention before the recovery, in words; empty: there was none."""
    before = [why for moment, why in interventions(context, harms) if moment <= recovered]
    return before[-1] if before else ""


def recovery_result(context: Context, criterion: RecoversWithin, known: Known) -> CriterionResult:
    """The day's service recovered less the last mitigation at or before it.

    Recovered with neither mitigation nor clean-up passes, noted; only after clean-up or halt, or not at all,
    fails: a clean-up is no mitigation.
    """
    status, reason, value = _judge(context, criterion, known)
    if status == "pass" and not context.settled:
        status, reason = "pending", f"{reason} so far"
    return CriterionResult(
        id=criterion.id,
        text=criterion.text,
        status=status,
        reason=reason,
        value=value,
        limit=criterion.limit,
        unit="s",
        evidence=(*known.day.mitigated.evidence, *known.day.recovered.evidence),
    )


Judgement = tuple[Literal["pass", "fail", "pending", "unknown"], str, float | None]


def _judge(context: Context, criterion: RecoversWithin, known: Known) -> Judgement:
    recovered, mitigated = known.day.recovered, known.day.mitigated
    if not known.harms:
        return ("unknown" if context.settled else "pending"), "nothing was injected", None
    if recovered.status == "absent":
        return "pass", "the service was never impacted", None
    if recovered.status == "censored":
        return "fail", recovered.reason, None
    at, since = seconds(recovered), seconds(mitigated)
    if at is None:
        return ("unknown" if context.settled else "pending"), recovered.reason, None
    if since is not None:
        return _timed(context, criterion, known, at - since, since)
    if why := intervened(context, known.harms, at):
        return "fail", f"recovered only after {why}", None
    return "pass", "recovered without mitigation", None


def _timed(
    context: Context, criterion: RecoversWithin, known: Known, after: float, since: float
) -> Judgement:
    reason = f"recovered {after:.0f} s after the mitigation"
    if after <= criterion.limit:
        return "pass", reason, after
    if known.earliest is not None and known.earliest - since <= criterion.limit:
        return "unknown", f"{reason} at the latest: samples are missing before", after
    return ("fail" if context.settled else "pending"), reason, after
