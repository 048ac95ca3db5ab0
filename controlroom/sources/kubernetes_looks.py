"""What a check asks of a cluster beyond a session's questions: kinds, rights, namespaces, Chaos Mesh itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from controlroom.core.check_facts import ChaosMeshFact, Component, KindFact, NamespaceFact, TargetFact
from controlroom.core.clean import clean
from controlroom.core.faults.reading import CHAOS_GROUP
from controlroom.core.guards import Right
from controlroom.core.values import Value
from controlroom.sources.chaos_mesh import (
    Candidate,
    Resource,
    Selection,
    acts_by,
    beyond_of,
    namespaces_of,
    preview_of,
    selection_of,
)
from controlroom.sources.errors import SOURCE, Doing, decoded
from controlroom.sources.kubernetes import FORBIDDEN, NOT_FOUND, VERBS, KubernetesCluster
from controlroom.sources.kubernetes_api import path_of
from controlroom.sources.kubernetes_pods import matching
from controlroom.sources.kubernetes_rights import may
from controlroom.sources.ports import ClockReading, Prepared, SourceError

HOMES = ("chaos-mesh", "chaos-testing")
"""Namespaces that Chaos Mesh is usually installed in: asked where the whole cluster may not be."""
COMPONENT = "app.kubernetes.io/component"
DAEMON, CONTROLLER = "chaos-daemon", "controller-manager"
INJECT = "chaos-mesh.org/inject"
WATCHED = tuple(Resource(api_version="v1", kind=kind, plural=f"{kind.lower()}s") for kind in ("Pod", "Event"))
"""What a session follows in each of the plan's namespaces."""
PODS = WATCHED[0]
POD_LOGS = Resource(api_version="v1", kind="Pod", plural="pods/log")


class _Variable(Value):
    name: str = ""
    value: str = ""


class _Container(Value):
    name: str = ""
    image: str = ""
    env: tuple[_Variable, ...] | None = None


class _Meta(Value):
    name: str = ""
    namespace: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Spec(Value, rename="camel"):
    node_name: str | None = None
    containers: tuple[_Container, ...] = ()


class _Condition(Value):
    type: str
    status: str = ""


class _Status(Value):
    conditions: tuple[_Condition, ...] | None = None


class _Thing(Value):
    """A pod or a namespace, as far as a check looks at it."""

    metadata: _Meta
    spec: _Spec = _Spec()
    status: _Status = _Status()


class _Things(Value):
    items: tuple[_Thing, ...] | None = None


class _Kind(Value):
    name: str
    kind: str


class _Kinds(Value):
    resources: tuple[_Kind, ...] | None = None


class _GroupVersion(Value, rename="camel"):
    group_version: str


class _Group(Value):
    name: str
    versions: tuple[_GroupVersion, ...] = ()


class _Groups(Value):
    groups: tuple[_Group, ...] | None = None


class _Version(Value, rename="camel"):
    git_version: str = ""


class _User(Value):
    username: str = ""


class _Reviewed(Value, rename="camel"):
    user_info: _User = _User()


class _Review(Value):
    status: _Reviewed = _Reviewed()


_WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_REVIEW = msgspec.json.Decoder(_Review)
_THING, _THINGS = msgspec.json.Decoder(_Thing), msgspec.json.Decoder(_Things)
_KINDS, _GROUPS = msgspec.json.Decoder(_Kinds), msgspec.json.Decoder(_Groups)
_VERSION = msgspec.json.Decoder(_Version)


