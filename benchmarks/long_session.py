"""A long made-up session, written as a host would write it: the journal's own lines, chained, a batch a second.

What it tells is what a game day tells: phases, a fault an hour, alerts, pods, notes and marks, on the seed's plan with
as many metrics as are asked for. Session seconds; the session opens at :data:`OPENED`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controlroom.core import events as e
from controlroom.core.events import Actor, Body, Event, digest, encode_event
from controlroom.core.events.people import Milestone
from controlroom.core.plan import Metric, Plan
from controlroom.core.values import changed
from controlroom.plan.load import LoadedPlan, load_plan
from controlroom.shipped import shipped

OPENED = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
HOST, SOURCE = Actor(role="host"), Actor(role="source")
PERSON = Actor(role="facilitator", name="robin")
POOL = 1024
"""Values that a metric goes through, again and again: a fault's worth of them outside its limit."""

Told = tuple[float, Body, Actor]


def write(folder: Path, hours: float, metrics: int = 50, events: int = 2000, seed: int = 7) -> Path:
    """Writes the journal into a session folder; returns its path. A sample a second of each metric."""
    seconds = int(hours * 3600)
    loaded = load_plan(shipped("experiments") / "inventory-service-failure.yaml")
    plan = _stretched(loaded.plan, seconds, metrics)
    folder.mkdir(parents=True, exist_ok=True)
    journal, prev = folder / "journal.jsonl", ""
    told = sorted(_told(loaded, plan, seconds, events, random.Random(seed)), key=lambda own: own[0])
    lines = _merged(told, _Samples(metrics, seed), seconds)
    with journal.open("wb") as file:
        for seq, (t, body, actor) in enumerate(lines, 1):
            line = body if isinstance(body, bytes) else _line(t, body, actor)
            line = line.replace(b'"seq":0', b'"seq":%d' % seq, 1)
            if prev:
                line = line.removesuffix(b"}") + b',"prev":"%s"}' % prev.encode()
            file.write(line + b"\n")
            prev = digest(line)
    return journal


def _line(t: float, body: Body, actor: Actor) -> bytes:
    return encode_event(Event(seq=0, t=t, at=OPENED + timedelta(seconds=t), actor=actor, body=body))


def _merged(told: list[Told], samples: _Samples, seconds: int) -> Iterator[tuple[float, Body | bytes, Actor]]:
    """What was told and a batch of samples for each second, in the order of time."""
    index = 0
    for second in range(1, seconds):
        while index < len(told) and told[index][0] <= second:
            yield told[index]
            index += 1
        yield second + 0.5, samples.line(second), SOURCE
    yield from told[index:]


class _Samples:
    """The lines of the samples, put together from values that were written once."""

    def __init__(self, metrics: int, seed: int) -> None:
        self._pools = [_pool(random.Random(seed * 1000 + index)) for index in range(metrics)]
        self._start = int(OPENED.timestamp())

    def line(self, second: int) -> bytes:
        values = ",".join(pool[second % POOL] for pool in self._pools)
        at = (OPENED + timedelta(seconds=second + 0.5)).isoformat().replace("+00:00", "Z")
        return (
            f'{{"v":1,"seq":0,"t":{second + 0.5},"at":"{at}","actor":{{"role":"source"}},"body":{{"kind":"samples",'
            f'"start":{self._start + second},"step":1,"columns":[{values}]}},"clock":"prometheus"}}'
        ).encode()


def _pool(chance: random.Random) -> list[str]:
    """Values as Prometheus gives them, most with all their digits; a few steps have none."""
    level, wave = chance.uniform(5, 400), chance.uniform(100, 900)
    values = [level * (1 + 0.05 * math.sin(n / wave) + 0.02 * chance.random()) for n in range(POOL)]
    values[-60:] = [value * 4 for value in values[-60:]]
    return ["[null]" if chance.random() < 0.001 else f"[{value!r}]" for value in values]


def _stretched(plan: Plan, seconds: int, metrics: int) -> Plan:
    """The seed's plan over that many seconds, with that many metrics."""
    longer = seconds / plan.duration
    phases = tuple(changed(own, duration=own.duration * longer, steps=()) for own in plan.phases)
    more = tuple(
        Metric(id=f"more_{n}", title=f"Further metric {n}", query=f"more_{n}", unit="ms", worse="higher")
        for n in range(metrics - len(plan.metrics))
    )
    return changed(
        plan,
        duration=float(seconds),
        phases=phases,
        metrics=(*plan.metrics[:metrics], *more),
        sampling=changed(plan.sampling, step=1.0),
    )


