"""A host killed with SIGKILL and never taken up again: `controlroom sweep` leaves nothing of it in the cluster."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.journal.reader import read_events
from controlroom.shipped import shipped
from tests.cli.calling import Called, spawn
from tests.host.killing import SESSION_LABEL, Ordeal, ordeal

SCALE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: order-service, namespace: bookstore}
spec: {replicas: 0}
"""
PATCH = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: inventory-service, namespace: bookstore, labels: {tier: broken}}
spec: {minReadySeconds: 33}
"""
MORE = """
  - id: scale
    title: Scaled to nothing
    manifest: scale.yaml
    change: true
  - id: patch
    title: Patched
    manifest: patch.yaml
    change: true
"""
STEP = "        command: kubectl apply -f experiments/resource-stress-inventory.yaml\n"
STEPS = """
      - id: inject-scale
        text: Scale
        at: t=36
        experiment: scale
      - id: inject-patch
        text: Patch
        at: t=37
        experiment: patch
"""
FAULTS = ("network-latency", "pod-kill", "memory-stress", "scale", "patch")
LIFTED = {
    "unbounded": "unbounded",
    "phase": "out of phase",
    "blast-radius": "everything",
    "alerts": "alerts firing",
}
DEPLOYMENTS = "apis/apps/v1/namespaces/bookstore/deployments"


def plan_with_changes(place: Path) -> Path:
    """The seed's plan with two experiments more, which change what is there."""
    folder = place / "experiments"
    shutil.copytree(shipped("experiments"), folder)
    (folder / "scale.yaml").write_text(SCALE)
    (folder / "patch.yaml").write_text(PATCH)
    plan = folder / "inventory-service-failure.yaml"
    head, mark, tail = plan.read_text().partition("\n# `tolerance`")
    text = head + MORE.rstrip() + "\n" + mark + tail
    assert text.count(STEP) == 1
    plan.write_text(text.replace(STEP, STEP + STEPS))
    return plan


async def deployments(own: Ordeal) -> dict[str, Any]:
    """What of each Deployment is its owner's: spec, labels, annotations."""
    answer = await own.http.get(f"{own.kubernetes}/{DEPLOYMENTS}")
    return {
        one["metadata"]["name"]: (
            one["spec"],
            one["metadata"].get("labels"),
            one["metadata"].get("annotations"),
        )
        for one in answer.raise_for_status().json()["items"]
    }


async def sweep(own: Ordeal, *more: str) -> Called:
    assert own.lab.bindings.kubeconfig is not None
    kubeconfig = own.folder.path / own.lab.bindings.kubeconfig
    sessions = own.folder.path.parent
    return await asyncio.to_thread(spawn, "sweep", "--kubeconfig", kubeconfig, "--sessions", sessions, *more)


async def killed_between_request_and_answer(own: Ordeal) -> None:
    """Some faults act, one more is asked for, and the host dies at a random moment after that."""
    faults = own.chance.sample(FAULTS, own.chance.randrange(2, len(FAULTS) + 1))
    for fault in faults[:-1]:
        await own.do(i.Start(experiment=fault, typed=LIFTED, reason="a test"))
    if slow := own.chance.choice([0.0, 0.02, 0.2]):
        await own.lab.put("kubernetes", slow_seconds=slow)
    own.write_aside()
    own.ask_aside(i.Start(experiment=faults[-1], typed=LIFTED, reason="a test"))
    run = f"{faults[-1]}#1"
    await own.viewer.until(lambda: run in own.state.runs)
    seq = own.state.seq + own.chance.randrange(0, 4)
    await own.viewer.until(lambda: own.state.seq >= seq)
    await own.kill()
    await own.lab.put("kubernetes")


async def killed_and_swept(place: Path, seed: int) -> None:
    plan = plan_with_changes(place)
    async with ordeal(place / "sessions", seed, plan=plan) as own:
        before = await deployments(own)
        await killed_between_request_and_answer(own)
        if own.chance.random() < 0.5:
            await own.plant_stray()
        called = await sweep(own, "--remove", "--yes")
        assert (called.code, called.err) == (0, ""), called
        assert await own.objects() == {}
        assert await deployments(own) == before
        again = await sweep(own, "--json")
        assert (again.code, json.loads(again.out)["left"], json.loads(again.out)["unseen"]) == (0, [], [])
        check_record(own)


def check_record(own: Ordeal) -> None:
    """Every removal is in the sweep's own record, which nobody else may read."""
    for path in (own.folder.path.parent / "sweeps").iterdir():
        assert path.stat().st_mode & 0o077 == 0
        bodies = [event.body for event in read_events(path)]
        asked = {str(body.object) for body in bodies if isinstance(body, e.SweepRequested)}
        found = {
            str(one.object) for body in bodies if isinstance(body, e.LeftoversFound) for one in body.left
        }
        assert asked == found
        last = bodies[-1]
        assert isinstance(last, e.SweepEnded)
        assert (last.gone, last.left) == (len(found), ())


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_killed_and_swept(tmp_path: Path, seed: int) -> None:
    await killed_and_swept(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
async def test_killed_and_swept_often(
    tmp_path: Path, seed: int, record_property: pytest.RecordProperty
) -> None:
    await killed_and_swept(tmp_path, seed)
    record_property("kills", 1)


async def test_a_session_that_goes_on_is_left_alone_unless_it_is_said(tmp_path: Path) -> None:
    async with ordeal(tmp_path, 4) as own:
        await own.do(i.Start(experiment="network-latency"))
        there = await own.objects()
        looked = await sweep(own)
        assert looked.code == 1
        assert f"controlroom attach {own.folder.name}" in looked.out
        kept = await sweep(own, "--remove", "--yes")
        assert kept.code == 1
        assert await own.objects() == there
        swept = await sweep(own, "--remove", "--yes", "--live-too")
        assert swept.code == 0, swept
        assert await own.objects() == {}
        await own.viewer.until(lambda: own.state.runs["network-latency#1"].state == "ended")


async def test_what_is_held_is_named_and_goes_by_force(
    tmp_path: Path,
) -> None:
    async with ordeal(tmp_path, 5) as own:
        await own.do(i.Start(experiment="network-latency"))
        await own.viewer.until(lambda: own.state.runs["network-latency#1"].injection is not None)
        await own.lab.put("kubernetes", finalizer_stuck=True)
        await own.kill()
        held = await sweep(own, "--remove", "--yes")
        assert held.code == 1, held
        assert "held by the finalizer chaos-mesh/records" in held.out
        assert "--remove --force removes the finalizers" in held.out
        forced = await sweep(own, "--remove", "--yes", "--force")
        assert forced.code == 0, forced
        assert "forcing NetworkChaos/bookstore/" in forced.out
        assert await own.objects() == {}


async def test_without_a_terminal_nothing_is_asked_and_nothing_removed(tmp_path: Path) -> None:
    async with ordeal(tmp_path, 6) as own:
        await own.do(i.Start(experiment="network-latency"))
        await own.kill()
        there = await own.objects()
        called = await sweep(own, "--remove")
        assert (called.code, called.out) == (2, "")
        assert "--yes" in called.err
        named = await sweep(own, "--session", "another")
        assert named.code == 0
        assert SESSION_LABEL not in named.out
        assert await own.objects() == there
        down = await sweep_at_nothing(own)
        assert (down.code, down.out) == (4, "")
        assert len(down.err.splitlines()) == 1


async def sweep_at_nothing(own: Ordeal) -> Called:
    """The same command on a cluster that does not answer."""
    await own.lab.put("kubernetes", api_down=True)
    called = await sweep(own)
    await own.lab.put("kubernetes")
    return called
