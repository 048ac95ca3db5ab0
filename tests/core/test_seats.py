"""What each seat may ask."""

from __future__ import annotations

from typing import get_args

import pytest

from controlroom.core import intents as i
from controlroom.core.info import Seat
from controlroom.core.intents import Intent, IntentBase
from controlroom.core.seats import MAY, OURS, may, refusal
from tests.wire.drawing import example_of

EVERY = [example_of(kind) for kind in get_args(Intent)]
WRITES = {"halt", "note", "edit-note", "mark", "amend-mark", "undo-mark", "tick", "answer", "action", "poll"}


def named(intent: IntentBase) -> str:
    return str(intent.__struct_config__.tag)


def test_every_seat_is_in_the_table() -> None:
    assert set(MAY) == set(get_args(Seat))
    assert not OURS & set(MAY)


@pytest.mark.parametrize("intent", EVERY, ids=named)
def test_a_facilitator_may_everything_a_scribe_writes_and_halts_an_audience_looks_on(
    intent: IntentBase,
) -> None:
    assert may("facilitator", intent)
    assert may("scribe", intent) == (named(intent) in WRITES)
    assert not may("audience", intent)
    assert may("script", intent)
    assert may("host", intent)
    assert not may("pilot", intent)


def test_a_refusal_names_the_seat() -> None:
    assert refusal("scribe", i.Start(experiment="kill")) == "the seat scribe may not ask for start"
    assert refusal("audience", i.HaltAll()) == "the seat audience only looks on"
    assert refusal("scribe", i.HaltAll()) == ""
