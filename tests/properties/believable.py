"""Sessions made up from a seed: a believable small day, told as events, that has seen everything go wrong.

The plan is the small one of the tests of figures (20 minutes, two experiments, four metrics). What happens in
it is drawn: delays, refusals, second runs, outages, halts, amended plans, hosts that died. All times are session
seconds; the session opens at :data:`tests.core.sessions.OPENED`.
"""

from __future__ import annotations

import random
from datetime import datetime

from controlroom.core import events as e
from controlroom.core import plan as p
from controlroom.core.events import Actor
from controlroom.core.events.people import Milestone, NoteType
from controlroom.core.findings import Finding
from controlroom.core.values import Value, changed
from tests.core.sessions import HOST, PERSON, a_plan, at

SOURCE = Actor(role="source")
SCRIBE = Actor(role="scribe", name="Grace")


class Told(Value):
    """One thing that happened: when the room learnt it, and when it had been by the clock that is named."""

    t: float
    body: e.Body
    actor: Actor
    at: datetime
    clock: str


class Tape:
    """Gathers what several tellers tell, each in its own order, and the chance they share."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._told: list[Told] = []

    def say(
        self, t: float, body: e.Body, actor: Actor = HOST, *, when: float | None = None, clock: str = "host"
    ) -> None:
        moment = at(round(t if when is None else when, 3))
        self._told.append(Told(t=round(t, 3), body=body, actor=actor, at=moment, clock=clock))

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def soon(self, least: float, most: float) -> float:
        """A delay in seconds."""
        return self.chance.uniform(least, most)

    def told(self) -> list[Told]:
        """All of it in the order of t, up to the end of the session where there is one."""
        found = sorted(self._told, key=lambda own: own.t)
        ends = [index for index, own in enumerate(found) if isinstance(own.body, e.SessionClosed)]
        return found[: ends[0] + 1] if ends else found


def plan() -> p.Plan:
    """The small plan with something in each of its lists."""
    small = a_plan()
    step = p.Step(id="look", text="Look around", at=30)
    rest = changed(small.phases[0], steps=(step,))
    return changed(
        small,
        phases=(rest, *small.phases[1:]),
        checklist=(p.ChecklistItem(id="told", text="Everybody has been told"),),
        abort=(p.AbortRule(id="slow", text="Far too slow", metric="latency", above=1000),),
        injects=(p.Inject(id="call", text="Support calls", phase="chaos", at=60),),
        debrief=(p.Question(id="well", text="What went well?"),),
        after_actions=(p.AfterAction(id="runbook", text="Update the runbook"),),
    )


def tell_course(tape: Tape, plan: p.Plan) -> None:
    """The session itself: opening, phases, load, end."""
    opened = e.SessionOpened(
        session="s", program="0", plan=plan, plan_text="", plan_hash="h", files={}, bindings=plan.bindings
    )
    tape.say(0, opened)
    for source in ("kubernetes", "prometheus", "alertmanager"):
        offset = tape.chance.choice([0.0, 0.004, -1.5])
        tape.say(0.1, e.SourceMeasured(source=source, offset=offset, uncertainty=0.5), SOURCE)
    if tape.maybe(0.2):
        tape.say(0.2, e.LoadFailed(error="gradlew: not found"))
    objects = _tell_load_of_objects(tape) if tape.maybe(0.3) else ()
    tape.say(0.3, e.LoadStarted(objects=objects))
    _tell_phases(tape)
    if objects:
        tape.say(1130, e.LoadStopRequested(objects=objects, why="planned"))
    tape.say(1140, e.LoadStopped(reason="planned"))
    totals = (5000.0, tape.chance.choice([5000.0, 5000.0, 5000.0, 4999.0, None]))
    read = e.ReconciliationRead(
        criterion="loss", accepted=totals[0], stored=totals[1], settled=tape.maybe(0.9)
    )
    tape.say(1190, read, clock="prometheus")
    tape.say(1205, e.SessionEnding(how="end"), PERSON)
    if tape.maybe(0.8):
        left = ("PodChaos/test/slow-1",) if tape.maybe(0.2) else ()
        tape.say(1300, e.SessionClosed(reason="the day is over", left=left))


def _tell_load_of_objects(tape: Tape) -> tuple[e.ObjectRef, ...]:
    """A load that is a Job, and how far it is."""
    job = e.ObjectRef(api_version="batch/v1", kind="Job", namespace="test", name="orders")
    tape.say(0.25, e.LoadRequested(objects=(job,), manifest="kind: Job\n"))
    tape.say(2, e.LoadObserved(message="Job 2 active, 0 succeeded, 0 failed", pods=2), SOURCE)
    return (changed(job, uid="job-1"),)


def tell_outward(tape: Tape) -> None:
    """The plan is looked at, the chat hears of it, and a dashboard is pictured."""
    fine = Finding(id="prometheus", group="sources", what="Prometheus answers", state="ok", reason="in 12 ms")
    away = Finding(
        id="grafana",
        group="sources",
        what="Grafana answers",
        state="could not tell",
        reason="it hangs",
        next="wait",
    )
    tape.say(2, e.PlanChecked(findings=(fine, away), seconds=1.5))
    tape.say(310, e.ToldOutward(channel="chat", about="phases", text="chaos begins", told=tape.maybe(0.8)))
    shown = (at(20), at(290))
    tape.say(
        312,
        e.PictureTaken(path="pictures/p.png", title="p95", moment="baseline", start=shown[0], end=shown[1]),
    )


def tell_seats(tape: Tape) -> None:
    """The facilitator's line breaks, and is there again or not."""
    tape.say(0.5, e.SeatTaken(viewer="viewer-1", seat="facilitator", name="Ada"))
    tape.say(0.6, e.SeatTaken(viewer="viewer-2", seat="scribe", name="Grace"))
    if tape.maybe(0.6):
        gone = tape.soon(320, 800)
        halts = tape.maybe(0.5)
        tape.say(gone, e.SeatLeft(viewer="viewer-1", reason="the connection was lost"))
        tape.say(gone, e.UnattendedBegan(policy="halt" if halts else "keep", after=120.0))
        if tape.maybe(0.8):
            back = gone + tape.soon(1, 110)
            tape.say(back, e.SeatTaken(viewer="viewer-3", seat="facilitator", name="Ada"))
            tape.say(back, e.UnattendedEnded(seconds=round(back - gone, 3)))


