"""The lab's control address: the clock that a rehearsal follows, and what may be changed."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from aiohttp import web

from controlroom.sources.lab import LOST_AFTER, LabControl
from controlroom.sources.load import LabLoad
from controlroom.sources.ports import SourceError
from tests.sources.loopback import Asked, fixed, stub

START = 1_700_000_000.0


class Turns:
    """Lets the follower go on one reading at a time."""

    def __init__(self) -> None:
        self._go: asyncio.Queue[None] = asyncio.Queue()
        self._waiting = asyncio.Event()

    async def pause(self, seconds: float) -> None:
        self._waiting.set()
        await self._go.get()

    async def next(self) -> None:
        """Returns when the reading that now begins has been taken."""
        await self._waiting.wait()
        self._waiting.clear()
        self._go.put_nowait(None)
        await self._waiting.wait()


class Lab:
    """The control address of a lab whose clock stands where a test puts it."""

    def __init__(self, now: float = START, rate: float = 0.0) -> None:
        self.now, self.rate = now, rate

    async def __call__(self, asked: Asked) -> web.StreamResponse:
        if asked.path == "/clock":
            if asked.method == "PUT":
                self.rate = msgspec.json.decode(asked.body, type=dict[str, float])["rate"]
            return web.json_response({"now": self.now, "rate": self.rate})
        return web.Response(status=202) if asked.path == "/stop" else web.json_response({})


async def test_the_sessions_clock_follows_the_labs() -> None:
    lab, turns = Lab(), Turns()
    async with stub(lab) as server:
        control = LabControl(server.url, pause=turns.pause)
        clock = await control.start()
        assert (clock.time(), clock.rate) == (START, 0.0)
        lab.now = START + 90.0
        await turns.next()
        assert clock.time() == START + 90.0
        lab.now = START + 60.0
        await turns.next()
        assert clock.time() == START + 90.0, "a clock that is ahead waits"
        await control.set_rate(60.0)
        assert clock.rate == 60.0
        await control.close()


async def test_without_the_lab_time_stands_still_until_it_is_back() -> None:
    lab, turns = Lab(rate=1.0), Turns()
    async with stub(lab) as server:
        control = LabControl(server.url, pause=turns.pause)
        clock = await control.start()
        server.reply = fixed(500, "broken", "text/plain")
        for _ in range(LOST_AFTER - 1):
            await turns.next()
        assert (control.lost, clock.rate) == (False, 1.0)
        await turns.next()
        assert (control.lost, clock.rate) == (True, 0.0)
        server.reply = lab
        await turns.next()
        assert (control.lost, clock.rate) == (False, 1.0)
        await control.close()


async def test_load_responder_and_end_are_requests() -> None:
    async with stub(Lab()) as server:
        control = LabControl(server.url)
        load = LabLoad(control)
        await load.start()
        await load.stop()
        await control.set_responder(False)
        await control.stop()
        await control.close()
    assert [(one.method, one.path, one.body.replace(" ", "")) for one in server.asked] == [
        ("PUT", "/load", '{"running":true}'),
        ("PUT", "/load", '{"running":false}'),
        ("PUT", "/responder", '{"on":false}'),
        ("POST", "/stop", ""),
    ]


async def test_a_change_that_was_not_answered_is_unsure() -> None:
    async with stub() as server:
        server.reply = server.hang
        control = LabControl(server.url, timeout=0.1)
        with pytest.raises(SourceError) as caught:
            await control.set_load(True)
        await control.close()
    assert caught.value.unsure


async def test_what_the_lab_refuses_is_told_in_its_words() -> None:
    refused = fixed(400, '{"error":"the rate is 500, and must be from 0 (held) to 120"}')
    async with stub(refused) as server:
        control = LabControl(server.url)
        with pytest.raises(SourceError, match="must be from 0"):
            await control.set_rate(500.0)
        with pytest.raises(SourceError, match="HTTP 400"):
            await control.start()
        await control.close()
