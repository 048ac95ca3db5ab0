"""Fold of what sessions left in a cluster."""

from __future__ import annotations

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.fold.register import folds, put
from controlroom.core.state import State
from controlroom.core.values import changed


@folds(e.LeftoversFound)
def found(state: State, event: Event, body: e.LeftoversFound) -> State:
    return changed(state, leftovers=body.left)


@folds(e.ReleaseRequested)
def released(state: State, event: Event, body: e.ReleaseRequested) -> State:
    if (run := state.runs.get(body.run)) is None:
        return state
    return changed(state, runs=put(state.runs, body.run, changed(run, released=event.t)))
