"""Impact on the service: its episodes over the day, and what of it belongs to which run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controlroom.core.assessment import Episode, Evidence, Figure, Limit
from controlroom.core.figures.context import PROMETHEUS, Context, moment_figure, utc
from controlroom.core.figures.injected import Injected
from controlroom.core.figures.samples import INSIDE, OUTSIDE, UNKNOWN, codes, known_share, unbroken, worst
from controlroom.core.plan import Metric


@dataclass(frozen=True, slots=True)
class Stretch:
    """An episode of impact: indices into the day's steps."""

    start: int
    end: int | None
    """First step of the proven recovery; None: not proven."""
    earliest: int | None
    """The same if every unknown sample had been inside its limit."""


@dataclass(frozen=True, slots=True)
class Impact:
    """How the service was at each grid step from the first injection on."""

    numbers: range
    metrics: tuple[tuple[Metric, bytes], ...]
    """The metrics that decide it, with their codes."""
    codes: bytes
    stretches: tuple[Stretch, ...]
    reason: str = ""
    """Why it cannot be known; empty: it can."""


def impact_of(context: Context, limits: Mapping[str, Limit], injected: Sequence[Injected]) -> Impact:
    """The service from the first injection to load stop."""
    if not injected:
        return Impact(range(0), (), b"", ())
    numbers = context.steps(injected[0].at, context.end)
    deciding = [own for own in context.plan.metrics if own.criterion and own.worse != "neither"]
    if not deciding:
        return Impact(numbers, (), b"", (), "no metric of the plan decides whether the service is impacted")
    metrics = tuple((own, codes(context.series(own), limits[own.id], numbers)) for own in deciding)
    combined = worst([found for _, found in metrics])
    limitless = [limits[own.id] for own in deciding if limits[own.id].value is None]
    reason = f"{limitless[0].metric} has no limit: {limitless[0].reason}" if limitless else ""
    return Impact(numbers, metrics, combined, stretches(combined, context.hold_steps()), reason)


def stretches(found: bytes, hold_steps: int) -> tuple[Stretch, ...]:
    """Episodes: each begins with two consecutive samples outside, and ends with a run of the hold inside."""
    hopeful = found.replace(bytes([UNKNOWN]), bytes([INSIDE]))
    episodes: list[Stretch] = []
    at = 0
    while (start := unbroken(found, OUTSIDE, 2, at)) >= 0:
        end = unbroken(found, INSIDE, hold_steps, start + 1)
        earliest = unbroken(hopeful, INSIDE, hold_steps, start + 1)
        episodes.append(Stretch(start, end if end >= 0 else None, earliest if earliest >= 0 else None))
        if end < 0:
            break
        at = end
    return tuple(episodes)


def episodes_of(context: Context, impact: Impact) -> tuple[Episode, ...]:
    found = []
    for stretch in impact.stretches:
        stop = stretch.end if stretch.end is not None else len(impact.codes)
        outside = tuple(own.id for own, codes in impact.metrics if OUTSIDE in codes[stretch.start : stop])
        found.append(
            Episode(
                start=utc(start_of(context, impact, stretch)),
                end=None if (end := end_of(context, impact, stretch)) is None else utc(end),
                metrics=outside,
                censored=stretch.end is None and context.settled,
            )
        )
    return tuple(found)


def start_of(context: Context, impact: Impact, stretch: Stretch) -> float:
    return context.moment_of(impact.numbers[stretch.start])


def end_of(context: Context, impact: Impact, stretch: Stretch) -> float | None:
    return None if stretch.end is None else context.moment_of(impact.numbers[stretch.end])


def earliest_end(context: Context, impact: Impact) -> float | None:
    """When the day's last episode would have ended if every missing sample had been inside its limit."""
    last = impact.stretches[-1] if impact.stretches else None
    if last is None or last.earliest is None:
        return None
    return context.moment_of(impact.numbers[last.earliest])


def recovered_figure(context: Context, impact: Impact, stretch: Stretch) -> Figure:
    """The end of an episode: known, pending, not recovered (censored at load stop), or unknown."""
    if stretch.end is not None:
        return _sampled(context, impact, stretch.end)
    if not context.settled:
        return Figure(reason="not recovered yet")
    if impact.reason or stretch.earliest is not None:
        return Figure(
            status="unknown", reason=impact.reason or "samples are missing where it may have recovered"
        )
    where = "the load stopped" if context.load_stop is not None else "the day ended"
    return Figure(status="censored", at=utc(context.end), reason=f"not recovered when {where}")


def impacted_figure(context: Context, impact: Impact, own: Injected) -> tuple[Figure, Stretch | None]:
    """When the run's impact on the service began, and the episode that holds it."""
    for stretch in impact.stretches:
        start = start_of(context, impact, stretch)
        end = end_of(context, impact, stretch)
        if start < own.at and (end is None or end > own.at):
            reason = "the service was impacted already when it was injected"
            return Figure(status="censored", reason=reason), stretch
        if own.at <= start <= own.window_end:
            return _sampled(context, impact, stretch.start), stretch
    return _no_impact(context, impact, own), None


def _no_impact(context: Context, impact: Impact, own: Injected) -> Figure:
    if not context.settled and not context.heard_past(own.window_end):
        return Figure(reason="no impact yet")
    if impact.reason:
        return Figure(status="unknown", reason=impact.reason)
    within = context.steps(own.at, min(own.window_end, context.end))
    first = impact.numbers.start
    found = impact.codes[max(0, within.start - first) : max(0, within.stop - first)]
    share = known_share(found)
    if share < context.plan.sampling.present:
        return Figure(
            status="unknown", reason=f"only {share:.0%} of the samples that would show an impact are there"
        )
    return Figure(status="absent", reason="no impact")


def _sampled(context: Context, impact: Impact, index: int) -> Figure:
    """The moment of a sample, with every deciding metric's value at it as evidence."""
    number = impact.numbers[index]
    stamp = utc(float(number * context.step))
    evidence = []
    for metric, _ in impact.metrics:
        series = context.series(metric)
        at = number - (series.first or 0) // context.step
        if not 0 <= at < series.length:
            continue
        value = series.value(at)
        evidence.append(
            Evidence(
                source=PROMETHEUS,
                at=stamp,
                text=metric.query,
                value=value if value == value else None,
                uncertainty=float(context.step),
            )
        )
    uncertainty = context.step + context.prometheus.uncertainty
    return moment_figure(context.moment_of(number), uncertainty, evidence)
