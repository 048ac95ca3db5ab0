"""Values of any struct, drawn from the types of its fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from controlroom.wire.messages import Seq

_PLAIN: dict[object, st.SearchStrategy[object]] = {
    str: st.text(st.characters(codec="utf-8"), max_size=50),
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    Seq: st.integers(0, 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    datetime: st.integers(-(10**9), 10**11).map(lambda number: datetime.fromtimestamp(number / 8, UTC)),
    type(None): st.none(),
}
_EXAMPLE: dict[object, object] = {str: "x", bool: True, int: 1, float: 1.0}


def of(kind: object) -> st.SearchStrategy[object]:
    """Any value of a field's type."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple:
        return st.lists(of(inner[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(of(inner[0]), of(inner[1]), max_size=3)
    return st.one_of([of(own) for own in inner])


def values(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Any value of a struct."""
    fields = {field.name: of(field.type) for field in msgspec.structs.fields(kind)}
    return st.fixed_dictionaries(fields).map(lambda drawn: kind(**drawn))


def example_of(kind: type[msgspec.Struct]) -> Any:
    """One plain value of a struct: only what it needs is given."""
    needed = [field for field in msgspec.structs.fields(kind) if field.required]
    given = {
        field.name: get_args(field.type)[0] if get_origin(field.type) is Literal else _EXAMPLE[field.type]
        for field in needed
    }
    return kind(**given)
