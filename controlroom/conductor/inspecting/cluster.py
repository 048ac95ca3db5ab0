"""What an inspection asks of the cluster itself, whatever the experiments are."""

from __future__ import annotations

from collections.abc import Iterable

from controlroom.conductor.inspecting.asking import Check, Judge, Questions
from controlroom.core import checks
from controlroom.core.check_facts import Lost
from controlroom.core.checks import Judgement

GROUP = "Cluster"


class ClusterLook:
    """`kinds`: API version and kind of every object that the plan sends."""

    def __init__(self, questions: Questions, kinds: Iterable[tuple[str, str]]) -> None:
        self._questions = questions
        self._site = questions.site
        self._eyes = questions.eyes.cluster
        self._kinds = tuple(kinds)

    def checks(self) -> list[Check]:
        found = [
            Check("cluster", GROUP, "API server", self._api),
            Check("cluster.clock", GROUP, "clock of the API server", self._clock),
            Check("chaos-mesh", GROUP, "Chaos Mesh controller", self._controller),
        ]
        for name in self._site.bindings.cluster.namespaces:
            found += [
                Check(f"namespace.{name}", GROUP, f"namespace {name}", self._in(name)),
                Check(f"reading.{name}", GROUP, f"reading {name}", self._reading(name)),
            ]
        for api_version, kind in self._kinds:
            found.append(Check(f"kind.{kind}", GROUP, f"kind {kind}", self._kind(api_version, kind)))
        found.append(Check("foreign-chaos", GROUP, "chaos of others", self._foreign))
        return found

    async def _api(self) -> Judgement:
        version = await self._questions.cluster_version()
        if isinstance(version, Lost):
            return checks.unreachable(version)
        judged = checks.context(self._site.bindings.cluster.context, await self._questions.context())
        return judged if judged.state != "ok" else checks.ok(f"{version}, {judged.reason}")

    async def _clock(self) -> Judgement:
        found = await self._questions.cluster("clock", self._eyes.clock)
        return (
            checks.unknown(found)
            if isinstance(found, Lost)
            else checks.clock(found.offset, found.uncertainty)
        )

    async def _controller(self) -> Judgement:
        return checks.controller(await self._questions.mesh())

    async def _foreign(self) -> Judgement:
        return checks.foreign(await self._questions.cluster("foreign", self._eyes.foreign))

    def _in(self, name: str) -> Judge:
        async def judge() -> Judgement:
            found = await self._questions.cluster(f"namespace {name}", lambda: self._eyes.namespace(name))
            return checks.namespace(found, await self._questions.mesh())

        return judge

    def _reading(self, name: str) -> Judge:
        async def judge() -> Judgement:
            return checks.rights(
                await self._questions.cluster(f"reading {name}", lambda: self._eyes.watching(name))
            )

        return judge

    def _kind(self, api_version: str, kind: str) -> Judge:
        async def judge() -> Judgement:
            return checks.kind(
                await self._questions.cluster(
                    f"kind {api_version} {kind}", lambda: self._eyes.kind(api_version, kind)
                )
            )

        return judge
