"""What can go wrong with a cluster in mid-session, a row each, and how a row is lived through on a host with a lab."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import httpx
import msgspec
import yaml

from controlroom.core import intents as i
from controlroom.core.events import Event
from controlroom.core.intents import Accepted, Answer
from controlroom.core.state import Run, State
from tests.host.live import LiveHost, Troubles, Viewer
from tests.tui.desk import desk

AT_ONCE = 1.0
"""Real seconds in which a note is answered, whatever the cluster does."""
LONG = 40.0
"""Real seconds in which what a row waits for has happened."""
LATENCY, KILL = "network-latency", "pod-kill"
INVENTORY = "apps/v1/namespaces/bookstore/deployments/inventory-service"


@dataclass(frozen=True)
class Row:
    """One trouble: when it begins, what is done while it lasts, and what must be seen of it."""

    name: str
    trouble: Mapping[str, object]
    """Of the lab's switches; none: `to_the_cluster` does it."""
    until: Callable[[State, Run | None], bool]
    """The sight of it: by the state and the latest run of the experiment."""
    screen: Sequence[str]
    """Regular expressions of what the screen says then."""
    record: Sequence[str]
    """Kinds of events, in this order; after a colon what stands in the event."""
    before: Literal["idle", "active"] = "active"
    do: Literal["start", "stop", "nothing"] = "stop"
    experiment: str = LATENCY
    typed: Mapping[str, str] | None = None
    answer: str = ""
    """What the start is answered with; empty: it is accepted."""
    to_the_cluster: Literal["", "replace", "empty", "reconnect"] = ""
    ends: str = "ended"
    """State of the run once the trouble is over and everything was stopped; empty: there was none."""
    own_host: bool = False
    """It takes its time in real seconds: it is lived through beside the others."""


def refusal(status: int, verb: str = "*", kind: str = "*", **more: object) -> dict[str, object]:
    return {"refusals": [{"status": status, "verb": verb, "kind": kind, **more}]}


def _failing(text: str) -> Callable[[State, Run | None], bool]:
    """The source is known to be away, for this reason."""

    def seen(state: State, run: Run | None) -> bool:
        source = state.sources.get("kubernetes")
        return source is not None and source.ok is False and text in source.error

    return seen


def _in(*states: str, text: str = "") -> Callable[[State, Run | None], bool]:
    return lambda state, run: run is not None and run.state in states and text in run.message


def _stopping_fails(text: str) -> Callable[[State, Run | None], bool]:
    """A stop is not taken, for this reason, and the fault is still taken for what it is."""
    return lambda state, run: run is not None and run.state == "active" and text in run.not_stopped


def _refused(text: str) -> Callable[[State, Run | None], bool]:
    return lambda state, run: text in state.refused.get(LATENCY, "")