class ClusterLooks:
    """Looks at a cluster through the connection of a session's own adapter; changes nothing in it."""

    def __init__(self, cluster: KubernetesCluster, session: str) -> None:
        self._cluster = cluster
        self._api = cluster.api
        self._session = session

    async def version(self) -> str:
        """What answers, and whom. Raises SourceError, too, where it does not take the credential."""
        doing = Doing(what="ask for the version")
        found = decoded(_VERSION, await self._api.get("/version", doing), doing)
        user = await self._user()
        return f"{clean(found.git_version, 40)} answers{f' {user}' if user else ''}"

    async def _user(self) -> str:
        """Whom the server takes us for; empty where it does not tell: clusters before 1.28."""
        doing = Doing(what="ask who we are")
        body = b'{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}'
        try:
            answer = await self._api.send("POST", _WHO, doing, body=body)
        except SourceError as error:
            if error.status in (NOT_FOUND, FORBIDDEN):
                return ""
            raise
        return clean(decoded(_REVIEW, answer, doing).status.user_info.username, 80)

    async def context(self) -> str:
        return await self._cluster.context()

    async def clock(self) -> ClockReading:
        return await self._cluster.clock()

    async def dry_run(self, prepared: Prepared) -> str:
        """Why the server would refuse it; empty: it would not. Raises SourceError where that was not told."""
        try:
            await self._cluster.dry_run(prepared)
        except SourceError as error:
            if error.status is None or error.status >= 500 or error.status in (401, 429):
                raise
            return error.message
        return ""

    async def foreign(self) -> Sequence[str]:
        return await self._cluster.foreign_chaos(self._session)

    async def kind(self, api_version: str, kind: str) -> KindFact:
        """Whether the cluster has it; where not, what it has instead."""
        if kind in (await self._served(api_version) or ()):
            return KindFact(api_version=api_version, kind=kind, served=True)
        versions = await self._versions(api_version.rpartition("/")[0])
        others = [one for one in versions if one != api_version]
        served = await asyncio.gather(*(self._served(one) for one in others))
        having = [one for one, kinds in zip(others, served, strict=True) if kind in (kinds or ())]
        return KindFact(
            api_version=clean(api_version, 120),
            kind=clean(kind, 120),
            served=False,
            versions=tuple(clean(one, 120) for one in versions),
            preferred=clean(having[0], 120) if having else "",
        )

    async def _served(self, api_version: str) -> frozenset[str] | None:
        """Kinds of an API version; None: the cluster does not have it."""
        doing = Doing(what=f"list the kinds of {api_version}")
        root = "/apis/" if "/" in api_version else "/api/"
        try:
            answer = await self._api.get(root + api_version, doing)
        except SourceError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return frozenset(one.kind for one in decoded(_KINDS, answer, doing).resources or ())

    async def _versions(self, group: str) -> tuple[str, ...]:
        """Versions of an API group; none: it is not installed."""
        if not group:
            return ("v1",)
        doing = Doing(what="list the API groups")
        groups = decoded(_GROUPS, await self._api.get("/apis", doing), doing).groups or ()
        return tuple(one.group_version for found in groups if found.name == group for one in found.versions)

    async def rights(self, prepared: Prepared) -> Sequence[Right]:
        """All that a session does with the object, and in every namespace that its selectors reach what Chaos
        Mesh asks of whoever creates it: `create` of that kind."""
        kind, own = (
            await self._cluster.resource(prepared.object.api_version, prepared.kind),
            prepared.object.namespace,
        )
        wanted = [(verb, kind, own) for verb in VERBS]
        if prepared.object.api_version.startswith(CHAOS_GROUP):
            reached = namespaces_of(prepared.body, prepared.kind, own)
            wanted += [("create", kind, place) for place in reached if place != own]
        return await self._may(wanted)

    async def watching(self, namespace: str) -> Sequence[Right]:
        """What a session reads all day in a namespace."""
        return await self._may([(verb, kind, namespace) for kind in WATCHED for verb in ("list", "watch")])

    async def output(self, namespace: str) -> Sequence[Right]:
        """What is asked of the pods of a load: what they are, and what they say."""
        return await self._may([("list", PODS, namespace), ("get", POD_LOGS, namespace)])

    async def _may(self, wanted: Sequence[tuple[str, Resource, str]]) -> Sequence[Right]:
        found = await asyncio.gather(*(may(self._api, verb, kind, place) for verb, kind, place in wanted))
        return [
            Right(
                verb=one.verb,
                resource=one.resource,
                namespace=one.namespace,
                allowed=one.allowed,
                reason=one.reason,
            )
            for one in found
        ]

    async def targets(self, prepared: Prepared) -> TargetFact:
        """Whom it would hit now, and on which nodes."""
        try:
            return await self._targets(prepared)
        except msgspec.MsgspecError as error:
            message = clean(f"could not read the selector of {prepared.object}: {error}")
            raise SourceError(SOURCE, message, hint="correct the manifest") from error

    async def _targets(self, prepared: Prepared) -> TargetFact:
        chaos = prepared.object.api_version.startswith(CHAOS_GROUP)
        selection = selection_of(prepared.body, prepared.kind) if chaos else None
        if selection is None:
            return TargetFact(
                candidates=(), mode="acts on what it names", number=None, selects=False, daemon=False
            )
        acting, daemon = acts_by(prepared.body, prepared.kind)
        beyond = beyond_of(prepared.body, prepared.kind)
        own = prepared.object.namespace
        pods = await matching(self._api, selection.selector, own)
        preview = preview_of(selection, (pod.key for pod in pods))
        return TargetFact(
            candidates=preview.candidates,
            mode=preview.mode,
            number=preview.number,
            nodes={clean(pod.key, 200): clean(pod.node, 200) for pod in pods},
            not_running=_names(pod for pod in pods if pod.phase not in ("", "Running")),
            host_network=_names(pod for pod in pods if pod.host_network),
            beyond=None if beyond is None else await self._number(beyond, own),
            daemon=daemon,
            network=acting == "NetworkChaos",
        )

    async def _number(self, selection: Selection, namespace: str) -> int:
        return len(await matching(self._api, selection.selector, namespace))

    async def namespace(self, name: str) -> NamespaceFact:
        doing = Doing(what=f"read namespace {name}")
        try:
            answer = await self._api.get(path_of("v1", "namespaces", name=name), doing)
        except SourceError as error:
            if error.status == NOT_FOUND:
                return NamespaceFact(name=clean(name, 120), there=False)
            raise
        notes = decoded(_THING, answer, doing).metadata.annotations or {}
        inject = notes.get(INJECT)
        return NamespaceFact(
            name=clean(name, 120), there=True, inject=None if inject is None else clean(inject, 40)
        )

    async def chaos_mesh(self) -> ChaosMeshFact:
        """Its pods, looked for in the whole cluster or, where that is refused, where it usually is."""
        pods = [pod for pod in await self._chaos_pods() if _is_chaos(pod)]
        controllers = [pod for pod in pods if _component(pod) == CONTROLLER]
        settings = _settings(controllers)
        scoped = settings.get("CLUSTER_SCOPED", "true") == "false"
        return ChaosMeshFact(
            controllers=tuple(_as_component(pod) for pod in controllers),
            daemons=tuple(_as_component(pod) for pod in pods if _component(pod) == DAEMON),
            # Not set means off, as Chaos Mesh itself reads it.
            opt_in=settings.get("ENABLE_FILTER_NAMESPACE", "false") == "true" if controllers else None,
            only_namespace=clean(settings.get("TARGET_NAMESPACE", ""), 120) if scoped else "",
        )

    async def _chaos_pods(self) -> Sequence[_Thing]:
        selector = f"{COMPONENT} in ({DAEMON},{CONTROLLER})"
        refused: SourceError | None = None
        for namespace in ("", *HOMES):
            doing = Doing(what=f"list pods in {namespace or 'all namespaces'}")
            try:
                answer = await self._api.get(path_of("v1", "pods", namespace), doing, labelSelector=selector)
            except SourceError as error:
                if error.status != FORBIDDEN:
                    raise
                refused = refused or error
                continue
            found = decoded(_THINGS, answer, doing).items or ()
            if found or not namespace:
                return found
        assert refused is not None
        raise SourceError(
            SOURCE,
            "the credential may not look at Chaos Mesh's own pods",
            hint=f"grant `list pods` in {HOMES[0]}, or ask who may: kubectl -n {HOMES[0]} get pods -o wide",
            status=FORBIDDEN,
        ) from refused


def _names(pods: Iterable[Candidate]) -> tuple[str, ...]:
    return tuple(clean(pod.key, 200) for pod in pods)


def _component(pod: _Thing) -> str:
    return (pod.metadata.labels or {}).get(COMPONENT, "")


def _is_chaos(pod: _Thing) -> bool:
    """Others call a part of theirs a controller manager, too."""
    return any("chaos" in one.name or "chaos" in one.image for one in pod.spec.containers)


def _settings(pods: Iterable[_Thing]) -> Mapping[str, str]:
    containers = (container for pod in pods for container in pod.spec.containers)
    return {one.name: one.value for container in containers for one in container.env or ()}


def _as_component(pod: _Thing) -> Component:
    ready = next((one for one in pod.status.conditions or () if one.type == "Ready"), None)
    return Component(
        name=clean(pod.metadata.name, 200),
        namespace=clean(pod.metadata.namespace, 200),
        node=clean(pod.spec.node_name or "", 200),
        ready=ready is not None and ready.status == "True",
    )
