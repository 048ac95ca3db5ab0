"""What every step of the pipeline works with."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from controlroom.lab.kubernetes.controllers.chaos.effects import Effects
from controlroom.lab.kubernetes.controllers.recorder import Recorder
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.names import Namer
from controlroom.lab.kubernetes.resources import Resource
from controlroom.lab.kubernetes.store import Store
from controlroom.lab.kubernetes.timers import Timers
from controlroom.lab.kubernetes.trouble import Trouble

#: Seconds that a write takes, through both webhooks.
WRITE = 0.1

#: Steps pause between writes: each number yielded is a pause in seconds.
Steps = Generator[float, None, None]


@dataclass(slots=True)
class Workbench:
    """The store and its helpers; `trouble` says what is to go wrong at the moment."""

    store: Store
    timers: Timers
    recorder: Recorder
    namer: Namer
    effects: Effects
    trouble: Callable[[], Trouble]
    writing: bool = False
    """Whether a change that is announced now is the controller's own."""

    def write(self, resource: Resource, made: Document, component: str = "", what: str = "") -> None:
        """Stores a change of the controller's own and, if `what` names a part, writes the Event of it."""
        self.writing = True
        try:
            stored = self.store.update(resource, made)
        finally:
            self.writing = False
        if what:
            notes = {"chaos-mesh.org/field": what, "chaos-mesh.org/type": "updated"}
            message = f"Successfully update {what} of resource"
            self.recorder.record(stored, component, "Updated", message, annotations=notes)

    def tell(self, chaos: Document, component: str, reason: str, message: str, **notes: str) -> None:
        """A Normal Event; `notes` become annotations under chaos-mesh.org/."""
        annotations = {f"chaos-mesh.org/{key}": text for key, text in sorted(notes.items())}
        self.recorder.record(chaos, component, reason, message, annotations=annotations)

    def tell_failure(self, chaos: Document, activity: str, error: str) -> None:
        """The Warning Event of something that failed."""
        annotations = {
            "chaos-mesh.org/activity": activity,
            "chaos-mesh.org/err": error,
            "chaos-mesh.org/type": "failed",
        }
        message = f"Failed to {activity}: {error}"
        self.recorder.record(chaos, "records", "Failed", message, type_="Warning", annotations=annotations)
