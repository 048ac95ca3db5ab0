"""The session as it is told outside: in its order, tried a few times, and never in anybody's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controlroom.clock import utc
from controlroom.conductor import channels, telling
from controlroom.conductor.conductor import Conductor, Means
from controlroom.conductor.recorder import Recorder
from controlroom.conductor.telling import Telling, wall_clock
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core import plan as p
from controlroom.core.events import Actor, SessionOpened
from controlroom.core.telling import Mark, Tone
from controlroom.core.values import changed
from controlroom.sources.chat import AppriseChat
from controlroom.sources.grafana import Grafana
from controlroom.sources.load import NoLoad
from controlroom.sources.ports import SourceError
from tests.conductor.fakes import Bench, FakeAlerts, MemoryWriter
from tests.sources.grafana_stub import TOKEN, FakeGrafana, refusal
from tests.sources.loopback import fixed, stub

ADA = Actor(role="facilitator", name="Ada")
PANELS = (p.Panel(title="Orders: p95", dashboard="abc", panel="4"),)
SECRET_PATH = "hook-with-its-secret"
DOWN = SourceError("chat", "the chat is down", hint="wait", status=503)
REFUSED = SourceError("chat", "the chat refuses", hint="look at the address", status=403)


class FakeChat:
    """Remembers what it was told. The next attempts fail with what `errors` holds; while `held` it waits."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.attempts: list[str] = []
        self.errors: list[SourceError] = []
        self.free = asyncio.Event()
        self.free.set()

    async def open(self) -> None:
        """There is nothing to make ready."""

    async def say(self, title: str, text: str, tone: Tone) -> None:
        self.attempts.append(text)
        await self.free.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.said.append(text.partition(" UTC ")[2])

    async def close(self) -> None:
        """Nothing to close."""


class FakeDashboards:
    """Remembers marks by their number, and the pictures that were asked for."""

    def __init__(self) -> None:
        self.marks: dict[str, Mark] = {}
        self.calls: list[str] = []
        self.pictures: list[tuple[str, datetime, datetime]] = []
        self.errors: list[SourceError] = []
        self.lost = False
        """The next mark is placed, and its answer lost."""

    async def find(self, mark: Mark) -> str:
        self.calls.append(f"find {mark.name}")
        return next((number for number, own in self.marks.items() if own.name == mark.name), "")

    async def mark(self, mark: Mark) -> str:
        self.calls.append(f"mark {mark.name}")
        if self.errors:
            raise self.errors.pop(0)
        number = str(len(self.marks) + 1)
        self.marks[number] = mark
        if self.lost:
            self.lost = False
            raise SourceError("grafana", "no answer", unsure=True)
        return number

    async def amend(self, reference: str, mark: Mark) -> None:
        self.calls.append(f"amend {mark.name}")
        self.marks[reference] = mark

    async def picture(self, panel: p.Panel, start: datetime, end: datetime, name: str) -> str:
        if self.errors:
            raise self.errors.pop(0)
        self.pictures.append((name, start, end))
        return f"{name}.png"

    async def close(self) -> None:
        """Nothing to close."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are none; how many there are is what counts here."""
    monkeypatch.setattr(channels, "AGAIN", (0.0, 0.0))


class Desk:
    """The part at work on a bench, with what it tells."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.chat = FakeChat()
        self.dashboards = FakeDashboards()
        self.part = Telling(bench.recorder, Watchman(bench.recorder), self.chat, self.dashboards)

    def say(self, body: e.Body, seconds: float = 0.0) -> None:
        at = utc(self.bench.clock.time()) + timedelta(seconds=seconds)
        self.bench.recorder.record(body, actor=ADA, at=at)

    async def settle(self) -> None:
        """Until everything that is on record has been told, or given up."""
        await turns()
        for channel in self.part._channels:
            await asyncio.wait_for(channel.done(), 5)

    def told(self, channel: str) -> list[tuple[str, bool]]:
        bodies = [event.body for event in self.bench.recorder.events]
        return [
            (own.about if channel == "chat" else own.name, own.told)
            for own in bodies
            if isinstance(own, e.ToldOutward) and own.channel == channel
        ]

    def failures(self) -> list[e.SourceFailed]:
        bodies = [event.body for event in self.bench.recorder.events]
        return [own for own in bodies if isinstance(own, e.SourceFailed)]

    def inject(self, experiment: str) -> None:
        run, now = f"{experiment}#1", utc(self.bench.clock.time())
        ref = e.ObjectRef(api_version="v1", kind="PodChaos", namespace="test", name=experiment)
        requested = e.FaultRequested(
            experiment=experiment, run=run, object=ref, manifest="", one_shot=False, duration=60
        )
        self.say(requested)
        injection = e.Injection(first=now, last=now, n=1, uncertainty=1.0)
        target = e.Target(id="test/pod", state="injected", injected_at=now)
        self.say(e.FaultObserved(run=run, state="active", targets=(target,), injection=injection))


async def turns(count: int = 50) -> None:
    """Lets everything run that can."""
    for _ in range(count):
        await asyncio.sleep(0)


def opened(bench: Bench, **changes: object) -> Bench:
    """The bench's session, opened with a changed plan."""
    first = bench.recorder.events[0].body
    assert isinstance(first, SessionOpened)
    bench.plan = changed(first.plan, **changes)
    bench.recorder = Recorder(bench.clock, MemoryWriter())
    bench.recorder.record(changed(first, plan=bench.plan, lab=False))
    return bench


