"""The figures of the whole day."""

from __future__ import annotations

from collections.abc import Sequence

from controlroom.core.assessment import DayFigures, Figure, RunFigures
from controlroom.core.figures import milestones
from controlroom.core.figures.context import Context, duration, seconds
from controlroom.core.figures.impact import Impact, recovered_figure
from controlroom.core.figures.injected import object_end_figure
from controlroom.core.figures.runs import Harm
from controlroom.core.state import Mark
from controlroom.core.values import changed


def day_figures(
    context: Context, impact: Impact, harms: Sequence[Harm], runs: dict[str, RunFigures]
) -> DayFigures:
    """TTD and TTA are the first injection's; TTI, TTM and TTR span the day from its detection or injection."""
    all_clear = all_clear_figure(context)
    if not harms:
        nothing = Figure(status="absent" if context.closed else "pending", reason="nothing was injected")
        return DayFigures(
            injected=nothing,
            recovered=nothing,
            all_clear=all_clear,
            mitigated=nothing,
            ttd=nothing,
            tta=nothing,
            tti=nothing,
            ttm=nothing,
            ttr=nothing,
        )
    first = runs[harms[0].own.run.id]
    recovered = day_recovered(context, impact, harms)
    mitigated = milestones.mitigation(day_marks(context, harms, "mitigated"), seconds(recovered))
    root_causes = day_marks(context, harms, "root-cause")
    mitigated = mitigated or _absent(context, recovered, "nobody mitigated")
    root_cause = (
        milestones.mark_figure(root_causes[0])
        if root_causes
        else _absent(context, recovered, "no root cause was named")
    )
    return DayFigures(
        injected=first.injected,
        recovered=recovered,
        all_clear=all_clear,
        mitigated=mitigated,
        ttd=first.ttd,
        tta=first.tta,
        tti=duration(first.detected, root_cause),
        ttm=duration(first.injected, mitigated),
        ttr=duration(first.injected, recovered),
    )


def day_marks(context: Context, harms: Sequence[Harm], milestone: str) -> list[Mark]:
    """Marks of a milestone at or after the first injection; a mitigation also with its start."""
    if milestone == "mitigated":
        found = milestones.marks_of(context, "mitigated", "mitigation-started")
    else:
        found = milestones.marks_of(context, "root-cause")
    return [mark for mark in found if mark.at.timestamp() >= harms[0].own.at]


def day_recovered(context: Context, impact: Impact, harms: Sequence[Harm]) -> Figure:
    """The end of the last episode; provisional while something of ours is active."""
    if impact.stretches:
        recovered = recovered_figure(context, impact, impact.stretches[-1])
        if recovered.status == "known" and not (context.state.all_clear or context.closed):
            return changed(recovered, status="provisional")
        return recovered
    missing = [harm.impacted for harm in harms]
    for status in ("pending", "unknown"):
        for figure in missing:
            if figure.status == status:
                return figure
    return missing[-1]


def all_clear_figure(context: Context) -> Figure:
    """When nothing of ours was active anywhere any more."""
    runs = [run for run in context.state.runs.values() if run.state != "refused"]
    if not runs:
        return Figure(status="absent" if context.closed else "pending", reason="nothing was injected")
    if running := context.state.running:
        names = ", ".join(", ".join(map(str, run.objects)) or run.id for run in running)
        reason = f"{len(running)} still there: {names}"
        return Figure(status="unknown" if context.closed else "pending", reason=reason)
    ends = [object_end_figure(context, run) for run in runs]
    for figure in ends:
        if seconds(figure) is None:
            return figure
    return max(ends, key=lambda figure: seconds(figure) or 0.0)


def _absent(context: Context, recovered: Figure, why: str) -> Figure:
    if recovered.status == "absent":
        return Figure(status="absent", reason=f"{why}: {recovered.reason}")
    if recovered.status == "known":
        return Figure(status="absent", reason=f"{why} before the service recovered")
    return Figure(status="absent" if context.closed else "pending", reason=why)
