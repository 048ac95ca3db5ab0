"""Fold of who sits in the room."""

from __future__ import annotations

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.fold.register import folds, put, without
from controlroom.core.state import State, Unattended, Viewer
from controlroom.core.values import changed


@folds(e.SeatTaken)
def taken(state: State, event: Event, body: e.SeatTaken) -> State:
    viewer = Viewer(seat=body.seat, name=body.name, since=event.t)
    return changed(state, viewers=put(state.viewers, body.viewer, viewer))


@folds(e.SeatLeft)
def left(state: State, event: Event, body: e.SeatLeft) -> State:
    return changed(state, viewers=without(state.viewers, body.viewer))


@folds(e.UnattendedBegan)
def began(state: State, event: Event, body: e.UnattendedBegan) -> State:
    after = body.after if body.policy == "halt" else None
    return changed(state, unattended=Unattended(since=event.t, halt_after=after))


@folds(e.UnattendedEnded)
def ended(state: State, event: Event, body: e.UnattendedEnded) -> State:
    return changed(state, unattended=None)
