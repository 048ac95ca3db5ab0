"""The figures of each run, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controlroom.core.assessment import Figure, RunFigures
from controlroom.core.events import AlertObserved
from controlroom.core.figures import detection, milestones
from controlroom.core.figures.context import Context, duration, seconds
from controlroom.core.figures.impact import (
    Impact,
    end_of,
    impacted_figure,
    recovered_figure,
    start_of,
)
from controlroom.core.figures.injected import Injected, effect_end_figure, injected_figure, object_end_figure
from controlroom.core.figures.milestones import Life
from controlroom.core.values import changed


@dataclass(frozen=True, slots=True)
class Harm:
    """What a run did to the service."""

    own: Injected
    impacted: Figure
    recovered: Figure
    ttr: Figure


def harm_of(context: Context, impact: Impact, injected: Sequence[Injected], own: Injected) -> Harm:
    impacted, stretch = impacted_figure(context, impact, own)
    if stretch is None:
        return Harm(own, impacted, impacted, impacted)
    recovered = recovered_figure(context, impact, stretch)
    if impacted.status == "censored":
        earlier = [other for other in injected if other.at <= start_of(context, impact, stretch)]
        culprit = earlier[-1].experiment.title if earlier else "an earlier one"
        censored = Figure(status="censored", reason=f"overlapped by {culprit}")
        return Harm(own, censored, recovered, censored)
    until = end_of(context, impact, stretch)
    for other in injected:
        if other is not own and own.at <= other.at and (until is None or other.at <= until):
            reason = f"overlapped by {other.experiment.title}"
            return Harm(own, impacted, recovered, Figure(status="censored", reason=reason))
    return Harm(own, impacted, recovered, duration(own.figure, recovered))


def life_of(harm: Harm) -> Life:
    if harm.impacted.status == "absent":
        return Life(harm.own, harm.own.effect_end)
    return Life(harm.own, seconds(harm.recovered))


def run_figures(context: Context, harm: Harm, lives: Sequence[Life]) -> RunFigures:
    """Every figure of one injected run."""
    own = harm.own
    alert, episode = detection.alert_figure(context, own)
    human = _human(context, own, lives)
    detected, by = detection.detected_figure(own, alert, human)
    acknowledged = _acknowledged(context, own, lives, detected, episode)
    root_cause = milestones.first_owned(context, own.run.id, lives, "root-cause")
    root_cause = root_cause or _missing(context, harm, "no root cause was named")
    mitigated = _mitigated(context, harm, lives)
    return RunFigures(
        run=own.run.id,
        experiment=own.experiment.id,
        injected=own.figure,
        alert=alert,
        detected=detected,
        detected_by=by,
        human=human,
        acknowledged=acknowledged,
        root_cause=root_cause,
        mitigated=mitigated,
        impacted=harm.impacted,
        recovered=harm.recovered,
        effect_end=effect_end_figure(context, own.run),
        object_end=object_end_figure(context, own.run),
        ttd=duration(own.figure, detected),
        tta=duration(detected, acknowledged),
        tti=duration(detected, root_cause),
        ttm=duration(own.figure, mitigated),
        ttr=harm.ttr,
    )


def _human(context: Context, own: Injected, lives: Sequence[Life]) -> Figure:
    for mark in milestones.marks_of(context, "detected"):
        if mark.source != "machine" and own.run.id in milestones.owners(mark, lives):
            return milestones.mark_figure(mark)
    return _unmarked(context, "no person marked that it was detected")


def _acknowledged(
    context: Context,
    own: Injected,
    lives: Sequence[Life],
    detected: Figure,
    episode: AlertObserved | None,
) -> Figure:
    """The first silence that matches the alert, or the first mark, at or after the detection."""
    since = seconds(detected)
    found: list[Figure] = []
    if episode is not None:
        fired = episode.firing_at.timestamp() - context.prometheus.offset if episode.firing_at else own.at
        silence = detection.silence_figure(
            context, episode, max(fired, own.at), _next_firing(context, episode)
        )
        found += [silence] if silence else []
    for mark in milestones.marks_of(context, "acknowledged"):
        late_enough = since is None or mark.at.timestamp() >= since - detected.uncertainty
        if late_enough and own.run.id in milestones.owners(mark, lives):
            found.append(milestones.mark_figure(mark))
    return detection.earliest(found) or _unmarked(context, "nobody acknowledged its alert")


def _next_firing(context: Context, episode: AlertObserved) -> float:
    """When the same alert fired again: what is acknowledged from then on is that."""
    labels, fired = episode.labels, episode.firing_at
    later = [
        other.firing_at.timestamp() - context.prometheus.offset
        for other in context.state.alerts.values()
        if other.name == episode.name
        and other.labels == labels
        and other.firing_at is not None
        and fired is not None
        and other.firing_at > fired
    ]
    return min(later, default=float("inf"))


def _mitigated(context: Context, harm: Harm, lives: Sequence[Life]) -> Figure:
    owned = [
        mark
        for mark in milestones.marks_of(context, "mitigated", "mitigation-started")
        if harm.own.run.id in milestones.owners(mark, lives)
    ]
    found = milestones.mitigation(owned, seconds(harm.recovered))
    return found or _missing(context, harm, "nobody mitigated it")


def _missing(context: Context, harm: Harm, why: str) -> Figure:
    """Why a milestone is absent, or that it may still come."""
    if harm.impacted.status == "absent":
        return Figure(status="absent", reason=f"{why}: it had no impact")
    if seconds(harm.recovered) is not None:
        return Figure(status="absent", reason=f"{why} before the service recovered")
    return _unmarked(context, why)


def _unmarked(context: Context, why: str) -> Figure:
    return Figure(status="absent" if context.closed else "pending", reason=why)


def idle_figures(context: Context, run: str) -> RunFigures:
    """Figures of a run that was not, or not yet, injected, or whose experiment has left the plan.

    All but the injection itself are missing for the same reason.
    """
    found = context.state.runs[run]
    injected = injected_figure(context, found)
    missing = injected
    if injected.at is not None:
        missing = Figure(status="unknown", reason=f"the plan has no experiment {found.experiment}")
    figures = RunFigures(run=run, experiment=found.experiment)
    names = [name for name in figures.__struct_fields__ if isinstance(getattr(figures, name), Figure)]
    return changed(figures, **{**dict.fromkeys(names, missing), "injected": injected})
