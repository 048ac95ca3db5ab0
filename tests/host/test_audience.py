"""What an audience's connection is sent, byte for byte: no secret before its revelation, each after it.

A session with every kind of event, in which every text is a secret named after its place, is told over the socket.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest

from controlroom import wire
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.events import Body, Show
from controlroom.core.events.envelope import kinds
from controlroom.core.fold import fold
from controlroom.core.projection import BARE
from tests.core import planted
from tests.core.planted import secret
from tests.host.place import PATIENCE, Place, opened

ROUNDS = {"": (planted.EXPERIMENT, planted.RUN), "@other": (planted.OTHER, planted.OTHER_RUN)}
LATE = "@late"

SECRETS = [
    "plan.kill.title",
    "plan.kill.expected",
    "plan.kill.observe",
    "plan.kill.manifest",
    "fault.requested.manifest",
    "fault.requested.object.name",
    "experiment.checked.targets",
    "fault.observed.targets.id",
    "kube.event.message",
    "kube.event.about",
    "pod.observed.name",
    "alert.observed.annotations",
    "silence.observed.comment",
    "plan.scenario",
    "plan.hints.text",
    "plan.injects.text",
    "plan.steps.chaos.text",
    "plan.steps.chaos.command",
    "note.written.text",
    "mark.made.text",
    "session.opened.plan_text",
    "session.opened.files",
    "plan.bindings.prometheus",
    "plan.query.latency",
    "seat.taken.name",
    "halt.requested.reason",
    "source.failed.error",
    "action.set.title",
]
REVEALED = SECRETS[:8]


class Recording:
    """All bytes that a connection was sent."""

    def __init__(self, place: Place, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.data = b""
        self._place = place
        self._reader = reader
        self._writer = writer
        self._number = 0

    def messages(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.data.splitlines()]

    def events(self) -> list[e.Event]:
        found = (wire.decode_down(line) for line in self.data.splitlines())
        return [own.decoded() for own in found if isinstance(own, wire.EventLine)]

    def secrets(self) -> set[str]:
        """Every secret in it, by its place."""
        return set(re.findall(r"SECRET<([^<>]*)>", self.data.decode()))

    async def until_now(self) -> None:
        """Returns with every line of the audience's view, and the answer to a question asked now."""
        await self._place.server._audience.caught_up()
        lines = len(self._place.server._audience.lines)
        self._number += 1
        self._writer.write(wire.encode(wire.Submit(id=self._number, intent=i.HaltAll())))
        mark = b'"id":%d,' % self._number
        async with asyncio.timeout(PATIENCE):
            while mark not in self.data or self.data.count(b'{"msg":"event"') < lines:
                self.data += await self._reader.readline()


async def recording(place: Place) -> Recording:
    reader, writer = await place.raw()
    writer.write(wire.encode(wire.Hello(version=wire.VERSION, seat="audience")))
    return Recording(place, reader, writer)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with opened() as found:
        found.recorder.events.clear()
        found.recorder.lines.clear()
        found.recorder.record(planted.opening(planted.secret_plan()))
        yield found


def tell(place: Place, *bodies: Body) -> None:
    for body in bodies:
        place.recorder.record(body)


def shown(*shows: Show, mark: str = "") -> set[str]:
    """Places of the texts that an audience may see by what the kinds declare."""
    found = set()
    for kind in kinds():
        for name, show in kind.audience.items():
            if show in shows:
                found.add(f"{kind.kind()}{mark}.{name}")
    return found


def within(places: set[str], allowed: set[str]) -> set[str]:
    """Those that are in none of the allowed."""
    return {
        place
        for place in places
        if not any(re.fullmatch(re.escape(own) + r"([.-].*)?", place) for own in allowed)
    }


async def test_nothing_secret_is_sent_before_the_revelation_and_all_of_it_after(place: Place) -> None:
    heard = await recording(place)
    await heard.until_now()
    for mark, (experiment, run) in ROUNDS.items():
        tell(place, *planted.bodies(experiment, run, mark))
    await heard.until_now()
    everything = b"\n".join(place.recorder.lines).decode()
    assert [own for own in SECRETS if secret(own) not in everything] == []
    before = heard.secrets()
    assert not before & set(SECRETS)
    always = shown(Show.ALWAYS) | shown(Show.ALWAYS, mark="@other")
    assert within(before, always) == set()

    tell(place, e.Revealed(experiment=planted.EXPERIMENT))
    await heard.until_now()
    after = heard.secrets()
    assert set(REVEALED) <= after
    revealed = shown(Show.REVEALED) | {f"plan.{planted.EXPERIMENT}"}
    assert within(after, always | revealed) == set()
    assert not after & (set(SECRETS) - set(REVEALED))
    assert set(SECRETS) - set(REVEALED) <= set(SECRETS) - after

    # From now on it is followed as it happens; the other one is not.
    tell(place, *planted.bodies(planted.EXPERIMENT, planted.RUN, LATE))
    tell(place, *planted.bodies(planted.OTHER, planted.OTHER_RUN, "@later"))
    await heard.until_now()
    late = shown(Show.ALWAYS, Show.REVEALED, mark=LATE) | shown(Show.ALWAYS, mark="@later")
    assert f"fault.requested{LATE}.manifest" in heard.secrets()
    assert within(heard.secrets(), always | revealed | late) == set()
    # Who comes now is sent the very same.
    newcomer = await recording(place)
    await newcomer.until_now()
    assert newcomer.events() == heard.events()
    assert within(newcomer.secrets(), always | revealed | late) == set()


async def test_no_gap_and_no_empty_message_tells_of_what_is_withheld(place: Place) -> None:
    heard = await recording(place)
    for mark, (experiment, run) in ROUNDS.items():
        tell(place, *planted.bodies(experiment, run, mark))
    await heard.until_now()
    events = heard.events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len(events) < len(place.recorder.events)
    assert all(event.prev == "" for event in events)
    for event in events:
        assert isinstance(event.body, Body)
        told = [name for name, show in event.body.audience.items() if show is not Show.NEVER]
        assert told or type(event.body) in BARE or isinstance(event.body, e.PlanAmended), event.body.kind()
    # No amendment is told of which nothing shows.
    assert not any(isinstance(event.body, e.PlanAmended) for event in events)
    # Names count in the audience's own numbers as well.
    text = heard.data.decode()
    assert set(re.findall(r'"mark":"([^"]*)"', text)) == {f"mark-{number}" for number in range(1, 7)}
    # The welcome and the answers hold nothing of it either.
    welcome, *_ = heard.messages()
    assert welcome["msg"] == "welcome"
    assert "folder" not in welcome["info"]  # type: ignore[operator]
    assert all(
        message["answer"] == {"type": "refused", "reason": "the seat audience only looks on"}
        for message in heard.messages()
        if message["msg"] == "answer"
    )


async def test_an_audience_can_fold_what_it_is_sent(place: Place) -> None:
    heard = await recording(place)
    for mark, (experiment, run) in ROUNDS.items():
        tell(place, *planted.bodies(experiment, run, mark))
    tell(place, e.Revealed(experiment=planted.EXPERIMENT))
    await heard.until_now()
    state = fold(heard.events())
    assert set(state.runs) == {planted.RUN}
    assert state.plan is not None
    assert [own.id for own in state.plan.experiments] == [planted.EXPERIMENT]
    assert state.viewers == {}
