"""The pipeline that every chaos object runs through, step by step and write by write.

Order and texts follow Chaos Mesh's controllers/common: finalizers, desiredphase, condition, records, clean.
"""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.lab.kubernetes.controllers.chaos.effects import ONE_SHOT
from controlroom.lab.kubernetes.controllers.chaos.records import RecordsStep
from controlroom.lab.kubernetes.controllers.chaos.status import (
    desired_phase,
    is_paused,
    may_drop_finalizer,
    with_conditions,
    with_desired_phase,
)
from controlroom.lab.kubernetes.controllers.chaos.workbench import WRITE, Steps, Workbench
from controlroom.lab.kubernetes.documents import (
    Document,
    copied,
    is_deleting,
    metadata,
    name_of,
    namespace_of,
    seconds_of,
    uid_of,
)
from controlroom.lab.kubernetes.quantities import go_duration
from controlroom.lab.kubernetes.resources import CHAOS_KINDS, Resource
from controlroom.lab.kubernetes.store import Change

FINALIZER = "chaos-mesh/records"
#: Seconds from a change to the reconciliation that it causes.
NOTICE = 0.005
#: The first pause after a failure, in seconds; each further one is twice as long.
FIRST_RETRY = 0.2
LONGEST_RETRY = 300.0


@dataclass(slots=True)
class _Run:
    """One chaos object's place in the pipeline."""

    resource: Resource
    namespace: str
    name: str
    busy: bool = False
    again: bool = False
    """The controller's own writes ask for another look."""
    changed: bool = False
    """Somebody else's change does; it does not wait for a retry to be due."""
    failures: int = 0
    visit: int = 0
    """Counts reconciliations, so that an outdated retry is known."""
    ends_at: float | None = None
    """The moment for which the end of the duration is already set."""


class ChaosController:
    """Reconciles the chaos kinds."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._records = RecordsStep(bench)
        self._runs: dict[str, _Run] = {}
        self._missed: dict[str, _Run] = {}
        bench.store.subscribe(self._see)

    def return_to_work(self) -> None:
        """The controller is back: takes up what it has missed."""
        missed, self._missed = self._missed, {}
        for run in missed.values():
            self._wake(run)

    def _see(self, change: Change) -> None:
        if change.resource not in CHAOS_KINDS:
            return
        uid = uid_of(change.object)
        if change.type == "DELETED":
            self._runs.pop(uid, None)
            return
        run = self._runs.get(uid)
        if run is None:
            run = _Run(change.resource, namespace_of(change.object), name_of(change.object))
            self._runs[uid] = run
        if self._bench.writing:
            run.again = True
        else:
            self._wake(run)

    def _wake(self, run: _Run) -> None:
        """Something outside the controller's own writes asks for a reconciliation."""
        if run.busy:
            run.changed = True
        else:
            self._begin_after(NOTICE, run)

    def _begin_after(self, seconds: float, run: _Run) -> None:
        run.visit += 1
        visit = run.visit
        self._bench.timers.after(seconds, lambda: self._begin(run, visit))

    def _begin(self, run: _Run, visit: int) -> None:
        chaos = self._object(run)
        if run.busy or visit != run.visit or chaos is None:
            return
        if self._bench.trouble().controller_gone:
            self._missed[uid_of(chaos)] = run
            return
        run.busy, run.again, run.changed = True, False, False
        self._bench.timers.play(self._reconcile(run))

    def _object(self, run: _Run) -> Document | None:
        return self._bench.store.get(run.resource, run.namespace, run.name)

    def _reconcile(self, run: _Run) -> Steps:
        """One pass. What others change meanwhile, and its own writes, cause another, at once or, after a
        failure, when the retry is due."""
        yield from self._init_finalizer(run)
        yield from self._decide_phase(run)
        yield from self._set_conditions(run)
        failed = yield from self._records.run(run.resource, run.namespace, run.name)
        if not failed:
            yield from self._drop_finalizer(run)
        run.busy = False
        run.failures = run.failures + 1 if failed else 0
        if failed and not run.changed:
            self._begin_after(min(FIRST_RETRY * 2 ** (run.failures - 1), LONGEST_RETRY), run)
        elif run.changed or run.again:
            self._begin_after(0.0, run)

    def _init_finalizer(self, run: _Run) -> Steps:
        chaos = self._object(run)
        if chaos is None or is_deleting(chaos) or metadata(chaos).get("finalizers"):
            return
        self._bench.tell(
            chaos, "initFinalizers", "FinalizerInited", "Finalizer has been inited", type="finalizer-inited"
        )
        yield WRITE
        chaos = self._object(run)
        if chaos is None:
            return
        made = copied(chaos)
        made["metadata"]["finalizers"] = [FINALIZER]
        made.setdefault("status", {}).setdefault("experiment", {})
        self._bench.write(run.resource, made, "initFinalizers", "finalizer")

    def _decide_phase(self, run: _Run) -> Steps:
        chaos = self._object(run)
        if chaos is None:
            return
        phase, reason, message = self._wanted_phase(chaos)
        self._set_end(run, chaos)
        if desired_phase(chaos) == phase:
            return
        if reason:
            self._bench.tell(chaos, "desiredphase", reason, message, type=_EVENT_TYPES[reason])
        yield WRITE
        chaos = self._object(run)
        if chaos is not None:
            self._bench.write(run.resource, with_desired_phase(chaos, phase), "desiredphase", "desiredPhase")

    def _wanted_phase(self, chaos: Document) -> tuple[str, str, str]:
        """The desired phase with the reason and message of the Event that announces it."""
        if is_deleting(chaos):
            return "Stop", "Deleted", "Experiment has been deleted"
        if chaos["spec"].get("action") in ONE_SHOT:
            return "Run", "", ""
        end = _end_of(chaos)
        if end is not None and self._bench.timers.now >= end:
            return "Stop", "TimeUp", "Time up according to the duration"
        if is_paused(chaos):
            return "Stop", "Paused", "Experiment has been paused"
        return "Run", "Started", "Experiment has started"

    def _set_end(self, run: _Run, chaos: Document) -> None:
        end = _end_of(chaos)
        if end is not None and end > self._bench.timers.now and run.ends_at != end:
            run.ends_at = end
            self._bench.timers.at(end, lambda: self._wake(run))

    def _set_conditions(self, run: _Run) -> Steps:
        chaos = self._object(run)
        if chaos is None or with_conditions(chaos, self._bench.namer) is chaos:
            return
        yield WRITE
        chaos = self._object(run)
        if chaos is not None:
            self._bench.write(run.resource, with_conditions(chaos, self._bench.namer))

    def _drop_finalizer(self, run: _Run) -> Steps:
        chaos = self._object(run)
        if chaos is None or not may_drop_finalizer(chaos):
            return
        self._bench.tell(
            chaos, "initFinalizers", "FinalizerInited", "Finalizer has been removed", type="finalizer-removed"
        )
        yield WRITE
        chaos = self._object(run)
        if chaos is not None:
            made = copied(chaos)
            # The controller empties the whole list, other people's finalizers included.
            made["metadata"].pop("finalizers", None)
            self._bench.write(run.resource, made)


_EVENT_TYPES = {"Deleted": "deleted", "TimeUp": "time-up", "Paused": "paused", "Started": "started"}


def _end_of(chaos: Document) -> float | None:
    """When the duration is over (Unix seconds): it counts from creationTimestamp, cut to whole seconds."""
    text = chaos["spec"].get("duration")
    if not text or chaos["spec"].get("action") in ONE_SHOT:
        return None
    return seconds_of(chaos["metadata"]["creationTimestamp"]) + go_duration(text)
