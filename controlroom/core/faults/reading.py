"""The few fields of a chaos object that its state is read from.

The shape is Chaos Mesh's v1alpha1 (api/v1alpha1/common_types.go). Everything else in the object is skipped
without being built. Conditions come in random order and are looked up by their type.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from controlroom.core.faults.others import Progress, progress
from controlroom.core.values import Value, changed

CHAOS_GROUP = "chaos-mesh.org/"

#: Kinds of the group that keep no records of targets of their own.
_WITHOUT_RECORDS = frozenset({"Schedule", "Workflow", "WorkflowNode", "StatusCheck"})

#: Actions that happen once: duration and pause are ignored, and recovering them does nothing.
ONE_SHOT = frozenset({"pod-kill", "container-kill"})

PAUSE = "experiment.chaos-mesh.org/pause"


class NotAnObject(ValueError):
    """What was read is not a Kubernetes object; the message says why."""


class Metadata(Value, rename="camel"):
    name: str
    namespace: str = ""
    uid: str = ""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    generation: int | None = None
    finalizers: tuple[str, ...] = ()
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class RecordEvent(Value):
    """One attempt on one target. `timestamp` is cut to whole seconds."""

    operation: str
    """`Apply` or `Recover`."""
    type: str
    """`Succeeded` or `Failed`."""
    timestamp: datetime
    message: str = ""


class Record(Value, rename="camel"):
    """One target. `id`: `namespace/pod`, or `namespace/pod/container`."""

    id: str
    selector_key: str = "."
    phase: str = "Not Injected"
    injected_count: int = 0
    recovered_count: int = 0
    events: tuple[RecordEvent, ...] = ()
    """The last hundred, oldest first."""

    @property
    def pod(self) -> str:
        """`namespace/pod`."""
        return "/".join(self.id.split("/")[:2])

    def latest(self, operation: str, kind: str) -> RecordEvent | None:
        """The last event of that operation and type."""
        return next((e for e in reversed(self.events) if (e.operation, e.type) == (operation, kind)), None)

    @property
    def failure(self) -> RecordEvent | None:
        """The last event, where it is a failure: the controller tries again."""
        return self.events[-1] if self.events and self.events[-1].type == "Failed" else None


class Condition(Value):
    type: str
    status: str = "False"


class ExperimentStatus(Value, rename="camel"):
    desired_phase: str = ""
    container_records: tuple[Record, ...] | None = None


class Status(Value):
    conditions: tuple[Condition, ...] | None = None
    experiment: ExperimentStatus | None = None


class Spec(Value):
    action: str | None = None
    duration: str | None = None


class ChaosReading(Value):
    """An object of ours, as just read."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: Spec = Spec()
    status: Status = Status()
    progress: Progress = Progress()
    """Of an object without records of targets: what it says of itself."""

    @property
    def recorded(self) -> bool:
        """Whether the object keeps records of its targets; of others only the application is known."""
        return self.api_version.startswith(CHAOS_GROUP) and self.kind not in _WITHOUT_RECORDS

    @property
    def records(self) -> tuple[Record, ...]:
        """Records of the targets that are hit.

        Those of the other end of a network fault (selectorKey `.Target`) report too, but are not counted.
        """
        found = self.status.experiment.container_records if self.status.experiment else None
        return tuple(record for record in found or () if record.selector_key == ".")

    @property
    def desired_phase(self) -> str:
        return self.status.experiment.desired_phase if self.status.experiment else ""

    def condition(self, name: str) -> bool | None:
        """The condition of that type; None: it is not there yet."""
        for condition in self.status.conditions or ():
            if condition.type == name:
                return condition.status == "True"
        return None

    @property
    def stopping(self) -> bool:
        return self.metadata.deletion_timestamp is not None or self.desired_phase == "Stop"

    @property
    def paused(self) -> bool:
        return (self.metadata.annotations or {}).get(PAUSE) == "true"


class _Frame(Value, rename="camel"):
    """Any object at all: `spec` and `status` of kinds we do not know may hold anything."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: msgspec.Raw = msgspec.Raw(b"{}")
    status: msgspec.Raw = msgspec.Raw(b"{}")


_FRAME = msgspec.json.Decoder(_Frame)
_SPEC = msgspec.json.Decoder(Spec)
_STATUS = msgspec.json.Decoder(Status | None)


def decode(raw: bytes) -> ChaosReading:
    """Reads an object from JSON. Raises :class:`NotAnObject`."""
    try:
        frame = _FRAME.decode(raw)
        reading = ChaosReading(api_version=frame.api_version, kind=frame.kind, metadata=frame.metadata)
        if not reading.recorded:
            said = progress(frame.kind, frame.metadata.generation, bytes(frame.spec), bytes(frame.status))
            return changed(reading, progress=said)
        return changed(
            reading, spec=_SPEC.decode(frame.spec), status=_STATUS.decode(frame.status) or Status()
        )
    except msgspec.MsgspecError as error:
        raise NotAnObject(f"not an object of Kubernetes: {error}") from error
