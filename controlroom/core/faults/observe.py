"""The state of a run by what the cluster says: the table of states, one row after the other."""

from __future__ import annotations

from datetime import datetime, timedelta

from controlroom.core.events import FaultObserved, Injection, Target
from controlroom.core.events.faults import RunState
from controlroom.core.faults.duration import NotADuration, seconds_of
from controlroom.core.faults.reading import ChaosReading
from controlroom.core.faults.targets import Pods, is_over, replaced_at, targets_of
from controlroom.core.state import Run
from controlroom.core.values import changed

#: Records of the API server and of Chaos Mesh are cut to whole seconds.
RECORD_PRECISION = 1.0
#: A controller that has selected nothing after this many seconds has found no target.
SETTLING = 10.0
#: Recovering for longer than this many seconds is stuck: a minute is the daemon's own time-out.
STUCK = 60.0

NO_TARGET = "the selector matches no pod; it is asked again only when the object itself changes"


def observe(
    run: Run, reading: ChaosReading | None, *, gone: bool, pods: Pods, now: datetime
) -> FaultObserved:
    """What is known of `run` by a reading of its object.

    `reading` is the object as last read; with `gone` it is the last that was stored (a DELETED event carries
    it), None where that was not seen: an older one would say that targets were left injected. `pods` is
    described at :data:`controlroom.core.faults.targets.Pods`; `now` is the API server's time. Asking again
    with the same facts gives the same answer.
    """
    if gone:
        return _ended(run, reading, pods, now)
    if reading is None:
        return _as_known(run)
    if not reading.recorded:
        return _applied(run, reading)
    targets = targets_of(reading, run.targets, pods, run.one_shot, now)
    state, message = _state(run, reading, targets, now)
    return FaultObserved(
        run=run.id,
        state=state,
        targets=targets,
        message=message,
        ends_at=_ends_at(run, reading),
        injection=_injection(run, targets),
        effect_end=_effect_end(run, targets, pods),
    )


def follow_on(run: Run) -> bool:
    """Whether there is something left to learn: it runs, or the pods it killed are not replaced yet."""
    return run.running or (run.one_shot and run.injection is not None and run.effect_end is None)


def _as_known(run: Run) -> FaultObserved:
    return FaultObserved(
        run=run.id,
        state=run.state,
        targets=run.targets,
        message=run.message,
        ends_at=run.ends_at,
        injection=run.injection,
        effect_end=run.effect_end,
        object_end=run.object_end,
        how=run.how,
    )


def _state(
    run: Run, reading: ChaosReading, targets: tuple[Target, ...], now: datetime
) -> tuple[RunState, str]:
    deleting = reading.metadata.deletion_timestamp is not None
    if not targets and not deleting:
        return _selecting(run, reading, now)
    if reading.stopping:
        return _stopping(reading, targets, now)
    if all(target.state in ("injected", "lost") for target in targets):
        again = max(record.injected_count for record in reading.records)
        message = f"injected {again} times" if again > 1 else ""
        return ("fired" if run.one_shot else "active"), message
    failed = next((target for target in targets if target.state == "failed"), None)
    if failed is not None:
        return "inject-failing", failed.message
    return "injecting", ""


def _selecting(run: Run, reading: ChaosReading, now: datetime) -> tuple[RunState, str]:
    """Before there are records. All conditions are False for a moment in every life."""
    late = _age(reading, now) >= SETTLING
    if reading.condition("Selected") is None:
        return "requested", "the chaos controller has not taken it up" if late else ""
    if late or run.state == "no-target":
        return "no-target", NO_TARGET
    # With a duration that is over already the controller stops before it selects.
    return ("requested" if reading.stopping and run.state == "requested" else "injecting"), ""


def _stopping(reading: ChaosReading, targets: tuple[Target, ...], now: datetime) -> tuple[RunState, str]:
    deleting = reading.metadata.deletion_timestamp
    left = [target for target in targets if target.state == "recovering"]
    failing = next((target.message for target in left if target.message), "")
    if not left and deleting is None:
        if reading.condition("Paused"):
            return "paused", ""
        injected = any(target.injected_at is not None for target in targets)
        over = "its time is up" if injected else "its time was up before it was injected"
        return "recovering", f"{over}; the object is still there"
    since = deleting or _failing_since(reading) or _ends_at_of(reading)
    if since is not None and (now - since).total_seconds() > STUCK:
        held = ", ".join(reading.metadata.finalizers)
        return "stuck", failing or (f"held by the finalizer {held}" if held else "the object does not go")
    return "recovering", failing


def _failing_since(reading: ChaosReading) -> datetime | None:
    """The first failed attempt to recover since the last success, over all targets."""
    found = []
    for record in reading.records:
        tail = []
        for event in reversed(record.events):
            if (event.operation, event.type) != ("Recover", "Failed"):
                break
            tail.append(event.timestamp)
        found += tail[-1:]
    return min(found, default=None)


