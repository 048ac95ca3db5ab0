"""Fold of the experiments' events: faults, halts, aborts."""

from __future__ import annotations

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.fold.register import folds, put, without
from controlroom.core.state import Abort, Check, Halt, Run, State
from controlroom.core.values import changed


@folds(e.ExperimentChecked)
def checked(state: State, event: Event, body: e.ExperimentChecked) -> State:
    check = Check(
        seq=event.seq,
        experiment=body.experiment,
        targets=body.targets,
        mode=body.mode,
        guards=body.guards,
        manifest=body.manifest,
    )
    return changed(state, checks=put(state.checks, body.experiment, check))


@folds(e.FaultRefused)
def refused(state: State, event: Event, body: e.FaultRefused) -> State:
    return changed(state, refused=put(state.refused, body.experiment, body.reason))


@folds(e.FaultRequested)
def requested(state: State, event: Event, body: e.FaultRequested) -> State:
    ordinal = 1 + sum(1 for run in state.runs.values() if run.experiment == body.experiment)
    run = Run(
        id=body.run,
        experiment=body.experiment,
        ordinal=ordinal,
        state="requested",
        requested=event.t,
        requested_at=event.at,
        object=body.object,
        others=body.others,
        manifest=body.manifest,
        one_shot=body.one_shot,
        unbounded=body.unbounded,
        duration=body.duration,
        overrides=body.overrides,
        by=event.actor.name or event.actor.role,
    )
    return changed(
        state, runs=put(state.runs, body.run, run), refused=without(state.refused, body.experiment)
    )


def _run(state: State, name: str) -> Run | None:
    return state.runs.get(name)


@folds(e.FaultAccepted)
def accepted(state: State, event: Event, body: e.FaultAccepted) -> State:
    if (run := _run(state, body.run)) is None:
        return state
    found = changed(
        run,
        created_at=body.created_at,
        object=changed(run.object, uid=body.uid) if run.object else None,
        message="",
    )
    return changed(state, runs=put(state.runs, body.run, found))


@folds(e.FaultUnsure)
def unsure(state: State, event: Event, body: e.FaultUnsure) -> State:
    if (run := _run(state, body.run)) is None:
        return state
    return changed(state, runs=put(state.runs, body.run, changed(run, state="unsure", message=body.error)))


@folds(e.FaultFailed)
def failed(state: State, event: Event, body: e.FaultFailed) -> State:
    if (run := _run(state, body.run)) is None:
        return state
    ended = changed(run, state="refused", message=body.error, object_end=event.at)
    return changed(
        state,
        runs=put(state.runs, body.run, ended),
        refused=put(state.refused, run.experiment, f"{body.error}  {body.hint}".rstrip()),
    )


@folds(e.FaultObserved)
def observed(state: State, event: Event, body: e.FaultObserved) -> State:
    if (run := _run(state, body.run)) is None:
        return state
    found = changed(
        run,
        state=body.state,
        targets=body.targets,
        message=body.message,
        ends_at=body.ends_at,
        injection=body.injection,
        effect_end=body.effect_end,
        object_end=body.object_end,
        how=body.how,
        not_stopped="" if body.state in ("recovering", "stuck", "ended") else run.not_stopped,
    )
    return changed(state, runs=put(state.runs, body.run, found))


@folds(e.StopRequested)
def stop_requested(state: State, event: Event, body: e.StopRequested) -> State:
    if (run := _run(state, body.run)) is None:
        return state
    first = event.t if run.stop_at is None else run.stop_at
    return changed(state, runs=put(state.runs, body.run, changed(run, stop=body.why, stop_at=first)))


@folds(e.StopFailed)
def stop_failed(state: State, event: Event, body: e.StopFailed) -> State:
    if (run := _run(state, body.run)) is None:
        return state
    why = f"{body.error}  {body.hint}".rstrip()
    return changed(state, runs=put(state.runs, body.run, changed(run, not_stopped=why)))


@folds(e.HaltRequested)
def halt_requested(state: State, event: Event, body: e.HaltRequested) -> State:
    halt = Halt(t=event.t, reason=body.reason, by=event.actor.name or event.actor.role, runs=body.runs)
    return changed(state, locked=True, halts=(*state.halts, halt))


@folds(e.HaltFinished)
def halt_finished(state: State, event: Event, body: e.HaltFinished) -> State:
    if not state.halts:
        return state
    done = changed(state.halts[-1], finished=event.t, seconds=body.seconds, proofs=body.proofs)
    return changed(state, halts=(*state.halts[:-1], done))


@folds(e.Unlocked)
def unlocked(state: State, event: Event, body: e.Unlocked) -> State:
    return changed(state, locked=False, incident=None)


@folds(e.IncidentDeclared)
def incident(state: State, event: Event, body: e.IncidentDeclared) -> State:
    return changed(state, incident=body.text or "real incident")


@folds(e.AbortBreached)
def abort_breached(state: State, event: Event, body: e.AbortBreached) -> State:
    abort = Abort(rule=body.rule, status="counting", t=event.t, value=body.value, countdown=body.countdown)
    return changed(state, aborts=put(state.aborts, body.rule, abort))


@folds(e.AbortCleared)
def abort_cleared(state: State, event: Event, body: e.AbortCleared) -> State:
    return changed(state, aborts=without(state.aborts, body.rule))


@folds(e.AbortHeld)
def abort_held(state: State, event: Event, body: e.AbortHeld) -> State:
    if (abort := state.aborts.get(body.rule)) is None:
        return state
    return changed(state, aborts=put(state.aborts, body.rule, changed(abort, status="held")))


@folds(e.AbortFired)
def abort_fired(state: State, event: Event, body: e.AbortFired) -> State:
    if (abort := state.aborts.get(body.rule)) is None:
        return state
    return changed(state, aborts=put(state.aborts, body.rule, changed(abort, status="fired")))
