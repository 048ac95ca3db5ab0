"""Who is in the room, what happens when no facilitator is, and how others come in."""

from __future__ import annotations

from controlroom.tui.draw.head import me
from controlroom.tui.layouts import SEATS
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, span, wrapped

BLANK: Row = (("", ""),)


def vanished(moment: Moment) -> str:
    """The plan's answer to a room without a facilitator."""
    own = moment.plan.vanished if moment.plan else None
    if own is None:
        return "the session goes on."
    if own.policy == "halt":
        return f"everything is halted after {span(own.after)}, unless one comes back."
    return f"all goes on, faults end by their duration; those without one are ended after {span(own.after)}."


def who_page(moment: Moment, width: int) -> tuple[Row, ...]:
    """A line for each viewer by seat, oneself marked; then the plan's answer to an empty room."""
    mine = me(moment)
    viewers = sorted(
        moment.state.viewers.items(), key=lambda item: (SEATS.index(item[1].seat), item[1].since, item[0])
    )
    rows: list[Row] = []
    for key, own in viewers:
        since = f"since T+{clock(own.since)}"
        you = "  you" if key == mine else ""
        rows.append(
            ((fit(own.seat, 13), "accent"), (fit(own.name or "–", 24), ""), (since, "dim"), (you, "strong"))
        )
    if not rows:
        rows.append((("Nobody is on record yet.", "dim"),))
    rows.append(BLANK)
    if (gone := moment.state.unattended) is not None:
        rows.append(((f"No facilitator since T+{clock(gone.since)}.", "warn"),))
    rows += [((line, "dim"),) for line in wrapped(f"When no facilitator is here: {vanished(moment)}", width)]
    rows += [BLANK, (("others come in with", "dim"),)]
    attach = f"controlroom attach {moment.info.session}"
    rows += [((f"  {attach}{end}", ""),) for end in ("", " --seat scribe", " --seat audience")]
    return tuple(rows)
