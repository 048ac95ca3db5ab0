"""Writes `docs/keys.md` from the action registry: `python -m controlroom.tui.keys_page > docs/keys.md`."""

from __future__ import annotations

from controlroom.tui.actions import ACTIONS, ALL, Action
from controlroom.tui.draw.timeline import MARKS

INTRODUCTION = """\
# Keys

Everything in the room is done by keys. The bottom line names the most important ones that are possible at this
moment, `?` explains all, and `^p` finds any action, experiment, metric, phase, alert, mark, note or moment by its
name. (`^x` is Ctrl and x.)

*Asks* means that a question comes first, answered with another key than the one that opened it. Halt is the
exception: one key, no question. While a text is being typed `!` is a character like any other, and `^x` halts.

`?` explains the screen in view: in a sheet, that sheet and its keys. Keys of your own go into a file:
[config.md](config.md).
"""


def page() -> str:
    """The whole page as Markdown."""
    lines = [INTRODUCTION]
    for group in dict.fromkeys(action.group for action in ACTIONS):
        lines += [f"## {group}", "", "| key | action | what it does | who |", "|---|---|---|---|"]
        lines += [_line(action) for action in ACTIONS if action.group == group]
        lines.append("")
    lines += ["## Letters on the timeline", "", "| letter | milestone |", "|---|---|"]
    lines += [f"| `{letter}` | {milestone.replace('-', ' ')} |" for milestone, letter in MARKS.items()]
    lines += ["| `'` | a note |", ""]
    return "\n".join(lines)


def _line(action: Action) -> str:
    key = "`|`" if action.shown == "|" else f"`{action.shown}`"
    asks = " *Asks.*" if action.dangerous and not action.id.startswith("halt") else ""
    who = "everyone" if action.seats == ALL else ", ".join(action.seats)
    return f"| {key} | `{action.id}` | {action.help}{asks} | {who} |"


if __name__ == "__main__":
    print(page(), end="")
