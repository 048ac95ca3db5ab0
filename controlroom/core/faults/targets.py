"""What became of each target, by its record and by the pod that it names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from controlroom.core.events import PodObserved, Target
from controlroom.core.events.faults import TargetState
from controlroom.core.faults.reading import ChaosReading, Record
from controlroom.core.values import changed

Pods = Mapping[str, PodObserved]
"""What was last seen of each pod, by `namespace/name`, pods that are gone included. Empty: nothing is known."""

_OVER: frozenset[TargetState] = frozenset({"recovered", "lost"})


def targets_of(
    reading: ChaosReading, known: tuple[Target, ...], pods: Pods, one_shot: bool, now: datetime
) -> tuple[Target, ...]:
    """The targets by the object's records; `known` is what was last said of them."""
    before = {target.id: target for target in known}
    found = []
    for record in reading.records:
        target = _target(reading, record, before.get(record.id), pods)
        found.append(target if one_shot else _or_lost(target, before.get(record.id), pods, now))
    return tuple(found)


def is_over(target: Target) -> bool:
    """Whether the fault no longer acts on the target: taken back, or gone with its pod."""
    return target.state in _OVER


def _target(reading: ChaosReading, record: Record, before: Target | None, pods: Pods) -> Target:
    applied = record.latest("Apply", "Succeeded")
    recovered = record.latest("Recover", "Succeeded")
    state = _state(record, reading.stopping)
    failure = record.failure
    injected_at = applied.timestamp if applied else before.injected_at if before else None
    return Target(
        id=record.id,
        state=state,
        uid=_uid(record, before, pods),
        injected_at=injected_at if record.injected_count else None,
        recovered_at=recovered.timestamp if recovered and state == "recovered" else None,
        message=failure.message if failure and state not in ("injected", "recovered") else "",
    )


def _state(record: Record, stopping: bool) -> TargetState:
    """The record's phase read with what is wanted of it.

    `Not Injected/Wait` while stopping counts as recovering: the controller applies the fault to the end
    before it takes it back (Chaos Mesh, controllers/common/records).
    """
    injected = record.phase.startswith("Injected")
    halfway = record.phase.endswith("/Wait")
    if stopping:
        if injected or halfway:
            return "recovering"
        return "recovered" if record.injected_count else "waiting"
    if injected:
        return "injected"
    failure = record.failure
    return "failed" if failure and failure.operation == "Apply" else "waiting"


def _uid(record: Record, before: Target | None, pods: Pods) -> str:
    """The pod's uid, remembered from the first sight of the record on: records hold names only."""
    if before is not None and before.uid:
        return before.uid
    pod = pods.get(record.pod)
    return pod.uid if pod is not None else ""


def _or_lost(target: Target, before: Target | None, pods: Pods, now: datetime) -> Target:
    """The same target, or a lost one where its pod was replaced: the new pod is not faulted.

    The object does not tell: its record stays Injected, and recovering it succeeds all the same.
    """
    if target.injected_at is None:
        return target
    if before is not None and before.state == "lost":
        return changed(target, state="lost", recovered_at=before.recovered_at, message=before.message)
    if is_over(target) or not pods:
        return target
    pod = pods.get("/".join(target.id.split("/")[:2]))
    if pod is None or pod.gone:
        return changed(target, state="lost", recovered_at=now, message="its pod is gone")
    if target.uid and pod.uid != target.uid:
        return changed(target, state="lost", recovered_at=now, message="its pod was replaced")
    return target


def replaced_at(targets: tuple[Target, ...], pods: Pods) -> datetime | None:
    """When the replacements of the pods that a one-shot hit were all Ready; None: not yet, or not known.

    Each killed pod needs a younger pod of the same app; the moment is the one at which the last of as many
    as were killed became Ready. A pod whose container was killed is its own replacement once it is Ready.
    """
    moments: list[datetime] = []
    killed: dict[str, list[Target]] = {}
    for target in targets:
        if target.injected_at is None:
            continue
        pod = pods.get("/".join(target.id.split("/")[:2]))
        if target.id.count("/") == 2 and pod is not None and pod.uid == target.uid and not pod.gone:
            if pod.ready_at is None or pod.ready_at < target.injected_at:
                return None
            moments.append(pod.ready_at)
        else:
            killed.setdefault(_family(target, pods), []).append(target)
    for family, members in killed.items():
        ready = _ready_replacements(family, members, pods)
        if len(ready) < len(members):
            return None
        moments.append(ready[len(members) - 1])
    return max(moments, default=None)


def _ready_replacements(family: str, members: list[Target], pods: Pods) -> list[datetime]:
    """When the pods of the family that are younger than its first kill became Ready, in order."""
    since = min(target.injected_at for target in members if target.injected_at is not None)
    killed = {target.uid for target in members}
    return sorted(
        pod.ready_at
        for pod in pods.values()
        if not pod.gone
        and pod.ready_at is not None
        and pod.created_at is not None
        and pod.created_at >= since
        and pod.uid not in killed
        and _family_of_pod(pod) == family
    )


def _family(target: Target, pods: Pods) -> str:
    """`namespace/app` of a target's pod; without knowledge of the pod, that of one named like it."""
    key = "/".join(target.id.split("/")[:2])
    if (pod := pods.get(key)) is not None:
        return _family_of_pod(pod)
    # A Deployment's pods are called deployment-hash-random.
    stem = key.rsplit("-", 2)[0] + "-"
    return next((_family_of_pod(pod) for name, pod in pods.items() if name.startswith(stem)), stem)


def _family_of_pod(pod: PodObserved) -> str:
    return f"{pod.namespace}/{pod.app}"
