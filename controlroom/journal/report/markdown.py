"""`session.md`: the report of a day, for people and their forge. The verdict comes first."""

from __future__ import annotations

from controlroom.core.assessment import Assessment
from controlroom.core.columns import View
from controlroom.journal.report import people
from controlroom.journal.report.escaping import escaped, table
from controlroom.journal.report.experiments import experiments
from controlroom.journal.report.gantt import gantt
from controlroom.journal.report.halts import halts
from controlroom.journal.report.judgement import criteria, verdict
from controlroom.journal.report.metrics import metrics
from controlroom.journal.report.page import Page, page_of
from controlroom.journal.report.unmeasured import missing_time, unmeasured

LEGEND = "Line: samples. Dashed: the limit of what is normal. Shaded: a fault acted"


def markdown(view: View, assessment: Assessment) -> str:
    """The report without plots. A session that was never opened has one line."""
    page = page_of(view, assessment)
    if page is None:
        return "# Session\n\nThe session was never opened: there is nothing to report.\n"
    return report(page)


def report(page: Page) -> str:
    """The whole report."""
    lines: list[str] = []
    for section in _FOR_AUDIENCE if page.audience else _WHOLE:
        lines += section(page)
    return "\n".join(lines).rstrip("\n") + "\n"


def plots(page: Page) -> list[str]:
    """The metrics drawn: those of the table first, the others folded away."""
    if page.undrawn:
        return ["## Plots", "", f"They could not be drawn: {escaped(page.undrawn)}.", ""]
    if not page.plots:
        return []
    lines = ["## Plots", "", f"{LEGEND}.", ""]
    others: list[str] = []
    for plot in page.plots:
        metric = page.plan.metric(plot.metric)
        unit = f" ({escaped(metric.unit)})" if metric.unit else ""
        found = [f"**{escaped(metric.title)}**{unit}", "", f"![{escaped(plot.text)}]({plot.path})", ""]
        if metric.table:
            lines += found
        else:
            others += found
    if others:
        lines += ["<details><summary>Plots of further metrics</summary>", "", *others, "</details>", ""]
    return lines


def pictures(page: Page) -> list[str]:
    """Dashboards as they looked; the files lie beside the report."""
    if not page.state.pictures:
        return []
    lines = ["## Pictures of dashboards", ""]
    for own in page.state.pictures:
        stretch = f"{page.times.session(own.start)} to {page.times.session(own.end)}"
        lines += [f"**{escaped(own.title)}**, {escaped(own.moment)}, {stretch}: `{own.path}`", ""]
        lines += [f"![{escaped(own.title)}](<{own.path}>)", ""]
    return lines


def missing(page: Page) -> list[str]:
    """What could not be measured, said plainly."""
    found = tuple(missing_time(page.state)) if page.audience else unmeasured(page.state, page.assessment)
    lines = ["## What could not be measured", ""]
    if not found:
        text = (
            "No stretch of time is missing."
            if page.audience
            else "Everything that the plan asks for was measured."
        )
        return [*lines, text, ""]
    rows = []
    for own in found:
        stretch = [page.times.session(page.times.at(t)) for t in (own.start, own.end) if t is not None]
        rows.append((escaped(own.what), escaped(own.why), " to ".join(stretch)))
    return [*lines, *table(("What", "Why", "When"), rows)]


def scenario(page: Page) -> list[str]:
    """What the day was meant to be."""
    plan = page.plan
    lines = ["## Objectives and scenario", ""]
    lines += [f"{index}. {escaped(text)}" for index, text in enumerate(plan.objectives, 1)]
    lines += ["", escaped(plan.summary), ""] if plan.summary else [""]
    return [*lines, *(f"- {escaped(text)}" for text in plan.scenario), ""]


_WHOLE = (
    *(verdict, criteria, metrics, plots, experiments, halts, pictures, missing, gantt),
    *(people.observations, people.debrief, people.after_actions, people.notes, people.checklist, scenario),
)
_FOR_AUDIENCE = (verdict, criteria, metrics, plots, experiments, missing, gantt, people.notes)
