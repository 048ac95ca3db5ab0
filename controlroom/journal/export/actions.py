"""Action items for the tools in which they are worked off: as a table, and as text for GitHub's and Jira's issues."""

from __future__ import annotations

import re
from datetime import date

from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.journal.export.tables import table
from controlroom.journal.report.escaping import escaped
from controlroom.journal.report.page import Page
from controlroom.journal.report.words import figure

LABELS = ("chaos-engineering", "game-day")


class Item(Value):
    """Something to be done. `due` as it was written; `origin` is the note that it comes from, with its time."""

    title: str
    owner: str = ""
    due: str = ""
    status: str = "open"
    origin: str = ""


def items(page: Page) -> tuple[Item, ...]:
    """All that was not dropped, and what was noted to be done but not yet made an action."""
    notes, found = page.state.notes, []
    own = [action for action in page.state.actions.values() if action.status != "dropped"]
    for action in own:
        note = notes.get(action.note)
        told = note is not None and not note.private
        origin = f"{page.times.session(note.at)} {note.text}" if note is not None and told else ""
        found.append(
            Item(title=action.title, owner=action.owner, due=action.due, status=action.status, origin=origin)
        )
    taken = {action.note for action in page.state.actions.values()}
    for note in notes.values():
        if note.type == "todo" and not note.private and note.id not in taken:
            found.append(
                Item(title=note.text, origin=f"{page.times.session(note.at)}, {note.by or 'a note'}")
            )
    return tuple(found)


def as_table(page: Page) -> bytes:
    """`action-items.csv`."""
    session = page.state.opened.session if page.state.opened else ""
    rows = [(own.title, own.owner, own.due, own.status, own.origin, session) for own in items(page)]
    return table(("title", "owner", "due", "status", "origin", "session"), rows)


def for_github(page: Page) -> dict[str, bytes]:
    """A file for each open item: its first line is the issue's title, what follows the empty line its text."""
    found = {}
    for number, own in enumerate((own for own in items(page) if own.status == "open"), 1):
        lines = [_title(own), "", *(f"{line}" for line in _github_text(page, own)), ""]
        found[f"issues/{number:02}-{_slug(own.title)}.md"] = "\n".join(lines).encode()
    return found


def _github_text(page: Page, own: Item) -> list[str]:
    lines = [f"Found in the game day *{escaped(page.plan.title)}* on {_day(page)}.", ""]
    if own.origin:
        lines += [f"> {escaped(own.origin)}", ""]
    facts = [("Owner", own.owner), ("Due", own.due), ("Session", _session(page)), *_figures(page)]
    return [*lines, *(f"- **{name}**: {escaped(text)}" for name, text in facts if text)]


def for_jira(page: Page) -> bytes:
    """`jira.csv`, with the names that Jira's import from CSV knows; texts in Jira's notation."""
    header = ("Summary", "Issue Type", "Description", "Assignee", "Due Date", *("Labels" for _ in LABELS))
    rows = []
    for own in items(page):
        if own.status != "open":
            continue
        lines = [f"Found in the game day _{_jira(page.plan.title)}_ on {_day(page)}."]
        lines += ["", f"bq. {_jira(own.origin)}", ""] if own.origin else [""]
        facts = [("Due", "" if _iso(own.due) else own.due), ("Session", _session(page)), *_figures(page)]
        lines += [f"* *{name}*: {_jira(text)}" for name, text in facts if text]
        rows.append((_title(own), "Task", "\n".join(lines), own.owner, _iso(own.due), *LABELS))
    return table(header, rows)


def _title(own: Item) -> str:
    return clean(own.title.strip() or "untitled", 200)


def _figures(page: Page) -> list[tuple[str, str]]:
    """What was measured on the day, so that the issue says how much it matters."""
    day = page.assessment.day
    found = [("Verdict", page.assessment.verdict)]
    return found + [(name.upper(), figure(getattr(day, name), page.times)) for name in ("ttd", "ttr")]


def _session(page: Page) -> str:
    return page.state.opened.session if page.state.opened else ""


def _day(page: Page) -> str:
    return page.times.day(page.times.opened_at)


def _slug(text: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return words[:40].strip("-") or "item"


def _jira(text: str) -> str:
    """Jira's notation made harmless."""
    return re.sub(r"([\\{}\[\]*_|!^~+?-])", r"\\\1", clean(text, 2000))


def _iso(due: str) -> str:
    """The date, where it is written as one; other words stay in the text."""
    try:
        return date.fromisoformat(due.strip()).isoformat()
    except ValueError:
        return ""
