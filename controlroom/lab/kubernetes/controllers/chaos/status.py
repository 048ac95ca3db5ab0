"""The status of a chaos object: its records and conditions, as pure functions over the document."""

from __future__ import annotations

from controlroom.lab.kubernetes.documents import Document, annotations_of, copied, is_deleting, stamp
from controlroom.lab.kubernetes.names import Namer

PAUSE = "experiment.chaos-mesh.org/pause"
FORCED = "chaos-mesh.chaos-mesh.org/cleanFinalizer"
NOT_INJECTED = "Not Injected"
INJECTED = "Injected"
WAIT = "/Wait"
#: A record keeps this many of its last events.
EVENTS_KEPT = 100


def records_of(chaos: Document) -> list[Document]:
    """The container records; none before the targets are selected."""
    experiment = (chaos.get("status") or {}).get("experiment") or {}
    return list(experiment.get("containerRecords") or ())


def desired_phase(chaos: Document) -> str:
    """`Run`, `Stop`, or empty before the controller has decided."""
    return str(((chaos.get("status") or {}).get("experiment") or {}).get("desiredPhase", ""))


def is_paused(chaos: Document) -> bool:
    return annotations_of(chaos).get(PAUSE) == "true"


def may_drop_finalizer(chaos: Document) -> bool:
    """Whether the finalizer may go: nothing is injected any more, or the annotation forces it."""
    if not is_deleting(chaos):
        return False
    clean = all(record["phase"] == NOT_INJECTED for record in records_of(chaos))
    return clean or annotations_of(chaos).get(FORCED) == "forced"


def with_desired_phase(chaos: Document, phase: str) -> Document:
    """The object with another desired phase."""
    made = copied(chaos)
    made.setdefault("status", {}).setdefault("experiment", {})["desiredPhase"] = phase
    return made


def with_records(chaos: Document, records: list[Document], instances: Document) -> Document:
    """The object with these records and daemon instances; empty instances are left out."""
    made = copied(chaos)
    status = made.setdefault("status", {})
    status.setdefault("experiment", {})["containerRecords"] = records
    status.pop("instances", None)
    if instances:
        status["instances"] = instances
    return made


def with_conditions(chaos: Document, namer: Namer) -> Document:
    """The object with its conditions worked out anew, in random order; the same object if none differs."""
    records = records_of(chaos)
    phases = [record["phase"] for record in records]
    wanted = {
        "Selected": bool(records),
        "AllInjected": bool(records) and all(phase == INJECTED for phase in phases),
        "AllRecovered": bool(records) and all(phase == NOT_INJECTED for phase in phases),
        "Paused": is_paused(chaos),
    }
    held = {
        each["type"]: each["status"] == "True" for each in (chaos.get("status") or {}).get("conditions") or ()
    }
    if held == wanted:
        return chaos
    made = copied(chaos)
    made.setdefault("status", {})["conditions"] = [
        {"status": "True" if wanted[kind] else "False", "type": kind}
        for kind in namer.sample(sorted(wanted), len(wanted))
    ]
    return made


def new_record(target: str, selector_key: str) -> Document:
    """A record of a target that nothing has happened to yet."""
    return {
        "id": target,
        "injectedCount": 0,
        "phase": NOT_INJECTED,
        "recoveredCount": 0,
        "selectorKey": selector_key,
    }


def note(record: Document, operation: str, now: float, error: str = "") -> None:
    """Appends to a record's events the outcome of an Apply or Recover at `now` (Unix seconds)."""
    event = {"operation": operation, "timestamp": stamp(now), "type": "Failed" if error else "Succeeded"}
    if error:
        event["message"] = error
    record["events"] = [*record.get("events", ()), dict(sorted(event.items()))][-EVENTS_KEPT:]
