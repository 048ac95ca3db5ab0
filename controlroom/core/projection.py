"""What each seat sees of a session: the whole log, or an audience's own stream.

An audience's stream has its own dense numbers and no `prev`, so that nothing tells what is missing. Every field
is shown only as its kind declares (default deny): an event of which nothing may be shown is absent, a hidden
field of a shown event is empty. The plan is cut down to what is no surprise; an experiment that is revealed
brings its place in the plan and its whole withheld history, in order, at the moment of the revelation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_origin

import msgspec

from controlroom.core import events as e
from controlroom.core.events import Body, Event, Show
from controlroom.core.plan import Bindings, Cluster, Phase, Plan
from controlroom.core.values import changed

Role = Literal["facilitator", "scribe", "audience"]

BARE: frozenset[type[Body]] = frozenset(
    {
        e.ClockHeld,
        e.ClockResumed,
        e.HaltRequested,
        e.Unlocked,
        e.IncidentDeclared,
        e.LoadStarted,
        e.LoadStopped,
        e.LoadFailed,
    }
)
"""Kinds that are shown as having happened, without any of their fields: the clock and the banners need them."""

_ALWAYS = frozenset({Show.ALWAYS})
_REVEALED = _ALWAYS | {Show.REVEALED}
_NOWHERE = Bindings(cluster=Cluster(context="", namespaces=()), prometheus="", alertmanager="")
_EMPTY: dict[object, object] = {str: "", int: 0, float: 0.0, bool: False, tuple: (), dict: {}}
_NOTHING: Mapping[str, object] = {}


def project(events: Iterable[Event], role: Role) -> Iterator[Event]:
    """The stream for a seat: facilitator and scribe have the log as it is."""
    if role != "audience":
        return iter(events)
    audience = Audience()
    return (shown for event in events for shown in audience.take(event))


class Audience:
    """The audience's stream, as far as it has come: fed event by event, in the order of the log."""

    def __init__(self) -> None:
        self._seq = 0
        self._plan: Plan | None = None
        self._revealed: set[str] = set()
        self._withheld: dict[str, list[tuple[Event, Body]]] = {}
        self._experiment_of: dict[str, str] = {}
        self._names: dict[str, str] = {}
        """Marks and notes are named by the number of their event, which would tell how many are withheld: an
        audience's have names of its own, as dense as its numbers."""

    def take(self, event: Event) -> list[Event]:
        """What the audience sees of one more event: nothing, it, or at a revelation a whole history."""
        if not isinstance(event.body, Body):
            return []
        found: list[Event] = []
        for shown in self._shown(event, event.body):
            self._seq += 1
            found.append(changed(shown, seq=self._seq, prev=""))
        return found

    def _shown(self, event: Event, body: Body) -> Iterator[Event]:
        if isinstance(body, e.SessionOpened | e.PlanAmended):
            before = self._cut(self._plan) if self._plan else None
            self._plan = body.plan
            if (cut := self._cut(body.plan)) != before:
                yield changed(event, body=_with_plan(body, cut))
        elif isinstance(body, e.Revealed):
            yield from self._reveal(event, body)
        elif isinstance(body, e.NoteWritten | e.NoteEdited):
            yield from self._note(event, body)
        elif isinstance(body, e.MarkMade | e.MarkAmended | e.MarkUndone):
            yield changed(event, body=hide(body, _ALWAYS, {"mark": self._name("mark", body.mark)}))
        elif isinstance(body, e.SourceFailed | e.SourceRecovered) and body.source in e.OUTWARD:
            return  # when a message could not be sent tells when it was to be sent
        elif isinstance(body, e.MetricTroubled):
            # An empty reason would say that the metric has values again.
            yield changed(event, body=hide(body, _ALWAYS, {"reason": "no value" if body.reason else ""}))
        elif Show.REVEALED in body.audience.values():
            yield from self._of_experiment(event, body)
        elif Show.ALWAYS in body.audience.values() or type(body) in BARE:
            yield changed(event, body=hide(body, _ALWAYS))

    def _name(self, kind: str, name: str) -> str:
        return self._names.setdefault(name, f"{kind}-{len(self._names) + 1}")

    def _of_experiment(self, event: Event, body: Body) -> Iterator[Event]:
        experiment = self._experiment(body)
        if experiment in self._revealed:
            yield changed(event, body=hide(body, _REVEALED))
        elif experiment:
            self._withheld.setdefault(experiment, []).append((event, body))

    def _experiment(self, body: Body) -> str:
        """The experiment that an event is about; empty: it cannot be told, and is never shown."""
        run, experiment = getattr(body, "run", ""), getattr(body, "experiment", "")
        if run and experiment:
            self._experiment_of[run] = experiment
        return experiment or self._experiment_of.get(run, "")

    def _reveal(self, event: Event, body: e.Revealed) -> Iterator[Event]:
        self._revealed.add(body.experiment)
        if self._plan is not None:
            amended = e.PlanAmended(plan=self._cut(self._plan), plan_text="", reason="")
            yield changed(event, body=amended)
        yield changed(event, body=hide(body, _REVEALED))
        for withheld, its_body in self._withheld.pop(body.experiment, []):
            for shown in self._of_experiment(withheld, its_body):
                yield changed(shown, t=event.t)  # learnt now, though it happened then: `t` never goes back

    def _note(self, event: Event, body: e.NoteWritten | e.NoteEdited) -> Iterator[Event]:
        if body.private:
            return
        if body.note not in self._names:
            # Also an edit that makes a private note public: to an audience it is new.
            body = e.NoteWritten(note=body.note, type=body.type, text=body.text)
        body = changed(body, note=self._name("note", body.note))
        yield changed(event, body=hide(body, _ALWAYS | {Show.SHARED}))

    def _cut(self, plan: Plan) -> Plan:
        """Title, phases without their steps, metrics without their queries, and what was revealed."""
        phases = {phase.id for phase in plan.phases}
        return Plan(
            id=plan.id,
            title=plan.title,
            environment=plan.environment,
            duration=plan.duration,
            zone=plan.zone,
            phases=tuple(
                Phase(id=phase.id, title=phase.title, duration=phase.duration, kind=phase.kind)
                for phase in plan.phases
            ),
            experiments=tuple(
                own if own.until in phases else changed(own, until=None)  # a step, which is not shown
                for own in plan.experiments
                if own.id in self._revealed
            ),
            # Which metric the faults shall leave alone is part of the scenario.
            metrics=tuple(changed(metric, query="", uninvolved=False) for metric in plan.metrics),
            sampling=plan.sampling,
            bindings=_NOWHERE,
        )


