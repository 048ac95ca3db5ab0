"""A session at a moment, for a terminal or a script: what was known then, and what it amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from controlroom.core.assessment import Assessment
from controlroom.core.clean import clean
from controlroom.core.columns import View
from controlroom.core.events import Event
from controlroom.core.figures import assess
from controlroom.core.moments import BadMoment, moment_of, scene_of
from controlroom.core.playhead import History
from controlroom.core.state import State
from controlroom.core.values import Value, changed
from controlroom.journal.folder import SessionFolder
from controlroom.journal.loading import load
from controlroom.journal.reader import JournalError, read_events
from controlroom.journal.report.making import view_of
from controlroom.journal.report.page import Page
from controlroom.journal.report.plain import plain
from controlroom.journal.report.words import Times

__all__ = ["BadMoment", "Shown", "show", "shown"]


class Shown(Value, omit_defaults=False):
    """A session at session second `t`. The plan is left out of the state: `session.json` has it."""

    session: str
    title: str
    t: float
    at: datetime
    hindsight: bool
    """True: with what the room learnt later about the time before."""
    assessment: Assessment
    state: State


def show(folder: SessionFolder, at: str | None, hindsight: bool, as_json: bool) -> str:
    """The session at a moment (None: its end) as text or JSON.

    Raises :class:`BadMoment` for a text that is no moment, JournalError where the journal cannot be read.
    """
    history = load(folder.journal)
    t = None if at is None else moment_of(at, scene_of(history))
    found = shown(read_events(folder.journal), t, hindsight) if hindsight else known(history, t)
    if not as_json:
        return _text(found)
    bare = changed(found, state=changed(found.state, opened=None, plan=None))
    return msgspec.json.format(msgspec.json.encode(bare), indent=2).decode() + "\n"


def shown(events: Sequence[Event], t: float | None, hindsight: bool) -> Shown:
    """The state and the figures at session second `t`.

    Without hindsight: what the room knew, all events with event.t <= t. With it: all that had happened by
    then, by the events' own `at`, even what the room learnt afterwards; the order of the fold stays that of `seq`.
    """
    if not hindsight or t is None or not events:
        history = History()
        history.extend(events)
        return known(history, t, hindsight)
    moment, opened_at = min(t, max(event.t for event in events)), events[0].at
    limit = opened_at + timedelta(seconds=moment)
    happened = [event for event in events if event.at <= limit]
    if not happened:
        raise BadMoment("nothing was known at that moment")
    return _shown(view_of(happened), opened_at, moment, hindsight=True)


def known(history: History, t: float | None, hindsight: bool = False) -> Shown:
    """What the room knew at session second `t`; None: at the end."""
    if not len(history):
        raise JournalError("the journal is empty")
    if history.head.opened is None or history.head.opened_at is None:
        raise JournalError("the journal does not begin with session.opened")
    moment = history.head.t if t is None else min(t, history.head.t)
    view = history.view(moment)
    if view.state.opened is None:
        raise BadMoment("nothing was known at that moment")
    return _shown(view, history.head.opened_at, moment, hindsight)


def _shown(view: View, opened_at: datetime, moment: float, hindsight: bool) -> Shown:
    opened, plan = view.state.opened, view.state.plan
    assert opened is not None and plan is not None, "what was never opened is refused before"
    return Shown(
        session=opened.session,
        title=plan.title,
        t=moment,
        at=opened_at + timedelta(seconds=moment),
        hindsight=hindsight,
        assessment=assess(view, moment),
        state=view.state,
    )


def _text(found: Shown) -> str:
    state = found.state
    assert state.plan is not None and state.opened_at is not None
    times = Times(state.opened_at, state.plan.zone)
    head = [
        clean(found.title),
        f"{clean(found.session)} at {times.both(found.at)}" + (", with hindsight" if found.hindsight else ""),
        "",
    ]
    page = Page(state, state.plan, found.assessment, times)
    return "\n".join([*head, *plain(page, found.t)]).rstrip("\n") + "\n"
