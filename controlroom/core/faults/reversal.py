"""What undoes a change of an object that was there before: JSON merge patches (RFC 7386) and their reverse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def reverse(prior: Json, patch: Json) -> Json:
    """The merge patch that puts back exactly what `patch` changes in `prior`, and nothing else.

    What `prior` did not have is removed (null). A list is put back whole, as a merge patch replaces it whole.
    """
    if not isinstance(patch, dict) or not isinstance(prior, dict):
        return prior
    found: dict[str, Json] = {}
    for key, value in patch.items():
        if key not in prior:
            if value is not None:
                found[key] = None
        elif isinstance(value, dict) and isinstance(prior[key], dict):
            if (undone := reverse(prior[key], value)) != {}:
                found[key] = undone
        elif prior[key] != value:
            # A mapping that the patch replaces or removes cannot be merged back: what the patch put there goes first.
            found[key] = _in_place_of(prior[key], value)
    return found


def _in_place_of(prior: Json, value: Json) -> Json:
    """`prior` as a patch on what is left of `value`: keys that only `value` has are removed."""
    if isinstance(prior, dict) and isinstance(value, dict):
        return {**{key: None for key in value if key not in prior}, **prior}
    return prior


def merged(target: Json, patch: Json) -> Json:
    """`target` after a merge patch: RFC 7386, section 2."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


def told(prior: Json, patch: Json, path: str = "") -> Iterator[str]:
    """Each field that the patch changes, as `spec.replicas 3 → 0`."""
    if isinstance(patch, Mapping) and isinstance(prior, Mapping):
        for key, value in patch.items():
            yield from told(prior.get(key), value, f"{path}.{key}" if path else key)
    elif prior != patch:
        yield f"{path} {_word(prior)} → {_word(patch)}"


def _word(value: Json) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return f"{len(value)} entries"
    return str(value)
