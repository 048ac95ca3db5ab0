"""Key press to painted frame late in a long day: 8 hours of a journal loaded, 1,000 notes, a sample a second coming in.

12 metrics, 500 marks, 500 alerts that fired and were resolved, 2,000 observations of pods; a real screen on a pseudo-
terminal of 120×36. Every key that opens something that grows with the day is pressed in turn: notes, marks, palette,
plot, figures, time travel. A press ends when the last byte of the frame that shows its effect has been read.

Issue's bound: p99 below 50 ms. `python -m benchmarks.long_day_keys 5` for five turns instead of twenty.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks.key_to_frame import MOST, PAUSE, _row, p99
from benchmarks.long_session import write
from benchmarks.screen import Key, Screen

HOURS, METRICS, EVENTS = 8.0, 12, 4100
"""Of what is told a quarter are notes."""
FROM = HOURS * 3600 - 295
"""Session second at which the screen comes in: nothing comes from then on but samples, so lines stay where they are."""
TURNS, SETTLE = 20, 5.0
ESCAPE, ROOM = b"\x1b[27u", "╭─ metrics [t]"
"""Escape as terminals with the kitty protocol send it; and what only the room shows, without a sheet over it."""


def closed(name: str) -> Key:
    return Key(f"{name} closes", ESCAPE, ROOM)


KEYS = (
    Key("help", b"?", "real incident"),
    closed("help"),
    Key("all notes", b"N", "╭─ notes ─"),
    Key("10 notes down", b"\x1b[6~", ""),
    Key("one note down", b"\x1b[B", ""),
    closed("all notes"),
    Key("new note", b"n", "╭─ note · "),
    closed("new note"),
    Key("marks", b"M", "╭─ marks ─"),
    closed("marks"),
    Key("palette", b"\x10", "halt [!]"),
    Key("palette, typed", b"z", "│ z "),
    closed("palette"),
    Key("plot", b"t", "╭─ Order creation p95"),
    closed("plot"),
    Key("figures", b"f", "╭─ figures so far"),
    closed("figures"),
    Key("checklist", b"k", "╭─ checklist"),
    closed("checklist"),
    Key("to the mark before", b"[", "[t] · 3 more"),
    Key("back to now", b"\x1b[F", "[t] · 2 more"),
)


def main(turns: float = TURNS) -> int:
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    for name in ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "COLUMNS", "LINES"):
        environment.pop(name, None)
    found: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="long-day-") as place:
        journal = write(Path(place), HOURS, METRICS, events=EVENTS)
        notes = journal.read_bytes().count(b'"note.written"')
        command = [sys.executable, "-m", "benchmarks.steady_programs", "room", str(journal), str(FROM)]
        with Screen(command, environment, Path(place) / "screen.log") as screen:
            screen.read_until("Baseline", 30.0)
            screen.read_for(SETTLE)
            press(screen, int(turns), found)
    everything = sorted(value for own in found.values() for value in own)
    print(f"key press to painted frame, {HOURS:g} hours loaded, {notes} notes: {len(everything)} presses")
    for name, values in [*found.items(), ("all", everything)]:
        print(f"  {name:20}{_row(sorted(values))}")
    good = p99(everything) < MOST
    print(f"  p99 {p99(everything) * 1000:.1f} ms  {'within' if good else 'OVER'} {MOST * 1000:.0f} ms")
    return 0 if good else 1


def press(screen: Screen, turns: int, found: dict[str, list[float]]) -> None:
    chance = random.Random(turns)
    for turn in range(turns + 1):
        for key in KEYS:
            screen.read_for(chance.uniform(*PAUSE))
            seconds = screen.press(key if key.shows else Key(key.name, key.sent, below(screen, key)))
            if turn:  # the first time a sheet opens, its code is loaded
                found[key.name].append(seconds)


def below(screen: Screen, key: Key) -> str:
    """How the line that the key chooses will begin."""
    lines = screen.lines()
    chosen = next(y for y, line in enumerate(lines) if "▸" in line)
    at = lines[chosen].index("▸") + 1
    return "▸" + lines[chosen + (10 if key.sent.endswith(b"~") else 1)][at : at + 40]


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