def _told(loaded: LoadedPlan, plan: Plan, seconds: int, events: int, chance: random.Random) -> Iterator[Told]:
    opened = e.SessionOpened(
        session="long", program="0", plan=plan, plan_text=loaded.text, plan_hash=loaded.hash,
        files=loaded.files, bindings=plan.bindings,
    )  # fmt: skip
    yield 0.0, opened, HOST
    for source in ("kubernetes", "prometheus", "alertmanager"):
        yield 0.2, e.SourceMeasured(source=source, offset=0.0, uncertainty=0.01), SOURCE
    yield 0.3, e.LoadStarted(command=("./gradlew", "gatlingRun")), HOST
    start = 0.4
    for phase in plan.phases:
        yield start, e.PhaseStarted(phase=phase.id), PERSON
        start += phase.duration
        yield start - 0.1, e.PhaseEnded(phase=phase.id), PERSON
    count = 6 + 2 * len(plan.phases)
    for number, experiment in enumerate(plan.experiments):
        found = list(_fault(experiment.id, seconds * (0.2 + 0.1 * number), seconds * 0.08))
        count += len(found)
        yield from found
    yield seconds - 200.0, e.LoadStopped(reason="planned"), HOST
    yield from _others(max(0, events - count - 2), seconds, chance)
    yield seconds - 0.05, e.SessionClosed(reason="the day is over"), HOST


def _fault(experiment: str, start: float, lasts: float) -> Iterator[Told]:
    run = f"{experiment}#1"
    ref = e.ObjectRef(
        api_version="chaos-mesh.org/v1alpha1", kind="NetworkChaos", namespace="bookstore", name=run
    )
    requested = e.FaultRequested(
        experiment=experiment, run=run, object=ref, manifest="kind: NetworkChaos\n", one_shot=False
    )
    yield start - 1, requested, PERSON
    yield start - 0.8, e.FaultAccepted(run=run, uid=run, created_at=_at(start - 1)), HOST
    target = e.Target(id="bookstore/inventory-0", state="injected", injected_at=_at(start))
    injection = e.Injection(first=_at(start), last=_at(start), n=1, uncertainty=1.0)
    seen = e.FaultObserved(run=run, state="active", targets=(target,), injection=injection)
    yield start + 0.7, seen, SOURCE
    ended = changed(
        seen,
        state="ended",
        targets=(changed(target, state="recovered"),),
        effect_end=_at(start + lasts),
        object_end=_at(start + lasts),
        how="recovered 1/1",
    )
    yield start + lasts + 0.7, ended, SOURCE


def _others(count: int, seconds: int, chance: random.Random) -> Iterator[Told]:
    """Notes, marks, alerts and pods, all through the day."""
    milestones: tuple[Milestone, ...] = ("acknowledged", "root-cause", "mitigated")
    for number in range(count):
        t = chance.uniform(10, seconds - 300)
        match number % 8:
            case 0 | 1:
                text = f"observation {number}: the pager was late, and nobody looked at the cache"
                yield t, e.NoteWritten(note=f"note-{number}", type="observation", text=text), PERSON
            case 2:
                mark = e.MarkMade(mark=f"mark-{number}", milestone=milestones[number // 8 % 3])
                yield t, mark, PERSON
            case 3:
                alert = e.AlertObserved(
                    name=f"Alert{number % 12}", labels={"service": "inventory"}, state="firing",
                    active_at=_at(t - 30), firing_at=_at(t),
                )  # fmt: skip
                yield t, alert, SOURCE
                yield t + 60, changed(alert, state="resolved", resolved_at=_at(t + 60)), SOURCE
            case _:
                pod = e.PodObserved(
                    namespace="bookstore", name=f"inventory-{number % 40}", uid=f"u{number}", app="inventory",
                    phase="Running", ready=number % 3 > 0,
                )  # fmt: skip
                yield t, pod, SOURCE


def _at(t: float) -> datetime:
    return OPENED + timedelta(seconds=round(t, 3))
