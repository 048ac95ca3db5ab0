"""What holds for every session, however odd: figures never raise, never look ahead, and never differ."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlroom.core import events as e
from controlroom.core.columns import Columns, View
from controlroom.core.events import Event, decode_event, encode_event
from controlroom.core.figures import assess
from controlroom.core.fold import apply, fold
from controlroom.core.state import State
from tests.core.sessions import OPENED, STEP, Story, a_plan, at, good_day

RUNS = st.sampled_from(["kill#1", "slow#1", "kill#2", "nobody#1"])
SECONDS = st.integers(0, 900).map(float)
MOMENTS = SECONDS.map(at)
MAYBE = st.none() | MOMENTS
NUMBERS = st.sampled_from([0.0, 33.0, 50.0, 100.0, 101.0, 140.0, 350.0, -5.0, 1e9])


@st.composite
def samples(draw: st.DrawFn) -> e.Body:
    """A batch on the grid, with gaps, columns it does not speak of, and starts that overlap or leap."""
    count = draw(st.integers(1, 40))
    column = st.none() | st.lists(st.none() | NUMBERS, min_size=count, max_size=count).map(tuple)
    start = int(OPENED.timestamp()) + STEP * draw(st.integers(0, 400))
    return e.Samples(start=start, step=STEP, columns=tuple(draw(column) for _ in range(4)))


@st.composite
def requests(draw: st.DrawFn) -> e.Body:
    run = draw(RUNS)
    ref = e.ObjectRef(api_version="v1", kind="PodChaos", namespace="test", name=run.replace("#", "-"))
    return e.FaultRequested(
        experiment=run.split("#")[0], run=run, object=ref, manifest="", one_shot=draw(st.booleans())
    )


def observations() -> st.SearchStrategy[e.Body]:
    injection = st.builds(
        lambda first, later, n: e.Injection(
            first=first, last=first + timedelta(seconds=later), n=n, uncertainty=1.0
        ),
        MOMENTS,
        st.integers(0, 5),
        st.integers(1, 3),
    )
    return st.builds(
        e.FaultObserved,
        run=RUNS,
        state=st.sampled_from(["injecting", "active", "fired", "recovering", "stuck", "ended"]),
        injection=st.none() | injection,
        effect_end=MAYBE,
        object_end=MAYBE,
    )


def alerts() -> st.SearchStrategy[e.Body]:
    return st.builds(
        e.AlertObserved,
        name=st.sampled_from(["KillSeen", "SlowSeen", "Other"]),
        labels=st.sampled_from([{}, {"team": "a"}]),
        state=st.sampled_from(["pending", "firing", "resolved"]),
        active_at=MOMENTS,
        firing_at=MAYBE,
        resolved_at=MAYBE,
    )


def silences() -> st.SearchStrategy[e.Body]:
    matcher = st.tuples(
        st.sampled_from(["alertname", "team", "cluster"]),
        st.sampled_from(["KillSeen", ".*", "(", ""]),
        st.booleans(),
        st.booleans(),
    )
    return st.builds(
        e.SilenceObserved,
        silence=st.sampled_from(["a", "b"]),
        matchers=st.lists(matcher, max_size=3).map(tuple),
        by=st.just("x"),
        comment=st.just(""),
        starts_at=MOMENTS,
        ends_at=MOMENTS,
        state=st.sampled_from(["pending", "active", "expired"]),
    )


def people() -> st.SearchStrategy[e.Body]:
    marks = st.sampled_from(["m1", "m2", "m3"])
    milestones = st.sampled_from(
        ["detected", "acknowledged", "root-cause", "mitigation-started", "mitigated"]
    )
    owners = st.sampled_from([(), ("kill",), ("slow", "kill"), ("nobody",)])
    return st.one_of(
        st.builds(e.MarkMade, mark=marks, milestone=milestones, experiments=owners),
        st.builds(e.MarkAmended, mark=marks),
        st.builds(e.MarkUndone, mark=marks),
        st.builds(
            e.Answered,
            section=st.just("observations"),
            question=st.just("poor"),
            text=st.sampled_from(["yes", "no", ""]),
        ),
    )


def course() -> st.SearchStrategy[e.Body]:
    phases = st.sampled_from(["rest", "chaos", "after"])
    totals = st.none() | NUMBERS
    return st.one_of(
        st.builds(e.PhaseStarted, phase=phases),
        st.builds(e.PhaseEnded, phase=phases, skipped=st.booleans()),
        st.builds(e.PhaseReopened, phase=phases, left=st.just(60.0)),
        st.just(e.LoadStarted()),
        st.just(e.LoadStopped()),
        st.builds(e.StopRequested, run=RUNS, why=st.sampled_from(["stop", "clean-up", "halt"])),
        st.builds(e.HaltRequested, runs=st.sampled_from([(), ("kill#1",)])),
        st.builds(
            e.ReconciliationRead,
            criterion=st.just("loss"),
            accepted=totals,
            stored=totals,
            settled=st.booleans(),
        ),
        st.builds(
            e.SourceMeasured,
            source=st.sampled_from(["prometheus", "kubernetes", "alertmanager"]),
            offset=st.sampled_from([0.0, 0.3, -4.0, 90.0]),
            uncertainty=st.just(0.5),
        ),
        st.builds(e.SourceFailed, source=st.just("prometheus"), error=st.just("gone")),
        st.just(e.SessionClosed(reason="over")),
    )


@st.composite
def sessions(draw: st.DrawFn) -> list[Event]:
    """A calm baseline, then anything in any order."""
    story = Story(a_plan()).begin().sample(300)
    bodies = st.one_of(samples(), requests(), observations(), alerts(), silences(), people(), course())
    t = 300.0
    for body in draw(st.lists(bodies, max_size=30)):
        t += draw(st.integers(0, 60))
        story.say(t, body, when=draw(st.just(t) | SECONDS))
    return story.events


def columns_of(events: list[Event]) -> Columns:
    columns = Columns(4, STEP)
    for event in events:
        if isinstance(event.body, e.Samples):
            columns.absorb(event.body)
    return columns


@given(sessions())
def test_figures_never_raise_and_what_is_known_is_a_number(events: list[Event]) -> None:
    found = assess(View(fold(events), columns_of(events)))
    assert {own.id for own in found.criteria} == {own.id for own in a_plan().criteria}
    for run in found.runs.values():
        for figure in (run.ttd, run.tta, run.tti, run.ttm, run.ttr):
            known = figure.status in ("known", "provisional")
            assert known == (figure.value is not None)
            assert figure.value is None or math.isfinite(figure.value)
            assert known or figure.reason
            assert figure.status != "pending" or events[-1].body != e.SessionClosed(reason="over")
    assert all(own.reason for own in found.criteria)


@given(sessions(), st.data())
def test_no_figure_looks_ahead(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(events)))
    state = fold(events[:cut])
    assert assess(View(state, columns_of(events))) == assess(View(state, columns_of(events[:cut])))


@settings(max_examples=20)
@given(sessions())
def test_live_replayed_and_cut_sessions_agree_at_every_event(events: list[Event]) -> None:
    again = [decode_event(encode_event(event)) for event in events]
    live, columns, replayed = State(), Columns(4, STEP), columns_of(again)
    for index, event in enumerate(events, 1):
        live = apply(live, event)
        if isinstance(event.body, e.Samples):
            columns.absorb(event.body)
        cut = fold(again[:index])
        assert cut == live
        assert cut.lengths == columns.lengths()
    assert assess(View(live, columns)) == assess(View(fold(again), replayed))


@pytest.mark.soak
@settings(max_examples=200)
@given(sessions())
def test_figures_agree_at_every_cut(events: list[Event]) -> None:
    again = [decode_event(encode_event(event)) for event in events]
    replayed, columns = columns_of(again), Columns(4, STEP)
    for index, event in enumerate(events, 1):
        if isinstance(event.body, e.Samples):
            columns.absorb(event.body)
        state = fold(again[:index])
        assert assess(View(state, replayed)) == assess(View(fold(events[:index]), columns))


def test_the_good_day_at_every_event_is_that_of_the_day_cut_there() -> None:
    story = good_day()
    whole = columns_of(story.events)
    for index in range(1, len(story.events) + 1):
        state = fold(story.events[:index])
        assert assess(View(state, whole)) == assess(View(state, columns_of(story.events[:index])))


def test_an_empty_session_has_no_figures() -> None:
    found = assess(View(State(), Columns(0, STEP)))
    assert (found.verdict, found.rows, found.runs) == ("pending", (), {})
