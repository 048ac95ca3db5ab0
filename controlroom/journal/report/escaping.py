"""Outside text made harmless for Markdown, and the tables and code blocks of the report.

Everything that a person, a plan or a cluster wrote goes through :func:`escaped` (or :func:`paragraphs`), so
that it can open no table, no HTML, no link and no code of its own. Rules: CommonMark 0.31 sections 2.4
(backslash escapes) and 6, and the tables of GitHub Flavored Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from controlroom.core.clean import clean

LONGEST = 10_000
"""Characters of one text that are kept."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$])")
_AT_START = re.compile(r"^(\d{1,9})([.)])(?=\s|$)|^([#+\-=])(?=[\s#+\-=]|$)")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(text: str) -> str:
    """One line that a Markdown renderer shows as it was written, in a paragraph, a list or a table cell."""
    line = _SPECIAL.sub(r"\\\1", clean(text, LONGEST).strip())
    line = _AT_START.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", line)
    return re.sub("[&<>]", lambda found: _HTML[found[0]], line)


def paragraphs(text: str) -> str:
    """The same for a text of several lines: they stay lines, within one list item or table cell."""
    return "<br>".join(escaped(line) for line in text.strip().splitlines())


def fenced(text: str, language: str = "") -> list[str]:
    """A code block whose fence is longer than any run of backticks in it."""
    lines = [clean(line, LONGEST) for line in text.strip("\n").splitlines()]
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + language, *lines, fence, ""]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; the cells are Markdown already."""
    return [
        "| " + " | ".join(header) + " |",
        "|" + "|".join(" --- " for _ in header) + "|",
        *("| " + " | ".join(cell or " " for cell in row) + " |" for row in rows),
        "",
    ]
