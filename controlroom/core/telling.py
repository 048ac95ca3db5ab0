"""What is told outside the room, and when: chat messages, stretches on dashboards, moments for pictures.

Each is fed the log event by event. To the public it is told from the audience's stream alone, so that nothing can
be said that an audience does not see; a fault is then told of when it is revealed, back to when it began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from controlroom.core import events as e
from controlroom.core.assessment import Assessment
from controlroom.core.events import Body, Event
from controlroom.core.feed import run_title
from controlroom.core.fold import apply
from controlroom.core.plan import Listeners, ToldAbout
from controlroom.core.projection import Audience
from controlroom.core.state import Run, State
from controlroom.core.values import Value, changed

Tone = Literal["info", "success", "warning", "failure"]
Clock = Callable[[datetime], str]
"""A moment as people in the room's zone read it."""

TELLING: frozenset[type[Body]] = frozenset(
    {
        e.SessionOpened,
        e.SessionResumed,
        e.SessionEnding,
        e.PlanAmended,
        e.PhaseStarted,
        e.PhaseEnded,
        e.PhaseExtended,
        e.PhaseReopened,
        e.FaultRequested,
        e.FaultAccepted,
        e.FaultUnsure,
        e.FaultFailed,
        e.FaultObserved,
        e.StopRequested,
        e.HaltRequested,
        e.HaltFinished,
        e.Unlocked,
        e.IncidentDeclared,
        e.Revealed,
        e.StepDue,
    }
)
"""The kinds that something is told of. All others, samples and pods above all, are passed over unread."""


class Message(Value):
    about: ToldAbout
    text: str
    tone: Tone = "info"
    urgent: bool = False
    """Goes before what waits."""


class Mark(Value):
    """A stretch of time to be marked; `name` is unique in the session."""

    name: str
    about: Literal["phases", "faults"]
    text: str
    start: datetime
    end: datetime | None = None


class Stream:
    """The log as those outside may know it, folded."""

    def __init__(self, listeners: Listeners) -> None:
        self._audience = Audience() if listeners == "public" else None
        self.state = State()

    def take(self, event: Event) -> Iterator[tuple[State, Event]]:
        """The state before each event that they may know of; :attr:`state` is then the one after it."""
        if type(event.body) not in TELLING:
            return
        for shown in self._audience.take(event) if self._audience else [event]:
            before, self.state = self.state, apply(self.state, shown)
            yield before, shown


