"""What an inspection asks of a load that is a manifest: each object as it will be sent, and what its pods say."""

from __future__ import annotations

from controlroom.conductor.inspecting.asking import Check, Judge, Questions, Site
from controlroom.core import checks
from controlroom.core.checks import Judgement
from controlroom.sources.manifests import ManifestError, prepare_load
from controlroom.sources.ports import Prepared

GROUP = "Load"


def load_kinds(site: Site, session: str) -> tuple[tuple[str, str], ...]:
    """API version and kind of every object, once; none where the manifest cannot be used."""
    made, _ = _prepared(site, session)
    return tuple(dict.fromkeys((one.object.api_version, one.kind) for one in made))


def _prepared(site: Site, session: str) -> tuple[tuple[Prepared, ...], str]:
    """Its objects as they will be sent, or why there are none."""
    load = site.plan.load
    assert load is not None
    namespaces = site.bindings.cluster_of(load.cluster).namespaces
    try:
        return prepare_load(site.files[load.manifest], session=session, number=1, namespaces=namespaces), ""
    except ManifestError as error:
        return (), str(error)


class LoadLook:
    """`session`: the name that its objects are dry-run under."""

    def __init__(self, questions: Questions, session: str) -> None:
        self._questions = questions
        self._eyes = questions.eyes.cluster
        self._made, self._problem = _prepared(questions.site, session)

    def checks(self) -> list[Check]:
        if self._problem:
            return [Check("load.manifest", GROUP, "load manifest", self._unusable)]
        found: list[Check] = []
        for number, prepared in enumerate(self._made, 1):
            tail = f".{number}" if len(self._made) > 1 else ""
            name = f"load {prepared.kind} {prepared.object.name}"
            found += [
                Check(f"load.rights{tail}", GROUP, f"{name} rights", self._rights(prepared)),
                Check(f"load.dry-run{tail}", GROUP, f"{name} dry run", self._dry_run(prepared)),
            ]
        places = dict.fromkeys(one.object.namespace for one in self._made)
        for place in places:
            found.append(Check(f"load.output.{place}", GROUP, f"load output in {place}", self._output(place)))
        return found

    async def _unusable(self) -> Judgement:
        load = self._questions.site.plan.load
        return checks.failed(f"{load.manifest if load else ''}: {self._problem}", "correct the manifest")

    def _rights(self, prepared: Prepared) -> Judge:
        async def judge() -> Judgement:
            key = f"rights {prepared.run}"
            return checks.rights(await self._questions.cluster(key, lambda: self._eyes.rights(prepared)))

        return judge

    def _dry_run(self, prepared: Prepared) -> Judge:
        async def judge() -> Judgement:
            key = f"dry run {prepared.run}"
            return checks.dry_run(await self._questions.cluster(key, lambda: self._eyes.dry_run(prepared)))

        return judge

    def _output(self, namespace: str) -> Judge:
        """Without this right the load runs all the same, unheard."""

        async def judge() -> Judgement:
            key = f"output {namespace}"
            said = checks.rights(await self._questions.cluster(key, lambda: self._eyes.output(namespace)))
            if said.state != "failed":
                return said
            return checks.warning(f"{said.reason}: what the load says cannot be shown", said.next)

        return judge
