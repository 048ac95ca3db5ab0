"""Lives whole days through the command line, as a newcomer or a CI job would."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from controlroom.core.assessment import Assessment
from controlroom.core.columns import View
from controlroom.core.figures import assess
from controlroom.journal.reader import read_events
from controlroom.journal.report import view_of

LONGEST = 110.0
"""Wall seconds that a seed's day at ×60 may take."""


@dataclass(frozen=True)
class Lived:
    code: int
    seconds: float
    output: str
    errors: str
    folder: Path
    truth: Path

    @property
    def view(self) -> View:
        return view_of(read_events(self.folder / "journal.jsonl"))

    @property
    def assessment(self) -> Assessment:
        return assess(self.view)


def live(place: Path, *, seed: int = 7, responder: str = "on", defect: str = "") -> Lived:
    """One headless day of the seed's plan at ×60."""
    truth = place / "truth.json"
    command = [sys.executable, "-m", "controlroom.cli", "rehearse", "--headless", "--speed", "60"]
    command += ["--seed", str(seed), "--responder", responder]
    command += ["--sessions", str(place), "--truth", str(truth)]
    if defect:
        command += ["--defect", defect]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST + 60, check=False)
    seconds = time.monotonic() - began
    lines = done.stdout.strip().splitlines() or [""]
    return Lived(done.returncode, seconds, done.stdout, done.stderr, Path(lines[-1]), truth)


def verdicts(assessment: Assessment) -> dict[str, str]:
    """Every criterion and sign with what became of it."""
    found = {own.id: own.status for own in assessment.criteria}
    return found | {own.id: own.status for own in assessment.signs}
