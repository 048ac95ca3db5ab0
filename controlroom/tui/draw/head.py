"""The two lines at the top: what and where this is, and the clock with what comes next."""

from __future__ import annotations

import re

from controlroom.core import timeline
from controlroom.core.plan import Plan
from controlroom.core.state import Source, State
from controlroom.core.timeline import Coming
from controlroom.tui.actions import BY_ID
from controlroom.tui.layouts import SEATS
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, age, clock, fit, row_width, span, spread, wall, width

SOURCES = (
    ("kubernetes", "k8s"),
    ("prometheus", "prom"),
    ("alertmanager", "alerts"),
)
OWN_ACT = frozenset({"experiment", "load-start", "load-stop", "clean-up"})
"""Steps that the room itself carries out: overdue, they come before what is next."""

ROOMY = 100
"""Columns from which on there is room for names, and for the key that a phase waits for."""


def status_row(moment: Moment, cells: int) -> Row:
    """Title, place, lab; then sources, record, seat."""
    right = (*_sources(moment, cells), *_record(moment), (f"  {seats(moment, cells)} ", "dim"))
    left: list[tuple[str, str]] = []
    place = _place(moment)
    room = cells - row_width(right) - 2
    title = moment.plan.title if moment.plan else moment.info.title
    title = re.sub(r"^game day:\s*", "", title, flags=re.IGNORECASE)
    shown = place
    if width(title) + sum(width(text) for text, _ in place) + 3 > room:
        shown = [(text.split("/")[0], tone) for text, tone in place]
    if 24 + sum(width(text) for text, _ in shown) + 3 > room:
        shown = place[1:]
    if width(title) + sum(width(text) for text, _ in shown) + 3 > room:
        title = fit(title, max(8, room - sum(width(text) for text, _ in shown) - 3)).rstrip()
    left = [(" " + title, "strong"), ("  ", ""), *shown]
    return spread(tuple(left), tuple(right), cells)


def seats(moment: Moment, cells: int) -> str:
    """One's own seat and name, and who else is here: `facilitator ann +1 scribe +2 audience`."""
    info = moment.info
    others = [viewer for key, viewer in moment.state.viewers.items() if key != me(moment)]
    if not info.live or not others:
        return f"{info.seat} {info.name}".strip() if info.live and cells >= ROOMY else info.seat
    if cells < ROOMY:
        return f"{info.seat} +{len(others)}"
    counted = [(seat, sum(1 for own in others if own.seat == seat)) for seat in SEATS]
    return " ".join([info.seat, *filter(None, [info.name]), *(f"+{n} {seat}" for seat, n in counted if n)])


def me(moment: Moment) -> str:
    """One's own viewer; where that was not said, the first on the same seat."""
    if moment.info.viewer:
        return moment.info.viewer
    return next((key for key, own in moment.state.viewers.items() if own.seat == moment.info.seat), "")


def _place(moment: Moment) -> list[tuple[str, str]]:
    opened = moment.state.opened
    if opened is None:
        return [("entering the room …" if not moment.entered else "", "dim")]
    cluster = opened.bindings.cluster
    # An audience is not told where: the place may betray what is done there.
    where = f"{cluster.context}/{','.join(cluster.namespaces)}" if cluster.context else ""
    found = [(where, "dim")]
    if opened.unverified:
        found.append((" TLS NOT VERIFIED", "bad"))
    if opened.lab:
        found.append((f" LAB ×{moment.state.rate:g}", "accent"))
    return found


def _sources(moment: Moment, cells: int) -> tuple[tuple[str, str], ...]:
    if not moment.info.live or moment.state.opened is None:
        return ()
    found: list[tuple[str, str]] = []
    further = [(name, name.partition("(")[2].rstrip(")")) for name in moment.state.sources if "(" in name]
    for name, short in (*SOURCES, *further):
        source = moment.state.sources.get(name, Source())
        if source.ok is None:
            found.append((f"{short} ○  ", "dim"))
            continue
        if not source.ok:
            found.append((f"{short} ✗ {age(moment.t - source.since)}  ", "bad"))
            continue
        if _is_partial(moment, name):
            found.append((f"{short} △ partial  ", "warn"))
            continue
        found += [(f"{short} ", "dim"), ("●", "good")]
        heard = heard_ago(moment) if name == "prometheus" else None
        found.append((f" {age(heard)}  " if heard is not None and cells >= 100 else "  ", "dim"))
    return tuple(found)


def _is_partial(moment: Moment, name: str) -> bool:
    """Whether its answers are not whole, be it of samples or of alerts."""
    found = (moment.state.sources.get(own) for own in (name, f"{name} alerts"))
    return any(source is not None and source.partial for source in found)


def heard_ago(moment: Moment) -> float | None:
    """Session seconds since the newest sample step; None: there is none."""
    state = moment.state
    ends = [
        first + (length - 1) * moment.view.columns.step
        for first, length in zip(state.first_step, state.lengths, strict=True)
        if first is not None and length
    ]
    now = moment.at(moment.t)
    return now.timestamp() - max(ends) if ends and now else None


def _record(moment: Moment) -> tuple[tuple[str, str], ...]:
    if not moment.info.live:
        return (("▶ RECORDED", "accent"),)
    if moment.state.status == "closed":
        return (("■ CLOSED", "dim"),)
    if moment.trouble or moment.lost is not None:
        return (("✗ NO RECORD SEEN", "bad"),)
    if moment.state.record_trouble is not None:
        return (("✗ NOT ON DISK", "bad"),)
    return (("◉ REC", "accent" if moment.entered else "dim"),)


