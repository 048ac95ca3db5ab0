"""What every section of the report is written from."""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.core.assessment import Assessment, Cell, Evidence, Figure
from controlroom.core.columns import View
from controlroom.core.plan import Metric, Plan
from controlroom.core.state import Run, State
from controlroom.core.values import Value
from controlroom.journal.report.escaping import escaped
from controlroom.journal.report.words import Times, cell, figure, proof

KEPT = "kept from an audience"


class Plot(Value):
    """A picture of one metric."""

    metric: str
    path: str
    """Below the report."""
    text: str
    """What it shows, for those who cannot see it."""


@dataclass(frozen=True, slots=True)
class Page:
    """A session at one moment: its state, its plan, its figures, its clock."""

    state: State
    plan: Plan
    assessment: Assessment
    times: Times
    plots: tuple[Plot, ...] = ()
    """What lies beside the report."""
    undrawn: str = ""
    """Why there are no plots though there are samples."""
    audience: bool = False
    """State, plan and figures are an audience's: sections of which it may know nothing are left out."""

    @property
    def queries(self) -> dict[str, str]:
        """Titles of the metrics by their queries."""
        return {metric.query.strip(): metric.title for metric in self.plan.metrics}

    def figure(self, found: Figure) -> str:
        """As Markdown."""
        return KEPT if found.reason == KEPT else escaped(figure(found, self.times))

    def cell(self, found: Cell, metric: Metric) -> str:
        """As Markdown."""
        return escaped(cell(found, metric, self.times))

    def proof(self, own: Evidence) -> str:
        """As Markdown."""
        return escaped(proof(own, self.times, self.queries))

    def run_title(self, run: Run) -> str:
        """Title of its experiment, escaped; a second run says which it is."""
        known = {own.id: own.title for own in self.plan.experiments}
        title = escaped(known.get(run.experiment, run.experiment))
        return title if run.ordinal == 1 else f"{title} \\#{run.ordinal}"

    def runs_of(self, experiment: str) -> tuple[Run, ...]:
        own = (run for run in self.state.runs.values() if run.experiment == experiment)
        return tuple(sorted(own, key=lambda run: run.ordinal))


def page_of(view: View, assessment: Assessment) -> Page | None:
    """None: the session was never opened, so there is nothing to write about."""
    state = view.state
    if state.plan is None or state.opened_at is None:
        return None
    return Page(state, state.plan, assessment, Times(state.opened_at, state.plan.zone))
