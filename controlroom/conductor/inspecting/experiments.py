"""What an inspection asks of the experiments: each object as it will be sent, and whom it would hit."""

from __future__ import annotations

from controlroom.conductor.inspecting.asking import Check, Questions
from controlroom.core import checks
from controlroom.core.check_facts import Known, Lost, TargetFact
from controlroom.core.checks import Judgement
from controlroom.core.guards import GuardFacts, check
from controlroom.core.plan import Experiment, Plan
from controlroom.sources.manifests import ManifestError, blast, prepare_all
from controlroom.sources.ports import Prepared

GROUP = "Experiments"
MARGIN = 30.0
"""Seconds that a fault's duration reaches beyond the moment at which it is to end."""
STANDING_GUARDS = ("context", "production", "namespace", "blast-radius", "unbounded")
"""Guards whose answer does not depend on the moment: what they say today they will say on the day."""


class ExperimentLooks:
    """The plan's experiments. `session`: the name that their objects are dry-run under."""

    def __init__(self, questions: Questions, session: str) -> None:
        self._questions = questions
        self._site = questions.site
        self._eyes = questions.eyes.cluster
        self._session = session

    def kinds(self) -> tuple[tuple[str, str], ...]:
        """API version and kind of every object, once."""
        made = (self.prepared(own)[0] for own in self._site.plan.experiments)
        return tuple(dict.fromkeys((one.object.api_version, one.kind) for objects in made for one in objects))

    def prepared(self, experiment: Experiment) -> tuple[tuple[Prepared, ...], str]:
        """Its objects as they will be sent, or why there are none."""
        try:
            made = prepare_all(
                experiment.id,
                self._site.files[experiment.manifest],
                session=self._session,
                run=f"{experiment.id}#1",
                duration=planned_length(self._site.plan, experiment) + MARGIN,
                namespaces=self._site.bindings.cluster.namespaces,
            )
        except ManifestError as error:
            return (), str(error)
        return made, ""

    def checks(self) -> list[Check]:
        found: list[Check] = []
        for experiment in self._site.plan.experiments:
            made, problem = self.prepared(experiment)
            if problem:
                found.append(self._unusable(experiment, problem))
            for number, prepared in enumerate(made, 1):
                part = f" ({number} of {len(made)})" if len(made) > 1 else ""
                found += self._of(experiment, prepared, f"{experiment.id}{part}")
        return found

    def _unusable(self, experiment: Experiment, problem: str) -> Check:
        async def judge() -> Judgement:
            return checks.failed(f"{experiment.manifest}: {problem}", "correct the manifest")

        what = f"{experiment.id} manifest"
        return Check(f"manifest.{experiment.id}", GROUP, what, judge, experiment.id)

    def _of(self, experiment: Experiment, prepared: Prepared, name: str) -> list[Check]:
        """What is asked for one object of an experiment."""
        eyes, key = self._eyes, prepared.run

        async def guards() -> Judgement:
            return await self._guards(experiment, prepared)

        async def rights() -> Judgement:
            return checks.rights(
                await self._questions.cluster(f"rights {key}", lambda: eyes.rights(prepared))
            )

        async def dry_run() -> Judgement:
            return checks.dry_run(
                await self._questions.cluster(f"dry run {key}", lambda: eyes.dry_run(prepared))
            )

        async def hit() -> Known[TargetFact]:
            return await self._questions.cluster(f"targets {key}", lambda: eyes.targets(prepared))

        async def targets() -> Judgement:
            return checks.targets(await hit())

        async def daemon() -> Judgement:
            return checks.daemon(await hit(), await self._questions.mesh())

        asked = {
            "guards": guards,
            "rights": rights,
            "dry run": dry_run,
            "targets": targets,
            "chaos daemon": daemon,
        }
        number = prepared.run.partition(".")[2]
        tail = f".{number}" if number else ""
        return [
            Check(
                f"{what.replace(' ', '-')}.{experiment.id}{tail}",
                GROUP,
                f"{name} {what}",
                judge,
                experiment.id,
            )
            for what, judge in asked.items()
        ]

    async def _guards(self, experiment: Experiment, prepared: Prepared) -> Judgement:
        """What the guards will say at the start, as far as that does not depend on the moment."""
        cluster = self._site.bindings.cluster
        context = await self._questions.context()
        facts = GuardFacts(
            experiment=experiment.id,
            planned_context=cluster.context,
            context=None if isinstance(context, Lost) else context,
            planned_namespaces=cluster.namespaces,
            namespace=prepared.object.namespace,
            rehearsal=self._site.lab,
            blast=blast(prepared),
            one_shot=prepared.one_shot,
            duration=prepared.duration,
        )
        said = [one for one in check(facts, self._site.plan.approvals) if one.guard in STANDING_GUARDS]
        refused = [one for one in said if one.outcome == "refused"]
        if hard := [one for one in refused if not one.typed]:
            return checks.failed(f"{hard[0].guard}: {hard[0].message}", "correct the plan or the kubeconfig")
        if soft := [one for one in refused if not one.approved]:
            words = ", ".join(f"`{one.typed}`" for one in soft)
            told = "; ".join(f"{one.guard}: {one.message}" for one in soft)
            return checks.warning(told, f"its start takes the typed word {words}, or an approval in the plan")
        if any(one.outcome == "unknown" for one in said):
            return checks.unknown(Lost(why="the context in use is not known", hint="see API server"))
        approved = ", ".join(one.guard for one in refused)
        return checks.ok(
            f"approved by the plan: {approved}" if approved else "nothing stands against a start"
        )


def planned_length(plan: Plan, experiment: Experiment) -> float:
    """Seconds that an experiment is to last, were the day to go by the plan."""
    starts = plan.starts()
    begins = starts[experiment.phase] + experiment.at
    name = experiment.until or next((step.id for _, step in plan.steps if step.kind == "clean-up"), None)
    ends = starts.get(name or "", sum(phase.duration for phase in plan.phases))
    for phase, step in plan.steps:
        if step.id == name:
            ends = starts[phase.id] + step.at
    return max(1.0, ends - begins)
