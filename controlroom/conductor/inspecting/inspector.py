"""One inspection: all questions at once, each within its time, and what was found in the order of reading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from controlroom.conductor.inspecting.around import Around
from controlroom.conductor.inspecting.asking import Check, Eyes, Questions, Site
from controlroom.conductor.inspecting.cluster import ClusterLook
from controlroom.conductor.inspecting.experiments import ExperimentLooks
from controlroom.conductor.inspecting.load import LoadLook, load_kinds
from controlroom.conductor.inspecting.signals import AlertLooks, MetricLooks
from controlroom.core.findings import Finding, Inspected
from controlroom.core.plan import ChecklistItem
from controlroom.core.values import changed

Tell = Callable[[str, bool], None]
"""Hears of each check when it begins (`what`, False) and when it is done (`what`, True)."""


class _Part(Protocol):
    def checks(self) -> Iterable[Check]: ...


class _Called:
    """Checks of one cluster of several; those of a further one are told apart by its name."""

    def __init__(self, name: str, part: _Part) -> None:
        self._name = name
        self._part = part

    def checks(self) -> list[Check]:
        name = self._name
        found = [replace(one, cluster=name) for one in self._part.checks()]
        if not name:
            return found
        return [replace(one, id=f"{one.id}@{name}", what=f"{name}: {one.what}") for one in found]


class Inspector:
    """One look at a site. `session`: the name that objects are dry-run under."""

    def __init__(self, site: Site, eyes: Eyes, session: str, tell: Tell | None = None) -> None:
        self._site = site
        self._tell = tell or (lambda what, done: None)
        self._questions = Questions(site, eyes)
        self._others: list[Questions] = []
        """Of the clusters, where there are several."""
        self._session = session
        clusters = [self._cluster(name) for name in ("", *site.bindings.clusters)]
        self._parts: tuple[_Part, ...] = (
            *(part for parts in clusters for part in parts),
            MetricLooks(self._questions),
            AlertLooks(self._questions),
            Around(site),
        )
        self._began = 0.0

    def _cluster(self, name: str) -> tuple[_Part, ...]:
        """What is asked of one cluster and of the experiments for it. A further one's checks bear its name."""
        site, eyes = self._site, self._questions.eyes
        if not site.bindings.clusters:
            experiments = ExperimentLooks(self._questions, self._session)
            cluster = ClusterLook(self._questions, self._kinds(experiments, name))
            return self._with_load(name, cluster, experiments, self._questions)
        known = site.bindings.clusters
        own = tuple(
            one for one in site.plan.experiments if (one.cluster if one.cluster in known else "") == name
        )
        bindings = changed(site.bindings, cluster=site.bindings.cluster_of(name), clusters={})
        part = changed(site, plan=changed(site.plan, experiments=own), bindings=bindings)
        looked = replace(eyes, cluster=eyes.further[name]) if name else eyes
        questions = Questions(part, looked)
        self._others.append(questions)
        experiments = ExperimentLooks(questions, self._session)
        cluster = ClusterLook(questions, self._kinds(experiments, name))
        return self._with_load(name, _Called(name, cluster), experiments, questions)

    def _with_load(
        self, name: str, cluster: _Part, experiments: ExperimentLooks, questions: Questions
    ) -> tuple[_Part, ...]:
        if not self._loads(name):
            return cluster, experiments
        return cluster, experiments, LoadLook(questions, self._session)

    def _kinds(self, experiments: ExperimentLooks, name: str) -> tuple[tuple[str, str], ...]:
        """Of every object that goes to the cluster."""
        load = load_kinds(self._site, self._session) if self._loads(name) else ()
        return tuple(dict.fromkeys((*experiments.kinds(), *load)))

    def _loads(self, name: str) -> bool:
        """Whether the load's objects go to that cluster."""
        load = self._site.plan.load
        return not self._site.lab and load is not None and bool(load.manifest) and load.cluster == name

    async def run(self) -> Inspected:
        """Asks everything; returns within the time of the slowest question and the one that it waits for."""
        self._began = _now()
        try:
            asked = [self._find(check) for part in self._parts for check in part.checks()]
            findings = await asyncio.gather(*asked)
        finally:
            for questions in (self._questions, *self._others):
                await questions.close()
        return Inspected(
            findings=tuple(findings),
            by_hand=tuple(item.text for item in self._site.plan.checklist if not _by_machine(item)),
            unbound=self._unbound(),
            seconds=round(_now() - self._began, 2),
        )

    async def _find(self, check: Check) -> Finding:
        self._tell(check.what, False)
        judged = await check.judge()
        self._tell(check.what, True)
        return Finding(
            id=check.id,
            group=check.group,
            what=check.what,
            state=judged.state,
            reason=judged.reason,
            next=judged.next,
            seconds=round(_now() - self._began, 2),
            experiment=check.experiment,
            cluster=check.cluster,
        )

    def _unbound(self) -> tuple[str, ...]:
        bindings, plan = self._site.bindings, self._site.plan
        there = {"load": plan.load, "Grafana": bindings.grafana, "chat": bindings.chat}
        return tuple(name for name, bound in there.items() if not bound)


def _by_machine(item: ChecklistItem) -> bool:
    return item.check is not None or bool(item.files) or bool(item.command)


def _now() -> float:
    return asyncio.get_running_loop().time()
