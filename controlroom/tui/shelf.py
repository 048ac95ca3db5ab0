"""What a screen may do with saved sessions. How they lie on disk is the business of whoever hands one in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from controlroom.core.comparing.values import Comparison

Order = Literal["when", "length", "size", "verdict", "title", "name"]
ORDERS: tuple[Order, ...] = ("when", "title", "verdict", "length", "size", "name")


@dataclass(frozen=True)
class SavedSession:
    """A line of the sessions sheet."""

    path: Path
    title: str
    day: str
    verdict: str = ""
    """Of its record; else what it is: live, closed, unfinished or broken."""
    length: str = ""
    size: int = 0
    """Bytes."""
    tags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True)
class Prunable:
    """What is old enough to go, and what stays all the same."""

    gone: tuple[str, ...] = ()
    """Names."""
    told: tuple[str, ...] = ()
    """A line for each, with its size; why, for what stays."""
    total: str = ""
    """How many would go, and what they take of the disk."""


class ShelfError(Exception):
    """It cannot be done; the message says why and what to do."""


class Shelf(Protocol):
    """Saved sessions. Every call may read or write much: it is made in a thread. Raises :class:`ShelfError`."""

    def listed(self, text: str = "", order: Order = "when") -> Sequence[SavedSession]:
        """Those that have every word of the text; `#word` is a tag."""
        ...

    def total(self, found: Sequence[SavedSession]) -> str:
        """`3 sessions, 4.2 MB`."""
        ...

    def compare(self, paths: Sequence[Path]) -> Comparison:
        """These side by side; one alone with those before it on the same plan."""
        ...

    def tag(self, name: str, words: str) -> str:
        """Gives it these tags and no others; says which it has then."""
        ...

    def verify(self, name: str) -> tuple[str, ...]:
        """What was found of it, in lines; the first is the verdict."""
        ...

    def export(self, name: str) -> str:
        """Writes it into one file beside the sessions; says where and how large."""
        ...

    def take_in(self, file: str) -> str:
        """Puts the session of such a file among the others; says its name."""
        ...

    def prunable(self, age: str) -> Prunable:
        """What is older than `90d`, `12w` or `1y`. Removes nothing."""
        ...

    def remove(self, names: Sequence[str]) -> tuple[str, ...]:
        """Removes these for good; says how many went, and why others stayed."""
        ...
