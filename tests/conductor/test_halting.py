"""Halt looks for what nobody knows of, also where the cluster does not answer at first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from controlroom.conductor import halting as module
from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate
from controlroom.conductor.halting import Halting
from controlroom.conductor.previewing import Previewer
from controlroom.core import intents as i
from controlroom.core.events import Actor, ObjectRef, SourceFailed
from controlroom.sources.ports import SourceError
from tests.conductor.fakes import Bench

ME = Actor(role="facilitator")
STRANGER = ObjectRef(api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="b", name="left")


@pytest.fixture
def halting(bench: Bench) -> Halting:
    gate = Gate(bench.cluster)
    faults = Faults(bench.recorder, bench.cluster, gate, Previewer(bench.recorder, bench.cluster))
    return Halting(bench.recorder, bench.cluster, gate, faults)


async def test_what_is_left_is_found_once_the_cluster_answers(
    bench: Bench, halting: Halting, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = SourceError("kubernetes", "waiting for the credential plug-in", retry_after=0.001)
    answers: list[SourceError | Sequence[ObjectRef]] = [waiting, waiting, [STRANGER]]

    async def labelled(session: str) -> Sequence[ObjectRef]:
        answer = answers.pop(0)
        if isinstance(answer, SourceError):
            raise answer
        return answer

    monkeypatch.setattr(bench.cluster, "labelled", labelled)
    await halting.halt(i.HaltAll(), ME)
    async with asyncio.timeout(10.0):
        await halting.settled()
    assert bench.cluster.deleted == [STRANGER]
    told = [event for event in bench.recorder.events if isinstance(event.body, SourceFailed)]
    assert len(told) == 1, "the same reason is told once"


async def test_a_cluster_that_never_answers_does_not_keep_the_halt_for_ever(
    bench: Bench, halting: Halting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN", (0.0,))

    async def labelled(session: str) -> Sequence[ObjectRef]:
        raise SourceError("kubernetes", "away")

    monkeypatch.setattr(bench.cluster, "labelled", labelled)
    await halting.halt(i.HaltAll(), ME)
    async with asyncio.timeout(10.0):
        await halting.settled()
    assert bench.cluster.deleted == []
