"""The day as planned and as it went, as a chart: in Mermaid for forges, as a drawing for the page in HTML.

Syntax: https://mermaid.js.org/syntax/gantt.html. A task's name ends at the first colon and a statement at a
semicolon or `#`, so names are cut down to harmless characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import escape
from typing import Literal

from controlroom.core.clean import clean
from controlroom.core.timeline import planned_start, slots, until
from controlroom.core.values import Value
from controlroom.journal.report.page import Page

Kind = Literal["", "done", "active", "crit"]
"""Mermaid's words: of a phase that is over, of one that goes on, of a fault."""

_UNSAFE = re.compile(r"[^\w .()/+×-]")
_LEAST = timedelta(seconds=1)
_LEFT, _RIGHT, _ROW, _LINE = 250, 950, 24, 18
"""Pixels: where the bars begin and end, height of a task, and of a section's title."""


class Task(Value):
    """One bar."""

    name: str
    start: datetime
    end: datetime
    kind: Kind = ""


class Section(Value):
    title: str
    tasks: tuple[Task, ...]


def chart(page: Page) -> tuple[Section, ...]:
    """Phases planned and actual, experiments planned and actual."""
    state, plan, times = page.state, page.plan, page.times
    passed = slots(state, state.t)
    kinds: dict[str, Kind] = {"done": "done", "open": "active"}
    starts = plan.starts()
    planned = []
    for own in plan.experiments if not page.audience else ():  # until when is not known to an audience
        start = starts[own.phase] + own.at
        end = start + max(0.0, until(state, own, state.t) - planned_start(state, own, state.t))
        planned.append(Task(name=own.title, start=times.at(start), end=times.at(end)))
    return (
        Section(
            title="Phases planned",
            tasks=tuple(
                Task(
                    name=slot.phase.title, start=times.at(slot.planned_start), end=times.at(slot.planned_end)
                )
                for slot in passed
            ),
        ),
        Section(
            title="Phases actual",
            tasks=tuple(
                Task(
                    name=slot.phase.title,
                    start=times.at(slot.start),
                    end=times.at(slot.end),
                    kind=kinds.get(slot.status, ""),
                )
                for slot in passed
                if slot.status != "skipped"
            ),
        ),
        Section(title="Experiments planned", tasks=tuple(planned)),
        Section(title="Experiments actual", tasks=tuple(_actual(page))),
    )


def _actual(page: Page) -> Iterator[Task]:
    """Each run from its injection to the end of its effect; without an injection, from its request."""
    titles = {own.id: own.title for own in page.plan.experiments}
    now = page.times.at(page.state.t)
    for run in page.state.runs.values():
        start = run.injection.first if run.injection is not None else run.requested_at
        name = titles.get(run.experiment, run.experiment) + (f" {run.ordinal}" if run.ordinal > 1 else "")
        yield Task(name=name, start=start, end=run.effect_end or run.object_end or now, kind="crit")


def gantt(page: Page) -> list[str]:
    """The chart for Mermaid, with its fence."""
    lines = ["## Planned and actual", "", "```mermaid", "gantt", "    title Planned and actual"]
    lines += ["    dateFormat YYYY-MM-DD HH:mm:ss", "    axisFormat %H:%M"]
    for section in chart(page):
        lines.append(f"    section {section.title}")
        lines += [_task(page, task) for task in section.tasks]
    return [*lines, "```", ""]


def _task(page: Page, task: Task) -> str:
    # A leading dot keeps a name such as "section 2" or "title" from being read as a keyword.
    first, last = (page.times.local(at) for at in (task.start, max(task.end, task.start + _LEAST)))
    kind = f"{task.kind}, " if task.kind else ""
    return f"    · {_name(task)} :{kind}{first:%Y-%m-%d %H:%M:%S}, {last:%Y-%m-%d %H:%M:%S}"


def _name(task: Task) -> str:
    return " ".join(_UNSAFE.sub(" ", clean(task.name, 60)).split()) or "unnamed"


def gantt_drawing(page: Page) -> str:
    """The same as an SVG of its own, for where no Mermaid is."""
    sections = [section for section in chart(page) if section.tasks]
    tasks = [task for section in sections for task in section.tasks]
    first = min((task.start for task in tasks), default=page.times.opened_at)
    last = max([*(task.end for task in tasks), first + _LEAST])
    scale = (_RIGHT - _LEFT) / (last - first).total_seconds()

    def place(at: datetime) -> float:
        return round(_LEFT + (at - first).total_seconds() * scale, 1)

    rows, y = [], 6
    for section in sections:
        rows.append(f'<text class="section" x="0" y="{y + 14}">{section.title}</text>')
        y += _LINE
        for task in section.tasks:
            width = max(2.0, place(task.end) - place(task.start))
            kind = f"task {task.kind} {'planned' if 'planned' in section.title else ''}".strip()
            times = f"{page.times.wall(task.start)} to {page.times.wall(task.end)}"
            rows.append(
                f'<text x="12" y="{y + 16}">{escape(clean(task.name, 36))}</text>'
                f'<rect class="{kind}" x="{place(task.start)}" y="{y + 4}" width="{width:.1f}" height="16" rx="3">'
                f"<title>{escape(clean(task.name))}, {times}</title></rect>"
            )
            y += _ROW
    lines = [
        f'<path d="M{place(at)} 0V{y}"/>'
        f'<text class="mark" x="{place(at)}" y="{y + 16}">{page.times.local(at):%H:%M}</text>'
        for at in _marks(first, last)
    ]
    return (
        f'<svg class="gantt" role="img" aria-label="Planned and actual" viewBox="0 0 960 {y + 22}">'
        f"{''.join(lines)}{''.join(rows)}</svg>"
    )


def _marks(first: datetime, last: datetime) -> Iterator[datetime]:
    """About six round moments."""
    length = (last - first).total_seconds()
    rounds = (1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 604800)
    step = next((own for own in rounds if length / own <= 7), rounds[-1])
    at = first + timedelta(seconds=-first.timestamp() % step)
    while at <= last:
        yield at
        at += timedelta(seconds=step)
