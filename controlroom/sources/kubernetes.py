"""A cluster as a session sees it: what is there, what changes, and the two mutations."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from controlroom.clock import Clock, utc
from controlroom.core.clean import clean
from controlroom.core.events import ObjectRef, PodObserved
from controlroom.core.faults import ChaosReading, NotAnObject, decode
from controlroom.core.faults.reading import CHAOS_GROUP
from controlroom.core.plan import Cluster as Binding
from controlroom.sources.chaos_mesh import (
    FOLLOWED,
    Resource,
    is_acting,
    made_by,
    making_of,
    preview_of,
    resource,
    selection_of,
)
from controlroom.sources.errors import SOURCE, Doing, another_one, decoded
from controlroom.sources.kubernetes_api import Api, Timeouts, path_of
from controlroom.sources.kubernetes_catalogue import Catalogue
from controlroom.sources.kubernetes_changes import Changes
from controlroom.sources.kubernetes_leftovers import release, whose
from controlroom.sources.kubernetes_objects import EventObject, PodObject, whole
from controlroom.sources.kubernetes_pods import matching_pods
from controlroom.sources.kubernetes_rights import may
from controlroom.sources.manifests import SESSION_LABEL, SESSION_NOTE, label_value
from controlroom.sources.ports import (
    ClockReading,
    ClusterEvent,
    Created,
    Permission,
    Prepared,
    SourceError,
    TargetPreview,
)
from controlroom.sources.watch import Backoff, Follower
from controlroom.sources.watch_cluster import (
    ChildFeed,
    ChildReader,
    EventReader,
    Feed,
    Merged,
    ObjectReader,
    PodReader,
    Seen,
    ref_of,
    run_of,
)

NOT_FOUND, CONFLICT, FORBIDDEN = 404, 409, 403
#: What a session must be allowed to do with the objects that it creates.
VERBS = ("create", "delete", "get", "list", "watch", "patch")
#: The same for objects that were there before.
CHANGE_VERBS = ("get", "list", "watch", "patch")
#: Events that are older than this when the session begins are history, in seconds.
RECENT = 5.0


class KubernetesCluster:
    """Implements :class:`controlroom.sources.ports.Cluster` through `kubernetes.aio`, imported at first use.

    `kubeconfig` None: `KUBECONFIG`, else the account's own file. `kinds` are Chaos Mesh's kinds to follow from
    the start; any other is followed once one of it is created or read. `since` (Unix seconds of session time): Events
    before it are not told; None: a few seconds before now. `pods`, and the objects of `runs`, are known already,
    from a host before us: those of them that are gone meanwhile are told. `insecure`: the server's certificate is not
    verified.
    """

    def __init__(
        self,
        binding: Binding,
        kubeconfig: Path | None,
        session: str,
        clock: Clock,
        *,
        kinds: Iterable[str] = FOLLOWED,
        since: float | None = None,
        pods: Iterable[PodObserved] = (),
        runs: Mapping[str, ObjectRef] | None = None,
        timeouts: Timeouts | None = None,
        insecure: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._binding = binding
        self._session = session
        self._sleep = sleep
        self._api = Api(kubeconfig, binding.context, clock, timeouts, insecure=insecure)
        self._catalogue = Catalogue(self._api)
        self._changes = Changes(self._api)
        self._merged = Merged()
        self._followed: dict[str, Resource] = {}
        self._runs = dict(runs or {})
        self._makers: dict[str, str] = {}
        """Names of the Schedules and Workflows whose making is followed, by uid."""
        begin = utc(clock.time() - RECENT if since is None else since).replace(microsecond=0)
        for namespace in binding.namespaces:
            own = [pod for pod in pods if pod.namespace == namespace]
            known = {f"{pod.namespace}/{pod.name}": pod.uid for pod in own}
            follower = self._follower(
                path_of("v1", "pods", namespace), f"pods in {namespace}", known=known, model=PodObject
            )
            self._merged.add(Feed(follower, PodReader(own).read), first=True)
            events = self._follower(
                path_of("v1", "events", namespace), f"events in {namespace}", model=EventObject
            )
            self._merged.add(Feed(events, EventReader(begin).read), first=True)
        for kind in kinds:
            self._follow(resource(kind))

    def _follower(
        self,
        path: str,
        what: str,
        selector: str = "",
        known: Mapping[str, str] | None = None,
        model: type[PodObject | EventObject] | None = None,
    ) -> Follower:
        return Follower(
            self._api,
            path,
            what,
            selector=selector,
            known=known,
            model=model,
            backoff=Backoff(random.Random()),
            sleep=self._sleep,
        )

    def _follow(self, kind: Resource) -> None:
        """Follows the session's objects of a kind, unless it does so already."""
        if kind.plural in self._followed:
            return
        self._followed[kind.plural] = kind
        for namespace in self._binding.namespaces:
            path = path_of(kind.api_version, kind.plural, namespace)
            known = {
                f"{own.namespace}/{own.name}": Seen(object=own, run=run)
                for run, own in self._runs.items()
                if (own.api_version, own.kind, own.namespace) == (kind.api_version, kind.kind, namespace)
            }
            follower = self._follower(
                path,
                f"{kind.plural} in {namespace}",
                self._selector(self._session),
                {name: seen.object.uid for name, seen in known.items()},
            )
            reader = ObjectReader(kind, self._api.clock.server_now, known)
            self._merged.add(Feed(follower, reader.read))

    def _follow_children(self, raw: bytes, run: str) -> None:
        """Follows what an object of ours makes (JSON), unless it does so already or makes nothing."""
        meta = decode(raw).metadata
        making = making_of(raw, meta.name)
        if meta.uid in self._makers or not making.kinds:
            return
        self._makers[meta.uid] = meta.name
        by_itself = meta.uid if making.selector.startswith("managed-by") else ""
        for kind in map(resource, making.kinds):
            path = path_of(kind.api_version, kind.plural, meta.namespace)
            follower = self._follower(path, f"{kind.plural} of {meta.name}", making.selector)
            now = self._api.clock.server_now
            reader = ChildReader(kind, now, run, owner=by_itself, made=self._follow_children)
            self._merged.add(ChildFeed(follower, reader.read))

    @property
    def api(self) -> Api:
        """The connection, for whoever asks more of the cluster than a session does."""
        return self._api

    @staticmethod
    def _selector(session: str) -> str:
        return f"{SESSION_LABEL}={label_value(session)}"

    def watch(self) -> AsyncGenerator[ClusterEvent, None]:
        """Pods and Events first, as they are, then the session's objects; then each change.

        Raises SourceError each time the server is away; called again it goes on from there, after a pause that
        grows. What was deleted meanwhile is told as gone; of such an object only its name is known (`raw` empty).
        """
        return self._merged.events()

    async def clock(self) -> ClockReading:
        await self._api.get("/version", Doing(what="ask for the version"))
        if not self._api.clock.known:
            raise SourceError(
                SOURCE,
                "could not tell the API server's time: its answers have no Date",
                hint="a proxy may take the header away; times of the cluster are taken as ours",
            )
        return self._api.clock.reading()

    def server_now(self) -> datetime:
        """The API server's time, as well as it is known."""
        return self._api.clock.server_now()

    async def context(self, cluster: str = "") -> str:
        return (await self._api.login()).context

    async def server(self) -> str:
        """Address of the API server, for the guards."""
        return clean((await self._api.login()).server, 200)

    async def preview(self, prepared: Prepared) -> TargetPreview:
        if prepared.object.changed:
            return await self._preview_change(prepared)
        chaos = prepared.object.api_version.startswith(CHAOS_GROUP)
        try:
            selection = selection_of(prepared.body, prepared.kind) if chaos else None
        except msgspec.MsgspecError as error:
            message = clean(f"could not read the selector of {prepared.object}: {error}")
            raise SourceError(SOURCE, message, hint="correct the manifest") from error
        if selection is None:
            return TargetPreview(candidates=(), mode="acts on what it names", number=None)
        found = await matching_pods(self._api, selection.selector, prepared.object.namespace)
        return preview_of(selection, found)

    async def _preview_change(self, prepared: Prepared) -> TargetPreview:
        kind = await self._catalogue.resource(prepared.object.api_version, prepared.kind)
        look = await self._changes.look(prepared, kind)
        changes = clean(", ".join(look.fields) or "nothing: it is so already", 300)
        return TargetPreview(candidates=(str(prepared.object),), mode=f"changes {changes}", number=1)

    async def permissions(self, prepared: Prepared) -> Sequence[Permission]:
        kind = await self._catalogue.resource(prepared.object.api_version, prepared.kind)
        namespace = prepared.object.namespace
        verbs = CHANGE_VERBS if prepared.object.changed else VERBS
        return await asyncio.gather(*(may(self._api, verb, kind, namespace) for verb in verbs))

    async def dry_run(self, prepared: Prepared) -> None:
        """Schema, defaults, webhooks and rights are all asked; nothing is stored."""
        kind = await self._catalogue.resource(prepared.object.api_version, prepared.kind)
        if prepared.object.changed:
            await self._changes.dry_run(prepared, kind)
            return
        doing = Doing(what=f"create {kind.plural} (dry run)")
        await self._post(prepared, kind, doing, dryRun="All")

    async def resource(self, api_version: str, kind: str) -> Resource:
        """The resource of a kind. Raises SourceError where the cluster does not have it."""
        return await self._catalogue.resource(api_version, kind)

    async def _post(self, prepared: Prepared, kind: Resource, doing: Doing, **query: str) -> bytes:
        path = path_of(kind.api_version, kind.plural, prepared.object.namespace)
        asked = {"fieldValidation": "Strict", "fieldManager": "controlroom", **query}
        return await self._api.send("POST", path, doing, query=asked, body=prepared.body)

    async def create(self, prepared: Prepared) -> Created:
        """Raises SourceError; `unsure` means that it may be there: :meth:`read` tells, by its own name."""
        kind = await self._catalogue.resource(prepared.object.api_version, prepared.kind)
        self._follow(kind)
        if prepared.object.changed:
            raw, already = await self._changes.change(prepared, kind)
            uid = decode(raw).metadata.uid
            return Created(uid=uid, created_at=self.server_now(), already=already, reading=raw)
        doing = Doing(what=f"create {kind.plural} {prepared.object.name}", changes=True)
        try:
            return self._created(await self._post(prepared, kind, doing), doing, already=False)
        except SourceError as error:
            if error.status != CONFLICT:
                raise
            stored = await self.read(prepared.object)
            if stored is None or not self._is_ours(stored):
                raise
            return self._created(stored, doing, already=True)

    def _created(self, raw: bytes, doing: Doing, already: bool) -> Created:
        try:
            meta = decode(raw).metadata
        except NotAnObject as error:
            message = clean(f"could not {doing.what}: {error}")
            raise SourceError(SOURCE, message, hint="it is asked for by its own name", unsure=True) from error
        at = meta.creation_timestamp or self._api.clock.server_now()
        self._follow_children(raw, run_of(decode(raw)))
        return Created(uid=meta.uid, created_at=at, already=already, reading=raw)

    def _is_ours(self, raw: bytes) -> bool:
        """Whether an object is this session's, and is not on its way out."""
        meta = decode(raw).metadata
        own = (meta.annotations or {}).get(SESSION_NOTE) == self._session
        return own and meta.deletion_timestamp is None

    async def delete(self, target: ObjectRef) -> bool:
        """Background propagation. With a uid only that very object is meant: another of its name is left alone.

        What was there before is put back as it was, and never deleted.
        """
        kind = await self._catalogue.resource(target.api_version, target.kind)
        if target.changed:
            return await self._changes.put_back(target, kind)
        doing = Doing(what=f"delete {kind.plural} {target.name}", changes=True)
        options: dict[str, object] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
        }
        if target.uid:
            options["preconditions"] = {"uid": target.uid}
        path = path_of(kind.api_version, kind.plural, target.namespace, target.name)
        try:
            await self._api.send("DELETE", path, doing, body=msgspec.json.encode(options))
        except SourceError as error:
            if error.status == NOT_FOUND or another_one(error):
                return False
            raise
        return True

    async def stand_by(self, objects: Sequence[ObjectRef]) -> None:
        await self._api.stand_by(len(objects))

    async def release(self, target: ObjectRef) -> bool:
        """Removes the finalizers of an object of ours that is being deleted. Raises SourceError."""
        return await release(
            self._api, target, await self._catalogue.resource(target.api_version, target.kind)
        )

    async def read(self, target: ObjectRef) -> bytes | None:
        kind = await self._catalogue.resource(target.api_version, target.kind)
        self._follow(kind)
        doing = Doing(what=f"read {kind.plural} {target.name}")
        try:
            raw = await self._api.get(
                path_of(kind.api_version, kind.plural, target.namespace, target.name), doing
            )
        except SourceError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        found = whole(raw, target.api_version, target.kind)
        if target.changed and not ref_of(decode(found)).changed:
            return None  # the object is there, our change of it is not
        if SESSION_NOTE in (decode(found).metadata.annotations or {}):
            self._follow_children(found, run_of(decode(found)))
        return found

    async def labelled(self, session: str) -> Sequence[ObjectRef]:
        found = await self._chaos_objects(self._selector(session))
        return [ref_of(reading) for reading in found]

    async def foreign_chaos(self, session: str) -> Sequence[str]:
        """Those that may act still: one that is over stays listed until somebody deletes it."""
        own = label_value(session)
        return sorted(
            clean(f"{ref_of(reading)}{whose(reading)}")
            for reading in await self._chaos_objects("")
            if (reading.metadata.labels or {}).get(SESSION_LABEL) != own
            and is_acting(reading)
            and not made_by(reading, self._makers.values())
        )

    async def _chaos_objects(self, selector: str) -> list[ChaosReading]:
        """Objects of every chaos kind there is, and of the other kinds in use, in the plan's namespaces."""
        kinds = {kind.plural: kind for kind in await self._catalogue.chaos_kinds()}
        kinds |= {
            kind.plural: kind for kind in self._followed.values() if kind.plural not in kinds and selector
        }
        places = [(kind, namespace) for kind in kinds.values() for namespace in self._binding.namespaces]
        found = await asyncio.gather(*(self._listed(kind, namespace, selector) for kind, namespace in places))
        return [reading for some in found for reading in some]

    async def _listed(self, kind: Resource, namespace: str, selector: str) -> list[ChaosReading]:
        doing = Doing(what=f"list {kind.plural} in {namespace}")
        query = {"labelSelector": selector} if selector else {}
        try:
            answer = await self._api.get(path_of(kind.api_version, kind.plural, namespace), doing, **query)
        except SourceError as error:
            if error.status == NOT_FOUND:
                return []  # the kind is not installed, so there is none
            if error.status == FORBIDDEN and kind.plural not in self._followed:
                return []  # a kind that this session does not use, and could not have created
            raise
        items = decoded(_LIST, answer, doing).items or ()
        try:
            return [decode(whole(bytes(item), kind.api_version, kind.kind)) for item in items]
        except NotAnObject as error:
            message = clean(f"could not {doing.what}: {error}")
            raise SourceError(SOURCE, message, hint="is this a Kubernetes API?") from error

    async def close(self) -> None:
        await self._api.close()


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


_LIST = msgspec.json.Decoder(_List)
