"""Alertmanager and the Kubernetes API away in mid-session, and the lab itself killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import yaml

from controlroom.core import intents as i
from controlroom.core.intents import Refused
from controlroom.core.state import Run
from controlroom.journal.reader import read_events
from controlroom.journal.report import view_of
from tests.host.live import LiveHost, Troubles, Viewer, gone, live_host

AT_ONCE = 1.0
"""Real seconds in which an intent is answered, whatever a source does."""


class Condition(msgspec.Struct):
    type: str
    status: str


class PodStatus(msgspec.Struct):
    conditions: list[Condition] = []


class ListedPod(msgspec.Struct):
    metadata: dict[str, object]
    status: PodStatus

    @property
    def ready(self) -> bool:
        return any(own.type == "Ready" and own.status == "True" for own in self.status.conditions)


class PodList(msgspec.Struct):
    items: list[ListedPod]


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[LiveHost]:
    """A rehearsal at ×30 that nobody has led anywhere yet."""
    async with live_host(tmp_path, rate=30.0) as found:
        yield found


def away(viewer: Viewer, source: str) -> bool:
    known = viewer.state.sources.get(source)
    return known is not None and known.ok is False


def outage(viewer: Viewer, source: str) -> float:
    """Session seconds of the last outage that is over."""
    span = [own for own in viewer.state.outages if own.what == source][-1]
    assert span.end is not None
    return span.end - span.start


def run(viewer: Viewer, experiment: str) -> Run:
    """The one run of an experiment."""
    (found,) = (own for own in viewer.state.runs.values() if own.experiment == experiment)
    return found


async def note(viewer: Viewer, text: str) -> float:
    """Real seconds until a note is accepted."""
    began = time.monotonic()
    await viewer.do(i.WriteNote(type="observation", text=text))
    return time.monotonic() - began


@pytest.mark.parametrize("kind", ["stopped", "hang", "500", "html"])
async def test_a_silence_is_seen_once_alertmanager_is_back(host: LiveHost, kind: str) -> None:
    viewer = await host.viewer()
    lab = Troubles(viewer)
    await lab.put("alertmanager", kind=kind)
    await viewer.until(lambda: away(viewer, "alertmanager"))
    source = viewer.state.sources["alertmanager"]
    assert source.error
    assert source.hint
    assert await note(viewer, "nobody can acknowledge now") < AT_ONCE
    await lab.later(30)
    await lab.put("alertmanager", kind="none")
    now = datetime.fromtimestamp(await lab.now(), UTC)
    body = {
        "matchers": [{"name": "alertname", "value": "X", "isRegex": False, "isEqual": True}],
        "startsAt": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "endsAt": f"{now + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}",
        "createdBy": "sam",
        "comment": "looking at it",
    }
    await lab.post(f"{lab.bindings.alertmanager}/api/v2/silences", body)
    await viewer.until(lambda: any(own.by == "sam" for own in viewer.state.silences.values()))
    await viewer.until(lambda: not away(viewer, "alertmanager"))
    assert outage(viewer, "alertmanager") >= 30
    await lab.close()


async def test_the_watch_comes_back_and_the_faults_are_what_they_are(host: LiveHost) -> None:
    viewer = await host.viewer()
    lab = Troubles(viewer)
    await viewer.do(i.NextPhase())
    await viewer.do(i.Start(experiment="network-latency"))
    await viewer.until(lambda: run(viewer, "network-latency").state == "active")
    # Two pods die and their replacements become ready while nobody can look.
    await viewer.do(i.Start(experiment="pod-kill"))
    await viewer.until(lambda: run(viewer, "pod-kill").injection is not None)
    await lab.put("kubernetes", api_down=True)
    await viewer.until(lambda: away(viewer, "kubernetes"))
    assert viewer.state.sources["kubernetes"].hint
    assert await note(viewer, "kubectl answers nobody") < AT_ONCE
    began = time.monotonic()
    await viewer.do(i.Stop(run=run(viewer, "network-latency").id))
    assert time.monotonic() - began < AT_ONCE
    await lab.later(120)
    refused = await viewer.ask(i.Start(experiment="memory-stress"))
    assert isinstance(refused, Refused)
    assert "answers none of the questions" in refused.reason
    assert run(viewer, "network-latency").running, "nobody has seen it end"
    await lab.put("kubernetes", api_down=False)
    await viewer.until(lambda: run(viewer, "network-latency").state == "ended")
    await viewer.until(lambda: run(viewer, "pod-kill").effect_end is not None)
    await viewer.until(lambda: not away(viewer, "kubernetes"))
    assert run(viewer, "pod-kill").injected == 2
    assert outage(viewer, "kubernetes") >= 120
    there = await pods(host, lab)
    assert {"inventory-service", "postgres"} == {pod.app for pod in viewer.state.pods.values()}
    await viewer.until(lambda: told(viewer) == counted(there))
    await viewer.do(i.End())
    await viewer.over()
    assert viewer.state.left == ()
    await lab.close()


def told(viewer: Viewer) -> dict[str, tuple[int, int]]:
    """Pods and ready ones of each workload as the record has them: those of targets one by one, others as counts."""
    found = {count.workload: (count.pods, count.ready) for count in viewer.state.workloads.values()}
    return found | counted({name: pod.ready for name, pod in viewer.state.pods.items()})


def counted(pods: dict[str, bool]) -> dict[str, tuple[int, int]]:
    """Pods and ready ones by workload; a pod of the bookstore is called workload-hash-random."""
    found: dict[str, tuple[int, int]] = {}
    for name, ready in pods.items():
        workload = name.partition("/")[2].rsplit("-", 2)[0]
        number, well = found.get(workload, (0, 0))
        found[workload] = (number + 1, well + ready)
    return found


async def pods(host: LiveHost, lab: Troubles) -> dict[str, bool]:
    """The bookstore's pods, and whether each is ready, as the API server lists them."""
    config = yaml.safe_load((host.folder.path / "kubeconfig").read_text())
    server = config["clusters"][0]["cluster"]["server"]
    (namespace,) = lab.bindings.cluster.namespaces
    answer = await lab.get(f"{server}/api/v1/namespaces/{namespace}/pods")
    found = msgspec.convert(answer, PodList)
    return {f"{namespace}/{own.metadata['name']}": own.ready for own in found.items}


