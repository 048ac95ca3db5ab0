"""Sessions side by side: what is better, what worse, and that nothing unknown is ever compared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from controlroom.core import events as e
from controlroom.core import plan as p
from controlroom.core.comparing import Comparison, Day, compare
from controlroom.core.comparing.actions import items_of
from controlroom.core.comparing.values import Change, Row, Side
from controlroom.core.figures import assess
from controlroom.core.figures.degradation import degradations
from controlroom.core.values import changed
from tests.core.sessions import CRITERIA, EXPERIMENTS, METRICS, PERSON, Story, a_plan, good_day


def as_day(story: Story, month: int = 0, **side: object) -> Day:
    """A told session as it is compared, so many times thirty days later."""
    view = story.view()
    assessment = assess(view)
    state = view.state
    assert state.plan is not None and state.opened_at is not None
    own = Side(
        session=f"s{month}",
        title=state.plan.title,
        plan=state.plan.id,
        plan_hash="h",
        opened_at=state.opened_at + timedelta(days=30 * month),
        length=state.t,
        lab=False,
        context="test",
        closed=state.status == "closed",
        verdict=assessment.verdict,
    )
    return Day(
        side=changed(own, **side),
        plan=state.plan,
        files={},
        assessment=assessment,
        degradation=degradations(view, assessment),
        actions=items_of(state),
    )


def slow_day(plan: p.Plan | None = None) -> Story:
    """As the good day, but the second fault is detected a minute later, is worse, and is never mitigated."""
    story = Story(plan).begin()
    story.bad("latency", 310, 350, 180).bad("availability", 304, 340, 33)
    story.bad("latency", 610, 1000, 500)
    story.sample(300).phase(300, "rest", "chaos").inject(300, "kill", one_shot=True)
    story.sample(316).alert("KillSeen", 316).sample(340).alert("KillSeen", 316, 340).effect_over(
        340, "kill#1"
    )
    story.sample(600).inject(600, "slow").sample(690).alert("SlowSeen", 690)
    story.sample(900).phase(900, "chaos", "after").stop(900, "kill#1").stop(901, "slow#1")
    story.sample(1140).stop_load(1140).sample(1190).reconcile(1190, 5000, 5000).answer(1191, "no")
    story.phase(1200, "after")
    return story.close(1200)


def put(*stories: Story) -> Comparison:
    return compare(as_day(story, month) for month, story in enumerate(stories))


def row(found: Comparison, id: str) -> Row:
    return next(own for own in found.rows() if own.id == id)


def last(found: Comparison, id: str) -> Change:
    return row(found, id).changes[-1]


def test_the_same_day_twice_is_the_same() -> None:
    found = put(good_day(), good_day())
    assert found.remarks == () and found.plans == ()
    kinds = {change.kind for own in found.rows() for change in own.changes}
    assert kinds <= {"same", "not comparable"}
    assert last(found, "verdict") == Change(kind="same")
    assert last(found, "experiments/slow#1/ttd") == Change(kind="same", by=0.0)


def test_a_later_detection_is_worse_by_its_seconds() -> None:
    found = put(good_day(), slow_day())
    assert last(found, "experiments/slow#1/ttd") == Change(kind="worse", by=60.0)
    assert last(put(slow_day(), good_day()), "experiments/slow#1/ttd") == Change(kind="better", by=-60.0)


def test_a_difference_within_both_uncertainties_is_none() -> None:
    later = good_day()
    later.events = [
        changed(own, body=changed(own.body, firing_at=own.body.firing_at + timedelta(seconds=1)))
        if isinstance(own.body, e.AlertObserved) and own.body.firing_at is not None
        else own
        for own in later.events
    ]
    own = row(put(good_day(), later), "day/ttd")
    assert own.entries[0].uncertainty + own.entries[1].uncertainty > 1.0
    assert own.changes == (Change(kind="same", by=1.0, why="within the uncertainty"),)


def test_what_is_absent_or_unknown_is_never_a_number() -> None:
    found = put(good_day(), slow_day())
    own = row(found, "experiments/slow#1/ttm")
    assert own.entries[0].value == 180.0
    assert (own.entries[1].status, own.entries[1].value) == ("absent", None)
    assert own.changes[0].kind == "not comparable" and own.changes[0].by is None
    for each in found.rows():
        for entry in each.entries:
            if entry.status in ("unknown", "pending", "absent", "censored", "masked", "not planned"):
                assert each.id.startswith("criteria/") or entry.value is None, each.id


def test_a_metric_that_is_far_worse_is_so_and_is_beyond_its_limit() -> None:
    own = row(put(good_day(), slow_day()), "experiments/slow#1/latency")
    first, second = own.entries
    assert (first.worst, second.worst) == (220, 500)
    assert first.value == pytest.approx(2.2) and second.value == pytest.approx(5.0)
    assert first.outside and second.outside
    assert own.changes[0].kind == "worse"
    calm = row(put(good_day(), slow_day()), "experiments/slow#1/payment")
    assert [entry.outside for entry in calm.entries] == [False, False]
    assert calm.changes[0].kind == "same"


def test_lower_is_worse_where_the_metric_says_so() -> None:
    worse = good_day()
    found = compare([as_day(worse), as_day(_with_availability(10.0), 1)])
    own = row(found, "experiments/kill#1/availability")
    assert [entry.worst for entry in own.entries] == [33, 10.0]
    assert own.changes[0].kind == "worse"


def _with_availability(value: float) -> Story:
    story = good_day()
    told = Story().begin()
    told.events = [
        changed(event, body=_lowered(event.body, value)) if isinstance(event.body, e.Samples) else event
        for event in story.events
    ]
    return told


def _lowered(body: e.Samples, value: float) -> e.Samples:
    columns = list(body.columns)
    known = columns[1]
    assert known is not None
    columns[1] = tuple(value if own == 33 else own for own in known)
    return changed(body, columns=tuple(columns))


def test_samples_that_are_missing_make_a_worst_one_partial() -> None:
    story = Story().begin()
    story.sample(300).phase(300, "rest", "chaos").inject(300, "kill", one_shot=True)
    story.sample(320, gaps=((304, 316),)).effect_over(320, "kill#1").sample(1140).stop_load(1140)
    story.stop(1141, "kill#1").phase(1200, "chaos").close(1200)
    own = row(put(story, good_day()), "experiments/kill#1/latency")
    assert own.entries[0].status == "partial"
    assert own.entries[0].reason == "only 71% of the samples are known"
    assert own.changes[0].kind == "not comparable"


def test_an_injection_ends_the_window_of_the_one_before() -> None:
    story = Story().begin()
    story.bad("latency", 400, 500, 300)
    story.sample(300).phase(300, "rest", "chaos").inject(300, "kill").sample(390).inject(390, "slow")
    story.sample(1140).stop_load(1140).close(1141)
    first, second = (own for own in as_day(story).degradation if own.metric == "latency")
    assert (first.until, first.beside, first.outside) == ("slow#1", (), False)
    assert (second.until, second.beside, second.worst.value) == ("", ("kill#1",), 300)


def test_a_fault_that_had_other_company_is_not_the_same_measurement() -> None:
    alone = Story().begin()
    alone.sample(300).phase(300, "rest", "chaos").inject(300, "slow").sample(600).effect_over(600, "slow#1")
    alone.sample(1140).stop_load(1140).stop(1141, "slow#1").close(1200)
    beside = Story().begin()
    beside.sample(300).phase(300, "rest", "chaos").inject(300, "kill").inject(310, "slow")
    beside.sample(600).effect_over(600, "slow#1").sample(1140).stop_load(1140).close(1200)
    change = last(put(alone, beside), "experiments/slow#1/latency")
    assert change.kind == "different" and "beside" in change.why


def test_other_plans_are_compared_by_names_and_their_differences_told() -> None:
    other = a_plan(
        id="other",
        experiments=(EXPERIMENTS[1], changed(EXPERIMENTS[0], id="stress", title="Stress")),
        criteria=(changed(CRITERIA[0], limit=10.0), *CRITERIA[2:]),
        metrics=(changed(METRICS[0], query="other_latency"), *METRICS[1:]),
    )
    found = put(good_day(), slow_day(other))
    assert any("different plans" in remark for remark in found.remarks)
    told = {(own.part, own.name, own.what, own.field) for own in found.plans}
    assert told == {
        ("experiments", "kill", "removed", ""),
        ("experiments", "stress", "added", ""),
        ("criteria", "alerts", "changed", "limit"),
        ("criteria", "loss", "removed", ""),
        ("metrics", "latency", "changed", "query"),
    }
    stress = row(found, "experiments/stress#1/ttd").entries
    assert [entry.status for entry in stress] == ["not planned", "absent"]
    assert last(found, "criteria/alerts").kind == "different"
    assert last(found, "criteria/alerts").why == "limit 120 before, 10 now"
    assert last(found, "experiments/slow#1/latency").why == "query is another"
    assert last(found, "criteria/loss") == Change(kind="not comparable", why="not in the plan now")


def acted(*items: e.ActionSet, note: e.NoteWritten | None = None) -> Story:
    story = good_day()
    story.events.pop()
    for item in items:
        story.say(1200, item, actor=PERSON)
    if note is not None:
        story.say(1200, note, actor=PERSON)
    return story.close(1200)


def test_actions_are_carried_over_by_their_text() -> None:
    def item(name: str, title: str, owner: str = "", **other: object) -> e.ActionSet:
        return changed(e.ActionSet(action=name, title=title, owner=owner), **other)

    first = acted(
        item("a", "Mend the runbook", "ann"),
        item("b", "Raise the pool", "bo"),
        item("c", "Write it down", "cy"),
        item("d", "Drop the cache"),
        note=e.NoteWritten(note="n", type="todo", text="Look at the lag"),
    )
    second = acted(
        item("x", "mend  the Runbook", "bo"),
        item("y", "Raise the pool", "bo", status="done"),
        item("z", "Drop the cache", status="dropped"),
        item("w", "Something new"),
        note=e.NoteWritten(note="n", type="todo", text="a secret", private=True),
    )
    found = put(first, second)
    told = {own.title: (own.standing, own.carried, own.owner, own.states) for own in found.actions}
    assert told == {
        "mend  the Runbook": ("open", True, "bo", ("open", "open")),
        "Raise the pool": ("done", False, "bo", ("open", "done")),
        "Write it down": ("not told", False, "cy", ("open", "")),
        "Drop the cache": ("dropped", False, "", ("open", "dropped")),
        "Look at the lag": ("not told", False, "", ("open", "")),
        "Something new": ("open", False, "", ("", "open")),
    }
    assert [entry.value for entry in row(found, "actions/open").entries] == [5, 2]


def test_two_of_one_text_are_told_apart_by_their_owners() -> None:
    def both(*owners: str) -> Iterable[e.ActionSet]:
        return (e.ActionSet(action=name, title="Read the runbook", owner=name) for name in owners)

    found = put(acted(*both("ann", "bo")), acted(*both("bo", "cy", "ann")))
    told = [(own.owner, own.states) for own in found.actions]
    assert told == [("ann", ("open", "open")), ("bo", ("open", "open")), ("cy", ("", "open"))]


def test_many_sessions_go_oldest_first_each_against_the_one_before() -> None:
    days = [as_day(good_day(), 2), as_day(slow_day(), 1), as_day(good_day(), 0)]
    found = compare(days)
    assert [own.session for own in found.sessions] == ["s0", "s1", "s2"]
    assert [own.kind for own in row(found, "day/ttd").changes] == ["same", "same"]
    assert [own.kind for own in row(found, "experiments/slow#1/ttd").changes] == ["worse", "better"]


def test_a_rehearsal_beside_a_real_day_is_said_and_so_is_one_that_goes_on() -> None:
    open_one = good_day()
    open_one.events.pop()
    found = compare([as_day(good_day(), 0, lab=True), as_day(open_one, 1, plan_hash="other")])
    assert found.remarks == (
        "the plan was changed in between",
        "rehearsals in the lab beside days on a cluster: the lab is a model",
        "session 2 was not closed: its figures are what was known last",
    )
    assert last(found, "verdict").kind == "not comparable"


def test_the_figures_are_those_of_each_record() -> None:
    days = [as_day(good_day()), as_day(slow_day(), 1)]
    found = compare(days)
    for index, day in enumerate(days):
        for name in ("ttd", "tta", "tti", "ttm", "ttr"):
            assert row(found, f"day/{name}").entries[index].value == getattr(day.assessment.day, name).value
            for run, own in day.assessment.runs.items():
                told = row(found, f"experiments/{run}/{name}").entries[index]
                assert (told.status, told.value) == (getattr(own, name).status, getattr(own, name).value)
        for result in day.assessment.criteria:
            entry = row(found, f"criteria/{result.id}").entries[index]
            assert (entry.status, entry.value) == (result.status, result.value)
