"""Finds the step of the fold for a kind of event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from controlroom.core.events import Body, Event
from controlroom.core.feed import KEPT, feed_line
from controlroom.core.state import State
from controlroom.core.values import changed

B = TypeVar("B", bound=Body)
Step = Callable[[State, Event, B], State]

_steps: dict[type[Body], Step[Body]] = {}


def folds(kind: type[B]) -> Callable[[Step[B]], Step[B]]:
    """Registers the step for one kind of event."""

    def register(step: Step[B]) -> Step[B]:
        def checked(state: State, event: Event, body: Body) -> State:
            assert isinstance(body, kind)
            return step(state, event, body)

        _steps[kind] = checked
        return step

    return register


def folded_kinds() -> frozenset[type[Body]]:
    return frozenset(_steps)


def apply(state: State, event: Event) -> State:
    """The state after one more event. A kind that is not known changes nothing but the position."""
    body = event.body
    state = changed(
        state, seq=event.seq, t=event.t, at=event.at if state.at is None else max(state.at, event.at)
    )
    if not isinstance(body, Body):
        return state
    before = state
    if (step := _steps.get(type(body))) is not None:
        state = step(state, event, body)
    if (line := feed_line(before, state, event)) is not None:
        state = changed(state, feed=(*state.feed[-KEPT + 1 :], line))
    return state


K = TypeVar("K")
V = TypeVar("V")


def put(mapping: Mapping[K, V], key: K, value: V) -> dict[K, V]:
    """A copy of the mapping with one entry set."""
    return {**mapping, key: value}


def without(mapping: Mapping[K, V], key: K) -> dict[K, V]:
    """A copy of the mapping without one entry."""
    found = dict(mapping)  # copied whole, then cut: choosing entry by entry takes ten times as long
    found.pop(key, None)
    return found
