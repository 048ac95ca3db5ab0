"""The experiments of a made-up session: asked for, injected, seen by alerts and samples, stopped, halted."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Literal

from controlroom.core import events as e
from controlroom.core import plan as p
from controlroom.core.events.faults import RunState, TargetState
from controlroom.core.values import Value, changed
from tests.core.sessions import OPENED, PERSON, REST, STEP, at
from tests.properties.believable import (
    SOURCE,
    Tape,
    Told,
    plan,
    tell_cluster,
    tell_course,
    tell_outward,
    tell_people,
    tell_seats,
    tell_trouble,
)


class Fault(Value):
    """A run as it was in truth: it acted from `start` to `effect_end`, and harmed the service a while longer."""

    run: str
    start: float
    effect_end: float
    harm_end: float


def session(seed: int) -> list[Told]:
    """A whole made-up session: what happened, in the order in which the room learnt it."""
    tape, planned = Tape(seed), plan()
    tell_course(tape, planned)
    tell_trouble(tape, planned)
    tell_people(tape)
    tell_cluster(tape)
    faults = [*tell_experiment(tape, "kill", 305, one_shot=True), *tell_experiment(tape, "slow", 605)]
    for fault in faults:
        tell_alert(tape, fault)
    tell_halt(tape)
    tell_leftovers(tape)
    tell_abort(tape)
    tell_samples(tape, planned, faults)
    tell_seats(tape)
    tell_outward(tape)
    return tape.told()


def tell_experiment(tape: Tape, experiment: str, t: float, *, one_shot: bool = False) -> list[Fault]:
    """Check, refusals, one run or two."""
    t += tape.soon(15, 40)
    for role in ("incident commander", "on-call"):
        tape.say(t - 14, e.Polled(role=role, go=tape.maybe(0.9), experiment=experiment), PERSON)
    guards = (
        e.GuardResult(guard="context", outcome="ok", message="as the plan says"),
        e.GuardResult(
            guard="blast-radius", outcome="refused", message="mode all", typed="all", reason="agreed"
        ),
    )
    checked = e.ExperimentChecked(
        experiment=experiment,
        targets=("test/p0", "test/p1"),
        mode="fixed 2",
        guards=guards,
        manifest="kind: X",
    )
    tape.say(t - 12, checked)
    if tape.maybe(0.25):
        refused = e.FaultRefused(
            experiment=experiment, run=f"{experiment}#1", reason="it must be typed", guards=guards
        )
        tape.say(t - 8, refused)
    found = _tell_run(tape, f"{experiment}#1", t, one_shot)
    again = found.effect_end + 40 if found else t + 30
    if tape.maybe(0.25) and again < 880:
        second = _tell_run(tape, f"{experiment}#2", again, one_shot)
        return [own for own in (found, second) if own]
    if tape.maybe(0.5):
        tape.say(t + 100, e.Revealed(experiment=experiment, began_at=at(round(t))), PERSON)
    return [found] if found else []


def _object(run: str) -> e.ObjectRef:
    name = run.replace("#", "-")
    return e.ObjectRef(api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="test", name=name)


def tell_leftovers(tape: Tape) -> None:
    """What a session before this one left, and a sweep of it."""
    if not tape.maybe(0.5):
        return
    ref = _object("old#1")
    left = e.Leftover(object=ref, session="yesterday", standing="acting", run="old#1")
    tape.say(2, e.LeftoversFound(left=(left,), unseen=("secrets: forbidden",)))
    tape.say(3, e.SweepBegan(program="0", context="test", server="http://x", sessions=("yesterday",)), PERSON)
    tape.say(4, e.SweepRequested(object=ref, session="yesterday"), PERSON)
    tape.say(5, e.SweepFailed(object=ref, error="503", hint="it is tried again"))
    tape.say(9, e.SweepEnded(gone=1, seconds=5.0), PERSON)


def _tell_run(tape: Tape, run: str, t: float, one_shot: bool) -> Fault | None:
    """The request and how it was answered; None: the server refused it."""
    name = run.replace("#", "-")
    ref = _object(run)
    request = e.FaultRequested(
        experiment=run.partition("#")[0], run=run, object=ref, manifest="kind: X", one_shot=one_shot
    )
    tape.say(t - 1, request, PERSON)
    if tape.maybe(0.1):
        tape.say(t - 0.5, e.FaultFailed(run=run, error="403 Forbidden", hint="may you create it?"))
        return None
    if tape.maybe(0.2):
        tape.say(t - 0.8, e.FaultUnsure(run=run, error="no answer in 10 s"))
    tape.say(t - 0.5, e.FaultAccepted(run=run, uid=f"uid-{name}", created_at=at(math.floor(t - 1))))
    acting = tape.soon(20, 45) if one_shot else tape.soon(90, 200)
    fault = Fault(run=run, start=t, effect_end=t + acting, harm_end=t + acting + tape.soon(-30, 40))
    _tell_life(tape, fault, one_shot)
    return fault


def _tell_life(tape: Tape, fault: Fault, one_shot: bool) -> None:
    """The object's readings, from no target to its end."""
    start, over = fault.start, fault.effect_end
    if tape.maybe(0.2):
        _seen(tape, fault, start - 0.4, "no-target", ())
    _seen(tape, fault, start - 0.3, "injecting", ("waiting", "waiting"))
    if tape.maybe(0.2):
        _seen(tape, fault, start - 0.1, "inject-failing", ("failed", "waiting"))
    _seen(tape, fault, start + 1, "fired" if one_shot else "active", ("injected", "injected"), injected=True)
    if not one_shot and tape.maybe(0.2):
        _seen(tape, fault, start + 30, "paused", ("injected", "injected"), injected=True)
    if not one_shot and tape.maybe(0.4):
        _seen(tape, fault, start + 40, "active", ("injected", "lost"), injected=True)
    ended: tuple[TargetState, ...] = tape.chance.choice([("recovered", "recovered"), ("recovered", "lost")])
    # The effect ends by itself or by what the team does; now and then it is the facilitator who ends it.
    ask = over - 2 if tape.maybe(0.3) else over + tape.soon(5, 25)
    why: Literal["stop", "clean-up", "end"] = tape.chance.choice(["stop", "clean-up", "end"])
    tape.say(ask, e.StopRequested(run=fault.run, why=why), PERSON)
    if tape.maybe(0.2):
        tape.say(ask + 1, e.StopFailed(run=fault.run, error="503", attempt=1))
        _seen(tape, fault, ask + 1.5, "stuck", ended, injected=True, over=ask > over)
        if tape.maybe(0.5):
            tape.say(ask + 1.8, e.ReleaseRequested(objects=(_object(fault.run),), run=fault.run), PERSON)
    _seen(tape, fault, max(over, ask + 1), "recovering", ended, injected=True, over=True)
    gone = max(over, ask) + 3
    _seen(tape, fault, gone, "ended", ended, injected=True, over=True, gone=gone)