async def test_a_killed_lab_is_told_and_the_day_can_still_be_ended(host: LiveHost) -> None:
    viewer = await host.viewer()
    await viewer.do(i.NextPhase())
    await viewer.do(i.Start(experiment="network-latency"))
    await viewer.until(lambda: run(viewer, "network-latency").state == "active")
    os.kill(host.lab_pid(), signal.SIGKILL)
    await viewer.until(lambda: away(viewer, "lab"))
    source = viewer.state.sources["lab"]
    assert source.error == "the lab was killed (signal 9)"
    assert "end the session" in source.hint
    assert await note(viewer, "the lab is gone") < AT_ONCE
    held = viewer.state.t
    await viewer.do(i.WriteNote(type="observation", text="and time stands still"))
    assert viewer.state.t == held
    await viewer.do(i.End())
    await viewer.over()
    assert viewer.state.closed_reason == "the lab was lost"
    assert viewer.state.left == (), "what was in the lab is gone with it"
    assert await host.ended() == 0
    assert host.folder.report.is_file()
    assert view_of(read_events(host.folder.journal)).state.status == "closed"


async def test_a_lab_that_answers_no_more_holds_the_clock_until_it_is_back(host: LiveHost) -> None:
    viewer = await host.viewer()
    lab = host.lab_pid()
    os.kill(lab, signal.SIGSTOP)
    try:
        await viewer.until(lambda: away(viewer, "lab"))
        assert viewer.state.sources["lab"].error == "the lab does not tell its time"
        assert await note(viewer, "still here") < AT_ONCE
    finally:
        os.kill(lab, signal.SIGCONT)
    await viewer.until(lambda: not away(viewer, "lab"))
    t = viewer.state.t
    await viewer.until(lambda: viewer.state.t > t + 30)


async def test_faults_can_be_left_while_the_end_waits_for_them(host: LiveHost) -> None:
    viewer = await host.viewer()
    lab = Troubles(viewer)
    await viewer.do(i.NextPhase())
    await viewer.do(i.Start(experiment="network-latency"))
    await viewer.until(lambda: run(viewer, "network-latency").state == "active")
    await lab.put("kubernetes", api_down=True)
    await viewer.do(i.End())
    assert viewer.state.status == "ending"
    refused = await viewer.ask(i.End(how="leave"))
    assert isinstance(refused, Refused)
    assert "leave faults" in refused.reason
    await viewer.do(i.End(how="leave", typed="leave faults"))
    await viewer.over()
    assert len(viewer.state.left) == 1
    assert "network-latency" in viewer.state.left[0]
    assert await host.ended() == 0
    await lab.close()


async def test_a_headless_day_ends_with_its_lab(tmp_path: Path) -> None:
    async with live_host(tmp_path, headless=True) as host:
        viewer = await host.viewer()
        lab = host.lab_pid()
        os.kill(lab, signal.SIGKILL)
        await viewer.over()
        assert viewer.state.closed_reason == "the lab was lost"
        assert await host.ended() == 0
        assert gone(lab)
        record = msgspec.json.decode(host.folder.record.read_bytes(), type=dict[str, object])
        assert record["verdict"] == "inconclusive"
