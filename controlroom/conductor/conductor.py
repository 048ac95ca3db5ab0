"""The session service: builds its parts, takes intents, and sees the day to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping

from controlroom.conductor.aborting import Aborting
from controlroom.conductor.admission import Admission
from controlroom.conductor.alerting import Alerting
from controlroom.conductor.amending import Amending, ReadPlan
from controlroom.conductor.attending import Attending
from controlroom.conductor.checking import Checking
from controlroom.conductor.context import Handler, refuse
from controlroom.conductor.day import Day, PhaseKeeper
from controlroom.conductor.faults import Faults
from controlroom.conductor.gate import Gate
from controlroom.conductor.halting import Halting
from controlroom.conductor.injecting import Injecting
from controlroom.conductor.left_behind import FindLeft, LeftBehind
from controlroom.conductor.loading import Loading
from controlroom.conductor.looking import Inspect, Looking
from controlroom.conductor.object_load import ObjectLoad
from controlroom.conductor.people import People
from controlroom.conductor.previewing import Previewer
from controlroom.conductor.reconciling import Reconciling
from controlroom.conductor.recorder import HOST, Recorder
from controlroom.conductor.resuming import Resuming
from controlroom.conductor.sampling import Sampler
from controlroom.conductor.script import SCRIPT, Script
from controlroom.conductor.standing_by import StandingBy
from controlroom.conductor.telling import Telling
from controlroom.conductor.watching import Measuring, Watching
from controlroom.conductor.watchman import Watchman
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, SessionOpened
from controlroom.core.intents import Accepted, Answer, Intent, IntentBase
from controlroom.core.values import Value
from controlroom.sources.outward import Chat, Dashboards
from controlroom.sources.ports import (
    AlertSource,
    Cluster,
    LoadDriver,
    LoadOutput,
    MetricSource,
    ObjectSeen,
    SourceError,
    World,
)

_log = logging.getLogger(__name__)

AGAIN = 1.0
"""Real seconds before a part that died begins again."""
LEAVE = "leave faults"
CATCH_UP = 20.0
"""Most real seconds that the end waits for the last samples."""
EMERGENCY = 20.0
"""Most real seconds in which an interrupted session ends what would not end by itself."""
GIVE_UP = 60.0
"""Real seconds for which a headless day waits for a lab that does not tell its time."""
INTERRUPTED = "interrupted"
LAB = "lab"
LOST = "the lab was lost"
"""Why a rehearsal is closed whose lab ended before it."""


class Means(Value, gc=True):  # its parts know those who follow them
    """The outside world of one session."""

    metrics: MetricSource
    alerts: AlertSource
    cluster: Cluster
    load: LoadDriver | None
    """None: the plan's load is a manifest, and its objects are made in the cluster."""
    read_plan: ReadPlan
    """Checks the text of an amended plan."""
    world: World | None = None
    """Rehearsals only: the lab."""
    chat: Chat | None = None
    dashboards: Dashboards | None = None
    """Where the session is told outside; never in a rehearsal."""
    inspect: Inspect | None = None
    """Looks at everything that the plan counts on; None: it cannot be looked at from here."""
    load_output: LoadOutput | None = None
    """Of a load that is a manifest."""
    find_left: FindLeft | None = None
    """Looks for what other sessions left in the cluster; None in a rehearsal, whose cluster is new."""


