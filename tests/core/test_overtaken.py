"""An intent rests on what its author saw: who changed that since overtakes it."""

from __future__ import annotations

from typing import get_args

import pytest

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Actor, Body, Event
from controlroom.core.fold import fold
from controlroom.core.intents import Intent, IntentBase
from controlroom.core.overtaken import NEVER, RESTS_ON, overtaken
from tests.core.sessions import Story, at
from tests.wire.drawing import example_of

ANN, BEN = Actor(role="facilitator", name="ann"), Actor(role="facilitator", name="ben")
REF = e.ObjectRef(api_version="v1", kind="PodChaos", namespace="test", name="kill-1")


def requested(experiment: str) -> e.FaultRequested:
    return e.FaultRequested(
        experiment=experiment, run=f"{experiment}#1", object=REF, manifest="", one_shot=True
    )


def since(*bodies: Body, actor: Actor = BEN, ago: float = 3.0) -> list[Event]:
    return [Event(seq=5, t=100.0 - ago, at=at(0), actor=actor, body=body) for body in bodies]


def why(intent: IntentBase, *bodies: Body, actor: Actor = BEN, ago: float = 3.0) -> str:
    story = Story().begin()
    story.say(100, e.ClockResumed())
    return overtaken(intent, ANN, since(*bodies, actor=actor, ago=ago), fold(story.events))


CASES: list[tuple[IntentBase, Body, str]] = [
    (i.NextPhase(), e.PhaseEnded(phase="rest"), "ben closed Baseline 3 s ago"),
    (i.NextPhase(), e.PhaseStarted(phase="chaos"), "ben opened Chaos 3 s ago"),
    (i.ExtendPhase(seconds=300), e.PhaseExtended(phase="rest", by=300), "ben gave Baseline +300 s 3 s ago"),
    (i.SkipPhase(phase="chaos"), e.PhaseEnded(phase="chaos", skipped=True), "ben skipped Chaos 3 s ago"),
    (
        i.ReopenPhase(phase="rest", seconds=60),
        e.PhaseReopened(phase="rest", left=60),
        "ben opened Baseline again",
    ),
    (i.Start(experiment="kill"), requested("kill"), "ben started Kill 3 s ago"),
    (i.Start(experiment="kill"), e.HaltRequested(), "ben halted everything 3 s ago"),
    (i.Start(experiment="kill"), e.SessionEnding(how="wait"), "ben asked for the end of the day 3 s ago"),
    (i.Stop(run="kill#1"), e.StopRequested(run="kill#1", why="stop"), "ben stopped kill#1 3 s ago"),
    (i.Stop(run="kill#1"), e.HaltRequested(runs=("kill#1",)), "ben halted everything 3 s ago"),
    (
        i.Release(run="kill#1", word="release"),
        e.ReleaseRequested(objects=(), run="kill#1"),
        "ben forced kill#1 away 3 s ago",
    ),
    (i.Unlock(word="unlock"), e.Unlocked(), "ben unlocked 3 s ago"),
    (i.Unlock(word="unlock"), e.HaltRequested(), "ben halted everything 3 s ago"),
    (i.Unlock(word="unlock"), e.IncidentDeclared(), "ben declared a real incident 3 s ago"),
    (i.HoldClock(), e.ClockHeld(), "ben held the clock 3 s ago"),
    (i.ResumeClock(), e.ClockResumed(), "ben let the clock go on 3 s ago"),
    (i.SetRate(rate=20), e.RateChanged(rate=5), "ben set the rate to ×5 3 s ago"),
    (i.StartLoad(), e.LoadStarted(), "ben started the load 3 s ago"),
    (i.StopLoad(), e.LoadStopped(), "ben stopped the load 3 s ago"),
    (i.AmendMark(mark="m"), e.MarkUndone(mark="m"), "ben took that mark back 3 s ago"),
    (i.UndoMark(mark="m"), e.MarkAmended(mark="m"), "ben amended that mark 3 s ago"),
    (
        i.EditNote(note="n", type="note", text="a"),
        e.NoteEdited(note="n", type="note", text="b"),
        "ben edited that note 3 s ago",
    ),
    (
        i.SetAction(action="a", title="x"),
        e.ActionSet(action="a", title="y"),
        "ben changed that action 3 s ago",
    ),
    (
        i.SetTick(list="step", item="s", ticked=True),
        e.Ticked(list="step", item="s", ticked=False),
        "ben took the tick away 3 s ago",
    ),
    (
        i.GiveAnswer(section="debrief", question="q"),
        e.Answered(section="debrief", question="q"),
        "ben answered that question 3 s ago",
    ),
    (i.GiveInject(inject="x"), e.InjectGiven(inject="x"), "ben gave that inject 3 s ago"),
    (i.Reveal(experiment="kill"), e.Revealed(experiment="kill"), "ben revealed Kill 3 s ago"),
    (i.Poll(role="dba", go=True), e.Polled(role="dba", go=False), "ben recorded no-go for dba 3 s ago"),
    (
        i.AmendPlan(text="x"),
        e.PlanAmended(plan=Story().plan, plan_text="", reason=""),
        "ben amended the plan 3 s ago",
    ),
    (i.End(how="leave"), requested("slow"), "ben started Slow 3 s ago"),
]