ROWS = (
    Row(
        "API down",
        {"api_down": True},
        lambda state, run: _failing("broke")(state, run) and _stopping_fails("broke")(state, run),
        (
            r"k8s ✗",
            r"kubernetes fails since .*: could not .*the connection broke",
            r"NOT STOPPED  network-latency, tried again: .*broke",
        ),
        ("fault.stop-requested", "fault.stop-failed:broke", "source.recovered", "fault.observed:ended"),
    ),
    Row(
        "401 in mid-session",
        refusal(401),
        lambda state, run: _failing("credential")(state, run) and _stopping_fails("credential")(state, run),
        (r"k8s ✗", r"does not accept the credential", r"renew it"),
        ("fault.stop-failed:credential", "source.recovered", "fault.observed:ended"),
        to_the_cluster="reconnect",
    ),
    Row(
        "403 on one kind",
        refusal(403, "create", "networkchaos"),
        _refused("may not create"),
        (r"refused +dry-run: .*may not create networkchaos in namespace bookstore",),
        ("fault.refused:may not create networkchaos",),
        before="idle",
        do="start",
        answer="may not create",
        ends="",
    ),
    Row(
        "403 on deleting one kind",
        refusal(403, "delete", "networkchaos"),
        _stopping_fails("may not delete"),
        (
            r"NOT STOPPED .*may not delete networkchaos in namespace bookstore",
            r"ask for a Role",
            r"ACTIVE 3/3",
        ),
        ("fault.stop-requested", "fault.stop-failed:may not delete", "fault.observed:ended"),
    ),
    Row(
        "409 on a start",
        refusal(409, "create", "networkchaos"),
        _refused("somebody else"),
        (r"refused +dry-run: could not create", r"changed by somebody else"),
        ("fault.refused:somebody else",),
        before="idle",
        do="start",
        answer="somebody else",
        ends="",
    ),
    Row(
        "409 on a stop",
        refusal(409, "delete", "networkchaos"),
        _stopping_fails("changed by somebody else"),
        (r"NOT STOPPED .*changed by somebody else", r"ACTIVE 3/3"),
        ("fault.stop-requested", "fault.stop-failed:changed by somebody else", "fault.observed:ended"),
    ),
    Row(
        "410",
        refusal(410),
        lambda state, run: _failing("too old")(state, run) and _stopping_fails("too old")(state, run),
        (r"k8s ✗", r"too old for the cluster"),
        ("source.failed:too old", "source.recovered"),
        to_the_cluster="reconnect",
    ),
    Row(
        "429 on a stop",
        refusal(429, "delete", "networkchaos", retry_after=2),
        _stopping_fails("too much to do"),
        (r"NOT STOPPED .*too much to do .*asks to come again in 2 s", r"ACTIVE 3/3"),
        ("fault.stop-requested", "fault.stop-failed:too much to do", "fault.observed:ended"),
    ),
    Row(
        "429 on a start",
        refusal(429, "create", "networkchaos", retry_after=2),
        _refused("too much to do"),
        (r"REFUSED", r"too much to do", r"in 2 s"),
        ("fault.requested", "fault.failed:too much to do"),
        before="idle",
        do="start",
        answer="too much to do",
        ends="refused",
    ),
    Row(
        "500",
        refusal(500, kind="networkchaos"),
        _in("unsure"),
        (r"UNSURE", r"etcdserver"),
        ("fault.requested", "fault.unsure:etcdserver", "fault.failed:never arrived"),
        before="idle",
        do="start",
        ends="refused",
    ),
    Row(
        "webhook denial",
        {"webhook_denied": "namespace bookstore is frozen"},
        _refused("frozen"),
        (r"refused +dry-run: .*namespace bookstore is frozen",),
        ("fault.refused:frozen",),
        before="idle",
        do="start",
        answer="frozen",
        ends="",
    ),
    Row(
        "webhook time-out",
        {"webhook_timeout": True},
        _refused("could not be asked"),
        (r"REFUSED", r"webhook .* could not be asked"),
        ("fault.requested", "fault.failed:could not be asked"),
        before="idle",
        do="start",
        answer="could not be asked",
        ends="refused",
        own_host=True,
    ),
    Row(
        "watch gone silent",
        {"watch_silent": True},
        _failing("fell silent"),
        (r"k8s ✗", r"kubernetes fails since .*the connection fell silent  it is begun again"),
        ("fault.stop-requested", "source.failed:fell silent", "fault.observed:ended"),
        own_host=True,
    ),
    Row(
        "finalizer stuck",
        {"finalizer_stuck": True},
        _in("stuck"),
        (r"STUCK",),
        ("fault.stop-requested", "fault.observed:stuck", "fault.observed:ended"),
    ),
    Row(
        "controller gone at a start",
        {"controller_gone": True},
        _refused("could not be asked"),
        (r"REFUSED", r"webhook .* could not be asked"),
        ("fault.requested", "fault.failed:could not be asked"),
        before="idle",
        do="start",
        answer="could not be asked",
        ends="refused",
    ),
    Row(
        "controller gone at a stop",
        {"controller_gone": True},
        _in("stuck"),
        (r"STUCK .*finalizer",),
        ("fault.stop-requested", "fault.observed:stuck", "fault.observed:ended"),
    ),
    Row(
        "target replaced",
        {},
        lambda state, run: run is not None and run.lost == 1,
        (r"ACTIVE 2/3, 1 lost",),
        ("fault.observed:lost", "fault.observed:ended"),
        do="nothing",
        to_the_cluster="replace",
    ),
    Row(
        "no target",
        {},
        _in("no-target"),
        (r"NO TARGET",),
        ("fault.requested", "fault.observed:no-target", "fault.observed:ended before injection"),
        before="idle",
        do="start",
        to_the_cluster="empty",
        typed={"targets": "no target"},
    ),
    Row(
        "slow API, 5 s",
        {"slow_seconds": 5.0},
        _in("ended"),
        (r"ended recovered 3/3",),
        ("fault.stop-requested", "fault.observed:ended"),
        own_host=True,
    ),
)


@dataclass(frozen=True)
class Lived:
    """What was found of a row."""

    screen: str
    events: tuple[Event, ...]
    answers: tuple[float, ...]
    """Real seconds in which notes were answered while it lasted."""
    started: Answer | None
    run: Run | None
    left: tuple[str, ...]
    """What the lab has afterwards: chaos objects and acting faults."""


