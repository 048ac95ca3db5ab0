"""The report for an audience: true, and without a trace of what an audience may not know."""

from __future__ import annotations

from controlroom.core import events as e
from controlroom.core.events import Body, Event
from controlroom.core.figures import assess
from controlroom.journal.report.making import made, view_of
from controlroom.journal.report.record import read_record
from tests.journal.books import PLAN, chained, day
from tests.sessions import FACILITATOR, moment

PRIVATE = "between us alone"
ACTION = "mend what nobody shall hear of"
ALL = tuple(own.id for own in PLAN.experiments)


def a_day(*revealed: str) -> tuple[Event, ...]:
    bodies: list[tuple[float, Body]] = [
        (5200.0, e.NoteWritten(note="mine", type="observation", text=PRIVATE, private=True)),
        (5201.0, e.NoteWritten(note="ours", type="observation", text="for everybody", private=False)),
        (5202.0, e.ActionSet(action="a-1", title=ACTION, owner="maria")),
        *((5300.0, e.Revealed(experiment=name)) for name in revealed),
    ]
    more = (Event(seq=0, t=t, at=moment(t), actor=FACILITATOR, body=body) for t, body in bodies)
    return chained(sorted([*day(), *more], key=lambda event: event.t))


def texts(*revealed: str) -> dict[str, str]:
    return {path: data.decode() for path, data in made(a_day(*revealed), audience=True).items()}


def test_what_was_not_revealed_is_in_no_file() -> None:
    for path, text in texts().items():
        for own in PLAN.experiments:
            words = (own.title, own.manifest, f'"{own.id}', f"{own.id}#1")
            for word in words:
                assert word not in text, (path, word)


def test_one_that_was_revealed_names_none_of_the_others() -> None:
    found = texts("network-latency")
    assert "### Network Latency" in found["session.md"]
    for path, text in found.items():
        for word in ("Pod Kill", "Memory Stress", "pod-kill#1", "memory-stress#1", "overlapped"):
            assert word not in text, (path, word)


def test_private_notes_actions_answers_and_queries_are_in_no_file() -> None:
    for revealed in ((), ALL):
        found = texts(*revealed)
        assert "for everybody" in found["session.md"]
        for path, text in found.items():
            for word in (PRIVATE, ACTION, "mend the runbook link", "histogram_quantile", "PROMETHEUS_URL"):
                assert word not in text, (path, word)


def test_the_verdict_is_that_of_the_whole_record() -> None:
    whole = assess(view_of(a_day()))
    for revealed in ((), ALL):
        assert read_record(made(a_day(*revealed), audience=True)["session.json"]).verdict == whole.verdict
    assert (
        whole.criteria and "They are told once every experiment has been revealed." in texts()["session.md"]
    )


def test_once_all_is_revealed_the_figures_are_told_without_their_evidence() -> None:
    whole = assess(view_of(a_day(*ALL)))
    found = read_record(made(a_day(*ALL), audience=True)["session.json"]).assessment
    assert [own.status for own in found.criteria] == [own.status for own in whole.criteria]
    assert [own.value for own in found.criteria] == [own.value for own in whole.criteria]
    assert found.day.ttd.value == whole.day.ttd.value
    assert {run: own.ttr.value for run, own in found.runs.items()} == {
        run: own.ttr.value for run, own in whole.runs.items()
    }
    assert not any(own.evidence for own in (*found.criteria, *found.signs, found.day.ttd))


def test_the_numbers_of_its_events_are_dense_and_none_has_a_digest() -> None:
    found = read_record(made(a_day(), audience=True)["session.json"])
    assert b'"prev":"' not in b"".join(bytes(line) for line in found.events).replace(b'"prev":""', b"")
