"""The seed's three faults through the whole adapter, against the lab's API in fast virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from copy import deepcopy
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import web

from controlroom.clock import ScaledClock
from controlroom.core.events import FaultObserved, KubeEvent, PodObserved
from controlroom.core.faults import ChaosReading, decode, observe
from controlroom.core.plan import Cluster as Binding
from controlroom.core.state import Run
from controlroom.core.values import changed
from controlroom.lab.kubernetes import Cluster, Refusal, Trouble, build_bookstore
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.kubeconfig import kubeconfig
from controlroom.lab.kubernetes.resources import DEPLOYMENTS
from controlroom.lab.kubernetes.server import make_app
from controlroom.sources.kubernetes import KubernetesCluster
from controlroom.sources.kubernetes_api import Timeouts
from controlroom.sources.manifests import blast, prepare
from controlroom.sources.ports import ObjectSeen, PodSeen, Prepared, SourceError
from tests.core.lives import after

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
START = 1_700_000_000.3
SESSION = "2023-11-14T22-13-seed"
RATE = 60.0


class World:
    """The lab's cluster behind its server, the adapter, and a reader that does what a session does."""

    def __init__(self, lab: Cluster, clock: ScaledClock, adapter: KubernetesCluster) -> None:
        self.lab = lab
        self.clock = clock
        self.adapter = adapter
        self.pods: dict[str, PodObserved] = {}
        self.events: list[KubeEvent] = []
        self.states: list[str] = []
        self._reading: ChaosReading | None = None
        self._gone = False

    def prepared(self, name: str, *, duration: float | None = 600.0, run: str = "fault#1") -> Prepared:
        text = (EXPERIMENTS / name).read_text()
        return prepare("fault", text, session=SESSION, run=run, duration=duration, namespaces=["bookstore"])

    async def start(self, prepared: Prepared) -> Run:
        created = await self.adapter.create(prepared)
        assert not created.already
        return Run(
            id=prepared.run,
            experiment=prepared.experiment,
            ordinal=1,
            state="requested",
            requested=0.0,
            requested_at=created.created_at,
            object=changed(prepared.object, uid=created.uid),
            created_at=created.created_at,
            one_shot=prepared.one_shot,
        )

    async def follow(self, run: Run, until: Callable[[FaultObserved], bool]) -> Run:
        """Watches until what is said of the run satisfies `until`."""
        async with asyncio.timeout(20), aclosing(self.adapter.watch()) as events:
            async for event in events:
                match event:
                    case PodSeen(pod=pod):
                        self.pods[f"{pod.namespace}/{pod.name}"] = pod
                    case KubeEvent():
                        self.events.append(event)
                    case ObjectSeen():
                        assert event.run == run.id
                        self._reading = decode(event.raw) if event.raw else None
                        self._gone = event.gone
                if self._reading is None and not self._gone:
                    continue
                said = observe(
                    run, self._reading, gone=self._gone, pods=self.pods, now=self.adapter.server_now()
                )
                run = after(run, said)
                if self.states[-1:] != [said.state]:
                    self.states.append(said.state)
                if until(said):
                    return run
        raise AssertionError("the watch ended")


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    clock = ScaledClock(START, rate=RATE)
    lab = Cluster(clock, seed=7, startup_seconds=lambda app, pod: 30.0)
    build_bookstore(lab)
    app = make_app(lab)

    async def in_virtual_time(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(lab.now, usegmt=True)

    app.on_response_prepare.append(in_virtual_time)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    config = folder / "kubeconfig"
    config.write_text(
        kubeconfig(f"http://127.0.0.1:{runner.addresses[0][1]}", "staging-bookstore", "bookstore")
    )
    binding = Binding(context="staging-bookstore", namespaces=("bookstore",))
    adapter = KubernetesCluster(binding, config, SESSION, clock, timeouts=Timeouts(watch=5))
    stepping = asyncio.create_task(keep_stepping(lab))
    try:
        yield World(lab, clock, adapter)
    finally:
        stepping.cancel()
        with suppress(asyncio.CancelledError):
            await stepping
        await adapter.close()
        await runner.cleanup()


async def keep_stepping(lab: Cluster) -> None:
    while True:
        lab.catch_up()
        await asyncio.sleep(0.005)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


async def test_the_pod_kill_from_preview_to_gone(room: World) -> None:
    prepared = room.prepared("pod-failure-inventory-service.yaml")
    preview = await room.adapter.preview(prepared)
    assert (len(preview.candidates), preview.mode, preview.number) == (3, "2 of 3", 2)
    rights = await room.adapter.permissions(prepared)
    assert {right.verb for right in rights if right.allowed} >= {"create", "delete"}
    await room.adapter.dry_run(prepared)
    assert await room.adapter.read(prepared.object) is None

    began = room.clock.time()
    run = await room.follow(
        await room.start(prepared), lambda said: said.state == "fired" and said.effect_end is not None
    )
    assert run.injection is not None
    assert run.injection.n == 2
    assert abs(run.injection.first.timestamp() - began) <= 3.0
    assert run.effect_end is not None
    assert 29.0 <= (run.effect_end - run.injection.first).total_seconds() <= 40.0
    assert [str(ref) for ref in await room.adapter.labelled(SESSION)] == [str(prepared.object)]

    assert run.object is not None
    assert await room.adapter.delete(run.object)
    run = await room.follow(run, lambda said: said.state == "ended")
    assert run.how == "fired 2/2"
    assert room.states[-1] == "ended"
    assert "fired" in room.states
    assert not await room.adapter.delete(run.object)
    assert any(event.reason == "Killing" or event.reason == "Applied" for event in room.events)


async def test_the_latency_is_taken_back_when_its_object_is_deleted(room: World) -> None:
    prepared = room.prepared("network-latency-inventory.yaml")
    assert blast(prepared).everything
    run = await room.follow(await room.start(prepared), lambda said: said.state == "active")
    assert [target.state for target in run.targets] == ["injected"] * 3
    assert run.ends_at is not None
    assert len(room.lab.active_faults()) == 3
    assert run.object is not None
    await room.adapter.delete(run.object)
    run = await room.follow(run, lambda said: said.state == "ended")
    assert run.how == "recovered 3/3"
    assert room.lab.active_faults() == ()


async def test_the_memory_stress_ends_by_itself_and_loses_what_is_replaced(room: World) -> None:
    prepared = room.prepared("resource-stress-inventory.yaml", duration=180.0)
    run = await room.follow(await room.start(prepared), lambda said: said.state == "active")
    assert len(run.targets) == 2
    room.lab.rollout_restart("bookstore", "inventory-service", "on-call")
    run = await room.follow(run, lambda said: all(target.state == "lost" for target in said.targets))
    assert run.state == "active"
    assert run.effect_end is not None
    run = await room.follow(run, lambda said: said.state == "recovering")
    assert run.object is not None
    await room.adapter.delete(run.object)
    run = await room.follow(run, lambda said: said.state == "ended")
    assert run.how == "recovered 0/2 · lost 2"


async def test_the_same_create_again_is_already_done_and_anothers_is_an_error(room: World) -> None:
    prepared = room.prepared("network-latency-inventory.yaml")
    first = await room.adapter.create(prepared)
    again = await room.adapter.create(prepared)
    assert (again.already, again.uid) == (True, first.uid)
    foreign = changed(prepared, body=prepared.body.replace(SESSION.encode(), b"another"))
    other = KubernetesCluster(
        Binding(context="staging-bookstore", namespaces=("bookstore",)), None, "another", room.clock
    )
    other._api = room.adapter._api
    other._catalogue = room.adapter._catalogue
    with pytest.raises(SourceError, match="exists already"):
        await other.create(foreign)
    assert await room.adapter.foreign_chaos(SESSION) == []
    told = f"{prepared.object} (of session {SESSION}: `controlroom sweep`)"
    assert await other.foreign_chaos("another") == [told]


async def test_another_object_of_the_same_name_is_left_alone(room: World) -> None:
    prepared = room.prepared("network-latency-inventory.yaml")
    await room.adapter.create(prepared)
    meant = changed(prepared.object, uid="00000000-0000-0000-0000-000000000000")
    assert not await room.adapter.delete(meant)
    assert await room.adapter.read(prepared.object) is not None


async def test_a_finalizer_that_stays_is_stuck_and_then_ends(room: World) -> None:
    prepared = room.prepared("network-latency-inventory.yaml")
    run = await room.follow(await room.start(prepared), lambda said: said.state == "active")
    room.lab.trouble = Trouble(finalizer_stuck=True)
    assert run.object is not None
    await room.adapter.delete(run.object)
    run = await room.follow(run, lambda said: said.state == "stuck")
    assert "flush" in run.message
    room.lab.trouble = Trouble()
    run = await room.follow(run, lambda said: said.state == "ended")
    assert run.how == "recovered 3/3"


async def test_what_went_while_its_place_in_history_was_lost_is_told_as_gone(room: World) -> None:
    prepared = room.prepared("network-latency-inventory.yaml")
    run = await room.follow(await room.start(prepared), lambda said: said.state == "active")
    gone = asyncio.Event()
    room.lab.store.subscribe(
        lambda change: (
            gone.set() if (change.type, change.object["kind"]) == ("DELETED", "NetworkChaos") else None
        )
    )
    assert run.object is not None
    await room.adapter.delete(run.object)
    await gone.wait()
    room.lab.trouble = Trouble(refusals=(Refusal(status=410, verb="watch"),))
    run = await room.follow(run, lambda said: said.state == "ended")
    assert run.how == "recovered 3/3"


async def test_an_api_that_is_away_is_said_and_a_create_then_is_unsure(room: World) -> None:
    prepared = room.prepared("network-latency-inventory.yaml")
    await room.adapter.clock()
    room.lab.trouble = Trouble(api_down=True)
    with pytest.raises(SourceError) as caught:
        await room.adapter.create(prepared)
    assert caught.value.unsure
    room.lab.trouble = Trouble()
    assert await room.adapter.read(prepared.object) is None


async def test_a_webhook_that_refuses_says_why_in_the_dry_run(room: World) -> None:
    room.lab.trouble = Trouble(webhook_denied="Spec: Invalid value: not on a Friday")
    with pytest.raises(SourceError, match="not on a Friday") as caught:
        await room.adapter.dry_run(room.prepared("network-latency-inventory.yaml"))
    assert not caught.value.unsure


async def test_a_deployment_may_be_an_experiment_and_is_applied_not_proven(room: World) -> None:
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: noisy, namespace: bookstore}
spec:
  replicas: 1
  selector: {matchLabels: {app: noisy}}
  template:
    metadata: {labels: {app: noisy}}
    spec: {containers: [{name: noisy, image: "registry.local/noisy:1"}]}
