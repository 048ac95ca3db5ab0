"""Whether an intent rests on a state that somebody else has changed since.

Two facilitators look at the same room. What one of them decided on a question opened ten seconds ago may mean
something else now: the phase that was to be closed is closed, and the key would close the next one. Such an
intent is refused with who did what, and when. What only adds to the record, and what only makes things safer
(halt, clean-up, a real incident), is never overtaken; nor is anybody by what they did themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, Body, Event
from controlroom.core.intents import IntentBase
from controlroom.core.state import State

Said = str
"""What was done, as it follows the name of who did it."""

Rests = Callable[[Any, Body, State], Said | None]
"""What the event changed of that which the intent rests on; None: nothing."""


def overtaken(intent: IntentBase, actor: Actor, events_since_seen: Sequence[Event], state: State) -> str:
    """Why the intent is out of date: who did what, how many session seconds ago; empty: it is not.

    `events_since_seen` are those after the newest event that the actor had seen on deciding.
    """
    rests = RESTS_ON.get(type(intent))
    if rests is None:
        return ""
    for event in reversed(events_since_seen):
        if event.actor == actor or not isinstance(event.body, Body):
            continue
        if (said := rests(intent, event.body, state)) is not None:
            return f"{_who(event.actor)} {said} {_ago(state.t - event.t)}"
    return ""


def _who(actor: Actor) -> str:
    return actor.name or f"the {actor.role}"


def _ago(seconds: float) -> str:
    if seconds < 1:
        return "this moment"
    if seconds < 120:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} min ago"


def _phases(intent: Any, body: Body, state: State) -> Said | None:
    match body:
        case e.PhaseStarted(phase=phase):
            return f"opened {_phase(state, phase)}"
        case e.PhaseEnded(phase=phase, skipped=skipped):
            return f"{'skipped' if skipped else 'closed'} {_phase(state, phase)}"
        case e.PhaseExtended(phase=phase, by=by):
            return f"gave {_phase(state, phase)} {by:+g} s"
        case e.PhaseReopened(phase=phase):
            return f"opened {_phase(state, phase)} again"
    return None


def _start(intent: i.Start, body: Body, state: State) -> Said | None:
    match body:
        case e.FaultRequested(experiment=intent.experiment):
            return f"started {_experiment(state, intent.experiment)}"
        case e.HaltRequested():
            return "halted everything"
        case e.SessionEnding():
            return "asked for the end of the day"
    return None


def _stop(intent: i.Stop, body: Body, state: State) -> Said | None:
    match body:
        case e.StopRequested(run=intent.run):
            return f"stopped {intent.run}"
        case e.HaltRequested(runs=runs) if intent.run in runs:
            return "halted everything"
    return None


def _release(intent: i.Release, body: Body, state: State) -> Said | None:
    match body:
        case e.ReleaseRequested(run=intent.run):
            return f"forced {intent.run} away"
    return None


def _unlock(intent: i.Unlock, body: Body, state: State) -> Said | None:
    match body:
        case e.Unlocked():
            return "unlocked"
        case e.HaltRequested():
            return "halted everything"
        case e.IncidentDeclared():
            return "declared a real incident"
    return None


def _clock(intent: i.HoldClock | i.ResumeClock, body: Body, state: State) -> Said | None:
    match body:
        case e.ClockHeld():
            return "held the clock"
        case e.ClockResumed():
            return "let the clock go on"
    return None


def _rate(intent: i.SetRate, body: Body, state: State) -> Said | None:
    return f"set the rate to ×{body.rate:g}" if isinstance(body, e.RateChanged) else None


def _load(intent: i.StartLoad | i.StopLoad, body: Body, state: State) -> Said | None:
    match body:
        case e.LoadStarted():
            return "started the load"
        case e.LoadStopped() | e.LoadStopRequested():
            return "stopped the load"
    return None


def _mark(intent: i.AmendMark | i.UndoMark, body: Body, state: State) -> Said | None:
    match body:
        case e.MarkAmended(mark=intent.mark):
            return "amended that mark"
        case e.MarkUndone(mark=intent.mark):
            return "took that mark back"
    return None


def _note(intent: i.EditNote, body: Body, state: State) -> Said | None:
    return "edited that note" if isinstance(body, e.NoteEdited) and body.note == intent.note else None


def _action(intent: i.SetAction, body: Body, state: State) -> Said | None:
    mine = isinstance(body, e.ActionSet) and body.action == intent.action
    return "changed that action" if mine else None


def _tick(intent: i.SetTick, body: Body, state: State) -> Said | None:
    match body:
        case e.Ticked(list=intent.list, item=intent.item, ticked=ticked) if ticked != intent.ticked:
            return "ticked it" if ticked else "took the tick away"
    return None


def _answer(intent: i.GiveAnswer, body: Body, state: State) -> Said | None:
    match body:
        case e.Answered(section=intent.section, question=intent.question):
            return "answered that question"
    return None


def _inject(intent: i.GiveInject, body: Body, state: State) -> Said | None:
    match body:
        case e.InjectGiven(inject=intent.inject, skipped=skipped):
            return "skipped that inject" if skipped else "gave that inject"
    return None


def _reveal(intent: i.Reveal, body: Body, state: State) -> Said | None:
    match body:
        case e.Revealed(experiment=intent.experiment):
            return f"revealed {_experiment(state, intent.experiment)}"
    return None


def _poll(intent: i.Poll, body: Body, state: State) -> Said | None:
    match body:
        case e.Polled(role=intent.role, experiment=intent.experiment, go=go) if go != intent.go:
            return f"recorded {'go' if go else 'no-go'} for {intent.role}"
    return None


def _plan(intent: i.AmendPlan, body: Body, state: State) -> Said | None:
    return "amended the plan" if isinstance(body, e.PlanAmended) else None


def _end(intent: i.End, body: Body, state: State) -> Said | None:
    """Only who leaves faults behind decides on those that were there; any other end is safe."""
    if intent.how == "leave" and isinstance(body, e.FaultRequested):
        return f"started {_experiment(state, body.experiment)}"
    return None


def _phase(state: State, phase: str) -> str:
    plan = state.plan
    return next((own.title for own in plan.phases if own.id == phase), phase) if plan else phase


def _experiment(state: State, experiment: str) -> str:
    plan = state.plan
    found = (own.title for own in plan.experiments if own.id == experiment) if plan else iter(())
    return next(found, experiment)


RESTS_ON: Mapping[type[IntentBase], Rests] = {
    i.NextPhase: _phases,
    i.ExtendPhase: _phases,
    i.SkipPhase: _phases,
    i.ReopenPhase: _phases,
    i.Start: _start,
    i.Stop: _stop,
    i.Release: _release,
    i.Unlock: _unlock,
    i.HoldClock: _clock,
    i.ResumeClock: _clock,
    i.SetRate: _rate,
    i.StartLoad: _load,
    i.StopLoad: _load,
    i.AmendMark: _mark,
    i.UndoMark: _mark,
    i.EditNote: _note,
    i.SetAction: _action,
    i.SetTick: _tick,
    i.GiveAnswer: _answer,
    i.GiveInject: _inject,
    i.Reveal: _reveal,
    i.Poll: _poll,
    i.AmendPlan: _plan,
    i.End: _end,
}
"""What each intent rests on. The others are in :data:`NEVER`."""

NEVER: frozenset[type[IntentBase]] = frozenset(
    {i.HaltAll, i.CleanUp, i.DeclareIncident, i.HoldAbort, i.Preview, i.CheckPlan, i.MakeMark, i.WriteNote}
)
"""Intents that nothing overtakes: they make things safer, or add to the record and change nothing in it."""
