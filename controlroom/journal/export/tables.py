"""CSV that no spreadsheet takes for something to be computed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from controlroom.core.clean import clean

_COMPUTED = ("=", "+", "-", "@")
"""A cell that begins so is a formula to Excel, LibreOffice and Google Sheets, quoted or not (CWE-1236)."""

Cell = str | float | None


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """RFC 4180 in UTF-8. Text is cleaned, and cannot be a formula; a number stays one; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _cell(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    lines = [clean(line, 10_000) for line in cell.strip().splitlines()]
    text = "\n".join(lines)
    return f"'{text}" if text.lstrip().startswith(_COMPUTED) else text