def _seen(
    tape: Tape,
    fault: Fault,
    t: float,
    state: RunState,
    states: tuple[TargetState, ...],
    *,
    injected: bool = False,
    over: bool = False,
    gone: float | None = None,
) -> None:
    first = at(math.floor(fault.start))
    targets = tuple(
        e.Target(id=f"test/p{number}", state=own, injected_at=first if injected else None)
        for number, own in enumerate(states)
    )
    body = e.FaultObserved(
        run=fault.run,
        state=state,
        targets=targets,
        message="permission denied" if state in ("inject-failing", "stuck") else "",
        injection=e.Injection(first=first, last=first, n=2, uncertainty=1.0) if injected else None,
        effect_end=_whole(fault.effect_end) if over else None,
        object_end=None if gone is None else _whole(gone),
        how="" if gone is None else "recovered 2/2",
    )
    tape.say(t, body, SOURCE, clock="apiserver")


def _whole(t: float) -> datetime:
    return at(math.floor(t))


def tell_alert(tape: Tape, fault: Fault) -> None:
    """The experiment's alert: pending, firing, silenced, resolved; sometimes it never fires."""
    name = "KillSeen" if fault.run.startswith("kill") else "SlowSeen"
    active = fault.start + tape.soon(3, 15)
    pending = e.AlertObserved(
        name=name, labels={"team": "shop"}, state="pending", active_at=at(round(active))
    )
    tape.say(active + 1, pending, SOURCE, clock="prometheus")
    if tape.maybe(0.15):
        return
    fired = round(active + 10)
    firing = changed(pending, state="firing", firing_at=at(fired), uncertainty=2.5)
    tape.say(fired + tape.soon(0.5, 30), firing, SOURCE, clock="prometheus")
    over = max(fired + 40, round(fault.effect_end + 10))
    tape.say(over + 2, changed(firing, state="resolved", resolved_at=at(over)), SOURCE, clock="prometheus")
    if tape.maybe(0.8):
        start = round(fired + tape.soon(20, 80))
        silence = e.SilenceObserved(
            silence=f"s-{fault.run}",
            matchers=(("alertname", name, False, True),),
            by="on-call",
            comment="ack",
            starts_at=at(start),
            ends_at=at(start + 600),
            state="active",
        )
        kept = e.AlertSuppressed(name=name, labels={"team": "shop"}, silenced_by=("on-call",))
        tape.say(start + 3, kept, SOURCE, clock="alertmanager")
        tape.say(start + 2, silence, SOURCE, clock="alertmanager")