def _with_plan(body: e.SessionOpened | e.PlanAmended, plan: Plan) -> Body:
    instead: dict[str, object] = {"plan": plan}
    if isinstance(body, e.SessionOpened):
        instead["bindings"] = _NOWHERE
    return hide(body, _ALWAYS, instead)


def hide(body: Body, shown: frozenset[Show], instead: Mapping[str, object] = _NOTHING) -> Body:
    """The body with every field emptied that is not declared to be shown, or replaced by `instead`.

    Raises KeyError where a hidden field has neither a default nor an empty value.
    """
    empties = _empties(type(body))
    values: dict[str, Any] = {}
    for name in body.__struct_fields__:
        if name in instead:
            values[name] = instead[name]
        else:
            values[name] = getattr(body, name) if body.audience.get(name) in shown else empties[name]
    return type(body)(**values)


@cache
def _empties(kind: type[Body]) -> dict[str, object]:
    """What each field of a kind holds when it is hidden: its default, or nothing of its type."""
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        plain = get_origin(field.type) or field.type
        if field.default is not msgspec.NODEFAULT:
            found[field.name] = field.default
        elif field.default_factory is not msgspec.NODEFAULT:
            found[field.name] = field.default_factory()
        elif plain in _EMPTY:
            found[field.name] = _EMPTY[plain]
    return found
