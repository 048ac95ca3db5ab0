"""Garbage is looked for while nobody waits for a frame."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from controlroom.tidying import Tidying, put_off
from tests.tui.desk import desk

NOW = 1000.0


@pytest.fixture
def tidying(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tidying]:
    monkeypatch.setattr(gc, "freeze", lambda: None)  # what tests leave behind is to be found
    own = Tidying()
    own.begin()
    yield own
    own.end()


def test_it_waits_for_a_pause_in_typing(tidying: Tidying) -> None:
    tidying.pressed(NOW)
    assert not tidying.look(NOW + Tidying.PAUSE / 2)
    assert tidying.look(NOW + Tidying.PAUSE)


def test_it_does_not_look_again_at_once(tidying: Tidying) -> None:
    assert tidying.look(NOW)
    assert not tidying.look(NOW + Tidying.EVERY / 2)
    assert tidying.look(NOW + Tidying.EVERY)


def test_what_can_no_longer_be_reached_is_gone_after_a_look(tidying: Tidying) -> None:
    class Thing:
        gone = False
        own: Thing

        def __del__(self) -> None:
            Thing.gone = True

    thing = Thing()
    thing.own = thing
    del thing
    assert tidying.look(NOW)
    assert Thing.gone


def test_python_does_not_look_by_itself_before_it_must(tidying: Tidying) -> None:
    assert gc.get_threshold()[2] == Tidying.AT_LAST
    tidying.end()
    assert gc.get_threshold()[2] < Tidying.AT_LAST
    assert not tidying.look(NOW)


async def test_nobody_looks_while_something_urgent_goes_out() -> None:
    assert gc.isenabled()
    put_off(0.0)
    put_off(0.0)
    assert not gc.isenabled()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert gc.isenabled()


async def test_a_key_is_typing() -> None:
    async with desk() as own:
        own.real += 50.0
        await own.press("down")
        tidying = own.app._tidying
        tidying._before = gc.get_threshold()
        assert not tidying.look(own.real)
        assert tidying.look(own.real + Tidying.PAUSE)
