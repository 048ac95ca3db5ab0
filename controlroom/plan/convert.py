"""From the plan file's models to the plan values of the core.

Runs after `controlroom.plan.checks` found nothing: it resolves references and does not judge.
"""

from __future__ import annotations

from collections.abc import Sequence

from controlroom.core import plan as core
from controlroom.plan.models import figures as written
from controlroom.plan.models.base import identified
from controlroom.plan.models.day import Experiment, Load, Phase, Question, Step
from controlroom.plan.models.plan import Bindings, Grafana, PlanFile
from controlroom.plan.times import Moment


def to_plan(file: PlanFile, name: str) -> core.Plan:
    """The plan as core values; `name` is its id where the file gives none."""
    starts = starts_of(file)
    moments = injections(file)
    return core.Plan(
        id=file.id or name,
        title=file.title,
        date=file.date,
        environment=file.environment,
        duration=file.duration,
        zone=file.zone,
        summary=file.summary,
        scenario=file.scenario,
        objectives=file.objectives,
        participants=tuple(core.Participant(name=who.name, role=who.role) for who in file.participants),
        checklist=tuple(
            core.ChecklistItem(
                id=identified(item.id, item.text),
                text=item.text,
                check=item.check,
                files=item.files,
                command=item.command or (),
            )
            for item in file.checklist
        ),
        bindings=_bindings(file.bindings),
        load=_load(file.load),
        phases=tuple(_phase(phase, starts[phase.id]) for phase in file.phases),
        experiments=tuple(_experiment(one, *moments[one.id]) for one in file.experiments),
        metrics=tuple(_metric(metric) for metric in file.metrics),
        sampling=core.Sampling(**file.sampling.model_dump()),
        rules=file.rules,
        criteria=tuple(_criterion(criterion) for criterion in file.criteria),
        signs=tuple(_sign(sign) for sign in file.signs),
        abort=tuple(core.AbortRule(**rule.model_dump()) for rule in file.abort),
        injects=_injects(file, starts),
        observations=_questions(file.observations),
        debrief=_questions(file.debrief),
        after_actions=tuple(
            core.AfterAction(id=identified(item.id, item.text), text=item.text) for item in file.after_actions
        ),
        headings=file.headings,
        approvals=tuple(core.Approval(**approval.model_dump()) for approval in file.approvals),
        vanished=core.Vanished(**file.vanished.model_dump()),
        access=core.Access(group=file.access.group, seats=file.access.seats) if file.access else None,
        chat=core.Chat(**file.chat.model_dump()),
        grafana=_grafana(file.grafana),
    )


def starts_of(file: PlanFile) -> dict[str, float]:
    """Planned start of each phase, seconds from the start of the day."""
    starts: dict[str, float] = {}
    elapsed = 0.0
    for phase in file.phases:
        starts[phase.id] = elapsed
        elapsed += phase.duration
    return starts


def injections(file: PlanFile) -> dict[str, tuple[str, float]]:
    """Phase and offset of each experiment's injection; of the first step that names it."""
    starts = starts_of(file)
    found: dict[str, tuple[str, float]] = {}
    for phase in file.phases:
        for step in phase.steps:
            if step.experiment is not None:
                found.setdefault(step.experiment, (phase.id, offset(step.at, starts[phase.id])))
    return found


def offset(moment: Moment, start: float) -> float:
    """Seconds from the start of a phase that begins at `start`."""
    return moment.seconds - start if moment.of_day else moment.seconds


def _phase(phase: Phase, start: float) -> core.Phase:
    return core.Phase(
        id=phase.id,
        title=phase.title,
        duration=phase.duration,
        kind=phase.kind,
        steps=tuple(_step(step, start) for step in phase.steps),
    )