@pytest.mark.parametrize(("intent", "body", "reason"), CASES)
def test_who_changed_what_it_rests_on_is_named(intent: IntentBase, body: Body, reason: str) -> None:
    assert why(intent, body).startswith(reason)
    assert why(intent, body, actor=ANN) == ""


BESIDE: list[tuple[IntentBase, Body]] = [
    (i.NextPhase(), e.ClockHeld()),
    (i.Start(experiment="kill"), requested("slow")),
    (i.Stop(run="kill#1"), e.StopRequested(run="slow#1", why="stop")),
    (i.Stop(run="kill#1"), e.HaltRequested(runs=("slow#1",))),
    (i.UndoMark(mark="m"), e.MarkUndone(mark="other")),
    (i.EditNote(note="n", type="note", text="a"), e.NoteEdited(note="other", type="note", text="b")),
    (i.SetAction(title="new"), e.ActionSet(action="a", title="y")),
    (i.SetTick(list="step", item="s", ticked=True), e.Ticked(list="step", item="s", ticked=True)),
    (i.SetTick(list="step", item="s", ticked=True), e.Ticked(list="checklist", item="s", ticked=False)),
    (i.GiveAnswer(section="debrief", question="q"), e.Answered(section="observations", question="q")),
    (i.GiveInject(inject="x"), e.InjectGiven(inject="other")),
    (i.Reveal(experiment="kill"), e.Revealed(experiment="slow")),
    (i.Poll(role="dba", go=True), e.Polled(role="dba", go=True)),
    (i.End(how="wait"), requested("slow")),
    (i.End(how="halt"), requested("slow")),
]


@pytest.mark.parametrize(("intent", "body"), BESIDE)
def test_what_it_does_not_rest_on_does_not_overtake_it(intent: IntentBase, body: Body) -> None:
    assert why(intent, body) == ""


def test_every_intent_has_its_place() -> None:
    assert set(RESTS_ON) | NEVER == set(get_args(Intent))
    assert not set(RESTS_ON) & NEVER
    assert {type(intent) for intent, _, _ in CASES} == set(RESTS_ON)


@pytest.mark.parametrize("kind", sorted(NEVER, key=lambda kind: kind.__name__))
def test_nothing_overtakes_a_halt_and_what_only_adds(kind: type[IntentBase]) -> None:
    assert why(example_of(kind), *(body for _, body, _ in CASES)) == ""


def test_the_latest_counts_and_the_host_is_named_too() -> None:
    assert why(i.NextPhase(), e.PhaseEnded(phase="rest"), e.PhaseStarted(phase="chaos")).startswith(
        "ben opened Chaos"
    )
    host = Actor(role="host")
    assert (
        why(i.NextPhase(), e.PhaseStarted(phase="rest"), actor=host, ago=0.4)
        == "the host opened Baseline this moment"
    )
    assert why(i.NextPhase(), e.PhaseStarted(phase="rest"), ago=90).endswith("90 s ago")
