"""`controlroom replay` of long made-up sessions: 1 to 24 hours of 50 metrics at 1 Hz, with 2,000 events a day.

Issue's bounds, at 24 hours: first frame at most 2× a floor of the same run (read the journal and msgspec-decode its
lines, plus the start of a bare app); a seek to its painted frame below 50 ms at p99; scrubbing at 20 positions a
second keeps up; the screen below 250 MB. From 1 to 24 hours first frame and memory grow at most linearly. The floor
decodes into plain dicts and lists, in a process of its own and with no look for garbage; the screen is real, on a
pseudo-terminal of 120×36.
"""

from __future__ import annotations

import math
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import long_session
from benchmarks.screen import Screen
from benchmarks.terminal import run

HOURS = (1, 3, 6, 12, 24)
METRICS = 50
EVENTS_A_DAY = 2000
ROUNDS = 3
"""Starts of each; the floor, the bare app and ours in turn."""
SEEKS, SCRUBS = 200, 100
"""Presses."""
PAUSE = (0.1, 0.35)
"""Real seconds between two seeks, at random."""
THOUGHT, EVERY = 1.2, 10
"""Real seconds on top before one seek in so many: figures are computed meanwhile."""
SCRUB_EVERY = 0.05
"""Real seconds between two positions: 20 a second."""
FIRST_BOUND, SEEK_BOUND, MEMORY_BOUND = 2.0, 0.050, 250.0
LONGEST = 60.0
PLACE = re.compile(r"T\+([0-9]+:[0-9]{2}) of ")
"""In the line that says where the playhead is."""
DOLPHIE = (
    "dolphie's replay: not measured. It installs, but replays only what it recorded itself of a MySQL or ProxySQL "
    "server; recording one of a day's length takes such a server and a day."
)
STEP = 30.0
"""Session seconds of a press."""
FLOOR_MARK = "floor row 12"
SHOWN = ("Cache evictions", "DAY CLOSED", "the day is over")
"""What the first frame of the room has: a metric's row, the state at the end, the last event of the day."""
DECODE = """
import gc, sys, time, msgspec
gc.disable()
began = time.perf_counter()
with open(sys.argv[1], "rb") as file:
    msgspec.json.Decoder().decode_lines(file.read())
print(time.perf_counter() - began)
"""
SEEK_KEYS = (b"{", b",", b"{", b"\x1b[H", b".", b"}", b".", b"]", b"}", b",", b"[", b"\x1b[F")
"""Far and near: phases, stops, start and end, half a minute; each to another place."""


@dataclass(frozen=True)
class Found:
    """Of one length. Seconds and MB."""

    hours: int
    size: float
    decode: float
    bare: float
    first: float
    ratio: float
    seek: float
    scrub: float
    """At 20 positions a second."""
    memory: float


def main() -> int:
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    for name in ("NO_COLOR", "SSH_CONNECTION", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)
    print(f"replay of long sessions: {METRICS} metrics at 1 Hz, {EVENTS_A_DAY} events a day")
    print(
        f"{'hours':>5} {'MB':>6} {'decode':>8} {'bare':>8} {'first frame':>12} {'ratio':>6} "
        f"{'seek p99':>9} {'scrub p99':>10} {'memory':>8}"
    )
    found = []
    for hours in HOURS:
        with tempfile.TemporaryDirectory(prefix="long-replay-") as place:
            own = measure(Path(place), hours, environment)
        found.append(own)
        print(
            f"{own.hours:5} {own.size:6.0f} {own.decode * 1000:5.0f} ms {own.bare * 1000:5.0f} ms "
            f"{own.first * 1000:9.0f} ms {own.ratio:5.2f}× {own.seek * 1000:6.1f} ms {own.scrub * 1000:7.1f} ms "
            f"{own.memory:5.0f} MB",
            flush=True,
        )
    good = judge(found)
    print(DOLPHIE)
    return 0 if good else 1


