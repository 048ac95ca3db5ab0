"""Who noticed, and when: the alert by its first start of firing, or a person by a mark."""

from __future__ import annotations

import re
from collections.abc import Sequence

from controlroom.core.assessment import Evidence, Figure
from controlroom.core.events import AlertObserved, SilenceObserved
from controlroom.core.figures.context import (
    ALERTMANAGER,
    PROMETHEUS,
    Context,
    moment_figure,
    seconds,
)
from controlroom.core.figures.injected import Injected


def alert_figure(context: Context, own: Injected) -> tuple[Figure, AlertObserved | None]:
    """The first start of firing of the experiment's alert, and the episode that it began.

    At or after the injection, within the uncertainty of the two clocks, and before the effect's end plus the
    grace. An alert that fired already is masked: that it goes on firing proves nothing.
    """
    alert = own.experiment.alert
    if alert is None:
        return Figure(status="absent", reason="the plan names no alert for it"), None
    starts = [
        (fired, episode)
        for episode in context.state.alerts.values()
        if alert.matches(episode.name, episode.labels) and (fired := _fired(context, episode)) is not None
    ]
    for fired, episode in starts:
        if fired < own.at - _uncertainty(context, own, episode) and not _resolved_by(
            context, episode, own.at
        ):
            return Figure(
                status="masked", reason=f"{alert.name} was firing already at the injection"
            ), episode
    within = [
        (fired, episode)
        for fired, episode in starts
        if own.at - _uncertainty(context, own, episode) <= fired < own.window_end
    ]
    if within:
        fired, episode = min(within, key=lambda found: found[0])
        return _firing(context, fired, episode), episode
    return _never(context, own, alert.name), None


def _fired(context: Context, episode: AlertObserved) -> float | None:
    """When an episode's firing began; one that never fired, or not yet at this moment, has none."""
    if episode.firing_at is None:
        return None
    return episode.firing_at.timestamp() - context.prometheus.offset


def _uncertainty(context: Context, own: Injected, episode: AlertObserved) -> float:
    return own.uncertainty + episode.uncertainty + context.prometheus.uncertainty


def _resolved_by(context: Context, episode: AlertObserved, moment: float) -> bool:
    resolved = episode.resolved_at
    return resolved is not None and resolved.timestamp() - context.prometheus.offset <= moment


def _firing(context: Context, fired: float, episode: AlertObserved) -> Figure:
    labels = ", ".join(f'{key}="{value}"' for key, value in sorted(episode.labels.items()))
    evidence = Evidence(
        source=PROMETHEUS,
        at=episode.firing_at,
        text=f'first sample of ALERTS{{alertname="{episode.name}", alertstate="firing"}} with {labels}',
        uncertainty=episode.uncertainty,
    )
    return moment_figure(fired, episode.uncertainty + context.prometheus.uncertainty, [evidence])


def _never(context: Context, own: Injected, alert: str) -> Figure:
    if not context.heard_past(own.window_end):
        return Figure(reason=f"{alert} has not fired")
    if _blind(context, own):
        return Figure(status="unknown", reason="Prometheus has no samples for part of the time")
    return Figure(status="absent", reason=f"{alert} did not fire while it acted")


def _blind(context: Context, own: Injected) -> bool:
    """Whether too many steps of the window have no sample of any metric: rules were not evaluated either."""
    steps = context.steps(own.at, min(own.window_end, context.heard))
    if not steps:
        return True
    seen = bytearray(len(steps))
    for metric in context.plan.metrics:
        series = context.series(metric)
        origin = (series.first or 0) // context.step
        within = context.indices(series, own.at, min(own.window_end, context.heard))
        if len(within) == len(steps) and series.whole(within):
            return False
        for index in within:
            place = origin + index - steps.start
            if not seen[place] and series.value(index) == series.value(index):
                seen[place] = 1
    return sum(seen) / len(steps) < context.plan.sampling.present


def earliest(figures: Sequence[Figure]) -> Figure | None:
    """The earliest of those that are there."""
    found = [(at, figure) for figure in figures if (at := seconds(figure)) is not None]
    return min(found, key=lambda own: own[0])[1] if found else None


def detected_figure(own: Injected, alert: Figure, human: Figure) -> tuple[Figure, str]:
    """The earlier of the alert's firing and a person's mark, and which of them it is.

    Without either, what keeps the alert away says why; an experiment without an alert waits for a person.
    """
    first = earliest([alert, human])
    if first is None:
        return (human if own.experiment.alert is None else alert), ""
    return first, "alert" if first is alert else "person"


def silence_figure(context: Context, alert: AlertObserved, since: float, until: float) -> Figure | None:
    """The first silence in [since, until) that matches the alert; an acknowledgement belongs to its alert."""
    known_labels = {key for episode in context.state.alerts.values() for key in episode.labels}
    found = [
        (at, silence)
        for silence in context.state.silences.values()
        if silence.state != "pending"
        and silence.ends_at > silence.starts_at
        and since <= (at := silence.starts_at.timestamp() - context.alertmanager.offset) < until
        and silences(silence, alert, known_labels)
    ]
    if not found:
        return None
    at, silence = min(found, key=lambda own: own[0])
    text = f"silence {silence.silence} by {silence.by}: {silence.comment}"
    evidence = Evidence(source=ALERTMANAGER, at=silence.starts_at, text=text)
    return moment_figure(at, context.alertmanager.uncertainty, [evidence])


def silences(silence: SilenceObserved, alert: AlertObserved, known_labels: set[str]) -> bool:
    """Whether every matcher holds, as in Alertmanager: a missing label is empty, patterns are anchored.

    Prometheus adds its external labels only when it sends an alert. So a label that a matcher names and no
    alert of the session carries is taken for an external one, of which nothing can be said.
    """
    labels = {**alert.labels, "alertname": alert.name}
    for name, value, is_regex, is_equal in silence.matchers:
        if name not in labels and name not in known_labels:
            continue
        if _holds(value, labels.get(name, ""), is_regex=is_regex) is not is_equal:
            return False
    return True


def _holds(value: str, label: str, *, is_regex: bool) -> bool:
    if not is_regex:
        return label == value
    try:
        return re.fullmatch(value, label) is not None
    except re.error:  # Go's dialect has patterns that ours has not: such a silence is no proof
        return False
