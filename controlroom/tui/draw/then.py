"""What was going on at a moment: the phase, the faults that acted, the alerts that fired."""

from __future__ import annotations

from controlroom.core import timeline
from controlroom.tui.draw.head import phase_title
from controlroom.tui.moment import Moment
from controlroom.tui.text import clock

ACTS = {
    "injecting": "being injected",
    "active": "active",
    "recovering": "recovering",
    "object": "not yet deleted",
}


def going_on(moment: Moment, t: float) -> tuple[tuple[str, str], ...]:
    """(what, which) at session second t, by what is known at the moment that is shown; an empty `which`: none."""
    return (
        ("phase", phase_at(moment, t)),
        ("faults", ", ".join(faults_at(moment, t))),
        ("alerts", ", ".join(alerts_at(moment, t))),
    )


def phase_at(moment: Moment, t: float) -> str:
    """The phase that was open, and how far into it; empty: none was."""
    if moment.plan is None:
        return ""
    for slot in timeline.slots(moment.state, moment.t):
        if slot.status in ("open", "done") and slot.start <= t < slot.end:
            return f"{phase_title(moment.plan, slot.phase.id)}, {clock(t - slot.start)} into it"
    return ""


def faults_at(moment: Moment, t: float) -> list[str]:
    """Experiments that something was done by, with what; one-shots until what they hit had recovered."""
    found = []
    plan = moment.plan
    titles = {own.id: own.title for own in plan.experiments} if plan else {}
    for run in moment.state.runs.values():
        for part in timeline.stretches(moment.state, run, moment.t):
            within = part.start <= t < part.end or (part.end >= moment.t >= t >= part.start)
            if within and (part.what != "object" or run.running):
                found.append(f"{titles.get(run.experiment, run.experiment)} {ACTS[part.what]}")
                break
    return found


def alerts_at(moment: Moment, t: float) -> list[str]:
    """Names of the alerts that fired."""
    found = []
    for own in moment.state.alerts.values():
        if own.firing_at is None or moment.t_of(own.firing_at) > t:
            continue
        if own.resolved_at is None or moment.t_of(own.resolved_at) > t:
            found.append(own.name)
    return list(dict.fromkeys(found))