def judge(found: list[Found]) -> bool:
    """Says which bound holds."""
    shortest, longest = found[0], found[-1]
    length = longest.hours / shortest.hours
    bounds = (
        ("first frame ÷ (decode + bare app)", longest.ratio, FIRST_BOUND, "×"),
        ("seek to painted frame, p99", longest.seek * 1000, SEEK_BOUND * 1000, " ms"),
        ("scrubbing at 20/s, p99", longest.scrub * 1000, SCRUB_EVERY * 1000, " ms"),
        ("memory of the screen", longest.memory, MEMORY_BOUND, " MB"),
        (f"growth of the first frame, {length:.0f}× the length", longest.first / shortest.first, length, "×"),
        (f"growth of the memory, {length:.0f}× the length", longest.memory / shortest.memory, length, "×"),
    )
    for name, value, bound, unit in bounds:
        word = "within" if value <= bound else "OVER"
        print(f"{longest.hours} h: {name:45} {value:7.2f}{unit}  {word} {bound:g}{unit}")
    return all(value <= bound for _, value, bound, _ in bounds)


def measure(place: Path, hours: int, environment: dict[str, str]) -> Found:
    folder = place / "sessions" / "long"
    journal = long_session.write(folder, hours, METRICS, EVENTS_A_DAY * hours // 24)
    command = [sys.executable, "-m", "controlroom.cli", "replay", "long", "--sessions", str(folder.parent)]
    decodes, bares, firsts, ratios = [], [], [], []
    for number in range(ROUNDS + 1):
        decode = _decode(journal)
        bare = run([sys.executable, "-m", "benchmarks.floor_app"], [FLOOR_MARK], environment).seen[FLOOR_MARK]
        first = max(run(command, SHOWN, environment).seen.values())
        if number:  # the first round warms the caches of the file system
            decodes.append(decode)
            bares.append(bare)
            firsts.append(first)
            ratios.append(first / (decode + bare))
    with Screen(command, environment, place / "screen.log") as screen:
        screen.read_until(SHOWN[-1], LONGEST)
        seeks = _seeks(screen)
        scrubs = _scrub(screen)
        memory = _peak(screen.pid)
    median = statistics.median
    return Found(
        hours, journal.stat().st_size / 1e6, median(decodes), median(bares), median(firsts), median(ratios),
        _p99(seeks), _p99(scrubs), memory,
    )  # fmt: skip


def _decode(journal: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-c", DECODE, str(journal)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _seeks(screen: Screen) -> list[float]:
    """Seconds from a press to the frame of another place, for keys that go far and near, with a pause between them."""
    chance = random.Random(SEEKS)
    keys = [SEEK_KEYS[number % len(SEEK_KEYS)] for number in range(SEEKS)]
    sent, frames = screen.at_times(
        keys,
        [chance.uniform(*PAUSE) + (THOUGHT if number % EVERY == 0 else 0.0) for number in range(SEEKS)],
        PLACE,
    )
    found = []
    for began in sent:
        before = next((place for arrived, place in reversed(frames) if arrived < began), "")
        shown = (arrived for arrived, place in frames if arrived >= began and place != before)
        found.append(next(shown, math.inf) - began)
    return found


def _scrub(screen: Screen) -> list[float]:
    """Half a minute back from the end, again and again: seconds from each press until it, or a later one, is shown."""
    _, frames = screen.at_times([b"\x1b[H", b"\x1b[F"], [0.5, 2.0], PLACE)
    end = _seconds(frames[-1][1])
    sent, frames = screen.at_times([b","] * SCRUBS, [SCRUB_EVERY] * SCRUBS, PLACE)
    # The newest press that a frame shows is told by its place.
    steps = [(arrived, round((end - _seconds(place)) / STEP)) for arrived, place in frames]
    return [
        next((arrived for arrived, step in steps if step >= number), math.inf) - began
        for number, began in enumerate(sent, 1)
    ]


def _seconds(text: str) -> int:
    minutes, _, seconds = text.partition(":")
    return int(minutes) * 60 + int(seconds)


def _p99(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


def _peak(pid: int) -> float:
    """Most MB that it ever had in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    sys.exit(main())
