"""The moments of a session that are worth going to: the ticks of the timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.state import FeedLine, State
from controlroom.core.values import Value

STOP_KINDS = frozenset({"phase", "fault", "alert", "mark", "halt", "abort", "inject", "reveal"})
"""Kinds of feed lines that are worth stopping at; notes and gaps of the record are besides."""

PLURALS = {
    "alert": "alerts",
    "fault": "edges of faults",
    "mark": "marks",
    "note": "notes",
    "phase": "phases",
    "inject": "injects",
    "halt": "halts",
    "gap": "gaps of the record",
    "bookmark": "bookmarks",
}
"""Kinds of stops that one may go through, as they are called."""


class Stop(Value):
    """A moment worth going to."""

    t: float
    """Session seconds when the room learnt it: from then on a viewer who stands there knows it."""
    kind: str
    """A kind of :data:`STOP_KINDS`, `note`, or `gap`."""
    text: str
    happened: float = 0.0
    """Session seconds when it happened, by the clock of whoever saw it; the timeline draws it there."""
    seq: int = 0
    """The event behind it."""
    about: str = ""
    """Which experiment, alert, phase, mark, note, inject or rule it is about; empty: none in particular."""


def stop_of(before: State, after: State, event: Event) -> Stop | None:
    """The stop that an event makes, from the states around it; None: it is not worth one."""
    found = _line(before, after, event)
    if found is None:
        return None
    kind, text = found
    return Stop(
        t=event.t,
        kind=kind,
        text=text,
        happened=_happened(after, event),
        seq=event.seq,
        about=_about(after, event.body),
    )


def _line(before: State, after: State, event: Event) -> tuple[str, str] | None:
    body = event.body
    if isinstance(body, e.NoteWritten):
        return "note", body.text
    line = _said(before, after)
    if isinstance(body, e.SessionResumed):
        return "gap", line.text if line else "the record goes on"
    return (line.kind, line.text) if line is not None and line.kind in STOP_KINDS else None


def _said(before: State, after: State) -> FeedLine | None:
    return after.feed[-1] if after.feed is not before.feed and after.feed else None


def _happened(state: State, event: Event) -> float:
    at: datetime | None = event.at
    if isinstance(body := event.body, e.AlertObserved):
        moments = {"pending": body.active_at, "firing": body.firing_at, "resolved": body.resolved_at}
        at = moments[body.state] or event.at
    if at is None or state.opened_at is None:
        return event.t
    return (at - state.opened_at).total_seconds()


def _about(state: State, body: object) -> str:
    writer = _ABOUT.get(type(body))
    return writer(state, body) if writer is not None else ""


def _field(name: str) -> Callable[[State, object], str]:
    return lambda state, body: str(getattr(body, name))


def _of_run(state: State, body: object) -> str:
    name = str(getattr(body, "run", ""))
    run = state.runs.get(name)
    return run.experiment if run is not None else name.partition("#")[0]


def _of_matchers(state: State, body: object) -> str:
    assert isinstance(body, e.SilenceObserved)
    return next((value for name, value, _, _ in body.matchers if name == "alertname"), "")


_ABOUT: dict[type[object], Callable[[State, object], str]] = {
    e.FaultRefused: _field("experiment"),
    e.Revealed: _field("experiment"),
    e.FaultRequested: _field("experiment"),
    e.FaultUnsure: _of_run,
    e.FaultFailed: _of_run,
    e.FaultFound: _of_run,
    e.FaultObserved: _of_run,
    e.ReleaseRequested: _of_run,
    e.StopRequested: _of_run,
    e.StopFailed: _of_run,
    e.AlertObserved: _field("name"),
    e.AlertSuppressed: _field("name"),
    e.SilenceObserved: _of_matchers,
    e.PhaseStarted: _field("phase"),
    e.PhaseEnded: _field("phase"),
    e.PhaseReopened: _field("phase"),
    e.MarkMade: _field("mark"),
    e.NoteWritten: _field("note"),
    e.InjectGiven: _field("inject"),
    e.AbortBreached: _field("rule"),
    e.AbortCleared: _field("rule"),
    e.AbortHeld: _field("rule"),
    e.AbortFired: _field("rule"),
}
