"""The page of a folder of results: which game days there were, what came of each, and what is still to be done."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from controlroom.core.values import Value
from controlroom.journal.report.escaping import escaped, table
from controlroom.journal.report.words import span

NAME = "README.md"
MARK = "<!-- Written by `controlroom export`; what is added here is lost. -->"
"""Its first line. A page without it is somebody else's, and is left alone."""


class _Figure(Value):
    value: float | None = None


class _Day(Value):
    ttd: _Figure = _Figure()
    ttr: _Figure = _Figure()


class _Assessment(Value):
    day: _Day = _Day()


class _Result(Value):
    """What the page tells of a `session.json`."""

    title: str
    opened_at: datetime
    verdict: str
    lab: bool = False
    assessment: _Assessment = _Assessment()


_decoder = msgspec.json.Decoder(_Result)


def index(results: Path) -> bytes | None:
    """The page for a folder of results; None: there is one of somebody else's."""
    path = results / NAME
    if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(MARK):
        return None
    found = sorted(_results(results), key=lambda one: one[1].opened_at, reverse=True)
    rows = [
        (
            f"[{one.opened_at:%Y-%m-%d}](<{name}/README.md>)",
            escaped(one.title) + (" (rehearsal)" if one.lab else ""),
            one.verdict,
            _span(one.assessment.day.ttd),
            _span(one.assessment.day.ttr),
        )
        for name, one in found
    ]
    header = ("Date (UTC)", "Game day", "Verdict", "TTD", "TTR")
    return "\n".join([MARK, "", "# Game days", "", *table(header, rows)]).encode()


def _results(results: Path) -> list[tuple[str, _Result]]:
    """The folders that hold a record and a report; any other file here is passed over."""
    found = []
    for path in results.glob("*/session.json"):
        try:
            if (path.parent / NAME).is_file():
                found.append((path.parent.name, _decoder.decode(path.read_bytes())))
        except (OSError, msgspec.DecodeError):
            continue
    return found


def _span(found: _Figure) -> str:
    return "–" if found.value is None else span(found.value)
