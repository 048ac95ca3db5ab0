"""What sessions left in a cluster: found by the label alone, from any machine, whatever kinds it has."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import cast

import msgspec

from controlroom.core.clean import clean
from controlroom.core.events import Leftover, ObjectRef, Standing
from controlroom.core.faults import ChaosReading, NotAnObject, decode
from controlroom.core.faults.reading import CHAOS_GROUP
from controlroom.core.faults.reversal import Json, told
from controlroom.core.values import Value, changed
from controlroom.sources.chaos_mesh import Resource, is_acting
from controlroom.sources.errors import SOURCE, Doing, decoded
from controlroom.sources.kubernetes_api import Api, path_of
from controlroom.sources.kubernetes_objects import owners_of, whole
from controlroom.sources.manifests import PRIOR_NOTE, RUN_LABEL, RUN_NOTE, SESSION_LABEL, SESSION_NOTE
from controlroom.sources.ports import SourceError
from controlroom.sources.watch_cluster import ref_of

AT_ONCE = 8
"""Requests under way at the same time."""
NOT_FOUND, FORBIDDEN, NOT_ALLOWED, CONFLICT = 404, 403, 405, 409
BROKEN = 500
NO_WEBHOOK = (
    "the API server asks that webhook before it lets a finalizer go: start chaos-controller-manager again, which then "
    "takes the fault back itself; or have an administrator delete Chaos Mesh's webhook configurations (kubectl get "
    "mutatingwebhookconfigurations,validatingwebhookconfigurations), and force it again"
)
ATTEMPTS = 5
"""How often finalizers are removed anew because somebody else changed the object at the same moment."""


class Found(Value):
    """What one look found. `unseen`: what could not be looked at, and why."""

    left: tuple[Leftover, ...] = ()
    unseen: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    """Of several clusters those that did not answer at all, by their names in the plan; why is in `unseen`."""


class Leftovers:
    """Looks at every namespaced kind that an API server lists, a few at a time."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def find(self, only: Sequence[str] = (), instead: Sequence[str] = ()) -> Found:
        """Everything with the label of any session, in the namespaces `only`, or in all of them.

        Where the account may not list a kind in all namespaces, `instead` are asked. Raises SourceError where the
        server does not answer at all, or refuses the account.
        """
        kinds, unseen = await self._kinds()
        found: dict[str, Leftover] = {}
        looks = await asyncio.gather(*(self._look(kind, only, instead) for kind in kinds))
        for left, why in looks:
            unseen += why
            for one in left:  # the same object may be listed by two groups
                found.setdefault(one.object.uid or str(one.object), one)
        order = sorted(found.values(), key=lambda one: (one.session, str(one.object)))
        return Found(left=tuple(order), unseen=_summed(unseen))

    async def made_by(self, makers: Sequence[Leftover]) -> tuple[Leftover, ...]:
        """What Schedules and Workflows have made, and what that has made: it bears no label of ours.

        What may not be listed is left out: it goes with its maker all the same. Raises SourceError.
        """
        if not makers:
            return ()
        kinds = [kind for kind in (await self._kinds())[0] if kind.api_version.startswith(CHAOS_GROUP)]
        places = dict.fromkeys(one.object.namespace for one in makers)
        looks = [self._all(kind, namespace) for kind in kinds for namespace in places]
        raws = [raw for some in await asyncio.gather(*looks) for raw in some]
        known = {one.object.uid: one for one in makers}
        found: dict[str, Leftover] = {}
        while fresh := [
            (own, maker)
            for raw in raws
            for own in (_read(raw),)
            for maker in (next((known[uid] for uid in owners_of(raw) if uid in known), None),)
            if maker is not None and own.object.uid not in known
        ]:
            for own, maker in fresh:
                known[own.object.uid] = found[own.object.uid] = changed(
                    own, session=maker.session, run=maker.run
                )
        return tuple(found.values())

    async def _kinds(self) -> tuple[list[Resource], list[tuple[str, str]]]:
        """Kinds that can be listed, each in the version that the server prefers."""
        doing = Doing(what="list the groups of the API")
        answer = await self._get("/apis", doing)
        groups = decoded(_GROUPS, answer, doing).groups or ()
        versions = ["v1", *(group.preferred.group_version for group in groups)]
        kinds: list[Resource] = []
        unseen: list[tuple[str, str]] = []
        for found in await asyncio.gather(*(self._kinds_of(version) for version in versions)):
            if isinstance(found, SourceError):
                unseen.append(("a group of kinds", found.message))
            else:
                kinds += found
        return kinds, unseen

    async def _kinds_of(self, version: str) -> list[Resource] | SourceError:
        """An aggregated server that is away takes only its own kinds with it."""
        doing = Doing(what=f"list the kinds of {version}")
        path = f"/apis/{version}" if "/" in version else f"/api/{version}"
        try:
            listed = decoded(_KINDS, await self._get(path, doing), doing).resources or ()
        except SourceError as error:
            if version == "v1":
                raise
            return error
        return [
            Resource(api_version=version, kind=one.kind, plural=one.name)
            for one in listed
            if one.namespaced and "list" in one.verbs and "/" not in one.name
        ]

    async def _look(
        self, kind: Resource, only: Sequence[str], instead: Sequence[str]
    ) -> tuple[list[Leftover], list[tuple[str, str]]]:
        try:
            if only:
                return await self._in_each(kind, only), []
            return await self._listed(kind, ""), []
        except SourceError as error:
            if error.status != FORBIDDEN or only:
                return [], [(kind.plural, error.message)]
        if not instead:
            return [], [(kind.plural, "the account may not list them in all namespaces")]
        try:
            return await self._in_each(kind, instead), []
        except SourceError as error:
            return [], [(kind.plural, error.message)]

    async def _in_each(self, kind: Resource, namespaces: Iterable[str]) -> list[Leftover]:
        found = await asyncio.gather(*(self._listed(kind, namespace) for namespace in namespaces))
        return [one for some in found for one in some]

    async def _listed(self, kind: Resource, namespace: str) -> list[Leftover]:
        try:
            found = [leftover(raw) for raw in await self._raw(kind, namespace, SESSION_LABEL)]
        except (NotAnObject, msgspec.MsgspecError) as error:
            message = clean(f"could not list {kind.plural}: {error}")
            raise SourceError(SOURCE, message, hint="is this a Kubernetes API?") from error
        return [one for one in found if one is not None]

    async def _all(self, kind: Resource, namespace: str) -> list[bytes]:
        """Everything of a kind that can be read."""
        try:
            raws = await self._raw(kind, namespace, "")
            for raw in raws:
                _read(raw)
        except (SourceError, NotAnObject, msgspec.MsgspecError):
            return []
        return raws

    async def _raw(self, kind: Resource, namespace: str, selector: str) -> list[bytes]:
        """The objects of a collection, JSON; a namespace of "" stands for all."""
        doing = Doing(what=f"list {kind.plural}" + (f" in {namespace}" if namespace else ""))
        path = path_of(kind.api_version, kind.plural, namespace)
        try:
            answer = await self._get(path, doing, **({"labelSelector": selector} if selector else {}))
        except SourceError as error:
            if error.status in (NOT_FOUND, NOT_ALLOWED):
                return []  # the kind went away in between, or is no real collection
            raise
        items = decoded(_LIST, answer, doing).items or ()
        return [whole(bytes(item), kind.api_version, kind.kind) for item in items]

    async def _get(self, path: str, doing: Doing, **query: str) -> bytes:
        async with self._turns:
            return await self._api.get(path, doing, **query)