@asynccontextmanager
async def telling_of(bench: Bench, before: Callable[[Desk], None] | None = None) -> AsyncIterator[Desk]:
    desk = Desk(bench)
    if before is not None:
        before(desk)
    task = asyncio.create_task(desk.part.run())
    await turns()
    try:
        yield desk
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def phases(bench: Bench) -> list[str]:
    return [phase.id for phase in bench.plan.phases]


async def test_what_happens_is_told_and_on_record(bench: Bench, phases: list[str]) -> None:
    async with telling_of(opened(bench)) as desk:
        desk.say(e.PhaseStarted(phase=phases[0]))
        await desk.settle()
        desk.say(e.PhaseEnded(phase=phases[0]), 60)
        desk.say(e.HaltRequested(), 61)
        await desk.settle()
        assert [text.partition(":")[0] for text in desk.chat.said] == ["Phase 1 of 4", "HALT by Ada"]
        assert desk.told("chat") == [("phases", True), ("halts", True)]
        name = f"phase:{phases[0]}#1"
        assert desk.told("grafana") == [(name, True), (name, True)]
        assert desk.dashboards.calls == [f"mark {name}", f"amend {name}"]
        assert desk.failures() == []


async def test_what_the_plan_switches_off_is_not_told(bench: Bench, phases: list[str]) -> None:
    plain = opened(bench, chat=p.Chat(tell=("halts",)), grafana=p.Grafana(mark=()))
    async with telling_of(plain) as desk:
        desk.say(e.PhaseStarted(phase=phases[0]))
        desk.say(e.HaltRequested())
        await desk.part.finish("ended")
        assert [text.partition(":")[0] for text in desk.chat.said] == ["HALT by Ada"]
        assert desk.dashboards.calls == []


@pytest.mark.parametrize("listeners", ["public", "facilitators"])
async def test_an_injection_is_told_to_those_who_may_know(bench: Bench, listeners: p.Listeners) -> None:
    own = opened(bench, chat=p.Chat(audience=listeners), grafana=p.Grafana(audience=listeners))
    experiment = own.plan.experiments[0]
    known = listeners == "facilitators"
    async with telling_of(own) as desk:
        desk.inject(experiment.id)
        await desk.settle()
        assert any(experiment.title in text for text in desk.chat.said) == known
        assert any("fault:" in call for call in desk.dashboards.calls) == known
        desk.say(e.Revealed(experiment=experiment.id))
        await desk.settle()
        assert any(experiment.title in text for text in desk.chat.said)
        assert sum("fault:" in call for call in desk.dashboards.calls) == 1


async def test_a_failure_is_on_record_with_a_next_step_and_tried_again(
    bench: Bench, phases: list[str]
) -> None:
    async with telling_of(opened(bench)) as desk:
        desk.chat.errors = [DOWN, DOWN]
        desk.say(e.PhaseStarted(phase=phases[0]))
        await desk.settle()
        assert len(desk.chat.attempts) == 3
        assert desk.told("chat") == [("phases", True)]
        assert desk.failures() == [e.SourceFailed(source="chat", error="the chat is down", hint="wait")]
        assert bench.recorder.state.sources["chat"].ok


@pytest.mark.parametrize(("error", "attempts"), [(DOWN, 3), (REFUSED, 1)])
async def test_what_fails_for_good_is_given_up_and_said_so(
    bench: Bench, phases: list[str], error: SourceError, attempts: int
) -> None:
    async with telling_of(opened(bench)) as desk:
        desk.chat.errors = [error] * attempts
        desk.say(e.PhaseStarted(phase=phases[0]))
        desk.say(e.PhaseExtended(phase=phases[0], by=60))
        await desk.settle()
        assert len(desk.chat.attempts) == attempts + 1
        assert desk.told("chat") == [("phases", False), ("phases", True)]


async def test_a_halt_goes_before_what_waits(bench: Bench, phases: list[str]) -> None:
    async with telling_of(opened(bench)) as desk:
        desk.chat.free.clear()
        desk.say(e.PhaseStarted(phase=phases[0]))
        desk.say(e.PhaseExtended(phase=phases[0], by=60))
        await turns()
        desk.say(e.IncidentDeclared())
        desk.say(e.HaltRequested())
        await turns()
        desk.chat.free.set()
        await desk.settle()
        words = [text.split()[0] for text in desk.chat.said]
        assert words == ["Phase", "REAL", "HALT", "Phase"]


