"""What an inspection asks beyond cluster and metrics: load, scripts, commands, Grafana, chat."""

from __future__ import annotations

import asyncio

from controlroom.conductor.inspecting.asking import PATIENCE, Check, Judge, Site, lost
from controlroom.core import checks
from controlroom.core.check_facts import AnswerFact, Known, Lost
from controlroom.core.checks import Judgement
from controlroom.core.plan import ChecklistItem
from controlroom.sources.local_looks import answers, is_http, look_for_program, look_for_script, run_command
from controlroom.sources.ports import SourceError

GROUP = "Around it"
COMMAND = 30.0
"""Most real seconds for a check command of the plan."""


class Around:
    """What the day needs besides."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def checks(self) -> list[Check]:
        site = self._site
        found: list[Check] = []
        if site.plan.load is not None and (site.lab or not site.plan.load.manifest):
            found.append(Check("load", GROUP, "load command", self._load))
        for item in site.plan.checklist:
            if item.files:
                found.append(Check(f"scripts.{item.id}", GROUP, item.text, self._scripts(item)))
            if item.command:
                found.append(Check(f"command.{item.id}", GROUP, item.text, self._command(item)))
        if site.bindings.grafana:
            grafana = self._outside("Grafana", site.bindings.grafana, "/api/health")
            found.append(Check("grafana", GROUP, "Grafana", grafana))
        if site.bindings.chat:
            found.append(Check("chat", GROUP, "chat", self._outside("chat", site.bindings.chat, "/")))
        return found

    async def _load(self) -> Judgement:
        site, load = self._site, self._site.plan.load
        assert load is not None
        if site.lab:
            return checks.ok("the lab's own load takes its place")
        found = await asyncio.to_thread(
            look_for_program, load.command, load.directory, site.base, site.environ
        )
        return checks.program(found)

    def _scripts(self, item: ChecklistItem) -> Judge:
        async def judge() -> Judgement:
            base = self._site.base
            found = await asyncio.to_thread(lambda: [look_for_script(name, base) for name in item.files])
            return checks.programs(found)

        return judge

    def _command(self, item: ChecklistItem) -> Judge:
        async def judge() -> Judgement:
            found = await run_command(item.command, self._site.base, self._site.environ, COMMAND)
            return checks.command(found, COMMAND)

        return judge

    def _outside(self, name: str, url: str, path: str) -> Judge:
        async def judge() -> Judgement:
            if not is_http(url):
                told = "its address is not an http one: whether it is right is known once a message was sent"
                return checks.unknown(Lost(why=told, hint="send one by hand"))
            try:
                found: Known[AnswerFact] = await answers(name, url, path, PATIENCE / 2)
            except SourceError as error:
                found = lost(error)
            return checks.reachable(found)

        return judge