def leftover(raw: bytes) -> Leftover | None:
    """An object with our label (JSON). None: it only copies the label of what made it, and goes with that.

    Raises NotAnObject, msgspec.MsgspecError.
    """
    found = _read(raw)
    noted = SESSION_NOTE in (decode(raw).metadata.annotations or {})
    return found if noted or not owners_of(raw) else None


def _read(raw: bytes) -> Leftover:
    reading = decode(raw)
    meta = reading.metadata
    notes, labels = meta.annotations or {}, meta.labels or {}
    object_ = ref_of(reading)
    return Leftover(
        object=ObjectRef(
            api_version=clean(object_.api_version, 200),
            kind=clean(object_.kind, 100),
            namespace=clean(object_.namespace, 100),
            name=clean(object_.name, 260),
            uid=clean(object_.uid, 60),
            changed=object_.changed,
        ),
        session=clean(notes.get(SESSION_NOTE) or labels.get(SESSION_LABEL, ""), 200),
        run=clean(notes.get(RUN_NOTE) or labels.get(RUN_LABEL, ""), 200),
        standing=_standing(reading, object_.changed),
        created_at=meta.creation_timestamp,
        going_since=meta.deletion_timestamp,
        finalizers=tuple(clean(one, 200) for one in meta.finalizers),
        undoes=_undoes(raw, reading.kind, notes[PRIOR_NOTE]) if object_.changed else "",
    )