def _injection(run: Run, targets: tuple[Target, ...]) -> Injection | None:
    """First and last success of Apply. What was said before stays: a record keeps a hundred events only."""
    moments = [target.injected_at for target in targets if target.injected_at is not None]
    if not moments:
        return run.injection
    first = min([*moments, run.injection.first] if run.injection else moments)
    return Injection(first=first, last=max(moments), n=len(moments), uncertainty=RECORD_PRECISION)


def _effect_end(run: Run, targets: tuple[Target, ...], pods: Pods) -> datetime | None:
    """When the last target was recovered or lost; of a one-shot, when its replacements were Ready."""
    if run.one_shot:
        return run.effect_end or replaced_at(targets, pods)
    hit = [target for target in targets if target.injected_at is not None]
    if not hit or not all(is_over(target) for target in hit):
        return None
    return max(target.recovered_at for target in hit if target.recovered_at is not None)


def _ended(run: Run, reading: ChaosReading | None, pods: Pods, now: datetime) -> FaultObserved:
    targets = run.targets
    # What was read before the deletion began is not what was stored last.
    last = reading if reading is not None and reading.metadata.deletion_timestamp is not None else None
    if last is not None and last.recorded:
        targets = targets_of(last, run.targets, pods, run.one_shot, now)
    told = last is not None or run.released is not None
    targets = tuple(_at_the_end(target, told, run.one_shot, now) for target in targets)
    effect_end = _effect_end(run, targets, pods)
    injection = _injection(run, targets)
    if injection is not None and not run.one_shot:
        effect_end = effect_end or run.effect_end or now
    return FaultObserved(
        run=run.id,
        state="ended",
        targets=targets,
        message="",
        ends_at=run.ends_at,
        injection=injection,
        effect_end=effect_end,
        object_end=run.object_end or now,
        how="put back" if injection and _is_change(run) else _how(targets, injection, run.one_shot),
    )


def _at_the_end(target: Target, told: bool, one_shot: bool, now: datetime) -> Target:
    """A target once the object is gone.

    The controller lets the object go when every target is recovered. Where the last stored object says that
    one was not, somebody removed the finalizer: nothing was taken back. Where that object was not seen, the
    finalizer's rule is what is known.
    """
    if target.injected_at is None or is_over(target) or target.state == "failed" or one_shot:
        return target
    if told:
        return changed(target, state="failed", message="the object went without recovering it")
    return changed(target, state="recovered", recovered_at=now, message="")


def _how(targets: tuple[Target, ...], injection: Injection | None, one_shot: bool) -> str:
    if injection is None:
        return "ended before injection"
    if not injection.proven:
        return "deleted"
    if one_shot:
        return f"fired {injection.n}/{len(targets)}"
    said = [f"recovered {sum(1 for target in targets if target.state == 'recovered')}/{len(targets)}"]
    for state, word in (("lost", "lost"), ("failed", "not recovered")):
        if count := sum(1 for target in targets if target.state == state and target.injected_at is not None):
            said.append(f"{word} {count}")
    return " · ".join(said)


def _applied(run: Run, reading: ChaosReading) -> FaultObserved:
    """Of an object that keeps no records, only its application is known: applied, not proven.

    One that was there before was applied when the server took the change.
    """
    created = run.created_at if _is_change(run) else reading.metadata.creation_timestamp
    injection = run.injection
    if injection is None and created is not None:
        injection = Injection(first=created, last=created, n=1, uncertainty=RECORD_PRECISION, proven=False)
    said = reading.progress
    if not said.begun:
        injection = run.injection  # to be there is not to have made anything
    if reading.metadata.deletion_timestamp is not None:
        return FaultObserved(run=run.id, state="recovering", message="", injection=injection)
    if said.over:
        message = f"over: {said.words}; the object is still there"
        return FaultObserved(run=run.id, state="recovering", message=message, injection=injection)
    message = "applied, not proven" + (f": {said.words}" if said.words else "")
    return FaultObserved(run=run.id, state="active", message=message, injection=injection)


def _is_change(run: Run) -> bool:
    """Whether it changes an object that was there before."""
    return run.object is not None and run.object.changed


def _ends_at(run: Run, reading: ChaosReading) -> datetime | None:
    return None if run.one_shot else _ends_at_of(reading)


def _ends_at_of(reading: ChaosReading) -> datetime | None:
    """Creation + duration: Chaos Mesh counts from creationTimestamp, not from the injection."""
    created = reading.metadata.creation_timestamp
    if created is None or not reading.spec.duration:
        return None
    try:
        return created + timedelta(seconds=seconds_of(reading.spec.duration))
    except NotADuration:
        return None


def _age(reading: ChaosReading, now: datetime) -> float:
    created = reading.metadata.creation_timestamp
    return (now - created).total_seconds() if created else 0.0
