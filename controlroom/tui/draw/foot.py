"""The line at the bottom: keys of a live session, transport of a saved one."""

from __future__ import annotations

from controlroom.core.stops import PLURALS
from controlroom.tui.actions import key_line
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, row_width, width


def keys_row(moment: Moment, cells: int) -> Row:
    """As many keys as fit, the most important ones; what is not possible now is not there."""
    if not moment.info.live and moment.plan is not None:
        return transport_row(moment, cells)
    shown = [(moment.keys.shown(own.id), f" {own.label}  ", own.id) for own in key_line(moment)]
    shown = [own for own in shown if own[0]]
    needed = {id: width(key) + width(label) for key, label, id in shown}
    # Help keeps its place in the narrowest line: it leads to all that has none.
    left = cells - 1 + 2 - needed.get("help", 0)
    kept: list[tuple[str, str]] = []
    for key, label, id in shown:
        if id != "help" and needed[id] > left:
            left = 0
            continue
        left -= needed[id] if id != "help" else 0
        kept += [(key, "key"), (label, "dim")]
    return ((" ", ""), *kept)


def transport_row(moment: Moment, cells: int) -> Row:
    """`⏸ ×8  T+26:40 of 90:00  ◀ alert: OrderLatencyHigh ▶  [ ] marks …`."""
    head = moment.playhead
    sign = "▶ playing" if head.playing else "‖ paused"
    before = [stop for stop in moment.stops if stop.t <= moment.t]
    at = f"{before[-1].kind}: {before[-1].text}" if before else "start"
    left: Row = (
        (f" {sign} ×{head.speed:g} ", "phase"),
        (f"  T+{clock(moment.t)}", "strong"),
        (f" of {clock(moment.head)}  ", "dim"),
        *_loop(moment),
    )
    room = cells - row_width(left)
    label = fit(f"◂ {at} ▸", min(width(at) + 4, max(0, room // 2))) + "  " if room >= 30 else ""
    keys: list[tuple[str, str]] = []
    for names, what in (
        (("start_stop",), "pause" if head.playing else "play"),
        (("stop_before", "stop_after"), PLURALS.get(moment.stop_kind, "moments")),
        (("seek_back", "seek_on"), "seek"),
        (("phase_before", "phase_after"), "phase"),
        (("slower", "faster"), "speed"),
        (("go_to",), "go to"),
        (("end_loop",) if head.loop is not None else (), "end loop"),
        (("bookmark",), "bookmark"),
        (("help",), "help"),
        (("quit",), "quit"),
    ):
        key = " ".join(filter(None, map(moment.keys.shown, names)))
        if key and width(label) + row_width(tuple(keys)) + len(key) + len(what) + 3 <= room:
            keys += [(key, "key"), (f" {what}  ", "dim")]
    return (*left, (label, "accent"), *keys)


def _loop(moment: Moment) -> Row:
    loop = moment.playhead.loop
    if loop is None:
        return ()
    end = clock(loop[1]) if loop[1] is not None else "…"
    return ((f"↻ {clock(loop[0])}–{end}  ", "accent"),)
