"""What is wrong with a plan, all of it at once: each error with its file, line, key and nearest match."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from controlroom.core.values import Value


class PlanError(Value):
    """One thing that is wrong."""

    file: str
    """As the user named it, or as the plan names it."""
    message: str
    line: int = 1
    """Counted from 1; 1 where the whole file is at fault."""
    key: str = ""
    """Path of the key, `phases[0].steps[2].at`; empty where the whole file is at fault."""
    nearest: str | None = None
    """What was probably meant."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: "
        key = f"{self.key}: " if self.key else ""
        hint = f" (did you mean `{self.nearest}`?)" if self.nearest else ""
        return f"{place}{key}{self.message}{hint}"


class PlanErrors(Exception):
    """A plan that cannot be used, with every error found, in order of the lines."""

    def __init__(self, errors: Iterable[PlanError]) -> None:
        self.errors: tuple[PlanError, ...] = tuple(sorted(errors, key=lambda error: (error.file, error.line)))
        super().__init__("\n".join(str(error) for error in self.errors))


class Flaw(Exception):
    """A single error in one text, before it is known which file it belongs to."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line

    def within(self, file: str, key: str = "") -> PlanError:
        return PlanError(file=file, line=self.line, key=key, message=self.message)


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The one of `known` that looks most like `word`, if any looks like it at all."""
    found = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return found[0] if found else None
