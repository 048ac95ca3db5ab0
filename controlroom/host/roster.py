"""Who sits in the room: a number and a name for each viewer, on record from the taking of the seat to its leaving."""

from __future__ import annotations

import asyncio

from controlroom.conductor.recorder import Recorder
from controlroom.core.events import SeatLeft, SeatTaken
from controlroom.core.info import Seat
from controlroom.host.viewer import Person


class Roster:
    """Gives out numbers and names, and writes down who comes and goes."""

    def __init__(self, recorder: Recorder, after: int = 0) -> None:
        """`after`: events that were there before this host; nobody is written down before its own first one."""
        self._recorder = recorder
        self._after = after
        self._present: dict[str, str] = {}
        self._given = sum(isinstance(event.body, SeatTaken) for event in recorder.events)
        self._on_record: set[str] = set()
        self._announcing: dict[str, asyncio.Task[None]] = {}

    @property
    def open(self) -> bool:
        """Whether this host has the session open: it has written its first event."""
        return len(self._recorder.events) > self._after

    @property
    def _over(self) -> bool:
        """Whether the session has had its last event."""
        return self._recorder.closed or self._recorder.state.status == "closed"

    def seat(self, seat: Seat, name: str) -> Person:
        """A number that nobody had, and the name, made unlike that of anybody who is there."""
        self._given += 1
        taken = set(self._present.values())
        found, number = name, 1
        while found in taken:
            number += 1
            found = f"{name}-{number}"
        person = Person(viewer=f"viewer-{self._given}", seat=seat, name=found)
        self._present[person.viewer] = found
        return person

    def announce(self, person: Person) -> None:
        """Puts on record that the seat is taken, once the session is open."""
        if self.open:
            self._record_taken(person)
        else:
            self._announcing[person.viewer] = asyncio.create_task(self._announce_later(person))

    async def _announce_later(self, person: Person) -> None:
        while not self.open:
            await self._recorder.changed()
            if self._recorder.closed:
                return
        self._record_taken(person)
        del self._announcing[person.viewer]

    def _record_taken(self, person: Person) -> None:
        if self._over:
            return
        body = SeatTaken(viewer=person.viewer, seat=person.seat, name=person.name)
        self._recorder.record(body, actor=person.actor)
        self._on_record.add(person.viewer)

    def leave(self, person: Person, reason: str) -> None:
        """Puts on record that the seat is free, unless the session was closed before."""
        self._present.pop(person.viewer, None)
        if (announcing := self._announcing.pop(person.viewer, None)) is not None:
            announcing.cancel()
        if person.viewer in self._on_record and not self._over:
            self._on_record.discard(person.viewer)
            self._recorder.record(SeatLeft(viewer=person.viewer, reason=reason), actor=person.actor)