"""
    prepared = prepare("noisy", text, session=SESSION, run="noisy#1", duration=60, namespaces=["bookstore"])
    preview = await room.adapter.preview(prepared)
    assert (preview.candidates, preview.number) == ((), None)
    run = await room.follow(await room.start(prepared), lambda said: said.state == "active")
    assert run.message.startswith("applied, not proven")
    assert run.injection is not None
    assert not run.injection.proven
    assert [ref.kind for ref in await room.adapter.labelled(SESSION)] == ["Deployment"]
    assert run.object is not None
    await room.adapter.delete(run.object)
    run = await room.follow(run, lambda said: said.state == "ended")
    assert run.how == "deleted"


SCALED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: order-service, namespace: bookstore}
spec: {replicas: 0}
"""


def scaling(run: str = "scale#1", session: str = SESSION) -> Prepared:
    namespaces = ["bookstore"]
    return prepare("scale", SCALED, session=session, run=run, duration=60, namespaces=namespaces, change=True)


def deployment(room: World) -> Document:
    found = room.lab.store.get(DEPLOYMENTS, "bookstore", "order-service")
    assert found is not None
    return found


async def test_a_deployment_that_was_there_is_scaled_and_put_back_as_it_was(room: World) -> None:
    before = deepcopy(deployment(room))
    prepared = scaling()
    preview = await room.adapter.preview(prepared)
    assert preview.candidates == ("Deployment/bookstore/order-service",)
    assert preview.mode == f"changes spec.replicas {before['spec']['replicas']} → 0"
    await room.adapter.dry_run(prepared)
    assert deployment(room)["spec"] == before["spec"]
    assert {right.verb for right in await room.adapter.permissions(prepared)} == {
        "get",
        "list",
        "watch",
        "patch",
    }

    run = await room.follow(await room.start(prepared), lambda said: "0 ready of 0" in said.message)
    assert deployment(room)["spec"]["replicas"] == 0
    assert run.injection is not None
    assert run.injection.first == run.created_at, "it was not injected when the Deployment was made"
    (found,) = await room.adapter.labelled(SESSION)
    assert found.changed
    assert await room.adapter.read(found) is not None

    assert await room.adapter.delete(found)
    run = await room.follow(run, lambda said: said.state == "ended")
    assert run.how == "put back"
    assert deployment(room)["spec"] == before["spec"]
    for key in ("labels", "annotations"):
        own = {name for name in deployment(room)["metadata"].get(key, {}) if "controlroom" in name}
        assert own == set()
    assert await room.adapter.read(found) is None
    assert not await room.adapter.delete(found), "a second time there is nothing to put back"


