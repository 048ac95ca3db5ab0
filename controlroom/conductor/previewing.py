"""The preview before a start: the manifest as it would be sent, who it would hit, and what the guards say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from controlroom.conductor.context import Part
from controlroom.conductor.recorder import Recorder
from controlroom.core import timeline
from controlroom.core.events import ExperimentChecked
from controlroom.core.findings import standing_against
from controlroom.core.guards import Blast, GuardFacts, Right, check
from controlroom.core.plan import Experiment
from controlroom.core.values import changed
from controlroom.sources.manifests import ManifestError, blast, prepare_all
from controlroom.sources.ports import Cluster, Permission, PreparedRun, SourceError, TargetPreview

MARGIN = 30.0
"""Seconds that a fault's duration reaches beyond the moment at which it is to end."""
PATIENCE = 10.0
"""Real seconds for all the questions of one preview."""

T = TypeVar("T")


class Previewer(Part):
    """Resolves an experiment against the cluster, without changing anything."""

    def __init__(self, recorder: Recorder, cluster: Cluster) -> None:
        super().__init__(recorder)
        self._cluster = cluster

    def next_run(self, experiment: str) -> str:
        """The name that the next injection of the experiment gets."""
        latest = self.state.latest_run(experiment)
        return f"{experiment}#{(latest.ordinal if latest else 0) + 1}"

    async def look(self, name: str) -> tuple[PreparedRun, ExperimentChecked]:
        """What would be sent and what the guards say of it.

        Raises SourceError for a manifest that is unusable, and where the cluster answers nothing at all: a guard
        that could not tell refuses nothing by itself, but a fault is not started blindly.
        """
        experiment = self.plan.experiment(name)
        prepared = self._prepare(experiment)
        why: list[SourceError] = []
        targets, rights, dry_run, foreign, context = await asyncio.gather(
            _known(self._targets(prepared), why),
            _known(self._rights(prepared), why),
            self._dry_run(prepared),
            _known(self._cluster.foreign_chaos(self._session), why),
            _known(self._cluster.context(prepared.object.cluster), why),
        )
        if targets is None and rights is None and dry_run is None and foreign is None:
            reason = f": {why[0].message}" if why else ""
            hint = "Nothing is started blindly: start it again when the cluster is back."
            raise SourceError(
                "kubernetes", f"the cluster answers none of the questions before a start{reason}", hint=hint
            )
        facts = self._facts(experiment, prepared, targets, rights, dry_run, foreign, context)
        return prepared, ExperimentChecked(
            experiment=name,
            targets=targets.candidates if targets else (),
            mode=targets.mode if targets else "targets not known",
            guards=check(facts, self.plan.approvals),
            manifest=prepared.manifest,
        )

    @property
    def _session(self) -> str:
        assert self.state.opened is not None
        return self.state.opened.session

    def _prepare(self, experiment: Experiment) -> PreparedRun:
        opened = self.state.opened
        assert opened is not None
        try:
            parts = prepare_all(
                experiment.id,
                opened.files[experiment.manifest],
                session=opened.session,
                run=self.next_run(experiment.id),
                duration=self._needed(experiment) + MARGIN,
                namespaces=opened.bindings.cluster_of(experiment.cluster).namespaces,
                change=experiment.change,
            )
        except ManifestError as error:
            raise SourceError("manifest", f"{experiment.manifest}: {error}") from error
        # In a rehearsal there is the lab alone, whatever the experiment names.
        cluster = experiment.cluster if experiment.cluster in opened.bindings.clusters else ""
        placed = tuple(changed(part, object=changed(part.object, cluster=cluster)) for part in parts)
        return PreparedRun(parts=placed)

    def _needed(self, experiment: Experiment) -> float:
        """Seconds from now to the moment to which the experiment should last."""
        t = self.recorder.now()
        return max(1.0, timeline.until(self.state, experiment, t) - t)

    async def _targets(self, prepared: PreparedRun) -> TargetPreview:
        found = await asyncio.gather(*(self._cluster.preview(part) for part in prepared.parts))
        numbers = [one.number for one in found if one.number is not None]
        return TargetPreview(
            candidates=tuple(dict.fromkeys(name for one in found for name in one.candidates)),
            mode="; ".join(dict.fromkeys(one.mode for one in found)),
            number=sum(numbers) if len(numbers) == len(found) else None,
        )

    async def _rights(self, prepared: PreparedRun) -> Sequence[Permission]:
        found = await asyncio.gather(*(self._cluster.permissions(part) for part in prepared.parts))
        return [right for rights in found for right in rights]

    async def _dry_run(self, prepared: PreparedRun) -> str | None:
        """Why the server would refuse it; empty: it would not; None: it could not be asked."""
        try:
            async with asyncio.timeout(PATIENCE):
                for part in prepared.parts:
                    await self._cluster.dry_run(part)
        except SourceError as error:
            return error.message if is_a_refusal(error) else None
        except TimeoutError:
            return None
        return ""

    def _facts(
        self,
        experiment: Experiment,
        prepared: PreparedRun,
        targets: TargetPreview | None,
        rights: Sequence[Permission] | None,
        dry_run: str | None,
        foreign: Sequence[str] | None,
        context: str | None,
    ) -> GuardFacts:
        state, t = self.state, self.recorder.now()
        assert state.opened is not None
        cluster = state.opened.bindings.cluster_of(experiment.cluster)
        firing = {alert.name for alert in state.alerts.values() if alert.state == "firing"}
        expected = {own.alert.name for own in self.plan.experiments if own.alert}
        latest = state.latest_run(experiment.id)
        own = experiment.alert.name if experiment.alert else ""
        return GuardFacts(
            experiment=experiment.id,
            planned_context=cluster.context,
            context=context,
            planned_namespaces=cluster.namespaces,
            namespace=prepared.object.namespace,
            rehearsal=state.opened.lab,
            locked=state.locked,
            phase_open=state.phase == experiment.phase,
            running=latest is not None and latest.running,
            duration=prepared.duration,
            needed=self._needed(experiment),
            day_left=timeline.day_end(state, t) - t,
            targets=targets.candidates if targets else None,
            number=targets.number if targets else None,
            blast=_blast(prepared),
            one_shot=prepared.one_shot,
            rights=None if rights is None else tuple(right_of(one) for one in rights),
            dry_run=dry_run,
            foreign_chaos=None if foreign is None else tuple(foreign),
            alerts=tuple(sorted(firing - expected)),
            own_alert=own if own in firing else "",
            failed_checks=None
            if state.inspected is None
            else standing_against(state.inspected.findings, experiment.id, prepared.object.cluster),
        )


def is_a_refusal(error: SourceError) -> bool:
    """Whether the server judged the object: an unknown credential or a busy server say nothing of it."""
    return error.status is not None and error.status < 500 and error.status not in (401, 408, 429)


def _blast(prepared: PreparedRun) -> Blast:
    found = [blast(part) for part in prepared.parts]
    return Blast(
        everything=any(one.everything for one in found),
        untargeted_network=any(one.untargeted_network for one in found),
        unbounded=any(one.unbounded for one in found),
        selects=any(one.selects for one in found),
    )


async def _known(question: Awaitable[T], why: list[SourceError]) -> T | None:
    """The answer, or None where there was none: a guard says then that it could not tell. `why` is added to."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await question
    except SourceError as error:
        why.append(error)
    except TimeoutError:
        pass
    return None


def right_of(found: Permission) -> Right:
    return Right(
        verb=found.verb,
        resource=found.resource,
        namespace=found.namespace,
        allowed=found.allowed,
        reason=found.reason,
    )
