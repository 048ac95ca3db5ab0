"""Kubernetes Events, as each component writes them."""

from __future__ import annotations

from controlroom.lab.kubernetes.documents import Document, micro_stamp, name_of, namespace_of, stamp, uid_of
from controlroom.lab.kubernetes.resources import EVENTS
from controlroom.lab.kubernetes.store import Store
from controlroom.lab.kubernetes.timers import Timers

#: The API server's --event-ttl, in seconds.
TIME_TO_LIVE = 3600.0


class Recorder:
    """Writes Events and lets them lapse after an hour. Repetitions are new objects, never counted up."""

    def __init__(self, store: Store, timers: Timers) -> None:
        self._store = store
        self._timers = timers
        self._last_nanoseconds = 0

    def record(
        self,
        about: Document,
        component: str,
        reason: str,
        message: str,
        *,
        type_: str = "Normal",
        host: str = "",
        annotations: dict[str, str] | None = None,
    ) -> Document:
        """An Event of client-go's recorder: counted, first and last time in whole seconds."""
        event = self._start(about, annotations)
        now = stamp(self._timers.now)
        source = {"component": component, "host": host} if host else {"component": component}
        event |= {
            "involvedObject": reference(about),
            "reason": reason,
            "message": message,
            "source": source,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": type_,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }
        return self._write(event)

    def record_action(
        self, about: Document, component: str, reason: str, action: str, message: str
    ) -> Document:
        """An Event of the newer events.k8s.io recorder, as the scheduler uses it: eventTime, no count."""
        event = self._start(about, None)
        event |= {
            "involvedObject": reference(about),
            "reason": reason,
            "message": message,
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "type": "Normal",
            "eventTime": micro_stamp(self._timers.now),
            "action": action,
            "reportingComponent": component,
            "reportingInstance": f"{component}-staging-control-plane",
        }
        return self._write(event)

    def _start(self, about: Document, annotations: dict[str, str] | None) -> Document:
        # client-go names an Event after the object and the moment; two of the same moment must still differ.
        self._last_nanoseconds = max(self._last_nanoseconds + 1, int(self._timers.now * 1e9))
        meta: Document = {
            "name": f"{name_of(about)}.{self._last_nanoseconds:x}",
            "namespace": namespace_of(about) or "default",
        }
        if annotations:
            meta["annotations"] = annotations
        return {"kind": "Event", "apiVersion": "v1", "metadata": meta}

    def _write(self, event: Document) -> Document:
        stored = self._store.create(EVENTS, event)
        namespace, name = namespace_of(stored), name_of(stored)
        self._timers.after(TIME_TO_LIVE, lambda: self._lapse(namespace, name))
        return stored

    def _lapse(self, namespace: str, name: str) -> None:
        held = self._store.get(EVENTS, namespace, name)
        if held is not None:
            self._store.remove(EVENTS, held)


def reference(about: Document) -> Document:
    """The involvedObject of an Event about `about`."""
    found: Document = {"kind": about["kind"]}
    if namespace_of(about):
        found["namespace"] = namespace_of(about)
    return found | {
        "name": name_of(about),
        "uid": uid_of(about),
        "apiVersion": about["apiVersion"],
        "resourceVersion": about["metadata"]["resourceVersion"],
    }