async def test_of_too_many_messages_the_oldest_are_given_up(bench: Bench, phases: list[str]) -> None:
    async with telling_of(opened(bench)) as desk:
        desk.chat.free.clear()
        desk.say(e.PhaseStarted(phase=phases[0]))
        await turns()
        desk.say(e.HaltRequested())
        for seconds in range(channels.MOST + 2):
            desk.say(e.PhaseExtended(phase=phases[0], by=seconds))
        await turns()
        desk.chat.free.set()
        await desk.settle()
        lost = [about for about, told in desk.told("chat") if not told]
        assert lost == ["phases"] * 3
        assert len(desk.chat.said) == channels.MOST + 1


async def test_a_lost_answer_makes_no_second_mark(bench: Bench, phases: list[str]) -> None:
    async with telling_of(opened(bench)) as desk:
        desk.dashboards.lost = True
        desk.say(e.PhaseStarted(phase=phases[0]))
        await desk.settle()
        name = f"phase:{phases[0]}#1"
        assert desk.dashboards.calls == [f"mark {name}", f"find {name}"]
        assert desk.told("grafana") == [(name, True)]


async def test_a_mark_that_failed_is_placed_whole_when_its_end_is_known(
    bench: Bench, phases: list[str]
) -> None:
    async with telling_of(opened(bench)) as desk:
        desk.dashboards.errors = [DOWN] * 3
        desk.say(e.PhaseStarted(phase=phases[0]))
        await desk.settle()
        desk.say(e.PhaseEnded(phase=phases[0]), 60)
        await desk.settle()
        (mark,) = desk.dashboards.marks.values()
        assert mark.end is not None
        assert [told for _, told in desk.told("grafana")] == [False, True]


async def test_pictures_are_taken_named_and_kept_apart_from_marks(bench: Bench, phases: list[str]) -> None:
    async with telling_of(opened(bench, grafana=p.Grafana(panels=PANELS))) as desk:
        desk.say(e.PhaseStarted(phase=phases[0]))
        await bench.clock.advance(60)
        desk.say(e.PhaseEnded(phase=phases[0]))
        await desk.settle()
        assert [name for name, *_ in desk.dashboards.pictures] == ["baseline-orders-p95"]
        (picture,) = bench.recorder.state.pictures
        assert (picture.path, picture.title, picture.moment) == (
            "pictures/baseline-orders-p95.png",
            "Orders: p95",
            "baseline",
        )
        assert (picture.end - picture.start).total_seconds() == 60


async def test_the_end_tells_the_verdict_and_waits_for_it(bench: Bench, phases: list[str]) -> None:
    async with telling_of(opened(bench, grafana=p.Grafana(panels=PANELS))) as desk:
        desk.say(e.PhaseStarted(phase=phases[0]))
        await bench.clock.advance(60)
        await desk.part.finish("ended")
        assert [text.partition(":")[0] for text in desk.chat.said] == [
            "Phase 1 of 4",
            "Verdict",
            "The session is over after 60 s",
        ]
        assert [mark.end is not None for mark in desk.dashboards.marks.values()] == [True]
        assert [name for name, *_ in desk.dashboards.pictures] == ["end-orders-p95"]


async def test_the_end_does_not_wait_for_ever(
    bench: Bench, phases: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "PATIENCE", 0.05)
    async with telling_of(opened(bench)) as desk:
        desk.chat.free.clear()
        desk.say(e.PhaseStarted(phase=phases[0]))
        await turns()
        await desk.part.finish("ended")
        assert desk.told("chat") == [("phases", False), ("verdict", False), ("end", False)]


async def test_after_a_resumption_nothing_is_told_twice_and_marks_are_ended(
    bench: Bench, phases: list[str]
) -> None:
    async with telling_of(opened(bench)) as desk:
        desk.say(e.PhaseStarted(phase=phases[0]))
        await desk.settle()
        marks = desk.dashboards.marks
        desk.say(e.PhaseExtended(phase=phases[0], by=60))  # the host died before it had told this
    first = bench.recorder
    bench.recorder = Recorder(bench.clock, MemoryWriter())
    bench.recorder.take_up(first.events, first.lines)
    await bench.recorder.resumed(e.SessionResumed(gap=10))

    def place(fresh: Desk) -> None:
        fresh.dashboards.marks = marks

    async with telling_of(bench, place) as desk:
        await desk.settle()
        assert (desk.chat.said, desk.dashboards.calls) == ([], [])
        desk.say(e.PhaseEnded(phase=phases[0]), 60)
        desk.say(e.PhaseStarted(phase=phases[1]), 60)
        await desk.settle()
        assert len(desk.chat.said) == 1
        assert desk.dashboards.calls == [f"amend phase:{phases[0]}#1", f"mark phase:{phases[1]}#1"]