def tell_halt(tape: Tape) -> None:
    """The one key, its proof, and the lock taken off again; sometimes because something real is wrong."""
    if not tape.maybe(0.4):
        return
    t = tape.soon(400, 1000)
    if tape.maybe(0.5):
        tape.say(t - 1, e.IncidentDeclared(text="the real shop is down"), PERSON)
    tape.say(t, e.HaltRequested(reason="too far", runs=("slow#1",)), PERSON)
    tape.say(t, e.StopRequested(run="slow#1", why="halt"), PERSON)
    proof = e.HaltProof(run="slow#1", target="test/p0", outcome="recovered", seconds=2.5)
    tape.say(t + 3, e.HaltFinished(seconds=2.5, proofs=(proof,)))
    tape.say(t + 60, e.Unlocked(), PERSON)


def tell_abort(tape: Tape) -> None:
    """A broken abort rule: held, cleared or fired."""
    if not tape.maybe(0.6):
        return
    t = tape.soon(320, 900)
    tape.say(t, e.AbortBreached(rule="slow", value=1200.0, countdown=10))
    end = tape.chance.choice(
        [e.AbortHeld(rule="slow"), e.AbortCleared(rule="slow"), e.AbortFired(rule="slow")]
    )
    tape.say(t + 6, end)


def tell_samples(tape: Tape, plan: p.Plan, faults: list[Fault]) -> None:
    """Batches of every metric on the grid; an outage is filled afterwards, or stays a gap."""
    outage = (tape.soon(50, 1000), tape.soon(10, 80)) if tape.maybe(0.5) else (2000.0, 0.0)
    start, end = outage[0], sum(outage)
    if start < 1200:
        tape.say(start, e.SourceFailed(source="prometheus", error="timed out", hint="is it up?"))
        tape.say(end, e.SourceRecovered(source="prometheus", seconds=outage[1]))
    filled, broken = tape.maybe(0.7), tape.maybe(0.3)
    if broken:
        tape.say(450, e.MetricTroubled(metric="lag", reason="no data"))
        tape.say(500, e.MetricTroubled(metric="lag", reason=""))
    done = 0
    while done < 1196:
        until = min(1200, done + STEP * tape.chance.randrange(2, 20))
        # Now and then a batch begins with steps that were read before.
        times = range(max(0, done - (STEP * 3 if tape.maybe(0.1) else 0)), until, STEP)
        lost = start <= until < end
        if not lost or filled:
            batch = _batch(tape, plan, faults, times, without="lag" if broken and 450 < until < 500 else "")
            tape.say(until + 0.5 if not lost else end + 0.1, batch, SOURCE, clock="prometheus")
        done = until


def _batch(tape: Tape, plan: p.Plan, faults: list[Fault], times: range, without: str) -> e.Samples:
    columns = tuple(
        None
        if metric.id == without
        else tuple(None if tape.maybe(0.003) else _value(tape, metric.id, t, faults) for t in times)
        for metric in plan.metrics
    )
    return e.Samples(start=int(OPENED.timestamp()) + times.start, step=STEP, columns=columns)


def _value(tape: Tape, metric: str, t: int, faults: list[Fault]) -> float:
    harmed = any(fault.start + 4 <= t < fault.harm_end for fault in faults)
    if metric == "availability":
        return 100 / 3 if harmed and t % 7 else 100.0
    level = REST[metric] + tape.chance.gauss(0, 1.5)
    if metric == "payment":
        return round(level, 4)
    return round(level * (1.9 if harmed and metric == "latency" else 12 if harmed else 1), 4)
