"""The line at the bottom: keys of a live session, transport of a saved one."""

from __future__ import annotations

from controlroom.tui.actions import key_line
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, row_width, width


def keys_row(moment: Moment, cells: int) -> Row:
    """As many keys as fit, the most important ones; what is not possible now is not there."""
    if not moment.info.live and moment.plan is not None:
        return transport_row(moment, cells)
    found: list[tuple[str, str]] = [(" ", "")]
    left = cells - 1
    for action in key_line(moment):
        label = f" {action.label}  "
        if width(action.shown) + width(label) - 2 > left:
            break
        found += [(action.shown, "key"), (label, "dim")]
        left -= width(action.shown) + width(label)
    return tuple(found)


def transport_row(moment: Moment, cells: int) -> Row:
    """`⏸ ×8  T+26:40 of 90:00  ◀ alert: OrderLatencyHigh ▶  [ ] marks …`."""
    head = moment.playhead
    sign = "▶ playing" if head.playing else "‖ paused"
    before = [stop for stop in moment.stops if stop.t <= moment.t]
    at = f"{before[-1].kind}: {before[-1].text}" if before else "start"
    left: Row = (
        (f" {sign} ×{head.speed} ", "phase"),
        (f"  T+{clock(moment.t)}", "strong"),
        (f" of {clock(moment.head)}  ", "dim"),
    )
    keys: list[tuple[str, str]] = []
    for key, label in (
        ("space", "play" if not head.playing else "pause"),
        ("[ ]", "marks"),
        (", .", "seek"),
        ("{ }", "phase"),
        ("< >", "speed"),
        (":", "go to"),
        ("?", "help"),
        ("q", "quit"),
    ):
        if row_width(left) + row_width(tuple(keys)) + len(key) + len(label) + 3 <= cells:
            keys += [(key, "key"), (f" {label}  ", "dim")]
    room = cells - row_width(left) - row_width(tuple(keys))
    return (*left, (fit(f"◂ {at} ▸", room - 2) + "  " if room > 14 else "", "accent"), *keys)
