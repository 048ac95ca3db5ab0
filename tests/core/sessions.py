"""Small hand-made sessions: a plan of four metrics and two experiments, and a story told event by event.

Session seconds are given in full; the session opens on a whole minute, so the sampling grid has a step at t = 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from controlroom.core import events as e
from controlroom.core import plan as p
from controlroom.core.assessment import Assessment
from controlroom.core.columns import Columns, View
from controlroom.core.events import Actor, Event
from controlroom.core.events.people import Milestone
from controlroom.core.figures import assess
from controlroom.core.fold import fold

OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STEP = 2
HOST = Actor(role="host")
PERSON = Actor(role="facilitator", name="Ada")

METRICS = (
    p.Metric(
        id="latency", title="Latency", query="latency", unit="ms", worse="higher", criterion=True, floor=20
    ),
    p.Metric(
        id="availability", title="Availability", query="availability", worse="lower", criterion=True, floor=5
    ),
    p.Metric(id="lag", title="Lag", query="lag", worse="higher", floor=50),
    p.Metric(id="payment", title="Payment", query="payment", worse="higher", floor=30, uninvolved=True),
)
REST = {"latency": 100.0, "availability": 100.0, "lag": 10.0, "payment": 50.0}
CRITERIA: tuple[p.Criterion, ...] = (
    p.AlertsWithin(id="alerts", text="Alerts fire", limit=120),
    p.NoDataLoss(id="loss", text="No data loss", accepted="accepted", stored="stored", lag="lag"),
    p.RecoversWithin(id="recovery", text="Recovers", limit=300),
    p.RatioBelow(id="latency", text="Latency below 3x", metric="latency", limit=3),
)
EXPERIMENTS = (
    p.Experiment(
        id="kill",
        title="Kill",
        manifest="kill.yaml",
        phase="chaos",
        at=0,
        alert=p.AlertRef(name="KillSeen"),
        impact=("latency", "availability", "lag"),
    ),
    p.Experiment(
        id="slow",
        title="Slow",
        manifest="slow.yaml",
        phase="chaos",
        at=300,
        alert=p.AlertRef(name="SlowSeen"),
        impact=("latency", "lag"),
    ),
)
SIGNS: tuple[p.Sign, ...] = (
    p.AlertsDelayed(id="delayed", text="Alerts delayed"),
    p.ManualIntervention(id="manual", text="Manual intervention"),
    p.Cascading(id="cascading", text="Cascading"),
    p.Judged(id="communication", text="Poor communication", question="poor"),
)


def a_plan(**other: object) -> p.Plan:
    """20 minutes: baseline to 300 s, faults at 300 and 600 s, clean-up at 900 s, load stop at 1140 s."""
    plan = p.Plan(
        id="small",
        title="A small day",
        environment="test",
        duration=1200,
        phases=(
            p.Phase(id="rest", title="Baseline", duration=300, kind="baseline"),
            p.Phase(id="chaos", title="Chaos", duration=600, kind="inject"),
            p.Phase(id="after", title="Recovery", duration=300, kind="recover"),
        ),
        experiments=EXPERIMENTS,
        metrics=METRICS,
        bindings=p.Bindings(
            cluster=p.Cluster(context="test", namespaces=("test",)),
            prometheus="http://prometheus",
            alertmanager="http://alertmanager",
        ),
        sampling=p.Sampling(step=STEP, warm_up=20, least=30, hold=10, grace=20, present=0.95),
        criteria=CRITERIA,
        signs=SIGNS,
        observations=(p.Question(id="poor", text="Poor?", kind="yes-no"),),
    )
    return p.Plan(**{name: getattr(plan, name) for name in plan.__struct_fields__} | other)


def at(t: float) -> datetime:
    """UTC of a session second."""
    return OPENED + timedelta(seconds=t)


StopWhy = Literal["stop", "clean-up", "halt", "end", "unattended"]
Curve = Callable[[float], float | None]


class Story:
    """A session being told. Each method appends events at the given session second."""

    def __init__(self, plan: p.Plan | None = None, *, wobble: float = 1.0) -> None:
        self.plan = plan or a_plan()
        self.events: list[Event] = []
        self.curves: dict[str, Curve] = {}
        self._wobble = wobble
        self._runs: dict[str, e.FaultObserved] = {}
        self._sampled_to = 0.0
        opened = e.SessionOpened(
            session="s",
            program="0",
            plan=self.plan,
            plan_text="",
            plan_hash="h",
            files={},
            bindings=self.plan.bindings,
        )
        self.say(0, opened)

    def say(
        self,
        t: float,
        body: e.Body,
        *,
        when: float | None = None,
        actor: Actor = HOST,
        clock: str = "host",
    ) -> Story:
        assert not self.events or t >= self.events[-1].t, "a session is told in order"
        moment = at(t if when is None else when)
        self.events.append(
            Event(seq=len(self.events) + 1, t=t, at=moment, actor=actor, body=body, clock=clock)
        )
        return self

    def begin(self) -> Story:
        """Load on, the first phase open."""
        return self.say(0, e.LoadStarted()).say(0, e.PhaseStarted(phase=self.plan.phases[0].id))

    def phase(self, t: float, ended: str, started: str | None = None) -> Story:
        self.say(t, e.PhaseEnded(phase=ended))
        return self.say(t, e.PhaseStarted(phase=started)) if started else self

    def sample(self, until: float, gaps: Sequence[tuple[float, float]] = ()) -> Story:
        """Samples of every metric from where they were left to `until`: at rest, or as the curves say."""
        start = self._sampled_to
        count = math.floor((until - start) / STEP)
        if count <= 0:
            return self
        times = [start + index * STEP for index in range(count)]
        columns = tuple(
            tuple(None if any(a <= t < b for a, b in gaps) else self._value(metric.id, t) for t in times)
            for metric in self.plan.metrics
        )
        self._sampled_to = start + count * STEP
        body = e.Samples(start=int(OPENED.timestamp() + start), step=STEP, columns=columns)
        return self.say(until, body, clock="prometheus")

    def _value(self, metric: str, t: float) -> float | None:
        curve = self.curves.get(metric)
        if curve is not None and (value := curve(t)) is not None:
            return None if value != value else value
        rest = REST.get(metric, 1.0)
        return rest if metric == "availability" else rest + self._wobble * ((t // STEP) % 5 - 2)

    def bad(self, metric: str, start: float, end: float, value: float) -> Story:
        """The metric has `value` in [start, end)."""
        before = self.curves.get(metric)

        def curve(t: float) -> float | None:
            return value if start <= t < end else before(t) if before else None

        self.curves[metric] = curve
        return self

    def inject(self, t: float, experiment: str, *, ordinal: int = 1, one_shot: bool = False) -> Story:
        run = f"{experiment}#{ordinal}"
        ref = e.ObjectRef(api_version="v1", kind="PodChaos", namespace="test", name=run.replace("#", "-"))
        self.say(
            t, e.FaultRequested(experiment=experiment, run=run, object=ref, manifest="", one_shot=one_shot)
        )
        injection = e.Injection(first=at(t), last=at(t), n=1, uncertainty=1.0)
        target = e.Target(id="test/pod", state="injected", injected_at=at(t))
        return self._observe(
            t, e.FaultObserved(run=run, state="active", targets=(target,), injection=injection)
        )

    def _observe(self, t: float, seen: e.FaultObserved) -> Story:
        self._runs[seen.run] = seen
        return self.say(t, seen, clock="apiserver")

    def effect_over(self, t: float, run: str) -> Story:
        """The effect ends by itself; the object stays."""
        seen = self._runs[run]
        return self._observe(t, _changed(seen, effect_end=at(t)))

    def stop(self, t: float, run: str, *, why: StopWhy = "clean-up", gone: float | None = None) -> Story:
        """Asked to stop at t; its object is gone (and its effect over) a second later."""
        self.say(t, e.StopRequested(run=run, why=why))
        end = t + 1 if gone is None else gone
        seen = self._runs[run]
        over = seen.effect_end or at(end)
        return self._observe(end, _changed(seen, state="ended", effect_end=over, object_end=at(end)))

    def alert(
        self,
        name: str,
        fired: float,
        resolved: float | None = None,
        labels: Mapping[str, str] | None = None,
        known: float | None = None,
    ) -> Story:
        """An alert as read at `known`, by default as soon as the story allows."""
        body = e.AlertObserved(
            name=name,
            labels=dict(labels or {}),
            state="resolved" if resolved is not None else "firing",
            active_at=at(fired - 10),
            firing_at=at(fired),
            resolved_at=None if resolved is None else at(resolved),
            uncertainty=0.5,
        )
        latest = fired if resolved is None else resolved
        read = max(latest, self.events[-1].t) if known is None else known
        return self.say(read, body, clock="prometheus")

    def silence(self, t: float, *matchers: tuple[str, str, bool, bool], name: str = "s1") -> Story:
        body = e.SilenceObserved(
            silence=name,
            matchers=matchers,
            by="on-call",
            comment="ack",
            starts_at=at(t),
            ends_at=at(t + 3600),
            state="active",
        )
        return self.say(t, body, clock="alertmanager")

    def mark(
        self, t: float, milestone: Milestone, *, when: float | None = None, experiments: tuple[str, ...] = ()
    ) -> Story:
        name = f"mark-{len(self.events) + 1}"
        body = e.MarkMade(mark=name, milestone=milestone, experiments=experiments)
        return self.say(t, body, when=when, actor=PERSON)

    def answer(self, t: float, text: str) -> Story:
        return self.say(t, e.Answered(section="observations", question="poor", text=text), actor=PERSON)

    def stop_load(self, t: float) -> Story:
        return self.say(t, e.LoadStopped())

    def reconcile(
        self, t: float, accepted: float | None, stored: float | None, settled: bool = True
    ) -> Story:
        body = e.ReconciliationRead(criterion="loss", accepted=accepted, stored=stored, settled=settled)
        return self.say(t, body, clock="prometheus")

    def close(self, t: float) -> Story:
        return self.say(t, e.SessionClosed(reason="the day is over"))

    def view(self, events: int | None = None) -> View:
        """The session after so many events; the columns hold all samples, as they do when seeking."""
        state = fold(self.events[: len(self.events) if events is None else events])
        columns = Columns(len(self.plan.metrics), STEP)
        for event in self.events:
            if isinstance(event.body, e.Samples):
                columns.absorb(event.body)
        return View(state, columns)

    def assess(self, t: float | None = None) -> Assessment:
        return assess(self.view(), t)


def _changed(seen: e.FaultObserved, **values: object) -> e.FaultObserved:
    fields = {name: getattr(seen, name) for name in seen.__struct_fields__}
    return e.FaultObserved(**{**fields, **values})


def good_day() -> Story:
    """Both experiments injected, detected, the second mitigated, all recovered, nothing lost: passed."""
    story = Story().begin()
    story.bad("latency", 310, 350, 180).bad("availability", 304, 340, 33)
    story.bad("latency", 610, 820, 220)
    story.sample(300).phase(300, "rest", "chaos").inject(300, "kill", one_shot=True)
    story.sample(316).alert("KillSeen", 316).sample(340).alert("KillSeen", 316, 340).effect_over(
        340, "kill#1"
    )
    story.sample(376).silence(376, ("alertname", "KillSeen", False, True), ("cluster", "c", False, True))
    story.sample(600).inject(600, "slow").sample(630).alert("SlowSeen", 630)
    story.sample(680).silence(680, ("alertname", "SlowSeen", False, True), name="s2")
    story.sample(720).mark(720, "root-cause").sample(780).mark(780, "mitigated").effect_over(780, "slow#1")
    story.sample(840).alert("SlowSeen", 630, 840)
    story.sample(900).phase(900, "chaos", "after").stop(900, "kill#1").stop(901, "slow#1")
    story.sample(1140).stop_load(1140).sample(1190).reconcile(1190, 5000, 5000).answer(1191, "no")
    story.phase(1200, "after")
    return story.close(1200)
