"""A credential plug-in that hangs in mid-session: halt goes out, the rest says what it waits for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controlroom.core import intents as i
from controlroom.core.intents import Refused
from tests.host.hanging import HangingGate, deleted, host_with_plug_in, server_of
from tests.host.live import LiveHost

AT_ONCE = 0.3
"""Real seconds from the key to the deletion on the wire."""
WAITING = "waiting for the credential plug-in credential"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[tuple[LiveHost, HangingGate]]:
    async with host_with_plug_in(tmp_path) as found:
        yield found


async def test_halt_goes_out_while_the_plug_in_hangs(room: tuple[LiveHost, HangingGate]) -> None:
    host, plug_in = room
    viewer = await host.viewer()
    await viewer.do(i.NextPhase())
    await viewer.do(i.Start(experiment="network-latency"))
    run = viewer.state.latest_run("network-latency")
    assert run is not None and run.object is not None
    plug_in.hang()

    async with asyncio.timeout(40.0):  # credentials last three seconds; questions are asked until one waits
        while True:
            refused = await viewer.ask(i.Start(experiment="memory-stress"))
            if isinstance(refused, Refused) and WAITING in refused.reason:
                break
            if not isinstance(refused, Refused):
                later = viewer.state.latest_run("memory-stress")
                assert later is not None
                await viewer.do(i.Stop(run=later.id))
    began = time.monotonic()
    await viewer.do(i.WriteNote(type="observation", text="kubectl hangs"))
    assert time.monotonic() - began < 1.0

    seen = asyncio.create_task(deleted(server_of(host.folder.path), run.object))
    began = time.monotonic()
    await viewer.do(i.HaltAll(reason="whatever the plug-in does"))
    async with asyncio.timeout(10.0):
        took = await seen - began
    print(f"key to deletion with a hanging credential plug-in: {took:.3f} s")
    assert took < AT_ONCE

    plug_in.answer()
    await viewer.until(lambda: not viewer.state.running)
    await viewer.until(lambda: viewer.state.halts[-1].finished is not None)
    await viewer.until(lambda: viewer.state.sources["kubernetes"].ok is True)
