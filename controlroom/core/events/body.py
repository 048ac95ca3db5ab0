"""The part of an event that differs by kind, and who may see which field of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar

import msgspec

from controlroom.core.values import Value


class Show(Enum):
    """What an audience may see of a field."""

    ALWAYS = "always"
    REVEALED = "revealed"
    """Only once the experiment that the event is about has been revealed."""
    SHARED = "shared"
    """Only where the author did not mark it private."""
    NEVER = "never"


class Body(Value, tag_field="kind"):
    """Base of every kind. Each subclass declares every field in `audience` (default deny)."""

    audience: ClassVar[Mapping[str, Show]] = {}

    @classmethod
    def kind(cls) -> str:
        tag = cls.__struct_config__.tag
        if not isinstance(tag, str):
            raise TypeError(f"{cls.__name__} is not a kind of event")
        return tag


class Unknown(Value):
    """A kind this version does not know, kept as it came."""

    name: str
    raw: msgspec.Raw
    audience: ClassVar[Mapping[str, Show]] = {}

    def kind(self) -> str:
        return self.name
