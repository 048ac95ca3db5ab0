"""A change of an object is undone by its reverse, whatever else changed meanwhile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controlroom.core.faults.reversal import Json, merged, reverse, told

LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
# A stored object has no nulls: the API server drops them, and a merge patch could not put one back.
STORED_LEAVES = st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
KEYS = st.sampled_from("abc")


def objects(leaves: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    inner = st.recursive(
        leaves | st.lists(STORED_LEAVES, max_size=2),
        lambda parts: st.dictionaries(KEYS, parts, max_size=3),
        max_leaves=8,
    )
    return st.dictionaries(KEYS, inner, max_size=3)


@given(prior=objects(STORED_LEAVES), patch=objects(LEAVES))
def test_the_reverse_puts_back_what_was(prior: dict[str, Json], patch: dict[str, Json]) -> None:
    after = merged(prior, patch)
    assert without_empty(merged(after, reverse(prior, patch))) == without_empty(prior)


@given(prior=objects(STORED_LEAVES), patch=objects(LEAVES))
def test_what_changes_nothing_needs_no_reverse(prior: dict[str, Json], patch: dict[str, Json]) -> None:
    if merged(prior, patch) == prior:
        assert without_empty(reverse(prior, patch)) in ({}, None)


def without_empty(value: Json) -> Json:
    """An API server keeps no difference between an empty mapping and none."""
    if isinstance(value, dict):
        kept = {key: without_empty(own) for key, own in value.items()}
        return {key: own for key, own in kept.items() if own not in (None, {})}
    return value


def test_somebody_elses_change_meanwhile_is_left_alone() -> None:
    prior: Json = {"spec": {"replicas": 3, "paused": False}, "metadata": {"labels": {"app": "shop"}}}
    patch: Json = {"spec": {"replicas": 0}, "metadata": {"labels": {"chaos": "yes"}}}
    undo = reverse(prior, patch)
    assert undo == {"spec": {"replicas": 3}, "metadata": {"labels": {"chaos": None}}}
    later = merged(merged(prior, patch), {"spec": {"paused": True}})
    assert merged(later, undo) == {
        "spec": {"replicas": 3, "paused": True},
        "metadata": {"labels": {"app": "shop"}},
    }


def test_it_says_what_changes() -> None:
    prior: Json = {"spec": {"replicas": 3, "template": {"x": [1]}}}
    patch: Json = {"spec": {"replicas": 0, "template": {"x": [], "y": "z"}}}
    assert list(told(prior, patch)) == [
        "spec.replicas 3 → 0",
        "spec.template.x 1 entries → 0 entries",
        "spec.template.y nothing → z",
    ]