class Room:
    """A session with its lab."""

    def __init__(self, host: LiveHost, viewer: Viewer) -> None:
        self.host, self.viewer = host, viewer
        self.lab = Troubles(viewer)
        self.http = httpx.AsyncClient(trust_env=False, timeout=20.0)
        config = yaml.safe_load((host.folder.path / "kubeconfig").read_text())
        self.server = config["clusters"][0]["cluster"]["server"]

    def latest(self, experiment: str) -> Run | None:
        return self.viewer.state.latest_run(experiment)

    async def note(self, text: str) -> float:
        """Real seconds until a note is accepted."""
        began = time.monotonic()
        await self.viewer.do(i.WriteNote(type="observation", text=text))
        return time.monotonic() - began

    async def live(self, row: Row) -> Lived:
        """From before the trouble to after it, everything stopped."""
        viewer, first = self.viewer, len(self.viewer.events)
        if row.before == "active":
            await viewer.do(i.Start(experiment=row.experiment))
            await viewer.until(lambda: _in("active")(viewer.state, self.latest(row.experiment)), LONG)
        ours = self.latest(row.experiment)
        await self.lab.put("kubernetes", **row.trouble)
        await self._to_the_cluster(row)
        asked = asyncio.create_task(self._do(row))
        answers = [await self.note(f"{row.name}: as it begins")]

        def run() -> Run | None:
            found = self.latest(row.experiment)
            return found if row.before == "active" or found is not ours else None

        await viewer.until(lambda: row.until(viewer.state, run()), LONG)
        answers.append(await self.note(f"{row.name}: while it is seen"))
        screen = await self._screen()
        await self.lab.put("kubernetes")
        started = await asyncio.wait_for(asked, LONG)
        await self._clean_up(row)
        lived = run()
        return Lived(screen, tuple(viewer.events[first:]), tuple(answers), started, lived, await self._left())

    async def _do(self, row: Row) -> Answer | None:
        if row.do == "start":
            return await self.viewer.ask(
                i.Start(experiment=row.experiment, typed=dict(row.typed or {}), reason="a test")
            )
        if row.do == "stop":
            run = self.latest(row.experiment)
            assert run is not None
            await self.viewer.do(i.Stop(run=run.id))
        return None

    async def _to_the_cluster(self, row: Row) -> None:
        http, api = self.http, f"{self.server}/api/v1/namespaces/bookstore"
        match row.to_the_cluster:
            case "replace":
                run = self.latest(row.experiment)
                assert run is not None
                (await http.delete(f"{api}/pods/{run.targets[0].id.split('/')[1]}")).raise_for_status()
            case "empty":
                await self._scale(0)
                await self.viewer.until(lambda: not self._inventory())
            case "reconnect":
                await self.lab.put("kubernetes", api_down=True)
                await self.viewer.until(lambda: _failing("")(self.viewer.state, None))
                await self.lab.put("kubernetes", **row.trouble)

    def _inventory(self) -> list[str]:
        return [name for name, pod in self.viewer.state.pods.items() if pod.app == "inventory-service"]

    async def _scale(self, replicas: int) -> None:
        answer = await self.http.patch(
            f"{self.server}/apis/{INVENTORY}",
            json={"spec": {"replicas": replicas}},
            headers={"Content-Type": "application/merge-patch+json"},
        )
        answer.raise_for_status()

    async def _screen(self) -> str:
        """What a terminal shows now, and the details of the experiment, as who started it would open them."""
        async with desk(events=self.viewer.events, info=self.viewer.room.info, size=(200, 50)) as shown:
            room = "\n".join(shown.screen_lines())
            await shown.press("x", "down", "d")
            return f"{room}\n{' '.join(shown.sheet().split())}"

    async def _clean_up(self, row: Row) -> None:
        viewer = self.viewer
        if row.to_the_cluster == "empty":
            await self._scale(3)
        await viewer.until(lambda: not _in("unsure")(viewer.state, self.latest(row.experiment)), LONG)
        answer = await viewer.ask(i.CleanUp())
        assert isinstance(answer, Accepted), answer
        await viewer.until(lambda: viewer.state.all_clear, LONG)
        await viewer.until(lambda: viewer.state.sources["kubernetes"].ok is True, LONG)

        def whole() -> bool:
            ready = [viewer.state.pods[name].ready for name in self._inventory()]
            return len(ready) == 3 and all(ready)

        await viewer.until(whole, LONG)

    async def _left(self) -> tuple[str, ...]:
        found: list[str] = []
        for kind in ("podchaos", "networkchaos", "stresschaos", "schedules"):
            url = f"{self.server}/apis/chaos-mesh.org/v1alpha1/namespaces/bookstore/{kind}"
            listed = (await self.http.get(url)).json()["items"]
            found += [f"{kind}/{one['metadata']['name']}" for one in listed]
        return (*found, *map(str, await self._acting()))

    async def _acting(self) -> set[tuple[str, str]]:
        """Faults that physically act still, by the lab's own account."""
        truth = (await self.http.get(f"{self.lab.bindings.lab}/truth")).json()
        acting: set[tuple[str, str]] = set()
        for moment in truth["faults"]:
            change = acting.add if moment["change"] == "applied" else acting.discard
            change((moment["name"], moment["target"]))
        return acting

    async def close(self) -> None:
        await self.lab.close()
        await self.http.aclose()


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.body.kind() for event in events]


def missing(wanted: Sequence[str], events: Sequence[Event]) -> list[str]:
    """What of `wanted` is not among the events in that order."""
    left = list(wanted)
    for event in events:
        if left:
            kind, _, text = left[0].partition(":")
            if event.body.kind() == kind and text in msgspec.json.encode(event.body).decode():
                left.pop(0)
    return left


def unseen(wanted: Sequence[str], screen: str) -> list[str]:
    return [one for one in wanted if not re.search(one, screen)]
