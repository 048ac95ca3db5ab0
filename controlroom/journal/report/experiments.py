"""Each experiment: what was expected, what was observed, and its times."""

from __future__ import annotations

from datetime import datetime

from controlroom.core.assessment import Figure, RunFigures
from controlroom.core.plan import Experiment
from controlroom.core.state import Run
from controlroom.journal.report.escaping import escaped, paragraphs, table
from controlroom.journal.report.page import KEPT, Page
from controlroom.journal.report.words import span

_FIGURES = (
    ("Injected", "injected"),
    ("Alert firing", "alert"),
    ("Detected", "detected"),
    ("Acknowledged", "acknowledged"),
    ("Root cause named", "root_cause"),
    ("Mitigated", "mitigated"),
    ("Service impacted", "impacted"),
    ("Service recovered", "recovered"),
    ("Effect ended", "effect_end"),
    ("Object gone", "object_end"),
)
_TIMES = (
    ("TTD: injected to detected", "ttd"),
    ("TTA: detected to acknowledged", "tta"),
    ("TTI: detected to root cause named", "tti"),
    ("TTM: injected to mitigated", "ttm"),
    ("TTR: injected to service recovered", "ttr"),
)


def experiments(page: Page) -> list[str]:
    lines = ["## Experiments", "", *_overview(page)]
    for experiment in page.plan.experiments:
        lines += [f"### {escaped(experiment.title)}", ""]
        lines += _hypothesis(experiment)
        runs = page.runs_of(experiment.id)
        if not runs:
            refused = page.state.refused.get(experiment.id)
            lines += [f"Not injected{': refused, ' + escaped(refused) if refused else ''}.", ""]
        for run in runs:
            lines += _run(page, experiment, run)
    return lines


def _overview(page: Page) -> list[str]:
    """Every run in one table, and the day."""
    names = ("injected", "ttd", "tta", "tti", "ttm", "ttr")
    rows = []
    for run in page.state.runs.values():
        own = page.assessment.runs.get(run.id, RunFigures(run=run.id, experiment=run.experiment))
        rows.append((page.run_title(run), *(page.figure(getattr(own, name)) for name in names)))
    day = page.assessment.day
    if day.injected.reason != KEPT:
        rows.append(("**The day**", *(page.figure(getattr(day, name)) for name in names)))
    return table(("Experiment", "Injected", "TTD", "TTA", "TTI", "TTM", "TTR"), rows)


def _hypothesis(experiment: Experiment) -> list[str]:
    lines: list[str] = []
    for title, texts in (("Expected", experiment.expected), ("To observe", experiment.observe)):
        if texts:
            lines += [f"**{title}**", "", *(f"- {escaped(text)}" for text in texts), ""]
    return lines


def _run(page: Page, experiment: Experiment, run: Run) -> list[str]:
    own = page.assessment.runs.get(run.id, RunFigures(run=run.id, experiment=run.experiment))
    name = "" if run.ordinal == 1 else f" (run {run.ordinal})"
    lines = [f"**Observed{name}**", "", *(f"- {line}" for line in _observed(page, experiment, run, own)), ""]
    rows = [(title, page.figure(getattr(own, field))) for title, field in (*_TIMES, *_FIGURES)]
    lines += table(("Figure", "Value"), rows)
    return lines + _evidence(page, own)


def _observed(page: Page, experiment: Experiment, run: Run, own: RunFigures) -> list[str]:
    found = [_targets(run), *_overrides(run)]
    if experiment.alert is not None:
        found.append(f"alert {escaped(experiment.alert.name)}: {page.figure(own.alert)}")
    found.append(f"service impacted: {page.figure(own.impacted)}")
    if (metrics := _outside(page, own)) is not None:
        found.append(f"outside their limits then: {metrics}")
    found.append(f"service recovered: {page.figure(own.recovered)}")
    end = f"ended: {escaped(run.how or run.state)}" + (
        f", asked to stop: {escaped(run.stop)}" if run.stop else ""
    )
    found.append(end + (f"; {escaped(run.message)}" if run.message else ""))
    start, until = own.injected.at, own.effect_end.at
    for note in page.state.notes.values():
        if note.type == "observation" and not note.private and _within(note.at, start, until):
            found.append(f"{page.times.session(note.at)} {paragraphs(note.text)}")
    return found


def _overrides(run: Run) -> list[str]:
    """What stood against its start, on whose account it was started all the same, and why."""
    found = []
    for own in run.overrides:
        why = own.approved or own.reason or "no reason given"
        by = "approved in the plan" if own.approved else f"overridden by {escaped(run.by)}"
        found.append(f"guard {escaped(own.guard)} {by}: {escaped(own.message)} ({escaped(why)})")
    return found


def _targets(run: Run) -> str:
    lost = f", {run.lost} lost (replaced)" if run.lost else ""
    names = ", ".join(escaped(target.id) for target in run.targets)
    proven = "" if run.injection is None or run.injection.proven else " (applied, not proven)"
    return f"{run.injected} of {len(run.targets)} targets injected{lost}{proven}" + (
        f": {names}" if names else ""
    )


def _outside(page: Page, own: RunFigures) -> str | None:
    """The criterion metrics of the episode of impact that this run began."""
    titles = {metric.id: metric.title for metric in page.plan.metrics}
    for episode in page.assessment.episodes:
        if own.impacted.at is not None and episode.start == own.impacted.at and episode.metrics:
            length = f", for {span((episode.end - episode.start).total_seconds())}" if episode.end else ""
            return ", ".join(escaped(titles.get(name, name)) for name in episode.metrics) + length
    return None


def _within(at: datetime, start: datetime | None, until: datetime | None) -> bool:
    return start is not None and start <= at and (until is None or at <= until)


def _evidence(page: Page, own: RunFigures) -> list[str]:
    lines: list[str] = []
    for title, field in _FIGURES:
        found: Figure = getattr(own, field)
        lines += [f"- {title}: {page.proof(piece)}" for piece in found.evidence]
    if not lines:
        return []
    return ["<details><summary>Evidence</summary>", "", *dict.fromkeys(lines), "", "</details>", ""]
