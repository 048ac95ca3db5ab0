"""A believable day for tests: the shipped plan lived through once, as hand-made events.

Nothing here was computed by the program: levels follow simple formulas, so that tests know what to expect.
All times are session seconds; the day opens at :data:`OPENED`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from controlroom.core import events as e
from controlroom.core.events import Actor, Event
from controlroom.core.events.faults import RunState, TargetState
from controlroom.core.events.people import Milestone, NoteType
from controlroom.core.plan import Plan
from controlroom.plan.load import LoadedPlan, load_plan
from controlroom.shipped import shipped

OPENED = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
DAY = 5400.0
PODS = tuple(f"bookstore/inventory-service-7c9f-{end}" for end in ("x2lq4", "m8vzd", "q6w9k"))
POD_KILL, LATENCY, MEMORY, MITIGATED = 903.0, 1502.0, 2101.0, 3190.0
BATCH = 2
"""Grid steps in one `samples` event."""

FACILITATOR = Actor(role="facilitator", name="robin")
HOST = Actor(role="host")
SOURCE = Actor(role="source")


def moment(t: float) -> datetime:
    """UTC of a session second."""
    return OPENED + timedelta(seconds=t)


@lru_cache
def seed_plan() -> LoadedPlan:
    return load_plan(shipped("experiments") / "inventory-service-failure.yaml")


class Day:
    """Gathers (t, body), and numbers them in the order of t."""

    def __init__(self) -> None:
        self._found: list[tuple[float, int, e.Body, Actor, datetime]] = []

    def add(self, t: float, body: e.Body, actor: Actor = HOST, at: float | None = None) -> None:
        self._found.append((t, len(self._found), body, actor, moment(t if at is None else at)))

    def events(self, until: float = math.inf) -> tuple[Event, ...]:
        kept = [item for item in sorted(self._found, key=lambda item: item[:2]) if item[0] <= until]
        return tuple(
            Event(seq=index, t=t, at=at, actor=actor, body=body)
            for index, (t, _, body, actor, at) in enumerate(kept, 1)
        )


def synthetic_events(until: float = math.inf, seed: int = 7) -> tuple[Event, ...]:
    """The events of the day with t <= until."""
    return _day(seed).events(until)


@lru_cache(maxsize=4)
def _day(seed: int) -> Day:
    loaded = seed_plan()
    day = Day()
    _opening(day, loaded)
    _phases(day, loaded.plan)
    _faults(day)
    _alerts(day)
    _pods(day)
    _people(day, loaded.plan)
    _samples(day, loaded.plan, seed)
    day.add(DAY, e.SessionClosed(reason="the day is over"))
    return day


def _opening(day: Day, loaded: LoadedPlan) -> None:
    opened = e.SessionOpened(
        session="2026-11-22-inventory-service-failure",
        program="0.1.0",
        plan=loaded.plan,
        plan_text=loaded.text,
        plan_hash=loaded.hash,
        files=loaded.files,
        bindings=loaded.plan.bindings,
        lab=True,
        seed=7,
    )
    day.add(0.0, opened)
    for source in ("kubernetes", "prometheus", "alertmanager"):
        day.add(0.5, e.SourceMeasured(source=source, offset=0.0, uncertainty=0.01), SOURCE)
    day.add(1.0, e.LoadStarted(command=("./gradlew", "gatlingRun")))
    day.add(5100.0, e.LoadStopped(reason="planned"))


def _phases(day: Day, plan: Plan) -> None:
    t = 0.6
    for phase in plan.phases:
        day.add(t, e.PhaseStarted(phase=phase.id), FACILITATOR)
        for step in phase.steps:
            day.add(t + step.at, e.StepDue(step=step.id))
            day.add(t + step.at + 4, e.Ticked(list="step", item=step.id, ticked=True), FACILITATOR)
        t += phase.duration
        day.add(min(t, DAY - 1), e.PhaseEnded(phase=phase.id), FACILITATOR)


def _run(
    day: Day, experiment: str, kind: str, start: float, targets: tuple[str, ...], one_shot: bool
) -> None:
    name = f"{experiment}-20261122"
    ref = e.ObjectRef(api_version="chaos-mesh.org/v1alpha1", kind=kind, namespace="bookstore", name=name)
    guards = (
        e.GuardResult(guard="context", outcome="ok", message="staging-bookstore, as the plan says"),
        e.GuardResult(guard="foreign-chaos", outcome="ok", message="no chaos but ours"),
        e.GuardResult(guard="blast-radius", outcome="ok", message=f"{len(targets)} of 3 pods"),
    )
    manifest = f"apiVersion: chaos-mesh.org/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\n"
    run = f"{experiment}#1"
    checked = e.ExperimentChecked(
        experiment=experiment,
        targets=tuple(targets),
        mode=f"fixed {len(targets)}",
        guards=guards,
        manifest=manifest,
    )
    day.add(start - 12, checked)
    requested = e.FaultRequested(
        experiment=experiment, run=run, object=ref, manifest=manifest, one_shot=one_shot, duration=None
    )
    day.add(start - 1, requested, FACILITATOR)
    day.add(start - 0.8, e.FaultAccepted(run=run, uid=f"uid-{experiment}", created_at=moment(start - 1)))


def _seen(
    day: Day, run: str, t: float, state: RunState, each: TargetState, targets: tuple[str, ...], start: float,
    ends: float | None = None, effect_end: float | None = None, object_end: float | None = None, how: str = "",
) -> None:  # fmt: skip
    body = e.FaultObserved(
        run=run,
        state=state,
        targets=tuple(
            e.Target(id=target, state=each, injected_at=None if each == "waiting" else moment(start))
            for target in targets
        ),
        ends_at=moment(ends) if ends is not None else None,
        injection=None
        if each == "waiting"
        else e.Injection(first=moment(start), last=moment(start), n=len(targets), uncertainty=1.0),
        effect_end=moment(effect_end) if effect_end is not None else None,
        object_end=moment(object_end) if object_end is not None else None,
        how=how,
    )
    day.add(t, body, SOURCE)


def _faults(day: Day) -> None:
    two, run = PODS[:2], "pod-kill#1"
    _run(day, "pod-kill", "PodChaos", POD_KILL, two, True)
    _seen(day, run, POD_KILL + 1, "fired", "injected", two, POD_KILL)
    _seen(day, run, POD_KILL + 38, "fired", "injected", two, POD_KILL, effect_end=POD_KILL + 37)
    day.add(MITIGATED + 1320, e.StopRequested(run=run, why="clean-up"), FACILITATOR)
    _seen(day, run, MITIGATED + 1322, "ended", "injected", two, POD_KILL, None, POD_KILL + 37, MITIGATED + 1321,
          "fired")  # fmt: skip
    for name, kind, start, targets in (
        ("network-latency", "NetworkChaos", LATENCY, PODS),
        ("memory-stress", "StressChaos", MEMORY, PODS[:2]),
    ):
        run, end = f"{name}#1", 4560.0
        _run(day, name, kind, start, targets, False)
        _seen(day, run, start + 0.2, "injecting", "waiting", targets, start, end)
        _seen(day, run, start + 1, "active", "injected", targets, start, end)
        _seen(
            day,
            run,
            MITIGATED + 40,
            "ended",
            "lost",
            targets,
            start,
            end,
            MITIGATED + 38,
            MITIGATED + 39,
            "lost",
        )


def _alerts(day: Day) -> None:
    for name, start, delay, end, service in (
        ("InventoryReplicasLow", POD_KILL, 22, POD_KILL + 52, "inventory-service"),
        ("InventoryCircuitBreakerOpen", LATENCY, 48, MITIGATED + 75, "order-service"),
        ("InventoryCacheEvictionsHigh", MEMORY, 57, MITIGATED + 60, "inventory-service"),
    ):
        labels = {"service": service, "severity": "page"}
        pending = moment(start + delay - 15)
        day.add(
            start + delay - 14,
            e.AlertObserved(name=name, labels=labels, state="pending", active_at=pending),
            SOURCE,
        )
        firing = moment(start + delay)
        day.add(
            start + delay + 1,
            e.AlertObserved(name=name, labels=labels, state="firing", active_at=pending, firing_at=firing),
            SOURCE,
        )
        silence = e.SilenceObserved(
            silence=f"silence-{name}",
            matchers=(("alertname", name, False, True),),
            by="on-call",
            comment="ack: looking",
            starts_at=moment(start + delay + 61),
            ends_at=moment(start + 7200),
            state="active",
        )
        day.add(start + delay + 62, silence, SOURCE)
        resolved = e.AlertObserved(
            name=name,
            labels=labels,
            state="resolved",
            active_at=pending,
            firing_at=firing,
            resolved_at=moment(end),
        )
        day.add(end + 1, resolved, SOURCE)


def _pod(day: Day, t: float, name: str, ready: bool, gone: bool = False) -> None:
    namespace, short = name.split("/")
    body = e.PodObserved(
        namespace=namespace, name=short, uid=f"uid-{short}", app="inventory-service", node="staging-node-1",
        phase="Running", ready=ready, gone=gone,
    )  # fmt: skip
    day.add(t, body, SOURCE)


def _pods(day: Day) -> None:
    for name in PODS:
        _pod(day, 2.0, name, True)
    for index, name in enumerate(PODS[:2]):
        _pod(day, POD_KILL + 1 + index, name, False, gone=True)
        fresh = f"bookstore/inventory-service-7c9f-n{index}ew1"
        _pod(day, POD_KILL + 3 + index, fresh, False)
        _pod(day, POD_KILL + 33 + 4 * index, fresh, True)


def _people(day: Day, plan: Plan) -> None:
    for index, item in enumerate(plan.checklist):
        day.add(3.0 + index, e.Ticked(list="checklist", item=item.id, ticked=True), FACILITATOR)
    marks: tuple[tuple[float, Milestone, str], ...] = (
        (POD_KILL + 30, "detected", "page arrived"),
        (2910.0, "root-cause", "postgres latency and evicted cache"),
        (MITIGATED - 40, "mitigation-started", "rollout restart"),
        (MITIGATED, "mitigated", "rollout restart of inventory-service"),
    )
    for index, (t, milestone, text) in enumerate(marks, 1):
        day.add(t, e.MarkMade(mark=f"mark-{index}", milestone=milestone, text=text), FACILITATOR)
    notes: tuple[tuple[float, NoteType, str], ...] = (
        (420.0, "note", "p95 steady at about 138 ms, lag below 20"),
        (1010.0, "observation", "on-call opened the latency dashboard first"),
        (1604.0, "note", "breaker opened, orders go through the fallback"),
        (1690.0, "todo", "runbook link in the alert is dead"),
        (2310.0, "observation", "nobody looked at the cache yet"),
        (2950.0, "decision", "restart inventory-service instead of waiting"),
        (3420.0, "parked", "should the breaker page at all?"),
    )
    for index, (t, kind, text) in enumerate(notes, 1):
        day.add(t + 9, e.NoteWritten(note=f"note-{index}", type=kind, text=text), FACILITATOR, at=t)
    todo = e.ActionSet(action="action-1", title="mend the runbook link", owner="maria", note="note-4")
    day.add(1712.0, todo, FACILITATOR)
    for index, question in enumerate(plan.observations):
        score = 4 if question.kind == "score" else None
        text = "no" if question.kind == "yes-no" else "" if score else "clear enough"
        answered = e.Answered(section="observations", question=question.id, text=text, score=score)
        day.add(4900.0 + 10 * index, answered, FACILITATOR)


def _rise(t: float, start: float, end: float, up: float = 25.0, down: float = 35.0) -> float:
    """0 to 1 while a fault lasts: exponential in, exponential out."""
    if t < start:
        return 0.0
    if t <= end:
        return 1 - math.exp(-(t - start) / up)
    return (1 - math.exp(-(end - start) / up)) * math.exp(-(t - end) / down)


def _levels() -> dict[str, Callable[[float], float]]:
    def kill(t: float) -> float:
        return _rise(t, POD_KILL, POD_KILL + 37, 8, 20)

    def slow(t: float) -> float:
        return _rise(t, LATENCY, MITIGATED + 38)

    def full(t: float) -> float:
        return _rise(t, MEMORY, MITIGATED + 38, 30)

    def running(t: float) -> float:
        return 100 / 3 if POD_KILL < t < POD_KILL + 33 else 200 / 3 if POD_KILL < t < POD_KILL + 37 else 100.0

    return {
        "order_p95": lambda t: 138 * (1 + 0.9 * kill(t) + 1.2 * slow(t) + 0.4 * full(t)),
        "error_rate": lambda t: 0.2 + 5.1 * kill(t) + 2.2 * slow(t) + 0.3 * full(t),
        "inventory_availability": running,
        "cache_hit_ratio": lambda t: 94 - 9 * kill(t) - 27 * full(t),
        "consumer_lag": lambda t: 12 + 90 * kill(t) + 1400 * slow(t),
        "db_pool_usage": lambda t: 31 + 12 * kill(t) + 44 * slow(t) + 9 * full(t),
        "cache_miss_ratio": lambda t: 6 + 9 * kill(t) + 27 * full(t),
        "cache_evictions": lambda t: 1 + 40 * full(t),
        "db_query_p95": lambda t: 12 + 255 * slow(t) + 25 * full(t),
        "circuit_breaker": lambda t: 1.0 if slow(t) > 0.6 else 0.0,
        "timeouts": lambda t: 8 * slow(t) + 1.2 * kill(t),
        "fallbacks": lambda t: 20 * slow(t),
        "payment_p95": lambda t: 90.0,
    }


_STEADY = frozenset({"inventory_availability", "circuit_breaker"})


def _samples(day: Day, plan: Plan, seed: int) -> None:
    levels, noise = _levels(), random.Random(seed)
    step = round(plan.sampling.step)
    start = int(OPENED.timestamp())
    for at in range(2, int(DAY), step * BATCH):
        columns = []
        for metric in plan.metrics:
            level, spread = levels[metric.id], 0.0 if metric.id in _STEADY else 0.03
            columns.append(
                tuple(
                    round(level(t) * (1 + noise.gauss(0, spread)), 4)
                    for t in range(at, at + step * BATCH, step)
                )
            )
        body = e.Samples(start=start + at, step=step, columns=tuple(columns))
        day.add(at + step * (BATCH - 1) + 0.4, body, SOURCE)
