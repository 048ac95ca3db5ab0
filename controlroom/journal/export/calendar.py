"""The next game day as a calendar file (RFC 5545), to be sent to those who take part."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from controlroom.core.clean import clean
from controlroom.journal.export.actions import items
from controlroom.journal.report.page import Page


class BadDay(ValueError):
    """A text that is no day; the message says what would be one."""


def parse_day(text: str, page: Page) -> datetime:
    """`2026-12-15 14:00` in the plan's zone; a date alone: at the time of day of this session. UTC.

    Raises :class:`BadDay`.
    """
    zone, began = page.times.local(page.times.opened_at).tzinfo, page.times.local(page.times.opened_at)
    try:
        if len(text.strip()) == len("2026-12-15"):
            day = date.fromisoformat(text.strip())
            found = datetime.combine(day, began.time().replace(second=0, microsecond=0), zone)
        else:
            found = datetime.fromisoformat(text.strip())
            found = found if found.tzinfo is not None else found.replace(tzinfo=zone)
    except ValueError as error:
        raise BadDay(f"{text!r} is no day: write 2026-12-15 or '2026-12-15 14:00'") from error
    return found.astimezone(UTC)


def next_day(page: Page, start: datetime) -> bytes:
    """The calendar file: as long as the plan, with its objectives and what is still to be done."""
    from icalendar import Calendar, Event

    plan = page.plan
    event = Event()
    event.add("uid", f"{page.state.opened.session if page.state.opened else plan.id}-next@controlroom")
    event.add("dtstamp", (page.state.at or page.times.opened_at).replace(microsecond=0))
    event.add("dtstart", start)
    event.add("dtend", start + timedelta(seconds=plan.duration))
    event.add("summary", clean(plan.title))
    event.add("location", clean(plan.environment))
    event.add("description", "\n".join(_description(page)))
    event.add("categories", ["chaos-engineering", "game-day"])
    calendar = Calendar()
    calendar.add("prodid", "-//Control Room//game day//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _description(page: Page) -> list[str]:
    lines = ["Objectives:", *(f"- {clean(text)}" for text in page.plan.objectives), ""]
    lines += [
        "Taking part:",
        *(f"- {clean(own.name)}, {clean(own.role)}" for own in page.plan.participants),
        "",
    ]
    still = [own for own in items(page) if own.status == "open"]
    if still:
        day = page.times.day(page.times.opened_at)
        lines += [f"Still to be done since {day}:"]
        lines += [f"- {clean(own.title)}" + (f" ({clean(own.owner)})" if own.owner else "") for own in still]
    return lines