async def test_a_change_asked_for_twice_is_made_once_and_another_runs_is_refused(room: World) -> None:
    first = await room.adapter.create(scaling())
    again = await room.adapter.create(scaling())
    assert (first.already, again.already) == (False, True)
    for strange in (scaling("scale#2"), scaling(session="another")):
        with pytest.raises(SourceError, match="changed already, by scale#1"):
            await room.adapter.create(strange)


async def test_what_somebody_else_changed_meanwhile_stays(room: World) -> None:
    created = await room.adapter.create(scaling())
    now = deepcopy(deployment(room))
    now["spec"]["paused"] = True
    room.lab.store.update(DEPLOYMENTS, now)
    target = changed(scaling().object, uid=created.uid)
    assert await room.adapter.delete(target)
    assert deployment(room)["spec"]["paused"] is True
    assert deployment(room)["spec"]["replicas"] > 0


async def test_a_change_of_what_is_not_there_says_so(room: World) -> None:
    text = SCALED.replace("order-service", "nobody")
    prepared = prepare(
        "scale", text, session=SESSION, run="scale#1", duration=60, namespaces=["bookstore"], change=True
    )
    with pytest.raises(SourceError, match="there is no Deployment/bookstore/nobody to change"):
        await room.adapter.preview(prepared)


async def test_the_servers_clock_is_the_labs(room: World) -> None:
    reading = await room.adapter.clock()
    assert abs(reading.offset) <= reading.uncertainty + 1.0
    assert await room.adapter.context() == "staging-bookstore"
