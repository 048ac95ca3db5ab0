"""Two labs as the clusters of one plan: what was left in either is found and swept; one that is away hides nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from controlroom.conductor import left_behind
from controlroom.conductor.left_behind import LeftBehind
from controlroom.core import events as e
from controlroom.core.events import ObjectRef
from controlroom.journal.reader import read_events
from controlroom.lab.kubernetes import Trouble
from controlroom.sources.kubernetes_leftovers import Found, Leftovers
from controlroom.sources.leftovers_everywhere import Everywhere, Place
from controlroom.sources.ports import SourceError
from tests.cli.calling import Called, spawn
from tests.conductor.fakes import Bench
from tests.sources.test_kubernetes_lab import World, world

LATENCY = "network-latency-inventory.yaml"
MEMORY = "resource-stress-inventory.yaml"
SEED = Path(__file__).parents[2] / "experiments" / "inventory-service-failure.yaml"


@dataclass
class Two:
    own: World
    east: World
    place: Path
    latency: ObjectRef
    """In the cluster called east."""
    memory: ObjectRef
    """In the plan's own."""

    async def sweep(self, *more: str) -> Called:
        plan = self.place / "plan.yaml"
        return await asyncio.to_thread(
            spawn, "sweep", plan, "--sessions", self.place / "sessions", *more, cwd=self.place
        )

    @property
    def everywhere(self) -> Everywhere:
        worlds = {"": self.own, "east": self.east}
        return Everywhere({name: Place(Leftovers(one.adapter.api)) for name, one in worlds.items()})


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    for name in ("own", "east"):
        (tmp_path / name).mkdir()
    text = SEED.read_text()
    head = "    context: staging-bookstore\n    namespaces: [bookstore]\n"
    assert text.count(head) == 1
    east = "context: staging-bookstore, namespaces: [bookstore], kubeconfig: east/kubeconfig"
    clusters = f"  kubeconfig: own/kubeconfig\n  clusters:\n    east: {{ {east} }}\n"
    (tmp_path / "plan.yaml").write_text(text.replace(head, head + clusters))
    for path in SEED.parent.iterdir():
        if path != SEED and path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    async with world(tmp_path / "own") as own, world(tmp_path / "east") as east:
        memory = (await own.start(own.prepared(MEMORY, run="memory#1"))).object
        latency = (await east.start(east.prepared(LATENCY, run="latency#1"))).object
        assert memory and latency
        yield Two(own, east, tmp_path, latency, memory)


async def test_what_was_left_in_either_is_found_and_swept(two: Two) -> None:
    looked = await two.sweep()
    assert looked.code == 1, looked
    assert looked.out.startswith("staging-bookstore (http://127.0.0.1:")
    assert ", east: staging-bookstore (http://127.0.0.1:" in looked.out
    assert f"  east:NetworkChaos/bookstore/{two.latency.name}" in looked.out
    assert f"  StressChaos/bookstore/{two.memory.name}" in looked.out
    swept = await two.sweep("--remove", "--yes", "--json")
    assert swept.code == 0, swept
    told = json.loads(swept.out)
    assert (told["left"], told["unseen"], told["gone"]) == ([], [], 2)
    assert set(told["clusters"]) == {"east"}
    assert await two.own.adapter.read(two.memory) is None
    assert await two.east.adapter.read(two.latency) is None
    bodies = [event.body for event in read_events(Path(told["journal"]))]
    asked = {one.object.cluster: one.object.kind for one in bodies if isinstance(one, e.SweepRequested)}
    assert asked == {"": "StressChaos", "east": "NetworkChaos"}


@pytest.mark.parametrize("away", ["", "east"])
async def test_one_that_is_away_hides_nothing_and_makes_it_inconclusive(two: Two, away: str) -> None:
    gone, there = (two.east, two.own) if away else (two.own, two.east)
    gone.lab.trouble = Trouble(api_down=True)
    swept = await two.sweep("--remove", "--yes")
    assert swept.code == 3, swept
    assert f"could not look at {away or 'the cluster of the plan'}: " in swept.out
    assert await there.adapter.read(two.memory if away else two.latency) is None
    gone.lab.trouble = Trouble()
    assert await gone.adapter.read(two.latency if away else two.memory) is not None


async def test_a_context_alone_is_looked_at_alone(two: Two) -> None:
    looked = await two.sweep("--context", "staging-bookstore", "--json")
    told = json.loads(looked.out)
    assert (told["clusters"], [one["cluster"] for one in told["left"]]) == ({}, [""])


async def test_none_that_answers_is_an_error(two: Two) -> None:
    for one in (two.own, two.east):
        one.lab.trouble = Trouble(api_down=True)
    with pytest.raises(SourceError):
        await two.everywhere.find()


async def test_the_start_says_what_it_found_and_asks_the_other_again(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_behind, "AGAIN", (0.0,))
    two.east.lab.trouble = Trouble(api_down=True)
    bench, looks = Bench(), 0

    async def find() -> Found:
        nonlocal looks
        looks += 1
        if looks == 3:
            two.east.lab.trouble = Trouble()
        return await two.everywhere.find()

    async with asyncio.timeout(30.0):
        await LeftBehind(bench.recorder, find).run()
    said = [event.body for event in bench.recorder.events if isinstance(event.body, e.LeftoversFound)]
    assert [[str(one.object) for one in body.left] for body in said] == [
        [str(two.memory)],
        [str(two.memory), f"east:{two.latency}"],
    ]
    assert said[0].unseen and said[0].unseen[0].startswith("east: ")
    assert said[1].unseen == ()
