"""What is told outside: to the public no more than an audience sees, and everything in its time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pytest

from controlroom.core import events as e
from controlroom.core import plan as p
from controlroom.core.events import Actor, Event
from controlroom.core.events.envelope import kinds
from controlroom.core.projection import project
from controlroom.core.telling import TELLING, Mark, Marks, Messages, Shots, length
from controlroom.core.values import changed
from tests.core.sessions import EXPERIMENTS, PERSON, Story, a_plan, at, good_day

SECRET = "swordfish"


def wall(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"


def told(events: Iterable[Event], listeners: p.Listeners) -> list[str]:
    messages = Messages(listeners, wall)
    return [message.text for event in events for message in messages.take(event)]


def marked(events: Iterable[Event], listeners: p.Listeners) -> list[tuple[float, Mark]]:
    """Every change of a mark, with the session second at which it was known."""
    marks = Marks(listeners)
    return [(event.t, mark) for event in events for mark in marks.take(event)]


def with_revelation(t: float, experiment: str = "kill") -> list[Event]:
    events = good_day().events
    place = next(index for index, event in enumerate(events) if event.t > t)
    body = e.Revealed(experiment=experiment)
    return [*events[:place], Event(seq=0, t=t, at=at(t), actor=PERSON, body=body), *events[place:]]


PHASES = [
    "09:00:00 Phase 1 of 3: Baseline (5 min)",
    "09:05:00 Phase 2 of 3: Chaos (10 min)",
    "09:15:00 Phase 3 of 3: Recovery (5 min)",
]


def test_facilitators_are_told_of_an_injection_as_it_happens() -> None:
    assert told(good_day().events, "facilitators") == [
        *PHASES[:2],
        "09:05:00 Injected: Kill, 09:05:00, 1 of 1 targets",
        "09:10:00 Injected: Slow, 09:10:00, 1 of 1 targets",
        PHASES[2],
    ]


def test_the_public_is_told_of_no_injection_that_was_not_revealed() -> None:
    assert told(good_day().events, "public") == PHASES


def test_a_revelation_is_one_message_that_says_when_it_was() -> None:
    assert told(with_revelation(700), "public") == [
        *PHASES[:2],
        "09:11:40 Revealed: Kill. Injected: Kill, 09:05:00, 1 of 1 targets",
        PHASES[2],
    ]


def test_what_is_revealed_beforehand_is_told_as_it_happens() -> None:
    assert told(with_revelation(250), "public")[1:4] == [
        "09:04:10 Revealed: Kill",
        PHASES[1],
        "09:05:00 Injected: Kill, 09:05:00, 1 of 1 targets",
    ]


def halted(reason: str = "") -> Story:
    story = Story().begin().phase(300, "rest", "chaos").inject(300, "kill")
    story.say(310, e.HaltRequested(reason=reason, runs=("kill#1",)), actor=PERSON)
    proof = e.HaltProof(run="kill#1", target="test/pod", outcome="recovered", seconds=9.5)
    return story.say(320, e.HaltFinished(seconds=9.5, proofs=(proof,))).say(330, e.Unlocked(), actor=PERSON)


def test_a_halt_is_urgent_and_told_to_all_but_its_reason_is_not() -> None:
    whole = told(halted(SECRET).events, "facilitators")
    assert whole[-3:] == [
        f"09:05:10 HALT by Ada ({SECRET}): all faults are being removed",
        "09:05:20 Halt finished after 9.5 s, 1 targets proven recovered",
        "09:05:30 Unlocked by Ada: faults may be injected again",
    ]
    public = Messages("public", wall)
    found = [own for event in halted(SECRET).events for own in public.take(event) if own.about == "halts"]
    assert [own.text for own in found] == [
        "09:05:10 HALT by Ada: all faults are being removed",
        "09:05:20 Halt finished after 9.5 s",
        "09:05:30 Unlocked by Ada: faults may be injected again",
    ]
    assert [own.urgent for own in found] == [True, False, False]


def test_stuck_targets_are_not_said_to_be_recovered() -> None:
    proof = e.HaltProof(run="kill#1", target="test/pod", outcome="stuck", seconds=60)
    story = Story().begin().say(1, e.HaltFinished(seconds=60, proofs=(proof,)))
    assert told(story.events, "facilitators")[-1].endswith("Halt: 1 of 1 targets are stuck after 60 s")


def test_a_real_incident_is_urgent() -> None:
    story = Story().begin().say(5, e.IncidentDeclared(text=SECRET), actor=PERSON)
    public = Messages("public", wall)
    (message,) = [own for event in story.events for own in public.take(event) if own.urgent]
    assert message.about == "incidents"
    assert "REAL INCIDENT declared by Ada" in message.text
    assert SECRET not in message.text
    assert SECRET in told(story.events, "facilitators")[-1]


def test_extended_skipped_and_reopened_phases_are_told() -> None:
    story = Story().begin().say(100, e.PhaseExtended(phase="rest", by=600))
    story.phase(900, "rest").say(900, e.PhaseEnded(phase="chaos", skipped=True))
    story.say(901, e.PhaseReopened(phase="rest", left=120))
    assert [own[9:] for own in told(story.events, "public")[1:]] == [
        "Phase Baseline has 10 min more",
        "Phase skipped: Chaos",
        "Phase Baseline is open again, with 2 min",
    ]


def test_the_verdicts_reasons_are_for_facilitators() -> None:
    day = good_day()
    for listeners, expected in (("public", False), ("facilitators", True)):
        messages = Messages(listeners, wall)
        for event in day.events:
            messages.take(event)
        verdict, end = messages.last(
            changed(day.assess(), verdict="needs improvement", signs=day.assess().signs), "ended", at(1200)
        )
        assert verdict.text.startswith("09:20:00 Verdict: needs improvement")
        assert ("\n" in verdict.text) == (expected and any(own.status == "set" for own in day.assess().signs))
        assert end.text == "09:20:00 The session is over after 20 min: ended"


def test_faults_that_are_left_are_named_to_facilitators_alone() -> None:
    story = Story().begin().phase(300, "rest", "chaos").inject(300, "kill")
    for listeners, count in (("public", 2), ("facilitators", 3)):
        messages = Messages(listeners, wall)
        for event in story.events:
            messages.take(event)
        assert len(messages.last(story.assess(), "ended", at(400))) == count


def everything(secret: str) -> list[Event]:
    """A day in which whatever an audience must not know bears a secret."""
    experiments = tuple(changed(own, title=f"{own.title} {secret}") for own in EXPERIMENTS)
    story = Story(a_plan(experiments=experiments, scenario=(secret,), summary=secret)).begin()
    story.say(200, e.StepDue(step=secret)).phase(300, "rest", "chaos").inject(300, "kill")
    story.say(310, e.HaltRequested(reason=secret)).say(312, e.HaltFinished(seconds=1, proofs=()))
    story.say(313, e.IncidentDeclared(text=secret)).say(
        314, e.FaultRefused(experiment="slow", run="slow#1", reason=secret)
    )
    return story.stop(320, "kill#1").phase(900, "chaos", "after").events


def test_nothing_that_an_audience_must_not_know_gets_out() -> None:
    events = everything(SECRET)
    assert any(SECRET in text for text in told(events, "facilitators"))
    assert not any(SECRET in text for text in told(events, "public"))
    assert any(SECRET in mark.text for _, mark in marked(events, "facilitators"))
    assert not [mark for _, mark in marked(events, "public") if mark.about == "faults"]


def test_phases_and_faults_are_marked_when_they_begin_and_when_they_end() -> None:
    found = marked(good_day().events, "facilitators")
    kill = [(t, mark.start, mark.end) for t, mark in found if mark.name == "fault:kill#1"]
    assert kill == [(300, at(300), None), (340, at(300), at(340))]
    chaos = [(t, mark.start, mark.end) for t, mark in found if mark.name == "phase:chaos#1"]
    assert chaos == [(300, at(300), None), (900, at(300), at(900))]


def test_for_the_public_a_fault_is_marked_once_it_is_revealed_back_to_when_it_began() -> None:
    found = [(t, mark) for t, mark in marked(with_revelation(700), "public") if mark.about == "faults"]
    assert [(t, mark.name, mark.start, mark.end) for t, mark in found] == [
        (700, "fault:kill#1", at(300), at(340))
    ]


def test_a_reopened_phase_is_a_stretch_of_its_own_and_the_last_one_ends_with_the_session() -> None:
    story = Story().begin().phase(300, "rest").say(310, e.PhaseReopened(phase="rest", left=60))
    marks = Marks("public")
    for event in story.events:
        marks.take(event)
    assert [(name, own.end) for name, own in marks.known.items()] == [
        ("phase:rest#1", at(300)),
        ("phase:rest#2", None),
    ]
    assert [(own.name, own.end) for own in marks.end(at(400))] == [("phase:rest#2", at(400))]
    assert marks.end(at(500)) == []


def test_a_run_that_was_refused_or_never_injected_is_no_mark() -> None:
    story = Story().begin()
    ref = e.ObjectRef(api_version="v1", kind="PodChaos", namespace="test", name="kill")
    story.say(1, e.FaultRequested(experiment="kill", run="kill#1", object=ref, manifest="", one_shot=True))
    story.say(2, e.FaultFailed(run="kill#1", error="denied"))
    assert [mark for _, mark in marked(story.events, "facilitators") if mark.about == "faults"] == []


def test_pictures_are_due_at_the_baselines_end_when_the_faults_have_acted_and_at_the_end() -> None:
    shots = Shots()
    found = [(event.t, shot) for event in good_day().events for shot in shots.take(event)]
    assert [(t, shot.moment, shot.start, shot.end) for t, shot in found] == [
        (300, "baseline", at(0), at(300)),
        (900, "peak", at(180), at(900)),
    ]
    assert [(shot.moment, shot.start, shot.end) for shot in shots.end(at(1200))] == [("end", at(0), at(1200))]


def test_a_day_that_is_cut_short_has_its_pictures_all_the_same() -> None:
    shots = Shots()
    for event in Story().begin().phase(300, "rest", "chaos").inject(300, "kill").events:
        shots.take(event)
    assert [shot.moment for shot in shots.end(at(400))] == ["peak", "end"]


def test_a_step_may_ask_for_pictures() -> None:
    step = p.Step(id="shots", text="Take pictures", at=60, kind="pictures")
    plan = a_plan()
    phases = (changed(plan.phases[0], steps=(step,)), *plan.phases[1:])
    story = Story(a_plan(phases=phases)).begin().say(60, e.StepDue(step="shots"))
    shots = Shots()
    found = [shot for event in story.events for shot in shots.take(event)]
    assert [(shot.moment, shot.start, shot.end) for shot in found] == [("shots", at(0), at(60))]


def test_samples_and_pods_are_passed_over_unread() -> None:
    assert set(kinds()) > TELLING
    assert not TELLING & {e.Samples, e.PodObserved, e.KubeEvent, e.AlertObserved}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(9.46, "9.5 s"), (99, "99 s"), (600, "10 min"), (5400, "90 min"), (7500, "2 h 5 min")],
)
def test_lengths_of_time(seconds: float, said: str) -> None:
    assert length(seconds) == said


def test_the_failure_of_a_way_out_is_not_shown_to_an_audience() -> None:
    """When a message could not be sent tells when it was to be sent."""
    story = Story().begin()
    for source in ("chat", "grafana", "pictures", "prometheus"):
        story.say(1, e.SourceFailed(source=source, error="x"))
        story.say(1, e.SourceRecovered(source=source, seconds=1))
    shown = [event.body for event in project(story.events, "audience")]
    assert {body.source for body in shown if isinstance(body, e.SourceFailed | e.SourceRecovered)} == {
        "prometheus"
    }


def test_what_was_told_is_never_shown_to_an_audience() -> None:
    actor = Actor(role="host")
    bodies = (
        e.ToldOutward(channel="chat", about="injections", text=SECRET),
        e.PictureTaken(path=SECRET, title=SECRET, moment="peak", start=at(0), end=at(1)),
    )
    events = [*Story().events, *(Event(seq=2, t=1, at=at(1), actor=actor, body=body) for body in bodies)]
    assert len(list(project(events, "audience"))) == 1
