"""Whatever a text came from: a secret in it is in no event, no journal, no report and no export."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from controlroom.clock import HeldClock
from controlroom.conductor.recorder import Recorder
from controlroom.core import events as e
from controlroom.core.events import Body, encode_event
from controlroom.core.events.envelope import kinds
from controlroom.core.hiding import Net
from controlroom.journal.export.results import export
from controlroom.journal.report.making import made
from controlroom.journal.report.record import read_record
from tests.conductor.fakes import MemoryWriter
from tests.core.planted import bodies, opening, secret_plan

PLANTED = "planted-4711-Zx"
KNOWN = "kept secret by the host"
TEXT = (
    f"https://u:{PLANTED}@h.example/x Authorization: Bearer {PLANTED} DB_PASSWORD={PLANTED} and {KNOWN}, {{}}"
)
SECRETS = (PLANTED.encode(), KNOWN.encode())


def with_secrets(body: Body) -> Body:
    """The body with planted secrets in each of its texts, besides what tells the texts from each other."""
    text = re.sub(r"SECRET<([^>]*)>", lambda found: TEXT.format(found[1]), msgspec.json.encode(body).decode())
    return msgspec.json.decode(text, type=type(body))


def recorded() -> Recorder:
    recorder = Recorder(HeldClock(), MemoryWriter(), Net([KNOWN]))
    for body in (opening(secret_plan()), *bodies("kill", "kill#1"), e.Revealed(experiment="kill")):
        recorder.record(with_secrets(body))
    recorder.record(e.SessionClosed(reason=TEXT))
    return recorder


def test_every_kind_of_event_is_planted_and_comes_out_clean() -> None:
    recorder = recorded()
    assert {event.body.kind() for event in recorder.events} == {kind.kind() for kind in kinds()}
    for event, line in zip(recorder.events, recorder.lines, strict=True):
        assert not any(secret in line for secret in SECRETS), line
        assert encode_event(event) == line
    assert sum(b"***" in line for line in recorder.lines) > 40
    assert not any(secret in msgspec.json.encode(recorder.state) for secret in SECRETS)


def test_no_file_of_a_session_has_one() -> None:
    events = recorded().events
    for audience in (False, True):
        files = made(events, audience=audience) | export(events, Path("/nonexistent"), audience=audience)
        assert read_record(files["session.json"]).session
        for path, data in files.items():
            assert not any(secret in data for secret in SECRETS), path


def test_people_who_paste_one_are_spared_too() -> None:
    """A note is an intent before it is an event; what viewers are told is the event."""
    recorder = recorded()
    said = recorder.record(
        e.NoteWritten(note="n", type="note", text=f"curl -H 'Authorization: Bearer {PLANTED}' api")
    )
    assert isinstance(said.body, e.NoteWritten)
    assert said.body.text == "curl -H 'Authorization: ***' api"
