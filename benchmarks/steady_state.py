"""A room in which nothing much happens, for a minute: what the terminal is sent, and what the screen costs.

12 metrics at a sample a second in the middle of a made-up day, 120×36, facilitator's seat. At the same time, on pseudo-
terminals of the same size: a DataTable app that is told the same numbers as ours shows in its table, and nothing else
(we show a whole room beside it); and for information `htop`, `btop` and `top` at their defaults. The floor is the least
that would have made our frames of each other, by :mod:`benchmarks.floor`.

Issue's bounds: at most 0.5× the bytes of the DataTable app, at most 3× the floor, and no more CPU than that app.
`python -m benchmarks.steady_state 20` for twenty seconds instead of sixty.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.floor import Least, frame_of
from benchmarks.key_to_frame import _burnt
from benchmarks.long_session import write
from benchmarks.screen import FRAME_END
from benchmarks.steady_programs import Retold, events_of
from benchmarks.terminal import ANSWERS, COLUMNS, ROWS, Emulator

SECONDS, WARM_UP = 60.0, 6.0
METRICS, HOURS = 12, 1.5
SECOND = 1700.0
"""Of the session, at which the minute begins: a fault has just been injected, and much is in the columns."""
TABLE_BOUND, FLOOR_BOUND, CPU_BOUND = 0.5, 3.0, 1.0
FOR_INFORMATION = ("htop", "btop", "top")


class Watched:
    """A program on a pseudo-terminal, and all that it sent."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=dict(environment), start_new_session=True
        )
        os.close(slave)
        self.before = b""
        """Sent before the minute began."""
        self.sent = b""
        self.cpu = 0.0
        """Seconds of the minute."""

    def read(self) -> None:
        data = os.read(self.master, 1 << 16)
        self.sent += data
        for question, answer in ANSWERS.items():
            if question in data:
                os.write(self.master, answer)

    def begin(self) -> None:
        self.before, self.sent = self.sent, b""
        self.cpu = -_burnt(self.process.pid)[0]

    def end(self) -> None:
        self.cpu += _burnt(self.process.pid)[0]
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)


def rows(journal: Path, seconds: float) -> list[list[list[str]]]:
    """The cells of our metrics table, second by second."""
    from controlroom.core.figures import assess
    from controlroom.core.playhead import Playhead
    from controlroom.tui.draw import metrics
    from controlroom.tui.moment import Moment

    told, found = events_of(journal), []
    room = Retold(told, SECOND)
    history = room.past()
    coming = [event for event in told if event.t > SECOND]
    for number in range(int(seconds)):
        t = SECOND + number
        while coming and coming[0].t <= t:
            history.append(coming.pop(0))
        view = history.view(t)
        moment = Moment(
            info=room.info, view=view, t=t, head=t, playhead=Playhead(t=t), figures=assess(view, t)
        )
        own = metrics.columns(moment, TABLE)
        lines = [metrics.metric_row(moment, own, index) for index in range(METRICS)]
        found.append([[text.strip() for text, _ in line] for line in lines])
    return found


TABLE = 76
"""Cells of the metrics pane in the facilitator's layout."""


def floor(ours: Watched) -> tuple[int, int]:
    """Bytes that our frames needed at least, and how many frames there were."""
    emulator = Emulator()
    emulator.feed(ours.before)
    least, frames = Least(frame_of(emulator.screen)), ours.sent.split(FRAME_END)
    for sent in frames:
        emulator.feed(sent)
        least.show(frame_of(emulator.screen))
    return least.sent, len(frames) - 1


def main(seconds: float = SECONDS) -> int:
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    for name in ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "COLUMNS", "LINES"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="steady-") as place:
        journal = write(Path(place), HOURS, METRICS, events=300)
        told = Path(place) / "rows.json"
        told.write_text(json.dumps(rows(journal, seconds + WARM_UP + 10)), encoding="utf-8")
        ours, table, *others = watch(journal, told, environment, seconds)
    return report(ours, table, others, seconds)


def watch(journal: Path, told: Path, environment: Mapping[str, str], seconds: float) -> list[Watched]:
    """All of them at once, so that they have the same machine."""
    program = [sys.executable, "-m", "benchmarks.steady_programs"]
    watched = [
        Watched("our room", [*program, "room", str(journal), str(SECOND)], environment),
        Watched("DataTable app", [*program, "table", str(told)], environment),
        *(Watched(name, [name], environment) for name in FOR_INFORMATION if shutil.which(name)),
    ]
    by_handle = {own.master: own for own in watched}

    def read_for(longest: float) -> None:
        until = time.monotonic() + longest
        while (left := until - time.monotonic()) > 0:
            for handle in select.select(by_handle, [], [], left)[0]:
                by_handle[handle].read()

    read_for(WARM_UP)
    for own in watched:
        own.begin()
    read_for(seconds)
    for own in watched:
        own.end()
    return watched


def report(ours: Watched, table: Watched, others: Sequence[Watched], seconds: float) -> int:
    least, frames = floor(ours)
    print(f"steady state: {METRICS} metrics at 1 Hz, {COLUMNS}×{ROWS}, {seconds:.0f} s")
    for own in (ours, table, *others):
        print(f"  {own.name:14}{len(own.sent) / seconds:8.0f} bytes/s  {100 * own.cpu / seconds:5.1f} % CPU")
    absent = [name for name in FOR_INFORMATION if name not in {own.name for own in others}]
    if absent:
        print(f"  not installed, and left out: {', '.join(absent)}")
    print(f"  {'floor':14}{least / seconds:8.0f} bytes/s, in {frames} frames")
    bounds = (
        ("bytes of the DataTable app", len(ours.sent) / len(table.sent), TABLE_BOUND),
        ("bytes of the floor", len(ours.sent) / least, FLOOR_BOUND),
        ("CPU of the DataTable app", ours.cpu / table.cpu, CPU_BOUND),
    )
    for words, ratio, bound in bounds:
        print(f"  our room: {ratio:5.2f}× the {words}  {'within' if ratio <= bound else 'OVER'} {bound:g}×")
    return 0 if all(ratio <= bound for _, ratio, bound in bounds) else 1


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
