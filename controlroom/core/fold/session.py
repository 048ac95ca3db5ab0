"""Fold of the session's own events: opening, phases, clock, load."""

from __future__ import annotations

from controlroom.core import events as e
from controlroom.core.events import Event, ObjectRef
from controlroom.core.fold.register import folds, put
from controlroom.core.plan import Plan
from controlroom.core.state import PhaseState, RecordTrouble, Span, State
from controlroom.core.timeline import spent
from controlroom.core.values import changed


@folds(e.SessionOpened)
def opened(state: State, event: Event, body: e.SessionOpened) -> State:
    return changed(
        state,
        opened=body,
        opened_at=event.at,
        plan=body.plan,
        digest_of_plan=body.plan_hash,
        status="open",
        rate=body.rate,
        phases=tuple(PhaseState(id=phase.id, budget=phase.duration) for phase in body.plan.phases),
        lengths=(0,) * len(body.plan.metrics),
        first_step=(None,) * len(body.plan.metrics),
    )


@folds(e.SessionResumed)
def resumed(state: State, event: Event, body: e.SessionResumed) -> State:
    gap = Span(start=event.t - body.gap, end=event.t)
    # Who sat in the room was known to the host that died alone; how the sources answer now, nobody knows yet.
    return changed(
        state,
        status="ending" if state.status == "ending" else "open",
        opened=changed(state.opened, unverified=body.unverified) if state.opened else None,
        gaps=(*state.gaps, gap),
        viewers={},
        unattended=None,
        record_trouble=None,
        sources={name: changed(source, ok=None) for name, source in state.sources.items()},
    )


@folds(e.SessionEnding)
def ending(state: State, event: Event, body: e.SessionEnding) -> State:
    return changed(state, status="ending")


@folds(e.SessionClosed)
def closed(state: State, event: Event, body: e.SessionClosed) -> State:
    return changed(state, status="closed", closed_reason=body.reason, left=body.left)


@folds(e.PlanAmended)
def amended(state: State, event: Event, body: e.PlanAmended) -> State:
    kept = {phase.id: phase for phase in state.phases}
    phases = tuple(
        _rebudget(kept[phase.id], state.plan, phase.duration)
        if phase.id in kept
        else PhaseState(id=phase.id, budget=phase.duration)
        for phase in body.plan.phases
    )
    return changed(state, plan=body.plan, phases=phases)


def _rebudget(phase: PhaseState, old: Plan | None, duration: float) -> PhaseState:
    """An extension made on the day stays on top of the amended duration."""
    before = old.phase(phase.id).duration if old else duration
    return changed(phase, budget=phase.budget + duration - before)


def _with(state: State, phase: PhaseState) -> tuple[PhaseState, ...]:
    return tuple(phase if own.id == phase.id else own for own in state.phases)


@folds(e.PhaseStarted)
def phase_started(state: State, event: Event, body: e.PhaseStarted) -> State:
    phase = changed(state.phase_state(body.phase), status="open", opened=event.t, closed=None)
    return changed(state, phases=_with(state, phase), phase=body.phase)


@folds(e.PhaseEnded)
def phase_ended(state: State, event: Event, body: e.PhaseEnded) -> State:
    phase = state.phase_state(body.phase)
    ended = changed(
        phase,
        status="skipped" if body.skipped and phase.opened is None else "done",
        closed=event.t,
        spent=spent(state, phase, event.t),
    )
    return changed(
        state, phases=_with(state, ended), phase=None if state.phase == body.phase else state.phase
    )


@folds(e.PhaseExtended)
def phase_extended(state: State, event: Event, body: e.PhaseExtended) -> State:
    phase = state.phase_state(body.phase)
    return changed(state, phases=_with(state, changed(phase, budget=phase.budget + body.by)))


@folds(e.PhaseReopened)
def phase_reopened(state: State, event: Event, body: e.PhaseReopened) -> State:
    again: list[PhaseState] = []
    seen = False
    for own in state.phases:
        if own.id == body.phase:
            seen = True
            again.append(
                changed(own, status="open", opened=event.t, closed=None, budget=own.spent + body.left)
            )
        elif seen and own.status != "planned":
            again.append(changed(own, status="planned", opened=None, closed=None, spent=0.0))
        else:
            again.append(own)
    return changed(state, phases=tuple(again), phase=body.phase)


@folds(e.ClockHeld)
def held(state: State, event: Event, body: e.ClockHeld) -> State:
    if state.held_since is not None:
        return state
    return changed(state, held_since=event.t)


@folds(e.ClockResumed)
def clock_resumed(state: State, event: Event, body: e.ClockResumed) -> State:
    if state.held_since is None:
        return state
    span = Span(start=state.held_since, end=event.t)
    return changed(state, held_since=None, holds=(*state.holds, span))


@folds(e.RateChanged)
def rate(state: State, event: Event, body: e.RateChanged) -> State:
    return changed(state, rate=body.rate)


@folds(e.StepDue)
def step_due(state: State, event: Event, body: e.StepDue) -> State:
    return changed(state, due=put(state.due, body.step, event.t))


@folds(e.LoadRequested)
def load_requested(state: State, event: Event, body: e.LoadRequested) -> State:
    return changed(state, load_objects=body.objects, load_stop=None, load_says="")


@folds(e.LoadStarted)
def load_started(state: State, event: Event, body: e.LoadStarted) -> State:
    if state.load_running:
        return state
    objects = body.objects or state.load_objects
    loads = (*state.loads, Span(start=event.t))
    return changed(state, loads=loads, load_error="", load_objects=objects, load_says="")


@folds(e.LoadObserved)
def load_observed(state: State, event: Event, body: e.LoadObserved) -> State:
    pods = "" if body.pods is None else f"{body.pods} pod{'' if body.pods == 1 else 's'} running"
    return changed(state, load_says=", ".join(filter(None, (body.message, pods))))


@folds(e.LoadStopRequested)
def load_stop_requested(state: State, event: Event, body: e.LoadStopRequested) -> State:
    asked = event.t if state.load_stop is None else state.load_stop
    return changed(state, load_stop=asked, load_objects=body.objects)


@folds(e.LoadStopped)
def load_stopped(state: State, event: Event, body: e.LoadStopped) -> State:
    return _without_load(_stop_load(state, event, body.reason))


@folds(e.LoadFailed)
def load_failed(state: State, event: Event, body: e.LoadFailed) -> State:
    stopped = _without_load(_stop_load(state, event, body.error), body.left)
    return changed(stopped, load_error=body.error)


def _without_load(state: State, left: tuple[ObjectRef, ...] = ()) -> State:
    return changed(state, load_objects=left, load_stop=None, load_says="")


def _stop_load(state: State, event: Event, why: str) -> State:
    if not state.load_running:
        return state
    return changed(state, loads=(*state.loads[:-1], changed(state.loads[-1], end=event.t, what=why)))


@folds(e.RecordTroubled)
def record_troubled(state: State, event: Event, body: e.RecordTroubled) -> State:
    if body.seconds > 0:
        return changed(state, record_trouble=None)
    before = state.record_trouble
    since = before.since if before else max(0.0, event.t - body.silent * state.rate)
    trouble = RecordTrouble(since=since, error=body.error, hint=body.hint, kept=body.kept)
    return changed(state, record_trouble=trouble)
