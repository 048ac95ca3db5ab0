"""Events and a plan whose every text is a secret of its own, named after the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from controlroom.core import events as e
from controlroom.core import plan as p
from controlroom.core.events import Body
from controlroom.core.events.envelope import kinds
from tests.core.sessions import a_plan

MOMENT = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
EXPERIMENT, RUN = "kill", "kill#1"
OTHER, OTHER_RUN = "slow", "slow#1"


def secret(place: str) -> str:
    """A text that is nowhere else. It ends, so that none is the beginning of another."""
    return f"SECRET<{place}>"


def planted(kind: Any, place: str, **given: object) -> Any:
    """A value of a struct; all its texts are secrets, but for what is given."""
    hints = get_type_hints(kind)
    return kind(
        **{
            name: given[name] if name in given else _value(hints[name], f"{place}.{name}")
            for name in kind.__struct_fields__
        }
    )


def _value(kind: Any, place: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if kind is str:
        return secret(place)
    if kind in (int, float, bool):
        return kind(1)
    if kind is datetime:
        return MOMENT
    if origin is Literal:
        return inner[0]
    if origin is tuple and inner[-1] is Ellipsis:
        return (_value(inner[0], place),)
    if origin is tuple:
        return tuple(_value(own, f"{place}.{index}") for index, own in enumerate(inner))
    if origin is dict:
        return {_value(inner[0], f"{place}-key"): _value(inner[1], place)}
    if origin is Union or origin is type(int | str):
        return _value(next(own for own in inner if own is not type(None)), place)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return planted(kind, place)
    raise TypeError(f"{place}: {kind}")


def secret_plan() -> p.Plan:
    """The small plan with secrets in whatever words it holds; what its experiments are called stays plain."""
    plan = a_plan()
    return a_plan(
        summary=secret("plan.summary"),
        date=secret("plan.date"),
        scenario=(secret("plan.scenario"),),
        objectives=(secret("plan.objectives"),),
        participants=(planted(p.Participant, "plan.participants"),),
        checklist=(planted(p.ChecklistItem, "plan.checklist"),),
        load=planted(p.Load, "plan.load"),
        rules=secret("plan.rules"),
        phases=tuple(
            msgspec.structs.replace(phase, steps=(planted(p.Step, f"plan.steps.{phase.id}"),))
            for phase in plan.phases
        ),
        experiments=tuple(
            planted(p.Experiment, f"plan.{own.id}", id=own.id, phase=own.phase, at=own.at, impact=own.impact)
            for own in plan.experiments
        ),
        metrics=tuple(
            msgspec.structs.replace(own, query=secret(f"plan.query.{own.id}")) for own in plan.metrics
        ),
        bindings=planted(p.Bindings, "plan.bindings"),
        abort=(planted(p.AbortRule, "plan.abort"),),
        injects=(planted(p.Inject, "plan.injects"), planted(p.Inject, "plan.hints")),
        observations=(planted(p.Question, "plan.observations"),),
        debrief=(planted(p.Question, "plan.debrief"),),
        after_actions=(planted(p.AfterAction, "plan.after_actions"),),
        headings=(secret("plan.headings"),),
        approvals=(planted(p.Approval, "plan.approvals"),),
        access=planted(p.Access, "plan.access"),
    )


_TIED: dict[str, object] = {
    "phase": "chaos",
    "metric": "latency",
    "columns": ((1.0,), (1.0,), (1.0,), (1.0,)),
}
"""Fields that must name something of the plan, or be measured by it."""


def opening(plan: p.Plan) -> e.SessionOpened:
    return planted(e.SessionOpened, "session.opened", plan=plan, bindings=plan.bindings)  # type: ignore[no-any-return]


def bodies(experiment: str, run: str, mark: str = "") -> Iterator[Body]:
    """One event of every kind but the opening, the closing and the revelation.

    What can be about an experiment is about that one; `mark` tells the secrets of one round from another's.
    """
    plan = secret_plan()
    rest = (e.SessionOpened, e.SessionClosed, e.Revealed)
    first = (e.FaultRequested, e.NoteWritten, e.MarkMade)
    for kind in (*first, *(own for own in kinds() if own not in (*first, *rest))):
        given = {**_TIED, "experiment": experiment, "run": run, "plan": plan, "step": 2}
        if kind in (e.NoteWritten, e.NoteEdited):
            given["private"] = True
        if kind is e.StepDue:
            del given["step"]
        yield planted(kind, f"{kind.kind()}{mark}", **given)
