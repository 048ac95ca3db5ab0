"""What an intent must pass before anybody acts on it: the seat's rights, and a state that is still the one seen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from controlroom.conductor.context import refuse
from controlroom.conductor.recorder import Recorder
from controlroom.core.events import Actor
from controlroom.core.intents import Intent, Refused, Start
from controlroom.core.overtaken import overtaken
from controlroom.core.seats import refusal


class Admission:
    """Refuses what must not be done, with the reason."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._starting: dict[str, Actor] = {}
        """Experiments that are being started, to who does: the record tells of them only once all guards said yes."""

    def refused(self, intent: Intent, actor: Actor, seen: int) -> Refused | None:
        """`seen`: seq of the newest event that the actor knew on deciding; 0: not said."""
        state = self._recorder.state
        if state.status in ("empty", "closed"):
            return refuse("the session is over" if state.status == "closed" else "not open yet")
        if why := refusal(actor.role, intent):
            return refuse(why)
        if seen > 0 and (why := overtaken(intent, actor, self._recorder.events[seen:], state)):
            return refuse(why, "look at it as it is now, and decide again")
        if isinstance(intent, Start) and (other := self._starting.get(intent.experiment)) is not None:
            return refuse(f"{other.name or f'the {other.role}'} is starting it at this moment")
        return None

    @contextlib.contextmanager
    def held(self, intent: Intent, actor: Actor) -> Iterator[None]:
        """While a start is being worked on, nobody else may begin the same one."""
        if not isinstance(intent, Start):
            yield
            return
        self._starting[intent.experiment] = actor
        try:
            yield
        finally:
            del self._starting[intent.experiment]