def _tell_phases(tape: Tape) -> None:
    tape.say(0.4, e.PhaseStarted(phase="rest"), PERSON)
    tape.say(30, e.StepDue(step="look"))
    tape.say(36, e.Ticked(list="step", item="look", ticked=True), PERSON)
    late = tape.soon(0, 20)
    if late > 5:
        tape.say(290, e.PhaseExtended(phase="rest", by=late), PERSON)
    tape.say(295 + late, e.PhaseEnded(phase="rest"), PERSON)
    tape.say(295 + late, e.PhaseStarted(phase="chaos"), PERSON)
    if tape.maybe(0.4):
        held = tape.soon(400, 560)
        tape.say(held, e.ClockHeld(reason="the coffee is cold"), PERSON)
        tape.say(held + tape.soon(1, 40), e.ClockResumed(), PERSON)
    tape.say(900, e.PhaseEnded(phase="chaos"), PERSON)
    if tape.maybe(0.3):
        tape.say(905, e.PhaseEnded(phase="after", skipped=True), PERSON)
        tape.say(910, e.PhaseReopened(phase="chaos", left=20), PERSON)
        tape.say(930, e.PhaseEnded(phase="chaos"), PERSON)
    tape.say(931, e.PhaseStarted(phase="after"), PERSON)
    tape.say(1200, e.PhaseEnded(phase="after"), PERSON)


def tell_trouble(tape: Tape, plan: p.Plan) -> None:
    """What goes wrong around the session: a host that died, a disk that was full, a plan that changed."""
    if tape.maybe(0.3):
        taken_up = tape.soon(200, 1100)
        tape.say(taken_up, e.SessionResumed(gap=tape.soon(5, 60)))
        stray = e.ObjectRef(
            api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="shop", name="stray"
        )
        tape.say(taken_up + 1, e.FaultFound(object=stray))
    if tape.maybe(0.3):
        tape.say(tape.soon(100, 1100), e.RecordTroubled(error="No space left on device", seconds=4.2))
    if tape.maybe(0.4):
        tape.say(tape.soon(50, 1000), e.RateChanged(rate=tape.chance.choice([1.0, 10.0, 60.0])))
    if tape.maybe(0.3):
        wider = tuple(changed(own, floor=own.floor * 1.5) for own in plan.metrics)
        amended = e.PlanAmended(plan=changed(plan, metrics=wider), plan_text="", reason="too tight")
        tape.say(tape.soon(310, 900), amended, PERSON)
    for source in ("alertmanager", "kubernetes"):
        if tape.maybe(0.3):
            start, away = tape.soon(100, 1000), tape.soon(3, 90)
            tape.say(start, e.SourceFailed(source=source, error="connection refused", hint="is it up?"))
            tape.say(start + away, e.SourceRecovered(source=source, seconds=away))

    if tape.maybe(0.2):
        start = tape.soon(100, 1000)
        partial = ("store 10.0.0.7:10901 does not answer",)
        tape.say(start, e.SourceRemarked(source="prometheus", partial=partial), SOURCE)
        if tape.maybe(0.7):
            tape.say(start + 40, e.SourceRemarked(source="prometheus", others=("PromQL info: hm",)), SOURCE)


