"""Fold of what people do: marks, notes, ticks, answers."""

from __future__ import annotations

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.fold.register import folds, put
from controlroom.core.people import NoteText, Said
from controlroom.core.state import Answer, Mark, Note, State, Tick
from controlroom.core.values import changed


def _by(event: Event) -> str:
    return event.actor.name or event.actor.role


@folds(e.MarkMade)
def mark_made(state: State, event: Event, body: e.MarkMade) -> State:
    mark = Mark(
        id=body.mark,
        milestone=body.milestone,
        t=event.t,
        at=event.at,
        text=body.text,
        experiments=body.experiments,
        source=body.source,
        by=_by(event),
    )
    return changed(state, marks=put(state.marks, body.mark, mark))


@folds(e.MarkAmended)
def mark_amended(state: State, event: Event, body: e.MarkAmended) -> State:
    if (mark := state.marks.get(body.mark)) is None:
        return state
    amended = changed(
        mark,
        at=event.at,
        text=mark.text if body.text is None else body.text,
        experiments=mark.experiments if body.experiments is None else body.experiments,
        amended=True,
    )
    return changed(state, marks=put(state.marks, body.mark, amended))


@folds(e.MarkUndone)
def mark_undone(state: State, event: Event, body: e.MarkUndone) -> State:
    if (mark := state.marks.get(body.mark)) is None:
        return state
    return changed(state, marks=put(state.marks, body.mark, changed(mark, undone=True)))


@folds(e.NoteWritten)
def note_written(state: State, event: Event, body: e.NoteWritten) -> State:
    note = Note(
        id=body.note,
        type=body.type,
        text=body.text,
        t=event.t,
        at=event.at,
        private=body.private,
        by=_by(event),
        edited=event.t,
        edited_by=_by(event),
    )
    return changed(state, notes=put(state.notes, body.note, note))


@folds(e.NoteEdited)
def note_edited(state: State, event: Event, body: e.NoteEdited) -> State:
    if (note := state.notes.get(body.note)) is None:
        return state
    before = NoteText(type=note.type, text=note.text, private=note.private, t=note.edited, by=note.edited_by)
    edited = changed(
        note,
        type=body.type,
        text=body.text,
        private=body.private,
        edits=note.edits + 1,
        before=(*note.before, before),
        edited=event.t,
        edited_by=_by(event),
    )
    return changed(state, notes=put(state.notes, body.note, edited))


@folds(e.ActionSet)
def action_set(state: State, event: Event, body: e.ActionSet) -> State:
    return changed(state, actions=put(state.actions, body.action, body))


@folds(e.Ticked)
def ticked(state: State, event: Event, body: e.Ticked) -> State:
    tick = Tick(ticked=body.ticked, t=event.t, by=_by(event), detail=body.detail)
    if body.list == "checklist":
        return changed(state, checklist=put(state.checklist, body.item, tick))
    if body.list == "step":
        return changed(state, steps=put(state.steps, body.item, tick))
    return changed(state, after_actions=put(state.after_actions, body.item, tick))


@folds(e.Answered)
def answered(state: State, event: Event, body: e.Answered) -> State:
    answer = Answer(text=body.text, score=body.score, t=event.t, by=_by(event))
    if body.section == "debrief":
        return changed(state, debrief=put(state.debrief, body.question, answer))
    return changed(state, observations=put(state.observations, body.question, answer))


@folds(e.InjectGiven)
def inject_given(state: State, event: Event, body: e.InjectGiven) -> State:
    tick = Tick(ticked=not body.skipped, t=event.t, by=_by(event))
    return changed(state, injects=put(state.injects, body.inject, tick))


@folds(e.Revealed)
def revealed(state: State, event: Event, body: e.Revealed) -> State:
    return changed(state, revealed=put(state.revealed, body.experiment, event.t))


@folds(e.Polled)
def polled(state: State, event: Event, body: e.Polled) -> State:
    said = Said(
        role=body.role,
        go=body.go,
        experiment=body.experiment,
        reason=body.reason,
        t=event.t,
        by=_by(event),
    )
    return changed(state, polls=put(state.polls, said.key, said))
