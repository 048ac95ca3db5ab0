"""Which kinds of objects a cluster has, and what their collections are called."""

from __future__ import annotations

import msgspec

from controlroom.core.clean import clean
from controlroom.core.faults.reading import CHAOS_GROUP
from controlroom.sources.chaos_mesh import INTERNAL, VERSION, Resource, resource
from controlroom.sources.errors import SOURCE, Doing, decoded
from controlroom.sources.kubernetes_api import Api
from controlroom.sources.ports import SourceError


class _Kind(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool = False


class _Kinds(msgspec.Struct):
    resources: list[_Kind] | None = None


_KINDS = msgspec.json.Decoder(_Kinds)


class Catalogue:
    """Asks once for each group and version; Chaos Mesh's names are known beforehand."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, tuple[Resource, ...]] = {}

    async def resource(self, api_version: str, kind: str) -> Resource:
        """The resource of a kind. Raises SourceError where the cluster does not have it."""
        if api_version.startswith(CHAOS_GROUP):
            return resource(kind)
        for found in await self._resources(api_version):
            if found.kind == kind:
                return found
        raise SourceError(
            SOURCE,
            clean(f"the cluster has no namespaced kind {kind} in {api_version}"),
            hint="`kubectl api-resources` lists what it has",
        )

    async def chaos_kinds(self) -> tuple[Resource, ...]:
        """Chaos Mesh's kinds that people write. Raises SourceError where Chaos Mesh is not installed."""
        return tuple(kind for kind in await self._resources(VERSION) if kind.kind not in INTERNAL)

    async def _resources(self, api_version: str) -> tuple[Resource, ...]:
        if api_version not in self._known:
            doing = Doing(what=f"list the kinds of {api_version}")
            path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
            answer = await self._api.get(path, doing)
            self._known[api_version] = tuple(
                Resource(api_version=api_version, kind=found.kind, plural=found.name)
                for found in decoded(_KINDS, answer, doing).resources or ()
                if found.namespaced and "/" not in found.name  # the others are subresources
            )
        return self._known[api_version]
