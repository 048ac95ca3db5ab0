"""What must be said across the whole width: halts, aborts, incidents, sources that fail, looking back."""

from __future__ import annotations

from collections.abc import Mapping

from controlroom.core.state import Abort, Halt, State
from controlroom.tui.actions import BY_ID
from controlroom.tui.draw import revealed
from controlroom.tui.draw.record import record_trouble
from controlroom.tui.moment import Moment, Record
from controlroom.tui.text import Row, clock, fit, number, span, wrapped

MOST = 4
"""Rows; the most urgent come first."""
RECORDS: Mapping[Record, str] = {
    "saved": "recorded{day}, nothing here is live",
    "grows": "still being recorded, since{day}: this reads along, nothing here acts",
    "ended": "recorded{day}, the record has ended by now, nothing here is live",
    "stopped": "recorded{day}, the record stopped without an end: its host is gone, nothing here is live",
}
"""What a record is to whoever looks at it."""


def banner_rows(moment: Moment, cells: int) -> tuple[Row, ...]:
    """The rows there are at this moment, most urgent first; empty when all is calm."""
    said = _for_audience(moment, cells) if moment.info.seat == "audience" else _for_desk(moment, cells)
    rows: list[Row] = []
    spare = MOST - len(said)
    for text, tone in said[:MOST]:
        # What is urgent is read whole, as long as nothing else has to go for it.
        lines = wrapped(text, max(1, cells - 2)) if tone in ("alarm", "notice") and spare > 0 else [text]
        kept = lines if len(lines) - 1 <= spare else [*lines[:spare], " ".join(lines[spare:])]
        spare -= len(kept) - 1
        rows += [((fit((" " if n == 0 else "   ") + line, cells), tone),) for n, line in enumerate(kept)]
    return tuple(rows)


def _for_audience(moment: Moment, cells: int) -> list[tuple[str, str]]:
    """What its own stream tells: no counts of what it may not know, no keys that it has not."""
    state = moment.state
    said: list[tuple[str, str]] = []
    if state.incident is not None:
        said.append(("REAL INCIDENT  the exercise has stopped", "alarm"))
    if state.locked and state.halts:
        finished = state.halts[-1].seconds is not None
        text = (
            "HALTED  the exercise stands still"
            if finished
            else "HALTING  everything of the exercise is stopped"
        )
        said.append((text, "notice"))
    said += [(text, "notice") for text in _cut_off(moment)]
    said += [(text, "reveal") for text in revealed.banner_lines(moment, cells)]
    if moment.info.live and moment.playhead.pinned:
        closed, ending = state.status == "closed", state.status == "ending"
        said += [("the day is over", "calm")] if closed else [("the day ends", "calm")] if ending else []
    else:
        said += [(text, "calm") for text in _where(moment)]
    return said


def _for_desk(moment: Moment, cells: int) -> list[tuple[str, str]]:
    state = moment.state
    said: list[tuple[str, str]] = []
    if state.incident is not None:
        said.append((f"REAL INCIDENT  {state.incident}", "alarm"))
    said += [(text, "alarm") for text in _aborts(moment)]
    if state.locked and state.halts:
        said.append(
            (_halt(moment, state.halts[-1]), "alarm" if state.halts[-1].finished is None else "notice")
        )
    said += [(text, "alarm") for text in _cut_off(moment)]
    said += [
        (text, "alarm" if unattended_left(moment) is not None else "notice") for text in _unattended(moment)
    ]
    said += record_trouble(moment)
    said += [(text, "notice") for text in (*_not_stopped(state), *_stuck(moment))]
    said += [(text, "notice") for text in _failing(moment)]
    if state.status == "ending":
        said.append((f"ENDING  waiting for all clear: {len(state.running)} still running", "notice"))
    said += [(text, "reveal") for text in revealed.banner_lines(moment, cells)]
    said += [(text, "calm") for text in _where(moment)]
    return said


def _key(moment: Moment, action: str, text: str) -> str:
    """A hint at a key, which `text` has as `{}`, for those who have it."""
    key = moment.keys.shown(action)
    return text.format(key) if key and moment.info.seat in BY_ID[action].seats else ""


def _cut_off(moment: Moment) -> list[str]:
    """The connection: tried again, or gone for good."""
    if moment.lost is not None:
        old = (
            f"shown is what was at T+{clock(moment.head)}; keys that act are refused, halt waits for the line"
        )
        return [f"CONNECTION to the host lost, trying again ({moment.lost:.0f} s); {old}"]
    if moment.trouble and moment.info.live:
        again = f"  controlroom resume {moment.info.session}" if moment.info.session else ""
        return [
            f"CUT OFF  {moment.trouble}. What is shown is old; [{moment.keys.shown('quit')}] leaves.{again}"
        ]
    return []