def whose(reading: ChaosReading) -> str:
    """Words after the name of an object that another session of ours left, or has; empty: it is not ours."""
    session = (reading.metadata.labels or {}).get(SESSION_LABEL)
    return f" (of session {session}: `controlroom sweep`)" if session else ""


def _standing(reading: ChaosReading, is_changed: bool) -> Standing:
    if reading.metadata.deletion_timestamp is not None:
        return "going"
    if is_changed:
        return "changed"
    over = reading.progress.over if not reading.recorded else not is_acting(reading)
    return "over" if over else "acting"


def _undoes(raw: bytes, kind: str, prior: str) -> str:
    """What putting it back changes. What a Secret holds is not told."""
    if kind == "Secret":
        return "its data"
    try:
        undo = cast(Json, msgspec.json.decode(prior, type=dict))
    except msgspec.DecodeError:
        return "what undoes it cannot be read: put it back by hand"
    now = cast(Json, msgspec.json.decode(raw))
    return clean(", ".join(line for line in told(now, undo) if not line.startswith("metadata.")), 200)


async def release(api: Api, target: ObjectRef, kind: Resource) -> bool:
    """Removes the finalizers of an object that is being deleted; it goes, and nothing is taken back by that.

    False: it is gone already, or another one bears its name. Raises SourceError; one that nobody has asked to
    go, and one that was there before us, is left as it is.
    """
    path = path_of(kind.api_version, kind.plural, target.namespace, target.name)
    what = f"remove the finalizers of {kind.plural} {target.name}"
    if target.changed:
        raise SourceError(
            SOURCE, f"could not {what}: it was there before", hint="it is put back, not removed"
        )
    for _ in range(ATTEMPTS):
        try:
            raw = await api.send("GET", path, Doing(what=f"read {kind.plural} {target.name}"), urgent=True)
            now = msgspec.json.decode(raw, type=_Versioned).metadata
        except msgspec.MsgspecError as error:
            raise SourceError(SOURCE, clean(f"could not {what}: {error}")) from error
        except SourceError as error:
            if error.status == NOT_FOUND:
                return False
            raise
        if target.uid and now.uid != target.uid:
            return False
        if now.deletion_timestamp is None:
            raise SourceError(SOURCE, f"could not {what}: it is not being deleted", hint="delete it first")
        patch = {"metadata": {"finalizers": None, "resourceVersion": now.resource_version}}
        query = {"fieldManager": "controlroom"}
        try:
            doing = Doing(what=what, changes=True)
            await api.send("PATCH", path, doing, query=query, body=msgspec.json.encode(patch), urgent=True)
            return True
        except SourceError as error:
            if error.status == NOT_FOUND:
                return False
            if error.status is not None and error.status >= BROKEN and "webhook" in error.message:
                error.hint = NO_WEBHOOK
            if error.status != CONFLICT:
                raise
    raise SourceError(SOURCE, f"could not {what}: somebody else changes it all the time", status=CONFLICT)


def _summed(unseen: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """One line for each reason, with all that it concerns."""
    by_reason: dict[str, list[str]] = {}
    for what, why in unseen:
        key = why.replace(what, "them") if what in why else why
        by_reason.setdefault(key, []).append(what)
    return tuple(clean(f"{', '.join(sorted(kinds))}: {why}", 400) for why, kinds in by_reason.items())


class _Version(msgspec.Struct, rename="camel"):
    group_version: str


class _Group(msgspec.Struct):
    preferred: _Version = msgspec.field(name="preferredVersion")


class _Groups(msgspec.Struct):
    groups: list[_Group] | None = None


class _Kind(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool = False
    verbs: list[str] = []


class _Kinds(msgspec.Struct):
    resources: list[_Kind] | None = None


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


class _State(msgspec.Struct, rename="camel"):
    uid: str
    resource_version: str
    deletion_timestamp: str | None = None


class _Versioned(msgspec.Struct):
    metadata: _State


_GROUPS = msgspec.json.Decoder(_Groups)
_KINDS = msgspec.json.Decoder(_Kinds)
_LIST = msgspec.json.Decoder(_List)
