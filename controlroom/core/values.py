"""What every value of the house has in common: frozen, by keyword, comparable, quick to encode."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, dataclass_transform

import msgspec

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class ValueMeta(msgspec.StructMeta):
    """Makes frozen and keyword-only the default for every value, so that no class can forget it."""

    def __new__(
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> ValueMeta:
        # A frozen value refers to what was there before it, so it is in no cycle; searching a long session's values
        # for one again and again is what a key press would wait for.
        settings = {"frozen": True, "kw_only": True, "omit_defaults": True, "gc": False, **options}
        return super().__new__(mcls, name, bases, namespace, **settings)


class Value(msgspec.Struct, metaclass=ValueMeta):
    """Base of all values. A changed value is a new value (:func:`changed`)."""


changed = msgspec.structs.replace


def the_one(found: Iterable[T], what: str) -> T:
    """The first of what fits. Raises `LookupError` where nothing does.

    A bare `next` would raise StopIteration, which ends a generator quietly and never leaves a thread's future.
    """
    for own in found:
        return own
    raise LookupError(f"there is no {what}")
