"""What an inspection asks of metrics and alerts: that there is something to measure with."""

from __future__ import annotations

from controlroom.conductor.inspecting.asking import Check, Judge, Questions, with_clock
from controlroom.core import check_alerts, checks
from controlroom.core.check_facts import Lost
from controlroom.core.checks import Judgement
from controlroom.core.plan import AlertsWithin, Experiment, NoDataLoss


class MetricLooks:
    """Prometheus, and every expression of the plan."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._site = questions.site

    def checks(self) -> list[Check]:
        plan = self._site.plan
        queries = {f"metric.{one.id}": (one.title, one.query) for one in plan.metrics}
        for one in plan.criteria:
            if isinstance(one, NoDataLoss):
                queries[f"criterion.{one.id}.accepted"] = (f"{one.text}, accepted", one.accepted)
                queries[f"criterion.{one.id}.stored"] = (f"{one.text}, stored", one.stored)
        asked = [
            Check(key, "Metrics", title, self._metric(key, query)) for key, (title, query) in queries.items()
        ]
        return [Check("prometheus", "Metrics", "Prometheus", self._prometheus), *asked]

    async def _prometheus(self) -> Judgement:
        found = await self._questions.metrics_clock()
        return checks.unreachable(found) if isinstance(found, Lost) else with_clock("it", found)

    def _metric(self, key: str, query: str) -> Judge:
        async def judge() -> Judgement:
            found = await self._questions.metrics(key, lambda: self._questions.eyes.metrics.metric(query))
            return checks.metric(found, self._site.loaded)

        return judge


class AlertLooks:
    """That the alert of each experiment would fire, and that somebody would hear of it."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._site = questions.site
        self._eyes = questions.eyes

    def checks(self) -> list[Check]:
        found = [
            Check("alertmanager", "Alerts", "Alertmanager", self._alertmanager),
            Check("alerts.delivery", "Alerts", "delivery of alerts", self._delivery),
        ]
        for own in self._site.plan.experiments:
            if own.alert is not None:
                found += self._of(own)
        found.append(Check("alerts.unrelated", "Alerts", "unrelated alerts", self._unrelated))
        return found

    async def _alertmanager(self) -> Judgement:
        version = await self._questions.alerts_version()
        if isinstance(version, Lost):
            return checks.unreachable(version)
        found = await self._questions.alerts("clock", self._eyes.alerts.clock)
        if isinstance(found, Lost):
            return checks.ok(f"{version} answers")
        return with_clock(version, found)

    async def _delivery(self) -> Judgement:
        return check_alerts.delivery(
            await self._questions.metrics("delivery", self._eyes.metrics.alertmanagers)
        )

    async def _unrelated(self) -> Judgement:
        planned = [own.alert.name for own in self._site.plan.experiments if own.alert is not None]
        return check_alerts.unrelated(await self._questions.rules(), planned)

    def _of(self, experiment: Experiment) -> list[Check]:
        """That the alert of an experiment is there, quiet, and told to somebody."""
        alert = experiment.alert
        assert alert is not None
        limits = [one.limit for one in self._site.plan.criteria if isinstance(one, AlertsWithin)]
        questions, eyes = self._questions, self._eyes

        async def rule() -> Judgement:
            return check_alerts.rule(alert, await questions.rules(), min(limits) if limits else None)

        async def quiet() -> Judgement:
            return check_alerts.quiet(alert, await questions.rules())

        async def route() -> Judgement:
            labels = await questions.metrics("labels", eyes.metrics.external_labels)
            return check_alerts.routed(
                alert,
                await questions.rules(),
                {} if isinstance(labels, Lost) else labels,
                await questions.alerts("routing", eyes.alerts.routing),
                await questions.alerts("silences", eyes.alerts.silences),
            )

        asked = {"rule": rule, "quiet": quiet, "route": route}
        return [
            Check(f"alert-{what}.{experiment.id}", "Alerts", f"{alert.name} {what}", judge, experiment.id)
            for what, judge in asked.items()
        ]
