"""What people said and did: observations, debrief, actions, notes, checklist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from controlroom.core.assessment import Figure
from controlroom.core.plan import Question
from controlroom.core.state import Answer, Note, Tick
from controlroom.journal.report.escaping import escaped, paragraphs, table
from controlroom.journal.report.page import Page
from controlroom.journal.report.timeline import timeline

HEADINGS = ("Timeline of Events", "Key Learnings", "Action Items", "Participants")
"""Headings that are filled from the record; a plan may have more, and they are left to be written."""


def observations(page: Page) -> list[str]:
    """The facilitator's observations: measured where a figure answers them, else as they were answered."""
    rows = [
        (escaped(own.text), _answer(page, own, page.state.observations)) for own in page.plan.observations
    ]
    lines = ["## Facilitator observations", ""]
    lines += table(("Observation", "Answer"), rows) if rows else []
    lines += [f"- {_note(page, note)}" for note in _notes(page, "observation")]
    return [*lines, ""]


def debrief(page: Page) -> list[str]:
    """The debrief's questions with their answers."""
    lines = ["## Debrief", ""]
    for index, own in enumerate(page.plan.debrief, 1):
        lines += [f"{index}. **{escaped(own.text)}**", "", f"   {_answer(page, own, page.state.debrief)}", ""]
    return lines


def _answer(page: Page, question: Question, answers: Mapping[str, Answer]) -> str:
    parts = []
    if question.figure is not None:
        measured: Figure | None = getattr(page.assessment.day, question.figure, None)
        parts.append(page.figure(measured) if measured is not None else "unknown")
    given = answers.get(question.id)
    if given is not None:
        parts += [f"{given.score} of 5"] if given.score is not None else []
        parts += [paragraphs(given.text)] if given.text.strip() else []
        parts += [f"({escaped(given.by)})"] if given.by and parts else []
    return " ".join(parts) if parts else "*not answered*"


def after_actions(page: Page) -> list[str]:
    """What is to be done after the day, as a task list."""
    lines = ["## Post-game day actions", ""]
    lines += [
        f"- [{'x' if _ticked(page.state.after_actions, own.id) else ' '}] {escaped(own.text)}"
        for own in page.plan.after_actions
    ]
    return [*lines, ""]


def checklist(page: Page) -> list[str]:
    """The pre-game day checklist: ticked, by whom and when."""
    lines = ["## Pre-game day checklist", ""]
    for item in page.plan.checklist:
        tick = page.state.checklist.get(item.id)
        if tick is None or not tick.ticked:
            lines.append(f"- [ ] {escaped(item.text)}")
            continue
        by = ", ".join(part for part in (escaped(tick.by), page.times.session(page.times.at(tick.t))) if part)
        detail = f": {escaped(tick.detail)}" if tick.detail else ""
        lines.append(f"- [x] {escaped(item.text)} ({by}{detail})")
    return [*lines, ""]


def _ticked(ticks: Mapping[str, Tick], item: str) -> bool:
    tick = ticks.get(item)
    return tick is not None and tick.ticked


def notes(page: Page) -> list[str]:
    """The notes section under the plan's headings; the four known ones are there in any case."""
    known: Mapping[str, Callable[[Page], list[str]]] = {
        "timeline of events": timeline,
        "key learnings": _learnings,
        "action items": _actions,
        "participants": _participants,
    }
    headings = list(page.plan.headings)
    headings += [own for own in HEADINGS if own.casefold() not in {name.casefold() for name in headings}]
    if page.audience:
        headings = [heading for heading in HEADINGS if heading != "Action Items"]
    lines = ["## Notes", ""]
    for heading in headings:
        fill = known.get(heading.strip().casefold())
        lines += [f"### {escaped(heading)}", "", *(fill(page) if fill else ["- ", ""])]
    private = sum(1 for note in page.state.notes.values() if note.private)
    if private:
        lines += [f"Private notes are left out here ({private}); the journal has them.", ""]
    return lines


def _learnings(page: Page) -> list[str]:
    kept = [*_notes(page, "decision"), *_notes(page, "parked"), *_notes(page, "note")]
    return [*(f"- {note.type}: {_note(page, note)}" for note in kept), *([] if kept else ["- "]), ""]


def _actions(page: Page) -> list[str]:
    found = [own for own in page.state.actions.values() if own.status != "dropped"]
    lines = []
    for own in found:
        owner = f", owner {escaped(own.owner)}" if own.owner else ", no owner yet"
        due = f", due {escaped(own.due)}" if own.due else ""
        lines.append(f"- [{'x' if own.status == 'done' else ' '}] {escaped(own.title)}{owner}{due}")
    taken = {own.note for own in found}
    for note in _notes(page, "todo"):
        if note.id not in taken:
            lines.append(f"- [ ] {_note(page, note)}, no owner yet")
    return [*(lines or ["- "]), ""]


def _participants(page: Page) -> list[str]:
    lines = [f"- {escaped(own.name)}: {escaped(own.role)}" for own in page.plan.participants]
    planned = {own.name for own in page.plan.participants}
    lines += [f"- {escaped(name)} (took part)" for name in _seen(page) if name not in planned]
    return [*(lines or ["- "]), ""]


def _seen(page: Page) -> Sequence[str]:
    """Everybody who left something in the record, in order of name."""
    state = page.state
    names = {mark.by for mark in state.marks.values()} | {note.by for note in state.notes.values()}
    names |= {halt.by for halt in state.halts}
    for ticks in (state.checklist, state.steps, state.after_actions):
        names |= {tick.by for tick in ticks.values()}
    for answers in (state.observations, state.debrief):
        names |= {answer.by for answer in answers.values()}
    return sorted(names - {"", "host", "source", "script"})


def _notes(page: Page, kind: str) -> list[Note]:
    return [note for note in page.state.notes.values() if note.type == kind and not note.private]


def _note(page: Page, note: Note) -> str:
    by = f" ({escaped(note.by)})" if note.by else ""
    return f"{page.times.session(note.at)} {paragraphs(note.text)}{by}"