async def test_a_mark_whose_host_died_before_the_answer_is_looked_for_first(
    bench: Bench, phases: list[str]
) -> None:
    opened(bench).recorder.record(e.PhaseStarted(phase=phases[0]))
    first = bench.recorder
    bench.recorder = Recorder(bench.clock, MemoryWriter())
    bench.recorder.take_up(first.events, first.lines)
    await bench.recorder.resumed(e.SessionResumed(gap=10))
    name = f"phase:{phases[0]}#1"

    def place(desk: Desk) -> None:
        desk.dashboards.marks["7"] = Mark(name=name, about="phases", text="x", start=utc(0))

    async with telling_of(bench, place) as desk:
        await desk.settle()
        assert desk.dashboards.calls == [f"find {name}"]
        assert desk.told("grafana") == [(name, True)]


def conductor(bench: Bench, chat: FakeChat | None, dashboards: FakeDashboards | None) -> Conductor:
    means = Means(
        metrics=bench.metrics,
        alerts=FakeAlerts(),
        cluster=bench.cluster,
        load=NoLoad(),
        read_plan=lambda text: bench.loaded,
        chat=chat,
        dashboards=dashboards,
    )
    return Conductor(bench.recorder, means)


async def test_a_whole_session_tells_its_end_before_it_is_closed_and_halts_whatever_the_chat_does(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "PATIENCE", 0.05)
    chat = FakeChat()
    chat.free.clear()
    opening = bench.recorder.events[0].body
    assert isinstance(opening, SessionOpened)
    bench.recorder = Recorder(bench.clock, MemoryWriter())
    room = conductor(bench, chat, FakeDashboards())
    day = asyncio.create_task(room.run(changed(opening, lab=False)))
    await turns()
    await room.submit(i.NextPhase(), ADA)
    await turns()
    assert len(chat.attempts) == 1  # and there it hangs
    halted = await asyncio.wait_for(room.submit(i.HaltAll(), ADA), 1)
    assert halted.seq
    await turns()
    assert "halt.finished" in bench.kinds()
    await room.submit(i.End(), ADA)
    for _ in range(60):
        await bench.clock.advance(1)
    await asyncio.wait_for(day, 5)
    kinds = bench.kinds()
    assert kinds[-1] == "session.closed"
    assert "told.outward" in kinds
    assert bench.recorder.state.closed_reason == "ended"


async def test_with_no_way_out_nothing_is_told_and_nothing_runs(bench: Bench) -> None:
    part = Telling(bench.recorder, Watchman(bench.recorder), None, None)
    assert not part.wanted
    await part.finish("ended")
    assert bench.kinds() == ["session.opened"]


async def test_no_secret_is_on_record_whatever_fails(bench: Bench, phases: list[str], tmp_path: Path) -> None:
    fake = FakeGrafana(failing={kind: refusal(500, f"no {TOKEN}") for kind in ("POST", "GET", "PICTURE")})
    async with (
        stub(fixed(500, f"{SECRET_PATH} failed", "text/plain")) as chat_server,
        stub(fake.reply) as grafana_server,
    ):
        address = chat_server.url.replace("http://", "json://") + f"/{SECRET_PATH}"
        chat = AppriseChat(address)
        dashboards = Grafana(grafana_server.url, TOKEN, tmp_path / "pictures", "test")
        bench = opened(bench, grafana=p.Grafana(panels=PANELS))
        part = Telling(bench.recorder, Watchman(bench.recorder), chat, dashboards)
        task = asyncio.create_task(part.run())
        await turns()
        bench.recorder.record(e.PhaseStarted(phase=phases[0]))
        await bench.clock.advance(60)
        await part.finish("ended")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await chat.close()
        await dashboards.close()
    assert chat_server.asked
    assert grafana_server.asked
    record = b"\n".join(bench.recorder.lines).decode()
    assert {own.source for own in failures(bench)} == {"chat", "grafana", "pictures"}
    assert all(own.hint for own in failures(bench))
    assert SECRET_PATH not in record
    assert TOKEN not in record
    assert '"told":false' in record


def failures(bench: Bench) -> list[e.SourceFailed]:
    return [event.body for event in bench.recorder.events if isinstance(event.body, e.SourceFailed)]


def test_moments_are_told_in_the_rooms_zone() -> None:
    noon = utc(1_700_000_000)
    assert wall_clock("Europe/Berlin")(noon) == "23:13:20"
    assert wall_clock("UTC")(noon) == "22:13:20 UTC"
    assert wall_clock("Nowhere/At_All")(noon) == "22:13:20 UTC"
