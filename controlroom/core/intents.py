"""What a person asks of the room. Answered with :class:`Accepted` (it is on disk) or :class:`Refused`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from controlroom.core.events.people import Milestone, NoteType
from controlroom.core.values import Value


class IntentBase(Value, tag_field="intent"):
    """Base of all intents; the tag is its name on the wire and in the action registry."""


class Preview(IntentBase, tag="preview"):
    """Resolve the targets of an experiment and ask the guards; answered by an `experiment.checked` event."""

    experiment: str


class Start(IntentBase, tag="start"):
    """Inject an experiment (again). `typed` holds the override words that were typed, by guard, and wants `reason`."""

    experiment: str
    checked: int | None = None
    """seq of the preview this decision rests on; refused when the targets have changed since."""
    typed: dict[str, str] = {}
    reason: str = ""
    """Why what the typed words override is all right this time."""


class Stop(IntentBase, tag="stop"):
    run: str


class Release(IntentBase, tag="release"):
    """Remove the finalizers of a run that is stuck: its objects go, and nothing is taken back by that."""

    run: str
    word: str
    """Must be `release`."""


class CleanUp(IntentBase, tag="clean-up"):
    """Stop everything of ours, as the plan's clean-up step does."""


class HaltAll(IntentBase, tag="halt"):
    reason: str = ""


class Unlock(IntentBase, tag="unlock"):
    word: str
    """Must be `unlock`."""


class HoldAbort(IntentBase, tag="hold-abort"):
    rule: str


class DeclareIncident(IntentBase, tag="incident"):
    text: str = ""


class NextPhase(IntentBase, tag="next-phase"):
    """Close the open phase and open the next; opens the first where none is."""


class ExtendPhase(IntentBase, tag="extend-phase"):
    seconds: float


class SkipPhase(IntentBase, tag="skip-phase"):
    phase: str


class ReopenPhase(IntentBase, tag="reopen-phase"):
    phase: str
    seconds: float


class HoldClock(IntentBase, tag="hold-clock"):
    reason: str = ""


class ResumeClock(IntentBase, tag="resume-clock"):
    pass


class SetRate(IntentBase, tag="set-rate"):
    """Rehearsals only: session seconds in a real second."""

    rate: float


class MakeMark(IntentBase, tag="mark"):
    milestone: Milestone
    text: str = ""
    experiments: tuple[str, ...] = ()
    at: datetime | None = None
    """When it happened; None: now."""


class AmendMark(IntentBase, tag="amend-mark"):
    mark: str
    at: datetime | None = None
    text: str | None = None
    experiments: tuple[str, ...] | None = None


class UndoMark(IntentBase, tag="undo-mark"):
    mark: str


class WriteNote(IntentBase, tag="note"):
    type: NoteType
    text: str
    private: bool = False
    began_at: datetime | None = None
    """The first key stroke."""


class EditNote(IntentBase, tag="edit-note"):
    note: str
    type: NoteType
    text: str
    private: bool = False


class SetAction(IntentBase, tag="action"):
    """Adds an action item (`action` empty) or sets what it now is."""

    title: str
    action: str = ""
    owner: str = ""
    due: str = ""
    """A date, `2026-12-01`; `friday` or `+7d` are written out."""
    status: Literal["open", "done", "dropped"] = "open"
    after_action: str = ""
    """An after-action of the plan that gets this owner and date; its title is the plan's."""


class SetTick(IntentBase, tag="tick"):
    list: Literal["checklist", "step", "after-action"]
    item: str
    ticked: bool
    detail: str = ""


class GiveAnswer(IntentBase, tag="answer"):
    section: Literal["observations", "debrief"]
    question: str
    text: str = ""
    score: int | None = None


class GiveInject(IntentBase, tag="inject"):
    inject: str
    skipped: bool = False


class Reveal(IntentBase, tag="reveal"):
    experiment: str


class Poll(IntentBase, tag="poll"):
    role: str
    go: bool
    experiment: str = ""
    reason: str = ""


class CheckPlan(IntentBase, tag="check-plan"):
    """Looks at everything that the plan counts on, once more."""


class StartLoad(IntentBase, tag="start-load"):
    pass


class StopLoad(IntentBase, tag="stop-load"):
    pass


class AmendPlan(IntentBase, tag="amend-plan"):
    text: str
    """The whole plan as YAML."""
    reason: str = ""


class End(IntentBase, tag="end"):
    """End the day: waits for all clear. With faults left `typed` must be `leave faults`."""

    how: Literal["wait", "halt", "leave"] = "wait"
    typed: str = ""


Intent = (
    Preview
    | Start
    | Stop
    | Release
    | CleanUp
    | HaltAll
    | Unlock
    | HoldAbort
    | DeclareIncident
    | NextPhase
    | ExtendPhase
    | SkipPhase
    | ReopenPhase
    | HoldClock
    | ResumeClock
    | SetRate
    | MakeMark
    | AmendMark
    | UndoMark
    | WriteNote
    | EditNote
    | SetAction
    | SetTick
    | GiveAnswer
    | GiveInject
    | Reveal
    | Poll
    | CheckPlan
    | StartLoad
    | StopLoad
    | AmendPlan
    | End
)


class Accepted(Value, tag="accepted"):
    """Done and written: the event is `seq`."""

    seq: int
    note: str = ""
    """What the author should know, such as *not yet on disk*."""


class Refused(Value, tag="refused"):
    reason: str
    hint: str = ""


Answer = Accepted | Refused