class Messages:
    """Says what the chat is told."""

    def __init__(self, listeners: Listeners, clock: Clock) -> None:
        self._stream = Stream(listeners)
        self._open = listeners == "facilitators"
        self._clock = clock

    def take(self, event: Event) -> list[Message]:
        """The messages for one more event of the log."""
        revealed = event.body.experiment if isinstance(event.body, e.Revealed) else ""
        found = [
            message
            for before, shown in self._stream.take(event)
            if not revealed and (message := self._message(before, shown)) is not None
        ]
        if revealed:
            found.append(self._revelation(revealed))
        return [changed(own, text=f"{self._clock(event.at)} {own.text}") for own in found]

    def _message(self, before: State, event: Event) -> Message | None:
        body, by = event.body, f" by {event.actor.name}" if event.actor.name else ""
        match body:
            case e.PhaseStarted() | e.PhaseEnded() | e.PhaseExtended() | e.PhaseReopened():
                return self._phase(before, body)
            case e.FaultObserved():
                return self._injection(before, body)
            case e.HaltRequested():
                why = f" ({body.reason})" if body.reason else ""
                text = f"HALT{by}{why}: all faults are being removed"
                return Message(about="halts", text=text, tone="failure", urgent=True)
            case e.HaltFinished():
                return self._halted(body)
            case e.Unlocked():
                return Message(about="halts", text=f"Unlocked{by}: faults may be injected again")
            case e.IncidentDeclared():
                what = f": {body.text}" if body.text else ""
                text = f"REAL INCIDENT declared{by}{what}. This is no exercise; all faults are being removed"
                return Message(about="incidents", text=text, tone="failure", urgent=True)
        return None

    def _phase(
        self, before: State, body: e.PhaseStarted | e.PhaseEnded | e.PhaseExtended | e.PhaseReopened
    ) -> Message | None:
        plan = self._stream.state.plan
        if plan is None:
            return None
        names = [phase.id for phase in plan.phases]
        title = plan.phase(body.phase).title
        match body:
            case e.PhaseStarted():
                budget = self._stream.state.phase_state(body.phase).budget
                text = f"Phase {names.index(body.phase) + 1} of {len(names)}: {title} ({length(budget)})"
            case e.PhaseEnded() if before.phase_state(body.phase).opened is None:
                text = f"Phase skipped: {title}"
            case e.PhaseExtended():
                text = f"Phase {title} has {length(body.by)} more"
            case e.PhaseReopened():
                text = f"Phase {title} is open again, with {length(body.left)}"
            case _:
                return None
        return Message(about="phases", text=text)

    def _injection(self, before: State, body: e.FaultObserved) -> Message | None:
        old, new = before.runs.get(body.run), self._stream.state.runs.get(body.run)
        if new is None or new.injection is None or (old is not None and old.injection is not None):
            return None
        return Message(about="injections", text=self._injected(new), tone="warning")

    def _injected(self, run: Run) -> str:
        assert run.injection is not None
        at = f"{self._clock(run.injection.first)}, {run.injection.n} of {len(run.targets)} targets"
        word = "Injected" if run.injection.proven else "Applied (not proven)"
        return f"{word}: {run_title(self._stream.state, run.id)}, {at}"

    def _revelation(self, experiment: str) -> Message:
        """One message, whatever the withheld history holds."""
        state = self._stream.state
        runs = [run for run in state.runs.values() if run.experiment == experiment and run.injection]
        told = "; ".join(self._injected(run) for run in runs)
        title = (
            next((own.title for own in state.plan.experiments if own.id == experiment), "")
            if state.plan
            else ""
        )
        return Message(about="injections", text=f"Revealed: {title}" + (f". {told}" if told else ""))

    def _halted(self, body: e.HaltFinished) -> Message:
        stuck = sum(1 for proof in body.proofs if proof.outcome == "stuck")
        if stuck:
            text = f"Halt: {stuck} of {len(body.proofs)} targets are stuck after {length(body.seconds)}"
            return Message(about="halts", text=text, tone="failure")
        proven = f", {len(body.proofs)} targets proven recovered" if body.proofs else ""
        return Message(
            about="halts", text=f"Halt finished after {length(body.seconds)}{proven}", tone="success"
        )

    def last(self, assessment: Assessment, reason: str, at: datetime) -> list[Message]:
        """The verdict, and the end. To the public without its reasons: those name what was to be found out."""
        state = self._stream.state
        tone: Tone = "success" if assessment.verdict == "passed" else "warning"
        verdict = f"Verdict: {assessment.verdict}"
        if self._open:
            reasons: list[tuple[str, str, str]] = [
                (own.status, own.text, own.reason) for own in assessment.criteria if own.status != "pass"
            ]
            reasons += [(own.status, own.text, own.reason) for own in assessment.signs if own.status == "set"]
            verdict += "".join(f"\n{status}: {text}: {reason}" for status, text, reason in reasons)
        took = length((at - state.opened_at).total_seconds()) if state.opened_at else ""
        found = [
            Message(about="verdict", text=verdict, tone=tone),
            Message(about="end", text=f"The session is over after {took}: {reason}"),
        ]
        if self._open and state.running:
            left = ", ".join(run_title(state, run.id) for run in state.running)
            found.append(Message(about="end", text=f"Faults are left: {left}", tone="failure", urgent=True))
        return [changed(own, text=f"{self._clock(at)} {own.text}") for own in found]


