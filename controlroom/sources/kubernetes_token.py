"""Credentials of a cluster: what every provider of them gives, and the simplest one, a file that is written anew."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.sources.errors import SOURCE
from controlroom.sources.ports import SourceError

LOOK_EVERY = 10.0
"""Real seconds between two looks at a file that may have been written anew."""


class Credential(Value):
    """A token, or a certificate with its key (both PEM)."""

    token: str = ""
    certificate: str = ""
    key: str = ""
    expiry: datetime | None = None
    """When it ends; None: that is not known."""
    fresh: float | None = None
    """Real seconds, by the monotonic clock, up to which nobody need ask again, though it may last; None: see expiry."""


class Provider(Protocol):
    """Gives credentials, as often as it is asked."""

    @property
    def name(self) -> str:
        """In words, to follow "waiting for"."""
        ...

    async def run(self) -> Credential:
        """A credential that is good now. Raises SourceError."""
        ...


class TokenFile:
    """A token that somebody else keeps fresh in a file, like the kubelet that of a service account."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = ""

    @property
    def name(self) -> str:
        return f"the token in {clean(str(self._path), 120)}"

    async def run(self) -> Credential:
        """What the file holds; where it cannot be read for a moment, what it held last."""
        try:
            read = (await asyncio.to_thread(self._path.read_text, "utf-8")).strip()
        except (OSError, UnicodeDecodeError) as error:
            read, why = "", getattr(error, "strerror", None) or "it is no text"
        else:
            why = "it is empty"
        self._known = read or self._known
        if not self._known:
            raise SourceError(
                SOURCE, f"{self.name} cannot be read: {why}", hint="check `tokenFile` in the kubeconfig"
            )
        return Credential(token=self._known, fresh=time.monotonic() + LOOK_EVERY)


def seconds_left(credential: Credential) -> float:
    """Real seconds that it is good for still."""
    if credential.expiry is None:
        return float("inf")
    return (credential.expiry - datetime.now(UTC)).total_seconds()
