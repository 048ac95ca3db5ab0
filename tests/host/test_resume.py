"""A host killed with SIGKILL and the next one on its journal: nothing acknowledged is lost, all is accounted for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controlroom.core import events as e
from controlroom.core import intents as i
from tests.host.killing import (
    MOMENTS,
    Moment,
    ordeal,
)

FEW = [pytest.param(moment, number, id=moment.__name__) for number, moment in enumerate(MOMENTS)]
MANY = [
    pytest.param(MOMENTS[seed % len(MOMENTS)], seed, id=f"{MOMENTS[seed % len(MOMENTS)].__name__}-{seed}")
    for seed in range(100, 150)
]


async def lived_through(place: Path, moment: Moment, seed: int) -> None:
    """One session, killed at a moment, taken up, brought to its end."""
    async with ordeal(place, seed) as own:
        await moment(own)
        await own.kill()
        stray = own.chance.random() < 0.5
        if stray:
            await own.plant_stray()
        await own.resume()
        await own.lab.put("kubernetes")
        await own.until_accounted()
        found = [event.body for event in own.viewer.events if isinstance(event.body, e.FaultFound)]
        assert stray == any(body.object.name == "stray" and not body.known for body in found)
        assert all(body.known or body.object.name == "stray" for body in found)
        gap = own.state.gaps[0]
        assert gap.end is not None and gap.end > gap.start
        await own.end()


@pytest.mark.parametrize(("moment", "seed"), FEW)
async def test_killed_and_taken_up(tmp_path: Path, moment: Moment, seed: int) -> None:
    await lived_through(tmp_path, moment, seed)


@pytest.mark.soak
@pytest.mark.parametrize(("moment", "seed"), MANY)
async def test_killed_and_taken_up_often(
    tmp_path: Path, moment: Moment, seed: int, record_property: pytest.RecordProperty
) -> None:
    await lived_through(tmp_path, moment, seed)
    record_property("kills", 1)


async def test_twice_killed(tmp_path: Path) -> None:
    async with ordeal(tmp_path, 3) as own:
        await own.do(i.Start(experiment="network-latency"))
        await own.kill()
        await own.resume()
        await own.do(i.WriteNote(type="observation", text="between two deaths"))
        await own.kill()
        await asyncio.sleep(0)
        await own.resume()
        await own.viewer.until(lambda: len(own.state.gaps) == 2)
        await own.until_accounted()
        await own.end()
