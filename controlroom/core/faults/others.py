"""Objects that keep no records of targets: what their own status says of how far they are.

Deployments and their like by their counted replicas (apps/v1), Jobs by their counts and conditions (batch/v1), Litmus
engines by `engineStatus` and verdicts (litmuschaos.io/v1alpha1), k6's TestRuns by their stage (k6.io/v1alpha1), single
Pods by their phase, Chaos Mesh's Schedule and Workflow by what they made; any other kind by its conditions. Nothing
here proves an effect on a target.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from controlroom.core.clean import clean
from controlroom.core.values import Value

_DONE = frozenset({"Complete", "Failed", "Accomplished", "Succeeded"})
_READY = ("Ready", "Available", "Established")
_ENGINE_OVER = frozenset({"completed", "stopped"})
_STAGES_OVER = frozenset({"stopped", "finished", "error"})
_PHASES_OVER = frozenset({"Succeeded", "Failed"})
ENDING = frozenset({"Job", "TestRun", "K6", "Pod", "ChaosEngine"})
"""Kinds that come to an end by themselves, and say so."""


class Progress(Value):
    """What an object says of itself."""

    words: str = ""
    """Empty: nothing that we know to read."""
    over: bool = False
    """It has done what it does; the object is still there."""
    begun: bool = True
    """False: it has made nothing yet of what it is to make."""
    failed: str = ""
    """Why it is over before it has; empty: it is not, or has."""


class _Condition(Value, rename="camel"):
    type: str
    status: str = "False"
    reason: str = ""
    message: str = ""


class _Experiment(Value, rename="camel"):
    name: str = ""
    verdict: str = ""


class _Status(Value, rename="camel"):
    observed_generation: int | None = None
    replicas: int | None = None
    ready_replicas: int | None = None
    active: object = None
    """Jobs: how many pods; Schedules: what is active."""
    succeeded: int | None = None
    failed: int | None = None
    engine_status: str | None = None
    experiments: tuple[_Experiment, ...] | None = None
    time: datetime | None = None
    entry_node: str | None = None
    stage: str | None = None
    phase: str | None = None
    conditions: tuple[_Condition, ...] | None = None


class _Spec(Value, rename="camel"):
    replicas: int | None = None
    engine_state: str | None = None


_STATUS = msgspec.json.Decoder(_Status | None)
_SPEC = msgspec.json.Decoder(_Spec | None)


def progress(kind: str, generation: int | None, spec: bytes, status: bytes) -> Progress:
    """How far the object is; empty words where its status has another shape than the kinds that we know."""
    try:
        said, asked = _STATUS.decode(status) or _Status(), _SPEC.decode(spec) or _Spec()
    except msgspec.MsgspecError:
        return Progress()
    if kind == "ChaosEngine":
        return _engine(said, asked)
    if kind == "Schedule":
        return _schedule(said)
    if kind == "Workflow":
        found = _conditions(said)
        return Progress(words=found.words, over=found.over, begun=said.entry_node is not None or found.over)
    if kind in ("TestRun", "K6"):
        return _test_run(said)
    if kind == "Pod":
        return Progress(
            words=clean(said.phase or "", 100),
            over=said.phase in _PHASES_OVER,
            failed="its pod failed" if said.phase == "Failed" else "",
        )
    if kind == "Job" or said.succeeded is not None or said.failed is not None:
        return _job(said)
    if asked.replicas is not None:
        return _workload(said, asked.replicas, generation)
    return _conditions(said)


def _engine(said: _Status, asked: _Spec) -> Progress:
    verdicts = ", ".join(f"{own.name} {own.verdict}" for own in said.experiments or () if own.verdict)
    state = said.engine_status or (f"{asked.engine_state} asked for" if asked.engine_state else "")
    words = " · ".join(filter(None, (f"engine {state}" if state else "", verdicts)))
    return Progress(words=clean(words, 200), over=said.engine_status in _ENGINE_OVER)


def _schedule(said: _Status) -> Progress:
    active = len(said.active) if isinstance(said.active, list) else 0
    made = f"last made at {said.time:%H:%M:%S} UTC" if said.time else "has made nothing yet"
    return Progress(words=f"{made}, {active} active", begun=said.time is not None)


def _job(said: _Status) -> Progress:
    active = said.active if isinstance(said.active, int) else 0
    over = _finished(said)
    words = f"{active} active, {said.succeeded or 0} succeeded, {said.failed or 0} failed"
    return Progress(words=words, over=over, failed=_failure(said))


def _failure(said: _Status) -> str:
    """What its condition `Failed` says."""
    for own in said.conditions or ():
        if own.type == "Failed" and own.status == "True":
            return clean(": ".join(filter(None, (own.reason, own.message))) or "it failed", 200)
    return ""


def _test_run(said: _Status) -> Progress:
    stage = clean(said.stage or "", 40)
    failed = "its stage is error: the operator's log says why" if said.stage == "error" else ""
    return Progress(words=f"stage {stage}" if stage else "", over=said.stage in _STAGES_OVER, failed=failed)


def _workload(said: _Status, asked: int, generation: int | None) -> Progress:
    if generation is not None and (said.observed_generation or 0) < generation:
        return Progress(words="its controller has not taken it up")
    return Progress(words=f"{said.ready_replicas or 0} ready of {asked}")


def _conditions(said: _Status) -> Progress:
    for name in _READY:
        for condition in said.conditions or ():
            if condition.type == name:
                word = "ready" if condition.status == "True" else f"not ready {condition.reason}"
                return Progress(words=clean(word.strip(), 100), over=_finished(said))
    return Progress(words="over" if _finished(said) else "", over=_finished(said))


def _finished(said: _Status) -> bool:
    return any(own.type in _DONE and own.status == "True" for own in said.conditions or ())
