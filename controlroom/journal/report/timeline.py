"""The day in order: one line for each thing that a reader of the report would ask about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from controlroom.core.state import Run
from controlroom.journal.report.escaping import escaped, paragraphs, table
from controlroom.journal.report.page import Page
from controlroom.journal.report.words import span

Entry = tuple[datetime, str, str]
"""When it happened, what kind of thing it was, what happened (Markdown)."""


def timeline(page: Page) -> list[str]:
    """The table of events, by the time at which they happened.

    The cluster's stamps are cut to whole seconds, so within a second the order is that of :func:`entries`: an
    injection never comes before its request.
    """
    found = sorted(entries(page), key=lambda entry: entry[0].replace(microsecond=0))
    if not found:
        return ["Nothing happened.", ""]
    times = page.times
    rows = [(times.session(at), times.wall(at), kind, text) for at, kind, text in found]
    return table(("Session", f"Time ({escaped(times.zone)})", "What", "Event"), rows)


def entries(page: Page) -> Iterator[Entry]:
    """All of them; those of one thing in the order in which they must have happened."""
    yield from _phases(page)
    yield from _faults(page)
    yield from _alerts(page)
    yield from _people(page)
    yield from _trouble(page)


def _phases(page: Page) -> Iterator[Entry]:
    at = page.times.at
    titles = {phase.id: escaped(phase.title) for phase in page.plan.phases}
    for phase in page.state.phases:
        title = titles.get(phase.id, escaped(phase.id))
        if phase.opened is not None:
            yield at(phase.opened), "phase", f"{title} began"
        if phase.closed is not None:
            yield at(phase.closed), "phase", f"{title} {'skipped' if phase.status == 'skipped' else 'ended'}"
    for load in page.state.loads:
        yield at(load.start), "load", "load started"
        if load.end is not None:
            yield at(load.end), "load", "load stopped" + (f": {escaped(load.what)}" if load.what else "")
    for hold in page.state.holds:
        yield at(hold.start), "clock", "plan's clock held" + (f": {escaped(hold.what)}" if hold.what else "")
        if hold.end is not None:
            yield at(hold.end), "clock", "plan's clock went on"


def _faults(page: Page) -> Iterator[Entry]:
    for run in page.state.runs.values():
        yield from _run(page, run)
    for halt in page.state.halts:
        reason = f": {escaped(halt.reason)}" if halt.reason else ""
        yield page.times.at(halt.t), "halt", f"**HALT**{_by(halt.by)}{reason}"
        if halt.finished is not None and halt.seconds is not None:
            proven = sum(1 for proof in halt.proofs if proof.outcome != "stuck")
            proofs = f": {proven} of {len(halt.proofs)} targets proven" if halt.proofs else ""
            text = f"halted after {span(halt.seconds)}{proofs}"
            yield page.times.at(halt.finished), "halt", text
    for abort in page.state.aborts.values():
        rule = next((own.text for own in page.plan.abort if own.id == abort.rule), abort.rule)
        yield page.times.at(abort.t), "abort", f"{escaped(rule)}: {abort.status}"


def _run(page: Page, run: Run) -> Iterator[Entry]:
    title = page.run_title(run)
    yield run.requested_at, "fault", f"{title} requested"
    if run.injection is not None:
        proven = "" if run.injection.proven else " (applied, not proven)"
        yield run.injection.first, "fault", f"{title} injected, {run.injection.n} targets{proven}"
    if run.stop_at is not None:
        yield page.times.at(run.stop_at), "fault", f"{title} asked to stop: {escaped(run.stop)}"
    if run.effect_end is not None:
        yield run.effect_end, "fault", f"{title}: effect ended"
    if run.object_end is not None:
        yield run.object_end, "fault", f"{title}: object gone" + (f", {escaped(run.how)}" if run.how else "")


def _alerts(page: Page) -> Iterator[Entry]:
    for alert in page.state.alerts.values():
        name = escaped(alert.name)
        if alert.firing_at is not None:
            yield alert.firing_at, "alert", f"{name} firing"
        if alert.firing_at is not None and alert.resolved_at is not None:
            yield alert.resolved_at, "alert", f"{name} resolved"
    for own in page.state.quiet:
        if " inhibited by " in own.what:  # silences have entries of their own
            yield page.times.at(own.start), "alert", escaped(own.what)
    for silence in page.state.silences.values():
        names = ", ".join(escaped(value) for label, value, _, _ in silence.matchers if label == "alertname")
        text = f"{names or 'alerts'} silenced by {escaped(silence.by)}: {escaped(silence.comment)}"
        yield silence.starts_at, "alert", text


def _people(page: Page) -> Iterator[Entry]:
    for mark in page.state.marks.values():
        if mark.undone:
            continue
        text = f": {paragraphs(mark.text)}" if mark.text else ""
        yield mark.at, "mark", f"**{mark.milestone.replace('-', ' ')}**{text}{_by(mark.by)}"
    for note in page.state.notes.values():
        if not note.private:
            yield note.at, note.type, f"{paragraphs(note.text)}{_by(note.by)}"
    texts = {inject.id: inject.text for inject in page.plan.injects}
    for name, tick in page.state.injects.items():
        if tick.ticked:
            yield page.times.at(tick.t), "inject", escaped(texts.get(name, name))


def _trouble(page: Page) -> Iterator[Entry]:
    at = page.times.at
    for outage in page.state.outages:
        yield at(outage.start), "source", f"{escaped(outage.what)} did not answer"
        if outage.end is not None:
            yield at(outage.end), "source", f"{escaped(outage.what)} answered again"
    for gap in page.state.gaps:
        yield (
            at(gap.start),
            "record",
            "no host kept the record" + (f" for {span(gap.end - gap.start)}" if gap.end is not None else ""),
        )
    if page.state.incident is not None and page.state.halts:
        yield at(page.state.halts[-1].t), "incident", f"**REAL INCIDENT** {escaped(page.state.incident)}"
    if page.state.status == "closed":
        yield at(page.state.t), "session", f"closed: {escaped(page.state.closed_reason)}"


def _by(name: str) -> str:
    return f" ({escaped(name)})" if name else ""
