"""One inspection: all questions at once, each within its time, and what was found in the order of reading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from controlroom.conductor.inspecting.around import Around
from controlroom.conductor.inspecting.asking import Check, Eyes, Questions, Site
from controlroom.conductor.inspecting.cluster import ClusterLook
from controlroom.conductor.inspecting.experiments import ExperimentLooks
from controlroom.conductor.inspecting.signals import AlertLooks, MetricLooks
from controlroom.core.findings import Finding, Inspected
from controlroom.core.plan import ChecklistItem

Tell = Callable[[str, bool], None]
"""Hears of each check when it begins (`what`, False) and when it is done (`what`, True)."""


class Inspector:
    """One look at a site. `session`: the name that objects are dry-run under."""

    def __init__(self, site: Site, eyes: Eyes, session: str, tell: Tell | None = None) -> None:
        self._site = site
        self._tell = tell or (lambda what, done: None)
        self._questions = Questions(site, eyes)
        experiments = ExperimentLooks(self._questions, session)
        self._parts = (
            ClusterLook(self._questions, experiments.kinds()),
            experiments,
            MetricLooks(self._questions),
            AlertLooks(self._questions),
            Around(site),
        )
        self._began = 0.0

    async def run(self) -> Inspected:
        """Asks everything; returns within the time of the slowest question and the one that it waits for."""
        self._began = _now()
        try:
            asked = [self._find(check) for part in self._parts for check in part.checks()]
            findings = await asyncio.gather(*asked)
        finally:
            await self._questions.close()
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
        )

    def _unbound(self) -> tuple[str, ...]:
        bindings, plan = self._site.bindings, self._site.plan
        there = {"load": plan.load, "Grafana": bindings.grafana, "chat": bindings.chat}
        return tuple(name for name, bound in there.items() if not bound)


def _by_machine(item: ChecklistItem) -> bool:
    return item.check is not None or bool(item.files) or bool(item.command)


def _now() -> float:
    return asyncio.get_running_loop().time()
