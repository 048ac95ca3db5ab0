"""The day as planned and as it went, as a Mermaid Gantt chart (forges draw it; elsewhere it reads as text).

Syntax: https://mermaid.js.org/syntax/gantt.html. A task's name ends at the first colon and a statement at a
semicolon or `#`, so names are cut down to harmless characters.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from controlroom.core.clean import clean
from controlroom.core.timeline import planned_start, slots, until
from controlroom.journal.report.page import Page

_UNSAFE = re.compile(r"[^\w .()/+×-]")
_LEAST = timedelta(seconds=1)


def gantt(page: Page) -> list[str]:
    """The chart with its fence: phases planned and actual, experiments planned and actual."""
    state, plan, times = page.state, page.plan, page.times
    passed = slots(state, state.t)
    lines = ["## Planned and actual", "", "```mermaid", "gantt", "    title Planned and actual"]
    lines += ["    dateFormat YYYY-MM-DD HH:mm:ss", "    axisFormat %H:%M", "    section Phases planned"]
    for slot in passed:
        lines.append(
            _task(page, slot.phase.title, "", times.at(slot.planned_start), times.at(slot.planned_end))
        )
    lines.append("    section Phases actual")
    for slot in passed:
        if slot.status != "skipped":
            kind = {"done": "done, ", "open": "active, "}.get(slot.status, "")
            lines.append(_task(page, slot.phase.title, kind, times.at(slot.start), times.at(slot.end)))
    lines.append("    section Experiments planned")
    starts = plan.starts()
    for own in plan.experiments:
        start = starts[own.phase] + own.at
        end = start + max(0.0, until(state, own, state.t) - planned_start(state, own, state.t))
        lines.append(_task(page, own.title, "", times.at(start), times.at(end)))
    lines += _actual(page)
    return [*lines, "```", ""]


def _actual(page: Page) -> list[str]:
    """Each run from its injection to the end of its effect; without an injection, from its request."""
    lines = ["    section Experiments actual"]
    titles = {own.id: own.title for own in page.plan.experiments}
    now = page.times.at(page.state.t)
    for run in page.state.runs.values():
        start = run.injection.first if run.injection is not None else run.requested_at
        name = titles.get(run.experiment, run.experiment) + (f" {run.ordinal}" if run.ordinal > 1 else "")
        lines.append(_task(page, name, "crit, ", start, run.effect_end or run.object_end or now))
    return lines


def _task(page: Page, name: str, kind: str, start: datetime, end: datetime) -> str:
    # A leading dot keeps a name such as "section 2" or "title" from being read as a keyword.
    safe = " ".join(_UNSAFE.sub(" ", clean(name, 60)).split()) or "unnamed"
    first, last = (page.times.local(at) for at in (start, max(end, start + _LEAST)))
    return f"    · {safe} :{kind}{first:%Y-%m-%d %H:%M:%S}, {last:%Y-%m-%d %H:%M:%S}"
