"""What a host begins with: a plan that was just read, or the record of a session whose host died.

Of the latter everything is in its record. The plan file is not read again: it may have changed.
"""

from __future__ import annotations

from pathlib import Path

from controlroom.core.events import Event, PlanAmended, SessionClosed, SessionOpened, SessionResumed
from controlroom.core.plan import Bindings, Plan
from controlroom.core.values import Value
from controlroom.host.order import LabOrder, Order, kept
from controlroom.journal.folder import SessionFolder
from controlroom.journal.reader import JournalError
from controlroom.journal.taking_up import Past, take_up
from controlroom.plan.load import LoadedPlan, load_plan


class NotResumable(Exception):
    """The session cannot be gone on with; the message says why, and what can be done instead."""


class Beginning(Value):
    session: str
    """The name that its objects in the cluster bear."""
    loaded: LoadedPlan
    path: Path
    """Where the plan lay: what it names is looked for beside it."""
    directory: Path
    """Where relative paths of the environment count from."""
    lab: LabOrder | None
    past: Past | None = None
    """On resuming: the record so far."""

    @property
    def plan(self) -> Plan:
        return self.loaded.plan

    @property
    def bindings(self) -> Bindings:
        """As the plan has them: names of the environment unresolved, not yet put into a lab."""
        return self.loaded.plan.bindings


def begin(order: Order, folder: SessionFolder) -> Beginning:
    """Reads the plan, or the record. Raises PlanErrors, JournalError, OSError, :class:`NotResumable`."""
    if order.resume:
        return _again(order, folder)
    path = Path(order.plan)
    return Beginning(
        session=folder.name,
        loaded=load_plan(path),
        path=path,
        directory=Path(order.directory or Path.cwd()),
        lab=order.lab,
    )


def _again(order: Order, folder: SessionFolder) -> Beginning:
    try:
        past = take_up(folder.journal)
    except JournalError as error:
        look = f"controlroom sweep --session {folder.name}"
        raise NotResumable(f"{error}; what it left in the cluster: `{look}`") from error
    opened = past.events[0].body
    if not isinstance(opened, SessionOpened):
        raise NotResumable(
            f"{folder.journal}: it was never opened, so nothing was started: begin a new session"
        )
    if (reason := _closed(past.events)) is not None:
        hint = f"`controlroom replay {folder.name}` shows it"
        raise NotResumable(f"{folder.name} was closed ({reason}): {hint}")
    before = kept(folder)
    return Beginning(
        session=opened.session,
        loaded=_planned(opened, past.events),
        path=Path(before.plan if before else order.plan),
        directory=Path((before.directory if before else "") or Path.cwd()),
        lab=((before.lab if before else None) or LabOrder()) if opened.lab else None,
        past=past,
    )


def _closed(events: tuple[Event, ...]) -> str | None:
    """Why it was closed; None: it was not, or was taken up again since."""
    for event in reversed(events):
        if isinstance(event.body, SessionResumed):
            return None
        if isinstance(event.body, SessionClosed):
            return event.body.reason
    return None


def _planned(opened: SessionOpened, events: tuple[Event, ...]) -> LoadedPlan:
    """The plan as it stands now, amendments included, with the files of the opening."""
    amended = next((event.body for event in reversed(events) if isinstance(event.body, PlanAmended)), None)
    return LoadedPlan(
        plan=amended.plan if amended else opened.plan,
        text=amended.plan_text if amended else opened.plan_text,
        hash=opened.plan_hash,
        files=opened.files,
    )