def tell_people(tape: Tape) -> None:
    """Marks, notes, ticks and answers, some of them corrected."""
    tape.say(12, e.Ticked(list="checklist", item="told", ticked=True), SCRIBE)
    marks: tuple[tuple[float, Milestone], ...] = (
        (320, "detected"), (640, "escalated"), (700, "root-cause"), (760, "mitigation-started"), (790, "mitigated"),
    )  # fmt: skip
    for number, (t, milestone) in enumerate(marks, 1):
        if tape.maybe(0.8):
            _tell_mark(tape, t + tape.soon(0, 30), f"mark-{number}", milestone)
    kinds: tuple[NoteType, ...] = ("note", "decision", "observation", "todo", "parked")
    for number, kind in enumerate(kinds, 1):
        _tell_note(tape, tape.soon(20, 1150), f"note-{number}", kind)
    tape.say(1000, e.ActionSet(action="a1", title="mend the runbook", owner="Ada", note="note-4"), PERSON)
    planned = e.ActionSet(action="a2", title="", owner="Bo", due="2026-12-01", after_action="runbook")
    tape.say(1010, planned, PERSON)
    tape.say(1150, e.Answered(section="debrief", question="well", text="the pager"), SCRIBE)
    if tape.maybe(0.9):
        answer = tape.chance.choice(["no", "no", "no", "yes", ""])
        tape.say(1160, e.Answered(section="observations", question="poor", text=answer, score=None), PERSON)
    tape.say(1170, e.Ticked(list="after-action", item="runbook", ticked=tape.maybe(0.5)), PERSON)
    tape.say(370, e.InjectGiven(inject="call", skipped=tape.maybe(0.3)), PERSON)


def _tell_mark(tape: Tape, t: float, name: str, milestone: Milestone) -> None:
    owners = tape.chance.choice([(), (), ("kill",), ("slow", "kill")])
    mark = e.MarkMade(mark=name, milestone=milestone, text="seen", experiments=owners)
    tape.say(t, mark, PERSON, when=t - tape.soon(0, 25))
    if tape.maybe(0.3):
        tape.say(t + 20, e.MarkAmended(mark=name, text="seen, and said"), SCRIBE, when=t - 5)
    if tape.maybe(0.15):
        tape.say(t + 40, e.MarkUndone(mark=name), PERSON)


def _tell_note(tape: Tape, t: float, name: str, kind: NoteType) -> None:
    private = tape.maybe(0.3)
    note = e.NoteWritten(note=name, type=kind, text="naïve p95 → 180 ms\nlag?", private=private)
    tape.say(t, note, SCRIBE, when=t - 8)
    if tape.maybe(0.3):
        edited = e.NoteEdited(note=name, type=kind, text="p95 180 ms", private=private)
        tape.say(t + tape.soon(1, 60), edited, SCRIBE)


def tell_cluster(tape: Tape) -> None:
    """Pods that come and go, and what the cluster says of it."""
    for number in range(3):
        pod = e.PodObserved(namespace="test", name=f"p{number}", uid=f"u{number}", app="shop", ready=True)
        tape.say(1, pod, SOURCE, clock="apiserver")
    t = tape.soon(301, 320)
    tape.say(t, e.PodObserved(namespace="test", name="p0", uid="u0", app="shop", gone=True), SOURCE)
    fresh = e.PodObserved(namespace="test", name="p3", uid="u3", app="shop", phase="Pending")
    tape.say(t + 1, fresh, SOURCE, clock="apiserver")
    for moment, ready in ((1, 3), (t + 8, 2), (t + 40, 3)):
        count = e.PodCount(namespace="test", workload="mail", kind="ReplicaSet", pods=3, ready=ready)
        tape.say(moment, e.PodsCounted(counts=(count,)), SOURCE)
    event = e.KubeEvent(
        namespace="test", about="Pod/p3", reason="BackOff", message="back-off restarting", type="Warning"
    )
    tape.say(t + 5, event, SOURCE, clock="apiserver")
    ready = changed(fresh, phase="Running", ready=True, ready_at=at(round(t + 30)), restarts=1)
    tape.say(t + 31, ready, SOURCE, clock="apiserver")
