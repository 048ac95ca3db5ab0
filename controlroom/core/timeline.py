"""Where in the day we are: the plan's clock, the phases as planned and as they went, what is due next.

The plan's clock is session time less the stretches in which it was held. A phase that runs over shifts all
that follows it; steps keep their offset in their phase.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from controlroom.core.plan import Experiment, Phase, Step
from controlroom.core.state import PhaseState, Run, State
from controlroom.core.values import Value


def held(state: State, start: float, end: float) -> float:
    """Seconds within [start, end] (session time) in which the plan's clock stood."""
    spans = [(span.start, span.end if span.end is not None else end) for span in state.holds]
    if state.held_since is not None:
        spans.append((state.held_since, end))
    return sum(max(0.0, min(stop, end) - max(begin, start)) for begin, stop in spans)


def spent(state: State, phase: PhaseState, t: float) -> float:
    """Seconds of the plan's clock that a phase has used at session time t."""
    if phase.status != "open" or phase.opened is None:
        return phase.spent
    return phase.spent + (t - phase.opened) - held(state, phase.opened, t)


class Slot(Value):
    """A phase on the time axis, in session seconds: as it went so far, and as it is now expected to go."""

    phase: Phase
    status: str
    start: float
    end: float
    planned_start: float
    """By the plan as it was, had nothing run over."""
    planned_end: float
    over: float = 0.0
    """Seconds that the open phase has run over its budget."""


def slots(state: State, t: float) -> tuple[Slot, ...]:
    """All phases in order. An open phase that runs over ends now."""
    plan = state.plan
    if plan is None:
        return ()
    found: list[Slot] = []
    at, planned = 0.0, 0.0
    for phase, own in zip(plan.phases, state.phases, strict=True):
        over = 0.0
        if own.status == "skipped":
            start = end = at
        elif own.status == "done":
            start = own.opened if own.opened is not None else at
            end = own.closed if own.closed is not None else start
        elif own.status == "open":
            start = own.opened if own.opened is not None else at
            left = own.budget - spent(state, own, t)
            over = max(0.0, -left)
            end = t + max(0.0, left)
        else:
            start, end = at, at + own.budget
            if state.phase is None and start < t:
                start, end = t, t + own.budget
        found.append(
            Slot(
                phase=phase,
                status=own.status,
                start=start,
                end=end,
                planned_start=planned,
                planned_end=planned + phase.duration,
                over=over,
            )
        )
        at, planned = end, planned + phase.duration
    return tuple(found)


def left(state: State, t: float) -> float | None:
    """Seconds left in the open phase; negative: it runs over; None: no phase is open."""
    if state.phase is None:
        return None
    phase = state.phase_state(state.phase)
    return phase.budget - spent(state, phase, t)


def day_end(state: State, t: float) -> float:
    """Expected end of the day, session seconds."""
    found = slots(state, t)
    return found[-1].end if found else t


def moment(state: State, phase: str, offset: float, t: float) -> float:
    """Session time at which an offset in a phase is (or was) reached, as now expected."""
    own = state.phase_state(phase)
    slot = next(slot for slot in slots(state, t) if slot.phase.id == phase)
    if own.status != "open":
        return slot.start + offset
    return t + offset - spent(state, own, t)


def step_moment(state: State, step: Step, t: float) -> float:
    """Session time at which a step is due, as now expected."""
    plan = state.plan
    assert plan is not None
    return moment(state, plan.phase_of_step(step.id).id, step.at, t)


def planned_start(state: State, experiment: Experiment, t: float) -> float:
    """Session time at which an experiment is to be injected, as now expected."""
    return moment(state, experiment.phase, experiment.at, t)


def until(state: State, experiment: Experiment, t: float) -> float:
    """Session time at which an experiment is to end: at its phase or step, at clean-up, or with the day."""
    plan = state.plan
    assert plan is not None
    name = experiment.until or next((step.id for _, step in plan.steps if step.kind == "clean-up"), None)
    if name is None:
        return day_end(state, t)
    if any(phase.id == name for phase in plan.phases):
        return moment(state, name, 0.0, t)
    step = next((step for _, step in plan.steps if step.id == name), None)
    return step_moment(state, step, t) if step else day_end(state, t)


class Coming(Value):
    """Something planned: a step, an experiment's injection, an inject."""

    kind: str
    id: str
    text: str
    t: float


def coming(state: State, t: float) -> tuple[Coming, ...]:
    """Planned things not yet done, soonest first; what is overdue comes with its past time."""
    plan = state.plan
    if plan is None:
        return ()
    open_phases = {phase.id for phase in state.phases if phase.status in ("open", "planned")}
    found = [
        Coming(kind="step", id=step.id, text=step.text, t=step_moment(state, step, t))
        for phase, step in plan.steps
        if phase.id in open_phases and not _done(state, step)
    ]
    found += [
        Coming(kind="inject", id=inject.id, text=inject.text, t=moment(state, inject.phase, inject.at, t))
        for inject in plan.injects
        if not inject.hint and inject.phase in open_phases and inject.id not in state.injects
    ]
    return tuple(sorted(found, key=lambda item: item.t))


def _done(state: State, step: Step) -> bool:
    if (tick := state.steps.get(step.id)) is not None and tick.ticked:
        return True
    if step.kind == "experiment" and step.experiment is not None:
        return state.latest_run(step.experiment) is not None
    return False


class Stretch(Value):
    """A part of a run's life on the time axis, in session seconds."""

    start: float
    end: float
    what: Literal["injecting", "active", "recovering", "object"]
    """`object`: nothing is affected any more, and what was sent is still in the cluster."""


def stretches(state: State, run: Run, t: float) -> tuple[Stretch, ...]:
    """What a run did and when, as far as is known at session second t; a one-shot recovers from its first moment.

    A run that was refused or failed has none: nothing of it ever was in the cluster.
    """
    zero = state.opened_at
    if zero is None or run.state in ("planned", "checked", "refused"):
        return ()

    def second(at: datetime | None) -> float | None:
        return (at - zero).total_seconds() if at is not None else None

    gone = second(run.object_end)
    over = second(run.effect_end)
    last = t if run.running or gone is None else gone
    first = second(run.injection.first) if run.injection is not None else None
    if first is None:
        return (Stretch(start=run.requested, end=max(run.requested, last), what="injecting"),)
    effect = over if over is not None else last
    turned = first if run.one_shot else min(effect, _turned(run, zero, t, effect))
    found = [
        Stretch(start=min(run.requested, first), end=first, what="injecting"),
        Stretch(start=first, end=max(first, turned), what="active"),
        Stretch(start=turned, end=max(turned, effect), what="recovering"),
        Stretch(start=effect, end=max(effect, last), what="object"),
    ]
    return tuple(part for part in found if part.end > part.start or part.what == "active")


def _turned(run: Run, zero: datetime, t: float, effect: float) -> float:
    """When a run that lasts began to go: stopped, at its own end, or with its first target recovered."""
    known = [(own.recovered_at - zero).total_seconds() for own in run.targets if own.recovered_at is not None]
    if run.stop_at is not None:
        known.append(run.stop_at)
    if run.ends_at is not None:
        known.append((run.ends_at - zero).total_seconds())
    return min([own for own in known if own <= t], default=effect)
