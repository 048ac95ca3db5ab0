"""Removing what sessions left in a cluster: on record first, through the gate, followed until it is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime

from controlroom.conductor.gate import Gate, GateClosed
from controlroom.conductor.halting import MAKERS
from controlroom.conductor.recorder import SOURCE, Recorder
from controlroom.core import events as e
from controlroom.core.events import Actor, Leftover, ObjectRef
from controlroom.core.faults import NotAnObject, decode
from controlroom.core.faults.observe import STUCK
from controlroom.core.values import changed
from controlroom.sources.kubernetes_leftovers import Found
from controlroom.sources.ports import Cluster, SourceError

AGAIN = (0.5, 1.0, 2.0, 4.0)
"""Real seconds before a request that was not taken is made again; then it is given up."""
LOOK = (0.2, 0.5, 1.0)
"""Real seconds between two looks at what is going; the last one holds."""
PATIENCE = 90.0
"""Most real seconds that the removal is followed."""
HELD = 10.0
"""Real seconds that what has long been stuck gets to go all the same."""
FORBIDDEN = 403
ROUNDS = 3
"""Looks for more: a request of a host that died may arrive late."""

Children = Callable[[Sequence[Leftover]], Awaitable[Sequence[Leftover]]]
Find = Callable[[], Awaitable[Found]]
Tell = Callable[[str], None]


class Sweeping:
    """One sweep. `find` looks at the cluster anew, `children` for what makers have made; `tell` hears what is being
    done, `now` is the server's time."""

    def __init__(
        self,
        recorder: Recorder,
        cluster: Cluster,
        gate: Gate,
        find: Find,
        children: Children,
        actor: Actor,
        tell: Tell,
        now: Callable[[], datetime],
    ) -> None:
        self._recorder = recorder
        self._cluster = cluster
        self._gate = gate
        self._find = find
        self._children = children
        self._actor = actor
        self._tell = tell
        self._now = now
        self._refused: set[str] = set()
        """What the cluster would not take away: it is not waited for."""
        self._said: set[str] = set()
        self._began = time.monotonic()
        self.gone = 0
        """What is proven to be gone, or put back."""
        self.left: dict[str, Leftover] = {}
        """What is not gone yet, by :func:`_key`."""

    @property
    def held(self) -> tuple[Leftover, ...]:
        """What is being deleted and kept by a finalizer."""
        return tuple(one for one in self.left.values() if one.held and not one.object.changed)

    async def remove(self, began: e.SweepBegan) -> None:
        """Removes everything of the sessions that were agreed on. Raises :class:`GateClosed`, SourceError."""
        _, on_disk = await self._recorder.durably(began, actor=self._actor, patience=10.0)
        if not on_disk:
            raise GateClosed("the record of the sweep could not be written: nothing was removed")
        for _ in range(ROUNDS):
            fresh = [
                one
                for one in (await self._find()).left
                if one.session in began.sessions and _key(one) not in self.left and not one.live
            ]
            if not fresh:
                return
            self._recorder.record(e.LeftoversFound(left=tuple(fresh)), actor=SOURCE)
            self.left |= {_key(one): one for one in fresh}
            await self._ask(fresh)
            await self._follow()

    async def force(self) -> None:
        """Removes the finalizers of what is held, and follows that. Raises :class:`GateClosed`."""
        held = self.held
        targets = tuple(one.object for one in held)
        written, on_disk = await self._recorder.durably(
            e.ReleaseRequested(objects=targets), actor=self._actor, patience=10.0
        )
        for one in held:
            self._tell(f"forcing {one.object}")
            try:
                await self._gate.release(one.object, written, on_disk)
            except SourceError as error:
                self._failed(one.object, error)
        await self._follow()

    async def close(self) -> None:
        """Writes what became of it."""
        ended = e.SweepEnded(
            gone=self.gone,
            left=tuple(one.object for one in self.left.values()),
            seconds=round(time.monotonic() - self._began, 3),
        )
        await self._recorder.durably(ended, actor=self._actor, patience=5.0)

    async def _ask(self, left: Collection[Leftover]) -> None:
        """Makers of further faults first: what they have made then goes with them."""
        makers = [one for one in left if one.object.kind in MAKERS]
        others = [one for one in left if one.object.kind not in MAKERS]
        await asyncio.gather(*(self._ask_one(one) for one in makers))
        made = await self._children(makers)  # it goes with its maker; nobody counts on that alone
        if made:
            self._recorder.record(e.LeftoversFound(left=tuple(made)), actor=SOURCE)
            self.left |= {_key(one): one for one in made}
        await asyncio.gather(*(self._ask_one(one) for one in (*others, *made)))

    async def _ask_one(self, one: Leftover) -> None:
        body = e.SweepRequested(object=one.object, session=one.session)
        written, on_disk = await self._recorder.durably(body, actor=self._actor, patience=10.0)
        self._tell(f"{'putting back' if one.object.changed else 'deleting'} {one.object}")
        for pause in (*AGAIN, None):
            try:
                if not await self._gate.sweep(one.object, written, on_disk):
                    self._is_gone(one)
                return
            except SourceError as error:
                self._failed(one.object, error)
                if pause is None or error.status == FORBIDDEN:
                    self._refused.add(_key(one))
                    return
                await asyncio.sleep(error.retry_after or pause)

    def _failed(self, target: ObjectRef, error: SourceError) -> None:
        self._say(f"{error.message}. {error.hint}" if error.hint else error.message)
        body = e.SweepFailed(object=target, error=error.message, hint=error.hint)
        self._recorder.record(body, actor=SOURCE)

    def _say(self, text: str) -> None:
        """Trouble, once."""
        if text not in self._said:
            self._said.add(text)
            self._tell(text)

    def _least(self) -> float:
        """Real seconds that are waited in any case."""
        return 0.0 if self._refused.issuperset(self.left) else HELD

    async def _follow(self) -> None:
        """Until everything is gone, or will not go by itself."""
        began, turn = time.monotonic(), 0
        while self.left:
            await asyncio.sleep(LOOK[min(turn, len(LOOK) - 1)])
            turn += 1
            await asyncio.gather(*(self._look(one) for one in tuple(self.left.values())))
            lasted = time.monotonic() - began
            if lasted > PATIENCE or (lasted > self._least() and all(map(self._hopeless, self.left.values()))):
                return

    async def _look(self, one: Leftover) -> None:
        try:
            raw = await self._cluster.read(one.object)
        except SourceError as error:
            self._say(error.message)
            return
        try:
            meta = decode(raw).metadata if raw is not None else None
        except NotAnObject:
            return
        if meta is None or (one.object.uid and meta.uid != one.object.uid):
            self._is_gone(one)
        elif meta.deletion_timestamp is not None:
            self.left[_key(one)] = changed(
                one, standing="going", going_since=meta.deletion_timestamp, finalizers=meta.finalizers
            )

    def _is_gone(self, one: Leftover) -> None:
        if self.left.pop(_key(one), None) is not None:
            self.gone += 1
            self._tell(f"{one.object} is {'as it was' if one.object.changed else 'gone'}")

    def _hopeless(self, one: Leftover) -> bool:
        """Whether it will not go by itself, as far as can be told."""
        if _key(one) in self._refused:
            return True
        since = one.going_since
        return one.held and since is not None and (self._now() - since).total_seconds() > STUCK


def _key(one: Leftover) -> str:
    """A uid is unique in its cluster only."""
    return f"{one.object.cluster}:{one.object.uid or one.object}"