def _step(step: Step, start: float) -> core.Step:
    return core.Step(
        id=identified(step.id, step.text),
        text=step.text,
        at=offset(step.at, start),
        until=None if step.until is None else offset(step.until, start),
        kind="experiment" if step.experiment else step.kind,
        experiment=step.experiment,
        command=step.command,
        details=step.details,
    )


def _experiment(one: Experiment, phase: str, at: float) -> core.Experiment:
    return core.Experiment(
        id=one.id,
        title=one.title,
        manifest=one.manifest,
        phase=phase,
        at=at,
        until=one.until,
        expected=one.expected,
        observe=one.observe,
        alert=core.AlertRef(name=one.alert.name, labels=one.alert.labels) if one.alert else None,
        impact=one.impact,
        cluster=one.cluster or "",
        change=one.change,
        auto=one.auto,
    )


def _bindings(bindings: Bindings) -> core.Bindings:
    return core.Bindings(
        cluster=core.Cluster(context=bindings.cluster.context, namespaces=bindings.cluster.namespaces),
        prometheus=bindings.prometheus,
        alertmanager=bindings.alertmanager,
        grafana=bindings.grafana,
        chat=bindings.chat,
        kubeconfig=bindings.kubeconfig,
        clusters={name: core.Cluster(**own.model_dump()) for name, own in bindings.clusters.items()},
        prometheus_login=core.Login(**bindings.prometheus_login.model_dump()),
        alertmanager_login=core.Login(**bindings.alertmanager_login.model_dump()),
    )


def _grafana(grafana: Grafana) -> core.Grafana:
    panels = tuple(core.Panel(**panel.model_dump()) for panel in grafana.panels)
    return core.Grafana(**grafana.model_dump(exclude={"panels"}), panels=panels)


def _load(load: Load | None) -> core.Load | None:
    if load is None:
        return None
    return core.Load(
        command=load.command or (),
        manifest=load.manifest or "",
        cluster=load.cluster or "",
        directory=load.directory,
        environment=load.environment,
    )


def _metric(metric: written.Metric) -> core.Metric:
    return core.Metric(**metric.model_dump())


def _criterion(criterion: written.Criterion) -> core.Criterion:
    fields = criterion.model_dump(exclude={"type"})
    match criterion:
        case written.AlertsWithin():
            return core.AlertsWithin(**fields)
        case written.NoDataLoss():
            return core.NoDataLoss(**fields)
        case written.RecoversWithin():
            return core.RecoversWithin(**fields)
        case written.RatioBelow():
            return core.RatioBelow(**fields)
        case written.ValueBelow():
            return core.ValueBelow(**fields)


def _sign(sign: written.Sign) -> core.Sign:
    match sign:
        case written.AlertsDelayed():
            return core.AlertsDelayed(id=sign.id, text=sign.text)
        case written.ManualIntervention():
            return core.ManualIntervention(id=sign.id, text=sign.text)
        case written.Cascading():
            return core.Cascading(id=sign.id, text=sign.text)
        case written.Judged():
            return core.Judged(id=sign.id, text=sign.text, question=sign.question)


def phase_at(file: PlanFile, moment: Moment) -> str:
    """The phase a moment of the day falls into; the last one from its start on."""
    starts = starts_of(file)
    return [
        phase.id for phase in file.phases if starts[phase.id] <= moment.seconds or phase is file.phases[0]
    ][-1]


def _injects(file: PlanFile, starts: dict[str, float]) -> tuple[core.Inject, ...]:
    found = []
    for inject in file.injects:
        phase = inject.phase or phase_at(file, inject.at)
        found.append(
            core.Inject(
                id=identified(inject.id, inject.text),
                text=inject.text,
                phase=phase,
                at=offset(inject.at, starts[phase]),
                hint=inject.hint,
            )
        )
    return tuple(found)


def _questions(questions: Sequence[Question]) -> tuple[core.Question, ...]:
    return tuple(
        core.Question(id=identified(one.id, one.text), text=one.text, kind=one.kind, figure=one.figure)
        for one in questions
    )
