"""What the pods of a load in a cluster say, read now and then and kept as the output of a command is.

The pods are found by who made them, whatever the load's kind: its own, those of its Jobs, or of its ReplicaSets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from controlroom.core.clean import clean
from controlroom.core.events import ObjectRef
from controlroom.core.values import Value
from controlroom.sources.errors import Doing, decoded
from controlroom.sources.kubernetes_api import Api, path_of
from controlroom.sources.load_log import LoadLog
from controlroom.sources.ports import SourceError

NOT_FOUND, FORBIDDEN, BAD_REQUEST = 404, 403, 400
MOST_BYTES = 262_144
"""Of one pod at one look; what is more comes at the next."""
MOST_PODS = 20
"""Whose output is read; the others are counted."""

_BETWEEN = (("batch/v1", "jobs"), ("apps/v1", "replicasets"))
"""What may stand between an object and the pods that it leads to."""


class _Owner(msgspec.Struct):
    uid: str


class _Metadata(msgspec.Struct, rename="camel"):
    name: str
    uid: str = ""
    owner_references: list[_Owner] | None = None


class _Named(msgspec.Struct):
    name: str


class _Spec(msgspec.Struct):
    containers: list[_Named] = []


class _Status(msgspec.Struct):
    phase: str = ""


class _Item(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


class _List(msgspec.Struct):
    items: list[_Item] | None = None


class _Made(msgspec.Struct):
    """Of what stands between, only who made it."""

    metadata: _Metadata


class _MadeList(msgspec.Struct):
    items: list[_Made] | None = None


_PODS = msgspec.json.Decoder(_List)
_MADE = msgspec.json.Decoder(_MadeList)
_POD = msgspec.json.Decoder(_Item)


class _Pod(Value):
    api: Api
    namespace: str
    name: str
    uid: str
    container: str
    """The first of its containers: sidecars talk of themselves."""
    running: bool


class PodLogs:
    """Implements `LoadOutput`. `apis`: each cluster by its name in the plan; `log`: the session's file.

    `since`: nothing that was said earlier is kept, for a host that goes on where another died.
    """

    def __init__(self, apis: Mapping[str, Api], log: LoadLog, since: datetime | None = None) -> None:
        self._apis = apis
        self._log = log
        self._since = since.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if since is not None else ""
        self._last: dict[str, str] = {}
        """By uid of a pod, the time stamp of its last line that is kept."""
        self._ended: set[str] = set()
        """Pods that say nothing more."""

    async def read(self, objects: Sequence[ObjectRef]) -> int:
        pods: dict[str, _Pod] = {}
        for target in objects:
            pods |= {pod.uid: pod for pod in await self._pods_of(target)}
        several = len(pods) > 1
        refused: SourceError | None = None
        for pod in list(pods.values())[:MOST_PODS]:
            try:
                await self._keep(pod, several)
            except SourceError as error:
                refused = error
        if refused is not None and not any(pod.running for pod in pods.values()):
            refused = None  # what is gone says no more
        if refused is not None:
            raise refused
        return sum(1 for pod in pods.values() if pod.running)

    async def _pods_of(self, target: ObjectRef) -> list[_Pod]:
        api = self._apis[target.cluster]
        if target.kind == "Pod":
            return await self._single(api, target)
        doing = Doing(what=f"list the pods of {target.kind} {target.name}")
        selector = _selector(target)
        path = path_of("v1", "pods", target.namespace)
        query = {"labelSelector": selector} if selector else {}
        found = decoded(_PODS, await api.get(path, doing, **query), doing).items or []
        if target.kind in ("TestRun", "K6"):
            return [_pod(api, target.namespace, one) for one in found]  # its label is proof enough
        family = {target.uid} if selector else await self._family(api, target)
        return [_pod(api, target.namespace, one) for one in found if _made_by(one.metadata, family)]

    async def _single(self, api: Api, target: ObjectRef) -> list[_Pod]:
        doing = Doing(what=f"read pod {target.name}")
        path = path_of("v1", "pods", target.namespace, target.name)
        try:
            found = decoded(_POD, await api.get(path, doing), doing)
        except SourceError as error:
            if error.status == NOT_FOUND:
                return []
            raise
        own = not target.uid or found.metadata.uid == target.uid
        return [_pod(api, target.namespace, found)] if own else []

    async def _family(self, api: Api, target: ObjectRef) -> set[str]:
        """Uids of the object and of what it has made that makes pods."""
        family = {target.uid}
        for version, plural in _BETWEEN:
            doing = Doing(what=f"list {plural} in {target.namespace}")
            try:
                answer = await api.get(path_of(version, plural, target.namespace), doing)
            except SourceError as error:
                if error.status in (NOT_FOUND, FORBIDDEN):
                    continue
                raise
            found = decoded(_MADE, answer, doing).items or []
            family |= {one.metadata.uid for one in found if _made_by(one.metadata, family)}
        return family

    async def _keep(self, pod: _Pod, several: bool) -> None:
        """Adds to the file what the pod has said since."""
        if pod.uid in self._ended:
            return
        since = self._last.get(pod.uid, self._since)
        doing = Doing(what=f"read the log of pod {pod.name}")
        query = {"timestamps": "true", "limitBytes": str(MOST_BYTES), "container": pod.container}
        if since:
            query["sinceTime"] = since[:19] + "Z"
        path = path_of("v1", "pods", pod.namespace, pod.name) + "/log"
        try:
            answer = await pod.api.get(path, doing, **query)
        except SourceError as error:
            if error.status in (BAD_REQUEST, NOT_FOUND):
                return  # it is not there yet, or no longer
            raise
        fresh = _fresh(answer, since)
        if fresh:
            self._last[pod.uid] = fresh[-1][0]
            name = f"{clean(pod.name, 260)}: ".encode() if several else b""
            await self._log.append([name + line for _, line in fresh])
        if not pod.running and len(answer) < MOST_BYTES:
            self._ended.add(pod.uid)


def _fresh(answer: bytes, since: str) -> list[tuple[str, bytes]]:
    """Lines after `since`, each with its time stamp. The server counts in whole seconds and tells some twice.

    A last line that the limit cut off has lost its end: it comes whole the next time.
    """
    lines = answer.split(b"\n")
    last = lines.pop()
    if last and len(answer) < MOST_BYTES:
        lines.append(last)
    found = []
    for line in lines:
        stamp, _, text = line.partition(b" ")
        moment = stamp.decode("ascii", "replace")
        if _order(moment) > _order(since):
            found.append((moment, text))
    return found


def _order(stamp: str) -> str:
    """A time stamp of any precision, so that texts compare as moments do: `…:05Z` comes before `…:05.1Z`."""
    whole, _, part = stamp.rstrip("Z").partition(".")
    return f"{whole}.{part.ljust(9, '0')}"


def _selector(target: ObjectRef) -> str:
    """Labels of the pods, where the kind is known to give them some; empty: all are looked at."""
    if target.kind == "Job":
        return f"job-name={target.name}"
    return f"k6_cr={target.name}" if target.kind in ("TestRun", "K6") else ""


def _made_by(meta: _Metadata, family: Iterable[str]) -> bool:
    return any(own.uid in family for own in meta.owner_references or ())


def _pod(api: Api, namespace: str, found: _Item) -> _Pod:
    containers = found.spec.containers
    return _Pod(
        api=api,
        namespace=namespace,
        name=found.metadata.name,
        uid=found.metadata.uid,
        container=containers[0].name if containers else "",
        running=found.status.phase not in ("Succeeded", "Failed"),
    )
