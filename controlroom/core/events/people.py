"""What people say and do: marks, notes, ticks, answers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from controlroom.core.events.body import Body, Show

_ALWAYS, _NEVER, _REVEALED, _SHARED = Show.ALWAYS, Show.NEVER, Show.REVEALED, Show.SHARED

Milestone = Literal[
    "symptom",
    "detected",
    "acknowledged",
    "escalated",
    "root-cause",
    "mitigation-started",
    "mitigated",
    "recovered",
    "verified",
    "mark",
]
NoteType = Literal["note", "decision", "observation", "todo", "parked"]


class MarkMade(Body, tag="mark.made"):
    """A milestone or a plain mark; the event's `at` is when it happened, which may be earlier than `t`."""

    mark: str
    milestone: Milestone
    text: str = ""
    experiments: tuple[str, ...] = ()
    """Whose milestone it is; empty: all injected and not yet recovered at that moment."""
    source: Literal["person", "script", "machine"] = "person"
    audience = {
        "mark": _ALWAYS,
        "milestone": _ALWAYS,
        "text": _NEVER,
        "experiments": _NEVER,
        "source": _ALWAYS,
    }


class MarkAmended(Body, tag="mark.amended"):
    """Corrects a mark; the event's `at` is its new time. Both stay in the record."""

    mark: str
    text: str | None = None
    experiments: tuple[str, ...] | None = None
    audience = {"mark": _ALWAYS, "text": _NEVER, "experiments": _NEVER}


class MarkUndone(Body, tag="mark.undone"):
    mark: str
    audience = {"mark": _ALWAYS}


class NoteWritten(Body, tag="note.written"):
    """A note; the event's `at` is the first key stroke."""

    note: str
    type: NoteType
    text: str
    private: bool = False
    audience = {"note": _SHARED, "type": _SHARED, "text": _SHARED, "private": _SHARED}


class NoteEdited(Body, tag="note.edited"):
    note: str
    type: NoteType
    text: str
    private: bool = False
    audience = {"note": _SHARED, "type": _SHARED, "text": _SHARED, "private": _SHARED}


class ActionSet(Body, tag="action.set"):
    """An action item as it now is; from a todo note, a debrief, or written directly.

    With `after_action` it gives an after-action of the plan its owner and date; whether that is done is its tick.
    """

    action: str
    title: str
    owner: str = ""
    due: str = ""
    status: Literal["open", "done", "dropped"] = "open"
    note: str = ""
    after_action: str = ""
    audience = {
        "action": _NEVER,
        "title": _NEVER,
        "owner": _NEVER,
        "due": _NEVER,
        "status": _NEVER,
        "note": _NEVER,
        "after_action": _NEVER,
    }


class Ticked(Body, tag="ticked"):
    """A checklist item, a step or an after-action was ticked or unticked."""

    list: Literal["checklist", "step", "after-action"]
    item: str
    ticked: bool
    detail: str = ""
    audience = {"list": _NEVER, "item": _NEVER, "ticked": _NEVER, "detail": _NEVER}


class Answered(Body, tag="answered"):
    """An observation or debrief question, answered as it now stands."""

    section: Literal["observations", "debrief"]
    question: str
    text: str = ""
    score: int | None = None
    audience = {"section": _NEVER, "question": _NEVER, "text": _NEVER, "score": _NEVER}


class InjectGiven(Body, tag="inject.given"):
    inject: str
    skipped: bool = False
    audience = {"inject": _NEVER, "skipped": _NEVER}


class Revealed(Body, tag="revealed"):
    """From now on the audience may know this experiment."""

    experiment: str
    began_at: datetime | None = None
    audience = {"experiment": _REVEALED, "began_at": _REVEALED}


class Polled(Body, tag="polled"):
    """Go or no-go of one role before an injection."""

    role: str
    go: bool
    experiment: str = ""
    reason: str = ""
    audience = {"role": _NEVER, "go": _NEVER, "experiment": _NEVER, "reason": _NEVER}