def phase_title(plan: Plan, phase: str) -> str:
    """The title without a leading *Phase 2:*."""
    return re.sub(r"^phase\s+\d+\s*[:.–-]\s*", "", plan.phase(phase).title, flags=re.IGNORECASE)


def clock_row(moment: Moment, cells: int) -> Row:
    """Session time, phase and what is left of it; next step; faults active and the halt key."""
    left = _clock_left(moment, cells)
    right = _faults(moment, cells)
    middle = _next(moment, cells - row_width(left) - row_width(right) - 4)
    return spread((*left, ("  ", ""), *middle), right, cells)


def _clock_left(moment: Moment, cells: int) -> Row:
    state, plan = moment.state, moment.plan
    found: list[tuple[str, str]] = [(f" T+{clock(moment.t)} ", "strong")]
    if plan is None:
        return tuple(found)
    if cells >= 140:
        found.append((f"{wall(moment.at(moment.t), plan.zone)} ", "dim"))
    if state.phase is None or state.status == "closed":
        words = {"closed": "DAY CLOSED", "ending": "ENDING"}.get(state.status)
        started = any(phase.status != "planned" for phase in state.phases)
        found.append((f" {words or ('BETWEEN PHASES' if started else 'NOT STARTED')} ", "phase"))
        if words is None and may_move(moment) and cells >= ROOMY:
            found.append((f"  [{moment.keys.shown('phases')}] begins", "accent"))
        # An audience's stream has no criteria: a verdict from it would be none of the day.
        judged = moment.info.seat != "audience" and moment.figures.verdict != "pending"
        if state.status == "closed" and judged:
            tone = {"passed": "good", "needs improvement": "bad"}.get(moment.figures.verdict, "warn")
            found.append((f"  {moment.figures.verdict}", tone))
        return tuple(found)
    left = timeline.left(state, moment.t) or 0.0
    found.append((f" {phase_title(plan, state.phase).upper()} ", "phase"))
    found.append((f" {span(left)} left", "strong") if left >= 0 else (f" {span(-left)} OVER", "warn"))
    if left < 0 and may_move(moment) and cells >= ROOMY:
        found.append((f"  [{moment.keys.shown('phases')}] goes on", "accent"))
    if state.held_since is not None:
        found.append((f"  ‖ HELD {span(moment.t - state.held_since)}", "warn"))
    return tuple(found)


def may_move(moment: Moment) -> bool:
    return moment.live and moment.info.seat in BY_ID["phases"].seats


def next_up(state: State, t: float) -> tuple[Coming | None, int]:
    """What to name as next, and how many planned things are overdue besides it."""
    items = timeline.coming(state, t)
    plan = state.plan
    kinds = {step.id: step.kind for _, step in plan.steps} if plan else {}
    overdue = [item for item in items if item.t < t]
    ours = [item for item in overdue if kinds.get(item.id) in OWN_ACT]
    ahead = [item for item in items if item.t >= t]
    found = ours[0] if ours else ahead[0] if ahead else None
    return found, len(overdue) - len(ours[:1])


def _next(moment: Moment, room: int) -> Row:
    if moment.plan is None or moment.state.status == "closed":
        return ()
    found, more = next_up(moment.state, moment.t)
    tail: Row = (
        ((f"  {more} due [{moment.keys.shown('checklist')}]", "over"),) if more and moment.info.live else ()
    )
    if found is None:
        return tail
    if found.t < moment.t:
        head, rest = "DUE", f" {span(moment.t - found.t)} ago"
    else:
        head, rest = f"NEXT {clock(found.t)}", f" in {span(found.t - moment.t)}"
    text = re.sub(r"^experiment\s+\d+\s*[:.–-]\s*", "", found.text, flags=re.IGNORECASE)
    space = room - width(head) - width(rest) - row_width(tail) - 1
    if space < 6:
        tail, head, rest = (), head.split(" ")[0], rest.removesuffix(" ago").replace(" in ", " ")
        space = room - width(head) - width(rest) - 1
    if space < 6:
        return ()
    tone = "warn" if found.t < moment.t else "accent"
    text = fit(text, min(space, width(text)))
    inject = _inject(moment, found, space - width(text))
    return ((head + " ", tone), (text, ""), (rest, "strong"), *inject, *tail)


def _inject(moment: Moment, shown: Coming, room: int) -> Row:
    """The next inject, where it is not what is shown already and there is room: `▿ inject in 8:52`."""
    ahead = (own for own in timeline.coming(moment.state, moment.t) if own.kind == "inject")
    found = next((own for own in ahead if own.t >= moment.t), None)
    if found is None or found.id == shown.id:
        return ()
    rest = f" in {span(found.t - moment.t)}"
    return (("  ▿ inject", "accent"), (rest, "strong")) if room >= 10 + width(rest) else ()


def _faults(moment: Moment, cells: int) -> Row:
    running = len(moment.state.running)
    halts = moment.info.live and moment.info.seat in BY_ID["halt"].seats
    key: Row = ((f" [{moment.keys.shown('halt')}] halt ", "key"),) if halts and cells >= 60 else ()
    if moment.state.locked:
        return (("■ LOCKED", "notice"), *key)
    if moment.info.seat == "audience":
        return ()  # it knows of revealed faults alone, and a number would be a lie
    if running == 0:
        return (("no fault active" if cells >= 100 else "0 ACTIVE", "dim"), *(key or ((" ", ""),)))
    word = f" {running} FAULT{'S' if running > 1 else ''} ACTIVE " if cells >= 100 else f" {running} ACTIVE "
    return ((word, "alarm"), *key)
