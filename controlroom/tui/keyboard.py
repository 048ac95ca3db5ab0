"""Keys are taken one at a time: the next is given on only when all has been done with the one before.

A slow line brings several keys at once. Textual gives each to what has the focus when it comes, and a key that opens
a sheet has not opened it by then: what was typed for the sheet would go to the room below, and be lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeVar

from textual import events
from textual.app import App
from textual.message import Message

T = TypeVar("T")


class KeyDone(Message):
    """Follows a key on its way up from the focus; where it has arrived, all has been done with that key."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class InOrder(App[T]):
    """An app that takes its keys so."""

    LATEST_KEY = 0.2
    """Real seconds that a key waits for the one before: what closed a sheet may never say that it is done."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._keys: deque[events.Key] = deque()
        self._key = 0
        """Number of the key that is on its way."""
        self._on_its_way = False
        self.last_character = ""
        """What the last key types; empty: nothing."""

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        self._keys.append(event)
        await self._next_keys()

    async def on_key_done(self, message: KeyDone) -> None:
        message.stop()
        if message.number == self._key:
            self._on_its_way = False
            await self._next_keys()

    async def _next_keys(self) -> None:
        while self._keys and not self._on_its_way:
            key = self._keys.popleft()
            target = self.focused or self.screen
            self.last_character = key.character or ""
            await super().on_event(key)
            if not key.is_forwarded:
                continue  # an app-wide key: it is done
            self._key += 1
            self._on_its_way = target.post_message(KeyDone(self._key))
            if self._on_its_way:
                asyncio.get_running_loop().call_later(self.LATEST_KEY, self._late, self._key, 1)

    def _late(self, number: int, again: int) -> None:
        """Enough waited; once more where the loop itself was late, so that what is ready is done before."""
        if number != self._key or not self._on_its_way:
            return
        if again:
            asyncio.get_running_loop().call_later(self.LATEST_KEY / 4, self._late, number, again - 1)
        else:
            self.post_message(KeyDone(number))
