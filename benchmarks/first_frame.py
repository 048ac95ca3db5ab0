"""`controlroom replay` of the example session: first paint and every pane filled, against a bare DataTable app.

Issue's bounds: first paint (layout, title, timeline) at most 1.3×, every pane filled at most 1.8×. The two
programs are run in turn, so that a machine whose speed drifts drifts for both.
"""

from __future__ import annotations

import os
import statistics
import sys

from benchmarks.terminal import run

ROUNDS = 9
FLOOR_MARK = "floor row 12"
FIRST_MARKS = ("Inventory Service Failure", "Baseline")
LAST_MARKS = ("Order creation", "Pod Kill", "session closed", "Clean-up done")
FIRST_BOUND, FILLED_BOUND = 1.3, 1.8


def main() -> None:
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    for name in ("NO_COLOR", "SSH_CONNECTION", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)
    floor, first, filled = [], [], []
    for number in range(ROUNDS + 1):
        bare = run([sys.executable, "-m", "benchmarks.floor_app"], [FLOOR_MARK], environment)
        ours = run(
            [sys.executable, "-m", "controlroom.cli", "replay", "example"],
            [*FIRST_MARKS, *LAST_MARKS],
            environment,
        )
        if number:  # the first round warms the caches of the file system
            floor.append(bare.seen[FLOOR_MARK])
            first.append(max(ours.seen[mark] for mark in FIRST_MARKS))
            filled.append(max(ours.seen.values()))
    base = statistics.median(floor)
    print(f"first frame of a bare DataTable app   {base * 1000:6.0f} ms")
    for name, values, bound in (
        ("first paint", first, FIRST_BOUND),
        ("every pane filled", filled, FILLED_BOUND),
    ):
        ratio = statistics.median(own / bare for own, bare in zip(values, floor, strict=True))
        word = "within" if ratio <= bound else "OVER"
        print(f"replay: {name:29} {statistics.median(values) * 1000:6.0f} ms  {ratio:4.2f}×  {word} {bound}×")


if __name__ == "__main__":
    main()
