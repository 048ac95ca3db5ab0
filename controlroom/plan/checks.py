"""What spans several keys of a plan: names that are unique, names that refer, times that fit.

Each check yields findings at their places; none of them stops the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from controlroom.plan import queries
from controlroom.plan.convert import injections, offset, starts_of
from controlroom.plan.documents import Loc
from controlroom.plan.errors import nearest
from controlroom.plan.models.base import identified
from controlroom.plan.models.day import Step
from controlroom.plan.models.figures import Judged, NoDataLoss, RatioBelow, ValueBelow
from controlroom.plan.models.plan import PlanFile
from controlroom.plan.validation import Finding

Findings = Iterator[Finding]


def check(file: PlanFile) -> Findings:
    """Everything that is wrong with a plan whose keys are each right by themselves."""
    for part in (
        _unique,
        _phases,
        _kinds,
        _experiments,
        _metrics,
        _grid,
        _references,
        _secrets,
        _load,
        _bindings,
    ):
        yield from part(file)
    # One phase without a length shifts all that follows: times say nothing then.
    if all(phase.duration > 0 for phase in file.phases):
        for part in (_total, _times, _ends, _baseline, _injects):
            yield from part(file)


def _unique(file: PlanFile) -> Findings:
    lists: dict[str, Sequence[str]] = {
        "participants": [who.name for who in file.participants],
        "checklist": [identified(one.id, one.text) for one in file.checklist],
        "phases": [one.id for one in file.phases],
        "experiments": [one.id for one in file.experiments],
        "metrics": [one.id for one in file.metrics],
        "criteria": [one.id for one in file.criteria],
        "signs": [one.id for one in file.signs],
        "abort": [one.id for one in file.abort],
        "injects": [identified(one.id, one.text) for one in file.injects],
        "observations": [identified(one.id, one.text) for one in file.observations],
        "debrief": [identified(one.id, one.text) for one in file.debrief],
        "after-actions": [identified(one.id, one.text) for one in file.after_actions],
    }
    for key, names in lists.items():
        word = "name" if key == "participants" else "id"
        for number, name in enumerate(names):
            if name in names[:number]:
                yield Finding((key, number, word), f"`{name}` is already in {key}[{names.index(name)}]")
    steps = [
        (i, j, name_of(step)) for i, phase in enumerate(file.phases) for j, step in enumerate(phase.steps)
    ]
    taken: dict[str, str] = {phase.id: f"phases[{i}]" for i, phase in enumerate(file.phases)}
    for i, j, name in steps:
        if name in taken:
            yield Finding(("phases", i, "steps", j, "id"), f"`{name}` is already in {taken[name]}")
        taken.setdefault(name, f"phases[{i}].steps[{j}]")


def name_of(step: Step) -> str:
    return identified(step.id, step.text)


def _phases(file: PlanFile) -> Findings:
    for number, phase in enumerate(file.phases):
        if phase.duration <= 0:
            yield Finding(("phases", number, "duration"), "a phase must have a length: it may not be zero")
    baselines = [number for number, phase in enumerate(file.phases) if phase.kind == "baseline"]
    if not baselines:
        yield Finding(("phases",), "no phase has `kind: baseline`: nothing would say what is normal")
    for number in baselines[1:]:
        yield Finding(("phases", number, "kind"), f"phases[{baselines[0]}] is the baseline already")


def _kinds(file: PlanFile) -> Findings:
    cleaned: list[Loc] = []
    for i, phase in enumerate(file.phases):
        for j, step in enumerate(phase.steps):
            place: Loc = ("phases", i, "steps", j, "kind")
            if step.experiment is not None and step.kind != "manual":
                yield Finding(place, "a step that injects an experiment has no other kind")
            if step.kind in ("load-start", "load-stop") and file.load is None:
                yield Finding(place, "the plan has no `load`")
            if step.kind == "clean-up":
                cleaned.append(place)
    for place in cleaned[1:]:
        yield Finding(place, "there is a clean-up step already")
    if file.experiments and not cleaned:
        yield Finding(("phases",), "no step has `kind: clean-up`: nothing would end the experiments")


def _total(file: PlanFile) -> Findings:
    total = sum(phase.duration for phase in file.phases)
    if abs(total - file.duration) > 0.5:
        yield Finding(("duration",), f"the phases take {total / 60:g} minutes, not {file.duration / 60:g}")


def _times(file: PlanFile) -> Findings:
    starts = starts_of(file)
    for i, phase in enumerate(file.phases):
        span = _span(starts[phase.id], phase.duration)
        for j, step in enumerate(phase.steps):
            place: Loc = ("phases", i, "steps", j)
            begin = offset(step.at, starts[phase.id])
            end = begin if step.until is None else offset(step.until, starts[phase.id])
            if not 0 <= begin <= phase.duration:
                yield Finding((*place, "at"), f"this is outside its phase, {span}")
            elif end < begin:
                yield Finding((*place, "until"), "this is before the step begins")
            elif end > phase.duration:
                yield Finding((*place, "until"), f"this is after its phase, {span}")


def _span(start: float, duration: float) -> str:
    return f"t={start / 60:g} to t={(start + duration) / 60:g}"


def _experiments(file: PlanFile) -> Findings:
    known = [one.id for one in file.experiments]
    used: dict[str, Loc] = {}
    for i, phase in enumerate(file.phases):
        for j, step in enumerate(phase.steps):
            place: Loc = ("phases", i, "steps", j, "experiment")
            if step.experiment is None:
                continue
            if step.experiment not in known:
                yield _no_such(place, "experiment", step.experiment, known)
            elif step.experiment in used:
                yield Finding(place, f"`{step.experiment}` is injected by an earlier step already")
            used.setdefault(step.experiment, place)
    for number, one in enumerate(file.experiments):
        if one.id not in used and known.index(one.id) == number:
            yield Finding(
                ("experiments", number), f"no step injects it: a step must say `experiment: {one.id}`"
            )
        names = [name for phase in file.phases for name in (phase.id, *map(name_of, phase.steps))]
        if one.until is not None and one.until not in names:
            yield _no_such(("experiments", number, "until"), "phase or step", one.until, names)


def _ends(file: PlanFile) -> Findings:
    """An experiment ends after its injection: at the phase or step of its `until`, or at the clean-up."""
    starts = starts_of(file)
    moments = dict(starts)
    clean_up = None
    for phase in file.phases:
        for step in phase.steps:
            moments.setdefault(name_of(step), starts[phase.id] + offset(step.at, starts[phase.id]))
            clean_up = name_of(step) if step.kind == "clean-up" else clean_up
    injected = injections(file)
    for number, one in enumerate(file.experiments):
        end = one.until or clean_up
        if end not in moments or one.id not in injected:
            continue
        phase_id, at = injected[one.id]
        if moments[end] <= starts[phase_id] + at:
            place: Loc = ("experiments", number, "until") if one.until else ("experiments", number)
            yield Finding(place, f"its end, `{end}`, is not after its injection")


def _metrics(file: PlanFile) -> Findings:
    for number, metric in enumerate(file.metrics):
        flaw = queries.flaw_of(metric.query)
        if flaw:
            yield Finding(("metrics", number, "query"), flaw)
        if metric.worse == "neither" and metric.criterion:
            yield Finding(
                ("metrics", number, "criterion"), "a metric with `worse: neither` has no limit to judge by"
            )
    for number, criterion in enumerate(file.criteria):
        if isinstance(criterion, NoDataLoss):
            for key, query in (("accepted", criterion.accepted), ("stored", criterion.stored)):
                flaw = queries.flaw_of(query)
                if flaw:
                    yield Finding(("criteria", number, key), flaw)
    if file.experiments and not any(metric.criterion for metric in file.metrics):
        yield Finding(
            ("metrics",), "no metric has `criterion: true`: nothing would tell when the service has recovered"
        )


def _references(file: PlanFile) -> Findings:
    metrics = [metric.id for metric in file.metrics]
    wanted: list[tuple[Loc, str]] = []
    for number, criterion in enumerate(file.criteria):
        if isinstance(criterion, (RatioBelow, ValueBelow)):
            wanted.append((("criteria", number, "metric"), criterion.metric))
        elif isinstance(criterion, NoDataLoss):
            wanted.append((("criteria", number, "lag"), criterion.lag))
    for number, rule in enumerate(file.abort):
        wanted.append((("abort", number, "metric"), rule.metric))
        if (rule.above is None) == (rule.below is None):
            yield Finding(("abort", number), "an abort rule has either `above` or `below`")
    for number, one in enumerate(file.experiments):
        wanted += [(("experiments", number, "impact", i), metric) for i, metric in enumerate(one.impact)]
    for place, name in wanted:
        if name not in metrics:
            yield _no_such(place, "metric", name, metrics)
    experiments = [one.id for one in file.experiments]
    for number, approval in enumerate(file.approvals):
        if approval.experiment not in experiments:
            yield _no_such(
                ("approvals", number, "experiment"), "experiment", approval.experiment, experiments
            )
    yield from _questions(file)


def _questions(file: PlanFile) -> Findings:
    kinds = {identified(one.id, one.text): one.kind for one in file.observations}
    for number, sign in enumerate(file.signs):
        if not isinstance(sign, Judged):
            continue
        if sign.question not in kinds:
            yield _no_such(("signs", number, "question"), "observation", sign.question, list(kinds))
        elif kinds[sign.question] != "yes-no":
            yield Finding(("signs", number, "question"), f"`{sign.question}` is not of kind yes-no")
    for key, questions in (("observations", file.observations), ("debrief", file.debrief)):
        for number, one in enumerate(questions):
            if (one.kind == "figure") != (one.figure is not None):
                yield Finding((key, number, "figure"), "`figure` and `kind: figure` go together")


def _grid(file: PlanFile) -> Findings:
    if file.sampling.step not in (1.0, 2.0):
        yield Finding(("sampling", "step"), "the sampling step must be 1s or 2s")


def _baseline(file: PlanFile) -> Findings:
    sampling = file.sampling
    for phase in file.phases:
        counted = phase.duration - sampling.warm_up
        if phase.kind == "baseline" and counted < sampling.least * sampling.step:
            yield Finding(
                ("sampling", "warm-up"), "the baseline phase is too short for it and `least` samples"
            )


def _injects(file: PlanFile) -> Findings:
    starts = starts_of(file)
    phases = {phase.id: phase for phase in file.phases}
    for number, inject in enumerate(file.injects):
        place: Loc = ("injects", number, "at")
        if inject.phase is not None and inject.phase not in phases:
            yield _no_such(("injects", number, "phase"), "phase", inject.phase, list(phases))
        elif inject.phase is not None:
            duration = phases[inject.phase].duration
            if not 0 <= offset(inject.at, starts[inject.phase]) <= duration:
                yield Finding(place, f"this is outside its phase, {_span(starts[inject.phase], duration)}")
        elif not inject.at.of_day:
            yield Finding(place, "say which `phase` this counts from, or write a time of the day like t=20")
        elif inject.at.seconds > sum(phase.duration for phase in file.phases):
            yield Finding(place, "this is after the end of the day")


def _secrets(file: PlanFile) -> Findings:
    if file.load is None:
        return
    for name, value in file.load.environment.items():
        words = set(name.lower().split("_"))
        if words & {"password", "passwd", "token", "secret", "key", "credentials"} and "${" not in value:
            yield Finding(
                ("load", "environment", name),
                "a secret would be recorded: keep it in the environment, as ${NAME}",
            )


def _load(file: PlanFile) -> Findings:
    """A program of ours or objects of a cluster: each has its own keys."""
    load = file.load
    if load is None:
        return
    if bool(load.command) == (load.manifest is not None):
        yield Finding(("load",), "a load has either `command` or `manifest`")
    if load.manifest is not None:
        for key, value in (("directory", load.directory), ("environment", load.environment)):
            if value:
                yield Finding(("load", key), "this is for a command; what a manifest needs stands in it")
    elif load.cluster is not None:
        yield Finding(("load", "cluster"), "this is for a manifest: a command runs on this machine")
    known = list(file.bindings.clusters)
    if load.cluster is not None and load.cluster not in known:
        yield _no_such(("load", "cluster"), "cluster", load.cluster, known)


def _bindings(file: PlanFile) -> Findings:
    known = list(file.bindings.clusters)
    for number, one in enumerate(file.experiments):
        if one.cluster is not None and one.cluster not in known:
            yield _no_such(("experiments", number, "cluster"), "cluster", one.cluster, known)
    logins = {
        "prometheus-login": file.bindings.prometheus_login,
        "alertmanager-login": file.bindings.alertmanager_login,
    }
    for key, login in logins.items():
        place: Loc = ("bindings", key)
        ways = [bool(login.username or login.password), bool(login.token), bool(login.token_file)]
        if sum(ways) > 1:
            yield Finding(place, "there is one way in: a user with a password, `token`, or `token-file`")
        if bool(login.username) != bool(login.password):
            yield Finding(place, "`username` and `password` go together")
        if login.key and not login.certificate:
            yield Finding((*place, "key"), "a key is of no use without its `certificate`")


def _no_such(place: Loc, what: str, name: str, known: Sequence[str]) -> Finding:
    return Finding(place, f"there is no {what} `{name}`", nearest(name, known))
