"""Cascading failures: metrics that left their limits although no experiment so far was expected to move them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controlroom.core.assessment import Limit
from controlroom.core.figures.context import Context
from controlroom.core.figures.injected import Injected
from controlroom.core.figures.samples import OUTSIDE, codes, known_share, unbroken


class Cascades:
    """What was found: `metrics` that cascaded, and whether silence of the others proves anything."""

    def __init__(self, metrics: tuple[str, ...], proof: str, reason: str) -> None:
        self.metrics = metrics
        self.proof = proof
        """An uninvolved metric that stayed inside, with enough samples to say so; empty: there is none."""
        self.reason = reason
        """Why there is none."""


def cascades_of(context: Context, limits: Mapping[str, Limit], injected: Sequence[Injected]) -> Cascades:
    """Looks at each metric from the first injection until an experiment is injected that may move it."""
    if not injected:
        return Cascades((), "", "nothing was injected")
    found: list[str] = []
    proof, reason = "", "no metric of the plan is uninvolved in every experiment and has a limit"
    for metric in context.plan.metrics:
        limit = limits[metric.id]
        if limit.value is None:
            continue
        expected = [own.at for own in injected if metric.id in own.experiment.impact]
        end = min([context.end, *expected])
        seen = codes(
            context.series(metric), limit, _steps_before(context, injected[0].at, end, bool(expected))
        )
        if unbroken(seen, OUTSIDE, context.hold_steps()) >= 0:
            found.append(metric.id)
        elif metric.uninvolved and not expected:
            share = known_share(seen)
            if share >= context.plan.sampling.present:
                proof = metric.id
            else:
                reason = f"only {share:.0%} of the samples of {metric.id} are there"
    return Cascades(tuple(found), proof, reason)


def _steps_before(context: Context, start: float, end: float, exclusive: bool) -> range:
    steps = context.steps(start, end)
    if exclusive and steps and context.moment_of(steps[-1]) >= end:
        return steps[:-1]
    return steps
