"""Ports to where people look besides the room: a chat, and dashboards."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from controlroom.core.plan import Panel
from controlroom.core.telling import Mark, Tone


class Chat(Protocol):
    """Messages to people."""

    async def open(self) -> None:
        """Makes ready, and raises SourceError where the address is none."""
        ...

    async def say(self, title: str, text: str, tone: Tone) -> None:
        """Raises SourceError where not everybody was told; saying the same again reaches those who are left."""
        ...

    async def close(self) -> None: ...


class Dashboards(Protocol):
    """Marks on dashboards, and pictures of them."""

    async def find(self, mark: Mark) -> str:
        """The number of a mark that is there already; empty: it is not. Raises SourceError."""
        ...

    async def mark(self, mark: Mark) -> str:
        """Places it and returns its number. Raises SourceError."""
        ...

    async def amend(self, reference: str, mark: Mark) -> None:
        """Gives it its end. Raises SourceError."""
        ...

    async def picture(self, panel: Panel, start: datetime, end: datetime, name: str) -> str:
        """Saves a picture under that name; returns the file's name. Raises SourceError."""
        ...

    async def close(self) -> None: ...