class Marks:
    """The stretches of time that dashboards show: phases and faults, each as it is known now."""

    def __init__(self, listeners: Listeners) -> None:
        self._stream = Stream(listeners)
        self.known: dict[str, Mark] = {}
        self._phase = ""

    def take(self, event: Event) -> list[Mark]:
        """The stretches that are new or changed after one more event of the log."""
        before = dict(self.known)
        for _, shown in self._stream.take(event):
            self._phases(shown)
            if isinstance(shown.body, e.FaultObserved):
                self._fault(self._stream.state.runs.get(shown.body.run), shown.at)
        return [mark for name, mark in self.known.items() if before.get(name) != mark]

    def end(self, at: datetime) -> list[Mark]:
        """The session is over: its last phase ends with it."""
        return self._end_phase(at)

    def _phases(self, event: Event) -> None:
        body, plan = event.body, self._stream.state.plan
        if isinstance(body, e.PhaseEnded) and self._phase.startswith(f"phase:{body.phase}#"):
            self._end_phase(event.at)
        elif isinstance(body, e.PhaseStarted | e.PhaseReopened) and plan is not None:
            self._end_phase(event.at)
            ordinal = 1 + sum(1 for name in self.known if name.startswith(f"phase:{body.phase}#"))
            self._phase = f"phase:{body.phase}#{ordinal}"
            title = plan.phase(body.phase).title
            self.known[self._phase] = Mark(name=self._phase, about="phases", text=title, start=event.at)

    def _end_phase(self, at: datetime) -> list[Mark]:
        open_, self._phase = self.known.get(self._phase), ""
        if open_ is None:
            return []
        self.known[open_.name] = changed(open_, end=max(at, open_.start))
        return [self.known[open_.name]]

    def _fault(self, run: Run | None, at: datetime) -> None:
        if run is None or run.injection is None:
            return
        start = run.injection.first
        # Until it is over, its end is what the cluster says or nothing: what was asked for is not what came.
        end = run.effect_end or (None if run.running else run.object_end or at)
        name, title = f"fault:{run.id}", run_title(self._stream.state, run.id)
        known = self.known.get(name)
        if known is not None and known.end is not None and run.effect_end is None:
            end = known.end
        end = max(end, start) if end else None
        self.known[name] = Mark(name=name, about="faults", text=title, start=start, end=end)


class Shot(Value):
    """A moment that pictures are taken of, and the stretch of time they show."""

    moment: str
    start: datetime
    end: datetime


class Shots:
    """When pictures are taken: at the end of the baseline, when the faults have acted, at steps, at the end."""

    LEAD = timedelta(minutes=2)
    """What a picture of the faults shows of the time before them."""

    def __init__(self) -> None:
        self._stream = Stream("facilitators")
        self._done: set[str] = set()

    def take(self, event: Event) -> list[Shot]:
        found: list[Shot] = []
        for before, shown in self._stream.take(event):
            body, state = shown.body, self._stream.state
            kinds = {phase.id: phase.kind for phase in state.plan.phases} if state.plan else {}
            if isinstance(body, e.PhaseEnded) and kinds.get(body.phase) == "baseline":
                found += self._once("baseline", _opened(before, body.phase), shown.at)
            elif isinstance(body, e.PhaseStarted) and kinds.get(body.phase) == "recover":
                found += self._peak(shown.at)
            elif isinstance(body, e.StepDue) and self._pictured(body.step):
                found += self._once(body.step, state.opened_at, shown.at)
        return found

    def end(self, at: datetime) -> list[Shot]:
        return [*self._peak(at), *self._once("end", self._stream.state.opened_at, at)]

    def _peak(self, at: datetime) -> list[Shot]:
        runs = self._stream.state.runs.values()
        first = min((run.injection.first for run in runs if run.injection), default=None)
        return self._once("peak", first - self.LEAD, at) if first else []

    def _once(self, moment: str, start: datetime | None, end: datetime) -> list[Shot]:
        if start is None or start >= end or moment in self._done:
            return []
        self._done.add(moment)
        return [Shot(moment=moment, start=start, end=end)]

    def _pictured(self, step: str) -> bool:
        plan = self._stream.state.plan
        return plan is not None and any(own.id == step and own.kind == "pictures" for _, own in plan.steps)


def _opened(state: State, phase: str) -> datetime | None:
    """When a phase was (last) opened, by the host's clock."""
    opened = state.phase_state(phase).opened
    if opened is None or state.opened_at is None:
        return None
    return state.opened_at + timedelta(seconds=opened)


def length(seconds: float) -> str:
    """A length of time in a sentence: `12.3 s`, `4 min`, `1 h 30 min`."""
    if seconds < 100:
        return f"{round(seconds, 1):g} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
