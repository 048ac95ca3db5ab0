"""Journals for tests: the day of `tests.sessions` as it would lie on disk, and made-up ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec
from hypothesis import strategies as st

from controlroom.core import events as e
from controlroom.core.events import Actor, Body, Event, Unknown, digest, encode_event
from controlroom.core.values import changed
from tests.sessions import moment, seed_plan, synthetic_events


def chained(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events with dense numbers, each with the digest of the line before."""
    found: list[Event] = []
    prev = ""
    for seq, event in enumerate(events, 1):
        found.append(changed(event, seq=seq, prev=prev))
        prev = digest(encode_event(found[-1]))
    return tuple(found)


def written(events: Iterable[Event]) -> bytes:
    """A journal's bytes."""
    return b"".join(encode_event(event) + b"\n" for event in events)


@lru_cache(maxsize=4)
def day(until: float = math.inf) -> tuple[Event, ...]:
    """The synthetic day, chained."""
    return chained(synthetic_events(until))


PLAN = seed_plan().plan


def opening() -> e.SessionOpened:
    """The first event's body."""
    body = day()[0].body
    assert isinstance(body, e.SessionOpened)
    return body


_texts = st.text(st.characters(codec="utf-8"), max_size=40)
_experiments = st.sampled_from([own.id for own in PLAN.experiments])
_runs = st.builds(lambda name, n: f"{name}#{n}", _experiments, st.integers(1, 2))
_phases = st.sampled_from([own.id for own in PLAN.phases])
_floats = st.floats(allow_nan=False, allow_infinity=False, width=32)
_moments = st.integers(-30, 6000).map(lambda t: moment(float(t)))
_steps = st.integers(0, 40).map(lambda n: int(moment(0).timestamp()) + 2 * n)
_column = st.none() | st.lists(st.none() | _floats, max_size=5).map(tuple)
_labels = st.sampled_from([{}, {"service": "inventory-service"}])
_states: st.SearchStrategy[e.TargetState] = st.sampled_from(["waiting", "injected", "lost", "recovered"])


def _unknown(name: str, value: object) -> Unknown:
    raw = msgspec.json.encode({"kind": name, "value": value})
    return Unknown(name=name, raw=msgspec.Raw(raw))


def _object(name: str) -> e.ObjectRef:
    return e.ObjectRef(
        api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="bookstore", name=name
    )


_targets = st.lists(
    st.builds(e.Target, id=st.sampled_from(["bookstore/a", "bookstore/b"]), state=_states), max_size=3
).map(tuple)

bodies: st.SearchStrategy[Body | Unknown] = st.one_of(
    st.builds(e.PhaseStarted, phase=_phases),
    st.builds(e.PhaseEnded, phase=_phases, skipped=st.booleans()),
    st.builds(e.PhaseExtended, phase=_phases, by=st.floats(0, 600)),
    st.builds(e.ClockHeld, reason=_texts),
    st.builds(e.ClockResumed),
    st.builds(e.LoadStarted),
    st.builds(e.LoadStopped, reason=_texts),
    st.builds(
        e.FaultRequested, experiment=_experiments, run=_runs, object=_experiments.map(_object),
        manifest=_texts, one_shot=st.booleans(),
    ),
    st.builds(e.FaultAccepted, run=_runs, uid=_texts, created_at=_moments),
    st.builds(e.FaultObserved, run=_runs, state=st.sampled_from(["injecting", "active", "fired", "ended"]),
              targets=_targets, message=_texts, effect_end=st.none() | _moments),
    st.builds(e.StopRequested, run=_runs, why=st.sampled_from(["stop", "clean-up", "halt"])),
    st.builds(e.HaltRequested, reason=_texts),
    st.builds(e.SourceFailed, source=st.sampled_from(["prometheus", "kubernetes"]), error=_texts),
    st.builds(e.SourceRecovered, source=st.sampled_from(["prometheus", "kubernetes"]), seconds=st.floats(0, 99)),
    st.builds(e.AlertObserved, name=st.sampled_from(["InventoryReplicasLow", "Other"]), labels=_labels,
              state=st.sampled_from(["pending", "firing", "resolved"]), active_at=_moments,
              firing_at=st.none() | _moments, resolved_at=st.none() | _moments),
    st.builds(e.MarkMade, mark=st.sampled_from(["mark-1", "mark-2"]),
              milestone=st.sampled_from(["detected", "root-cause", "mitigated"]), text=_texts),
    st.builds(e.MarkUndone, mark=st.sampled_from(["mark-1", "mark-2"])),
    st.builds(e.NoteWritten, note=st.sampled_from(["note-1", "note-2"]),
              type=st.sampled_from(["note", "todo", "decision", "observation"]), text=_texts, private=st.booleans()),
    st.builds(e.ActionSet, action=st.just("action-1"), title=_texts, owner=_texts),
    st.builds(e.Samples, start=_steps, step=st.just(2),
              columns=st.lists(_column, max_size=len(PLAN.metrics)).map(tuple)),
    st.builds(_unknown, st.sampled_from(["video.started", "weather"]), st.none() | _texts | _floats),
)  # fmt: skip
"""Anything that may come after `session.opened`, unknown kinds included."""


@st.composite
def journals(draw: st.DrawFn) -> tuple[Event, ...]:
    """A session of made-up events on the seed's plan, chained; now and then one that is closed."""
    found = [day()[0]]
    t = 0.0
    for body in draw(st.lists(bodies, max_size=25)):
        t += draw(st.floats(0, 400))
        at = draw(st.just(moment(t)) | _moments)
        found.append(Event(seq=0, t=round(t, 6), at=at, actor=Actor(role="host"), body=body))
    if draw(st.booleans()):
        closed = e.SessionClosed(reason="the day is over")
        found.append(Event(seq=0, t=round(t, 6), at=moment(t), actor=Actor(role="host"), body=closed))
    return chained(found)


def kinds_of(events: Sequence[Event]) -> set[str]:
    return {event.body.kind() for event in events}