class Conductor:
    """One session, from opening to close. All acts of a seat come in through :meth:`submit`."""

    def __init__(self, recorder: Recorder, means: Means, *, headless: bool = False) -> None:
        self.recorder = recorder
        self._means = means
        self._headless = headless
        self._watchman = Watchman(recorder)
        self._admission = Admission(recorder)
        self._gate = Gate(means.cluster)
        self._day = Day(recorder, means.world.set_rate if means.world else None)
        self._people = People(recorder)
        previewer = Previewer(recorder, means.cluster)
        self._faults = Faults(recorder, means.cluster, self._gate, previewer)
        self._halting = Halting(recorder, means.cluster, self._gate, self._faults)
        self._standing_by = StandingBy(recorder, means.cluster)
        self._resuming = Resuming(
            recorder, means.cluster, self._gate, self._faults, self._halting, self._watchman
        )
        self._load = ObjectLoad(recorder, means.cluster, self._gate, self._watchman, means.load_output)
        self._loading = Loading(recorder, means.load, self._load)
        self._sampler = Sampler(recorder, means.metrics, self._watchman)
        self._alerting = Alerting(recorder, means.metrics, means.alerts, self._watchman)
        self._watching = Watching(recorder, means.cluster, self._watchman, self._saw, self._faults.saw_pod)
        self._measuring = Measuring(
            recorder, {"kubernetes": means.cluster, "prometheus": means.metrics}, self._watchman
        )
        self._aborting = Aborting(recorder, self._halting.by_rule)
        self._reconciling = Reconciling(recorder, means.metrics)
        self._amending = Amending(recorder, means.read_plan)
        self._checking = Checking(recorder, means.metrics, means.alerts)
        self._looking = Looking(recorder, means.inspect)
        self._left_behind = LeftBehind(recorder, means.find_left)
        self._injecting = Injecting(recorder, self.submit)
        self._attending = Attending(recorder, self._halting.by_rule, self._faults.end_unattended)
        self._telling = Telling(recorder, self._watchman, means.chat, means.dashboards)
        self._script = Script(recorder, self.submit)
        self._handlers = self._collect()
        self._end: asyncio.Event = asyncio.Event()
        self._let_go: asyncio.Event = asyncio.Event()
        """The end does not wait for all clear: a person leaves the faults, or their world is gone."""
        self.asked_at = 0.0
        """When somebody asked for something last, monotonic seconds."""
        self._lost = False
        self._giving_up: asyncio.TimerHandle | None = None

    def _collect(self) -> Mapping[type[IntentBase], Handler]:
        found: dict[type[IntentBase], Handler] = {i.End: self._ask_end}
        for part in (
            self._people,
            self._day,
            self._faults,
            self._halting,
            self._loading,
            self._aborting,
            self._amending,
            self._looking,
        ):
            found.update(part.handlers())
        return found

    async def submit(self, intent: Intent, actor: Actor, seen: int = 0) -> Answer:
        """Does what is asked, or refuses with the reason. `seen`: seq of the newest event that the actor knew
        on deciding; 0: not said."""
        self.asked_at = asyncio.get_running_loop().time()
        if (refused := self._admission.refused(intent, actor, seen)) is not None:
            return refused
        with self._admission.held(intent, actor):
            return await self._handlers[type(intent)](intent, actor)

    async def run(self, opened: SessionOpened) -> None:
        """Opens the session and returns when it is closed. Cancelled, it stops what it started first."""
        await self._measuring.warm_up()
        await self._live(self.recorder.durably(opened, actor=HOST, patience=5.0))

    async def resume(self, *, halt: bool = False) -> None:
        """Goes on with the session of a host that died, which the recorder has taken up; `halt`: halts it first."""
        state = self.recorder.state
        if abs(self.recorder.clock.rate - state.rate) > 1e-6 and self.recorder.clock.rate > 0:
            self.recorder.record(e.RateChanged(rate=self.recorder.clock.rate))
        if state.status == "ending":
            asked = next(
                own.body for own in reversed(self.recorder.past) if isinstance(own.body, e.SessionEnding)
            )
            if asked.how == "leave":
                self._let_go.set()
            self._end.set()
        asked_for = i.HaltAll(reason="asked for on resuming")
        await self._live(self._halting.halt(asked_for, HOST) if halt else None)

    async def _live(self, first: Awaitable[object] | None) -> None:
        """From the opening, which is done `first`, to the close, whatever happens in between."""
        services: list[asyncio.Task[None]] = []
        try:
            if first is not None:
                await first
            if self._means.world is not None:
                self._measuring.by_definition()
                self._means.world.watch(self._hear_of_world)
            services += [asyncio.create_task(self._kept_alive(name, run)) for name, run in self._services()]
            await self._until_the_end()
            await self._close(LOST if self._world_over else "ended")
        except BaseException:
            await self._emergency()
            raise
        finally:
            for service in services:
                service.cancel()
            await asyncio.gather(*services, return_exceptions=True)

    async def _kept_alive(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """A part that dies of an unforeseen error is told of in the record and begins again."""
        while True:
            try:
                return await run()
            except Exception as error:
                _log.exception("%s died", name)
                body = e.SourceFailed(
                    source=name, error=f"internal error: {error!r}", hint="it begins again; see host.log"
                )
                self.recorder.record(body)
                await asyncio.sleep(AGAIN)

    @property
    def _begun(self) -> bool:
        """Whether a phase was ever opened."""
        return any(phase.status != "planned" for phase in self.recorder.state.phases)

    @property
    def _in_lab(self) -> bool:
        opened = self.recorder.state.opened
        return opened is not None and opened.lab

    def _saw(self, seen: ObjectSeen) -> None:
        """An object of this session: of a fault, or of the load."""
        self._faults.saw(seen)
        self._load.saw(seen)

    def _services(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        services: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("resuming", self._resuming.run),
            ("sampling", self._sampler.run),
            ("alerting", self._alerting.run),
            ("watching", self._watching.run),
            ("faults", self._faults.run),
            ("standing by", self._standing_by.run),
            ("loading", self._loading.run),
            ("aborting", self._aborting.run),
            ("reconciling", self._reconciling.run),
            ("day", self._day.run),
            ("checking", self._checking.run),
            ("looking", self._looking.run),
            ("looking for what was left", self._left_behind.run),
        ]
        if not self._in_lab:
            services.append(("measuring", self._measuring.run))
        if self._telling.wanted:
            services.append(("telling", self._telling.run))
        if self._headless:
            services.append(("script", self._script.run))
        else:
            services.append(("injecting", self._injecting.run))
            services.append(("attending", self._attending.run))
        return services

    def _hear_of_world(self, error: SourceError | None) -> None:
        """The lab is lost, or back. A headless day ends without it, for nobody else would end it."""
        if self._giving_up is not None:
            self._giving_up.cancel()
        if error is None:
            self._watchman.answered(LAB)
            return
        self._watchman.failed(LAB, error)
        if self._world_over:
            self._give_up()
        elif self._headless:
            self._giving_up = asyncio.get_running_loop().call_later(GIVE_UP, self._give_up)

    def _give_up(self) -> None:
        self._lost = True
        self._let_go.set()
        if self._headless:
            self._end.set()

    @property
    def _world_over(self) -> bool:
        return self._lost or (self._means.world is not None and self._means.world.over)

    async def _until_the_end(self) -> None:
        if self._headless:
            await _first(self._live_headless(), self._end.wait())
        elif self._in_lab and not (self.recorder.resumption and self._begun):
            # A newcomer should see something move; on a cluster the facilitator opens the day.
            await self._day.next_phase(i.NextPhase(), HOST)
        await self._end.wait()
        if not self._let_go.is_set():
            await _first(self._settle(), self._let_go.wait())
        if self._world_over:
            return
        await self._loading.close()
        await self._catch_up()
        await self._reconciling.finish()

    async def _live_headless(self) -> None:
        await asyncio.sleep(0)
        await PhaseKeeper(self.recorder, self._day, SCRIPT).run()
        await self._script.answer_questions()
        await self._ask_end(i.End(), SCRIPT)

    async def _settle(self) -> None:
        """Everything of ours is ended, and proven to be."""
        await self._faults.clean_up(i.CleanUp(), HOST)
        await self._halting.settled()
        await self._resuming.clear()
        await self._faults.until_clear()

    async def _catch_up(self) -> None:
        """The record ends with the samples of the moment at which the day did."""
        ended = self.recorder.clock.time()
        try:
            async with asyncio.timeout(CATCH_UP):
                while self._sampler.newest() < ended and self.recorder.clock.rate > 0:
                    await self.recorder.clock.sleep(1.0)
                await self._sampler.catch_up()
                await self._alerting.read_alerts()
        except (TimeoutError, SourceError):
            error = SourceError("prometheus", "the last samples of the day could not be had")
            self._watchman.failed("prometheus", error)

    async def _ask_end(self, intent: i.End, actor: Actor) -> Answer:
        state = self.recorder.state
        if intent.how == "leave" and state.running and intent.typed != LEAVE:
            return refuse(f"{len(state.running)} faults are left: type «{LEAVE}» to leave them")
        if state.status == "ending" and intent.how == "wait":
            return Accepted(seq=state.seq, note="ending already")
        if intent.how == "halt":
            await self._halting.halt(i.HaltAll(reason="end of the day"), actor)
        answer = await self._day.write(e.SessionEnding(how=intent.how), actor)
        if intent.how == "leave":
            self._let_go.set()
        self._end.set()
        return answer

    async def _close(self, reason: str) -> None:
        running = () if self._world_over else self.recorder.state.running
        left = tuple(str(one) for run in running for one in run.objects)
        left += () if self._world_over else tuple(str(stray) for stray in self._resuming.left)
        left += tuple(str(own) for own in self.recorder.state.load_objects)
        await self._faults.close()
        await self._looking.close()
        await self._halting.close()
        await self._telling.finish(reason, hurry=reason == INTERRUPTED)
        await self.recorder.durably(e.SessionClosed(reason=reason, left=left), actor=HOST, patience=5.0)
        self.recorder.close()

    async def _emergency(self) -> None:
        """Whatever happened: unbounded faults are ended, bounded ones stay bounded, the record says so."""
        if not self._world_over:
            try:
                async with asyncio.timeout(EMERGENCY):
                    for run in self.recorder.state.running:
                        if run.unbounded:
                            await self._faults.end(run.id, "end")
                    await self._loading.close()
            except TimeoutError:
                _log.error(
                    "not everything could be ended within %g s; the record names what is left", EMERGENCY
                )
        await self._close(INTERRUPTED)


async def _first(*works: Coroutine[None, None, object]) -> None:
    """Returns when the first of them does, or raises what it raises; the others are cancelled."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
