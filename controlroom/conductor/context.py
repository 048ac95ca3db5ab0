"""What every part of the conductor shares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from controlroom.conductor.recorder import NOT_YET, Recorder
from controlroom.core.events import Actor, Body
from controlroom.core.intents import Accepted, Answer, IntentBase, Refused
from controlroom.core.plan import Plan
from controlroom.core.state import State

PATIENCE = 2.0
"""Most real seconds that a person waits for the disk."""
IN_TROUBLE = 0.1
"""The same, once the disk is known not to take the record."""

Handler = Callable[[Any, Actor], Awaitable[Answer]]
"""Takes one kind of intent."""

Handlers = Mapping[type[IntentBase], Handler]


class Part:
    """Base of the conductor's parts: each knows the recorder and answers some intents."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    @property
    def state(self) -> State:
        return self.recorder.state

    @property
    def plan(self) -> Plan:
        plan = self.recorder.state.plan
        assert plan is not None, "the session is not open yet"
        return plan

    async def write(self, body: Body, actor: Actor, **when: Any) -> Accepted:
        """Records what a person did and answers once it is on disk, or says that it is not yet."""
        patience = PATIENCE if self.state.record_trouble is None else IN_TROUBLE
        event, on_disk = await self.recorder.durably(body, actor=actor, patience=patience, **when)
        return Accepted(seq=event.seq, note="" if on_disk else NOT_YET)


def refuse(reason: str, hint: str = "") -> Refused:
    return Refused(reason=reason, hint=hint)