def unattended_left(moment: Moment) -> float | None:
    """Real seconds until everything is halted as no facilitator is there; None: it will not be."""
    own = moment.state.unattended
    if own is None or own.halt_after is None:
        return None
    return max(0.0, own.halt_after - (moment.t - own.since) / (moment.state.rate or 1.0))


def _unattended(moment: Moment) -> list[str]:
    own = moment.state.unattended
    if own is None or not moment.info.live or moment.state.status == "closed":
        return []
    attach = f"  controlroom attach {moment.info.session}" if moment.info.session else ""
    if (left := unattended_left(moment)) is not None:
        return [f"NO FACILITATOR in the room: halt in {span(left)}{attach}"]
    gone = (moment.t - own.since) / (moment.state.rate or 1.0)
    return [f"NO FACILITATOR in the room for {span(gone)}; faults end by themselves{attach}"]


def _aborts(moment: Moment) -> list[str]:
    found = []
    for abort in moment.state.aborts.values():
        if abort.status != "counting":
            continue
        left = abort_left(abort, moment)
        rule = abort.rule
        if moment.plan is not None:
            rule = next((own.text for own in moment.plan.abort if own.id == abort.rule), abort.rule)
        value = "no data" if abort.value is None else number(abort.value, 1)
        found.append(f"ABORT in {left:.0f} s  {rule} ({value})" + _key(moment, "hold_abort", "  [{}] hold"))
    return found


def abort_left(abort: Abort, moment: Moment) -> float:
    """Real seconds until the rule halts the day."""
    rate = moment.state.rate or 1.0
    return max(0.0, abort.countdown - (moment.t - abort.t) / rate)


def _halt(moment: Moment, halt: Halt) -> str:
    state = moment.state
    if halt.seconds is not None:
        proven = sum(1 for proof in halt.proofs if proof.outcome != "stuck")
        stuck = len(halt.proofs) - proven
        if stuck:
            unlock = _key(moment, "unlock", ": [{}] unlock")
            return f"HALTED in {halt.seconds:.1f} s, {proven} proven, {stuck} STUCK. Locked{unlock}"
        unlock = _key(moment, "unlock", ": [{}], then type unlock to go on")
        return f"HALTED in {halt.seconds:.1f} s, proven. Locked{unlock}."
    parts = []
    for run in state.runs.values():
        if run.id in halt.runs or run.running:
            title = run.experiment
            if run.running:
                done = run.recovered + run.lost
                parts.append(f"{title} {run.state} {done}/{len(run.targets)}")
            else:
                parts.append(f"{title} {run.how or 'gone'}")
    count = len(halt.runs)
    return f"HALTING  {count} fault{'s' if count != 1 else ''} · " + " · ".join(parts)


def _not_stopped(state: State) -> list[str]:
    """Deletions that the cluster has not taken: the fault goes on."""
    return [
        f"NOT STOPPED  {run.experiment}, tried again: {run.not_stopped}"
        for run in state.runs.values()
        if run.running and run.not_stopped
    ]


def _stuck(moment: Moment) -> list[str]:
    return [
        f"STUCK  {run.experiment}: {run.message or 'the cluster does not say why'}; deletion is tried again"
        + _key(moment, "force", "  [{}] force away")
        for run in moment.state.runs.values()
        if run.state == "stuck"
    ]


def _failing(moment: Moment) -> list[str]:
    found = []
    for name, source in moment.state.sources.items():
        if source.ok is False and moment.info.live:
            hint = f"  {source.hint}" if source.hint else ""
            found.append(f"{name} fails since {clock(source.since)}: {source.error}{hint}")
        elif source.partial and moment.info.live:
            said = "; ".join(source.partial)
            found.append(f"{name} answers in part, no proof: {said}  See to the stores behind it")
    return found


def _where(moment: Moment) -> list[str]:
    state = moment.state
    if not moment.info.live:
        day = f" {moment.info.recorded}" if moment.info.recorded else ""
        return [RECORDS[moment.record].format(day=day)]
    if not moment.playhead.pinned:
        back = _key(moment, "to_end", "  [{}] back to now")
        return [f"looking back at {clock(moment.t)}; the day is at {clock(moment.head)}{back}"]
    if state.status == "closed":
        left = f"; left behind: {', '.join(state.left)}; controlroom sweep removes it" if state.left else ""
        return [f"the day is closed: {state.closed_reason}{left}"]
    if state.held_since is not None:
        held = span(moment.t - state.held_since)
        go_on = _key(moment, "hold_clock", "  [{}] go on")
        return [f"the plan's clock is held for {held}; faults, samples and alerts go on{go_on}"]
    return []
