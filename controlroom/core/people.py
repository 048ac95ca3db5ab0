"""What people have said and done, as it stands: marks, notes, ticks, answers, go and no-go."""

from __future__ import annotations

from datetime import datetime

from controlroom.core.events.people import Milestone, NoteType
from controlroom.core.values import Value


def said_key(role: str, experiment: str) -> str:
    """Under which a role's go or no-go for an experiment stands."""
    return f"{experiment}\n{role}"


class Mark(Value):
    id: str
    milestone: Milestone
    t: float
    at: datetime
    text: str = ""
    experiments: tuple[str, ...] = ()
    source: str = "person"
    by: str = ""
    undone: bool = False
    amended: bool = False


class NoteText(Value):
    """What a note said until it was edited."""

    type: NoteType
    text: str
    private: bool
    t: float
    """Session second since which it said so."""
    by: str


class Note(Value):
    id: str
    type: NoteType
    text: str
    t: float
    at: datetime
    private: bool = False
    by: str = ""
    edits: int = 0
    before: tuple[NoteText, ...] = ()
    """What it said before, oldest first."""
    edited: float = 0.0
    """t of what it says now."""
    edited_by: str = ""


class Tick(Value):
    ticked: bool
    t: float
    by: str
    detail: str = ""


class Answer(Value):
    text: str
    score: int | None
    t: float
    by: str


class Said(Value):
    """Go or no-go of one role, as it was said last."""

    role: str
    go: bool
    experiment: str
    """For which experiment; empty: for the day."""
    reason: str
    t: float
    by: str

    @property
    def key(self) -> str:
        return said_key(self.role, self.experiment)
