"""The records step: selects targets once, applies and recovers each, and writes what came of it."""

from __future__ import annotations

from collections.abc import Generator

from controlroom.lab.kubernetes.controllers.chaos.effects import ApplyFailed, target_ids
from controlroom.lab.kubernetes.controllers.chaos.selection import matching_pods, pod_keys, take
from controlroom.lab.kubernetes.controllers.chaos.status import (
    INJECTED,
    NOT_INJECTED,
    WAIT,
    desired_phase,
    new_record,
    note,
    records_of,
    with_records,
)
from controlroom.lab.kubernetes.controllers.chaos.workbench import WRITE, Workbench
from controlroom.lab.kubernetes.documents import Document, copied, is_deleting, namespace_of, stamp
from controlroom.lab.kubernetes.resources import Resource

#: Seconds that the daemon's call takes for one target.
CALL = 0.01
#: The kinds that hand their work to a second object per pod and wait for it.
WAITING_KINDS = ("NetworkChaos", "IOChaos", "HTTPChaos")
NO_POD = "no pod is selected"
UNREACHABLE = (
    'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: '
    'dial tcp 192.168.49.2:31767: connect: connection refused"'
)
UNFLUSHED = "rpc error: code = Unknown desc = unable to flush ip sets for pod {app}"


class RecordsStep:
    """Brings each record to the desired phase."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def run(self, resource: Resource, namespace: str, name: str) -> Generator[float, None, bool]:
        """One visit; returns whether something failed, so that it has to be tried again."""
        chaos = self._bench.store.get(resource, namespace, name)
        if chaos is None:
            return False
        records = copied({"records": records_of(chaos)})["records"]
        fresh = not records
        if fresh:
            if is_deleting(chaos):
                return False
            records = self._select(chaos)
            if not records:
                self._bench.tell_failure(chaos, "select targets", NO_POD)
                return False
        instances = copied((chaos.get("status") or {}).get("instances") or {})
        touched, failed = fresh, False
        for record in records:
            outcome = self._bring(chaos, record, instances)
            touched |= outcome != "still"
            failed |= outcome == "failed"
            yield CALL
        if touched:
            yield max(0.0, WRITE - CALL * len(records))
            current = self._bench.store.get(resource, namespace, name)
            if current is not None:
                made = with_records(current, records, instances)
                self._bench.write(resource, made, "records", "records")
        return failed

    def _select(self, chaos: Document) -> list[Document]:
        """New records; none at all if the source or the target selects no pod."""
        spec = chaos["spec"]
        groups = {".": spec}
        if spec.get("target"):
            groups[".Target"] = spec["target"]
        made = []
        for selector_key, part in groups.items():
            pods = matching_pods(self._bench.store, part.get("selector") or {}, namespace_of(chaos))
            keys = take(pod_keys(pods), part.get("mode", "all"), part.get("value", ""), self._bench.namer)
            by_key = dict(zip(pod_keys(pods), pods, strict=True))
            chosen = [by_key[key] for key in keys]
            if not chosen:
                return []
            made += [new_record(target, selector_key) for target in target_ids(chaos, chosen)]
        return made

    def _bring(self, chaos: Document, record: Document, instances: Document) -> str:
        """Takes one record a step towards the desired phase: `still`, `moved` or `failed`."""
        if desired_phase(chaos) == "Run":
            return "still" if record["phase"] == INJECTED else self._apply(chaos, record, instances)
        if record["phase"] == NOT_INJECTED + WAIT:
            # What is half applied is applied to the end before it is taken back.
            return self._apply(chaos, record, instances)
        return "still" if record["phase"] == NOT_INJECTED else self._recover(chaos, record, instances)

    def _apply(self, chaos: Document, record: Document, instances: Document) -> str:
        bench, target = self._bench, record["id"]
        if (
            chaos["kind"] in WAITING_KINDS
            and record["phase"] == NOT_INJECTED
            and not bench.trouble().apply_fails
        ):
            record["phase"] = NOT_INJECTED + WAIT
            instances[target] = instances.get(target, 0) + 1
            return "moved"
        try:
            if bench.trouble().apply_fails:
                raise ApplyFailed(UNREACHABLE)
            if _acts_on(chaos, record):
                bench.effects.apply(chaos, target, record["selectorKey"])
        except ApplyFailed as error:
            note(record, "Apply", bench.timers.now, str(error))
            bench.tell_failure(chaos, "apply chaos", str(error))
            return "failed"
        if chaos["kind"] == "StressChaos":
            instances[target] = self._stress_instance(chaos)
        record["phase"] = INJECTED
        record["injectedCount"] += 1
        note(record, "Apply", bench.timers.now)
        bench.tell(
            chaos, "records", "Applied", f"Successfully apply chaos for {target}", id=target, type="applied"
        )
        return "moved"

    def _recover(self, chaos: Document, record: Document, instances: Document) -> str:
        bench, target = self._bench, record["id"]
        pod = bench.effects.pod_of(target)
        if bench.trouble().finalizer_stuck:
            app = pod["spec"]["containers"][0]["name"] if pod else target
            error = UNFLUSHED.format(app=app)
            note(record, "Recover", bench.timers.now, error)
            bench.tell_failure(chaos, "recover chaos", error)
            return "failed"
        if chaos["kind"] in WAITING_KINDS and record["phase"] == INJECTED and pod is not None:
            record["phase"] = INJECTED + WAIT
            instances[target] = instances.get(target, 0) + 1
            return "moved"
        bench.effects.recover(chaos, target)
        if chaos["kind"] == "StressChaos":
            instances.pop(target, None)
        record["phase"] = NOT_INJECTED
        record["recoveredCount"] += 1
        note(record, "Recover", bench.timers.now)
        bench.tell(
            chaos,
            "records",
            "Recovered",
            f"Successfully recover chaos for {target}",
            id=target,
            type="recovered",
        )
        return "moved"

    def _stress_instance(self, chaos: Document) -> Document:
        """What the daemon answers: ids and start times of the stress processes, 1970 for one not started."""
        stressors = chaos["spec"].get("stressors") or {}
        now, never = stamp(self._bench.timers.now), stamp(0)
        made: Document = {}
        if "memory" in stressors:
            made |= {"memoryStartTime": now, "memoryUid": self._bench.namer.hexadecimal(32)}
        made["startTime"] = now if "cpu" in stressors else never
        if "cpu" in stressors:
            made["uid"] = self._bench.namer.hexadecimal(32)
        return made


def _acts_on(chaos: Document, record: Document) -> bool:
    """Whether a record's pod is touched: traffic *to* the target is slowed in the source, *from* it in the
    target; the other side's records go through the phases without anything being done."""
    if chaos["kind"] != "NetworkChaos":
        return True
    untouched = {"to": ".Target", "from": "."}.get(chaos["spec"].get("direction", "to"))
    return bool(record["selectorKey"] != untouched)
