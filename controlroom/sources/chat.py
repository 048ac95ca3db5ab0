"""The chat of a game day, through Apprise: Slack, Teams, Discord and many others, each in its own form.

An address is a secret: it is in no message, no log line and no error. Apprise is imported with the first
message, in a thread, and its own log goes nowhere but into the reason of a failure.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from controlroom.core.clean import clean
from controlroom.core.events.outward import CHAT
from controlroom.core.telling import Tone
from controlroom.sources.hiding import Secrets, guard, release
from controlroom.sources.ports import SourceError

if TYPE_CHECKING:
    from apprise import Apprise

T = TypeVar("T")

APPRISE = "apprise"
TALKATIVE = ("urllib3.connectionpool", "urllib3.util.retry", "requests", "markdown", APPRISE)
"""Loggers of what Apprise uses; some of their lines quote addresses."""
NO_ADDRESS = (
    "It may be a webhook of Slack, Teams, Discord or Google Chat, or an address as Apprise writes it."
)
REFUSED = "Is the address in the environment still valid, and may it write to that channel?"
AWAY = "Check the network and the service's status page; the next message is tried in any case."


class AppriseChat:
    """Implements `Chat`. `addresses`: one or several with white space between; `timeout`: real seconds a message."""

    def __init__(self, addresses: str, *, timeout: float = 15.0) -> None:
        self._addresses = addresses.split()
        self._secrets = Secrets(*self._addresses)
        self._timeout = timeout
        self._channels: list[Apprise] = []
        self._left: tuple[str, list[Apprise]] = ("", [])
        """The last message and who is still to get it."""
        self._free = asyncio.Event()
        """No thread is at it, not even one that nobody waits for any more."""
        self._free.set()
        self._log = _Reasons()
        self._hiding: logging.Filter | None = None

    async def open(self) -> None:
        """Imports Apprise and takes the addresses apart."""
        if not self._channels:
            self._channels = await self._apart(self._make)

    async def say(self, title: str, text: str, tone: Tone) -> None:
        """To every address; raises SourceError where one did not take it."""
        await self.open()
        if self._left[0] != text:
            self._left = (text, list(self._channels))
        await self._apart(lambda: self._tell(title, text, tone))

    async def close(self) -> None:
        if self._hiding is not None:
            release(TALKATIVE, self._hiding)
            logging.getLogger(APPRISE).removeHandler(self._log)

    def _make(self) -> list[Apprise]:
        self._listen()
        import apprise

        # No icon is fetched from anybody, and nothing is kept on disk.
        asset = apprise.AppriseAsset(
            app_id="Control Room",
            app_desc="Control Room",
            app_url="",
            image_url_mask="",
            image_url_logo="",
            storage_mode="memory",
        )
        found = [apprise.Apprise(asset=asset) for _ in self._addresses]
        for channel, address in zip(found, self._addresses, strict=True):
            self._log.said.clear()
            if not channel.add(address):
                number = f"address {found.index(channel) + 1} of " if len(found) > 1 else ""
                raise SourceError(
                    CHAT,
                    f"{number}bindings.chat is not understood{self._reason()}",
                    hint=NO_ADDRESS,
                    status=400,
                )
        return found

    def _listen(self) -> None:
        if self._hiding is None:
            self._hiding = guard(TALKATIVE, self._secrets)
            log = logging.getLogger(APPRISE)
            log.propagate = False
            log.addHandler(self._log)

    def _tell(self, title: str, text: str, tone: Tone) -> None:
        self._log.said.clear()
        _, left = self._left
        for channel in list(left):
            if channel.notify(body=text, title=title, notify_type=tone, body_format="text"):
                left.remove(channel)
        if left:
            number = (
                f"{len(left)} of {len(self._channels)} channels" if len(self._channels) > 1 else "the chat"
            )
            raise self._failure(number)

    def _failure(self, who: str) -> SourceError:
        reason = self._reason()
        status = re.search(r"error=(\d{3})\b", reason)
        refused = status is not None and status[1].startswith("4") and status[1] not in ("408", "429")
        return SourceError(
            CHAT,
            f"{who} did not take the message{reason}",
            hint=REFUSED if refused else AWAY,
            status=int(status[1]) if status else None,
        )

    def _reason(self) -> str:
        """What Apprise said about it, without what must not be said."""
        said = clean(self._secrets.hidden("; ".join(dict.fromkeys(self._log.said))), 200)
        return f": {said}" if said else ""

    async def _apart(self, work: Callable[[], T]) -> T:
        """Does it in a thread that keeps nobody: not the loop, and not the end of the process."""
        if not self._free.is_set():
            raise SourceError(CHAT, "the message before this one is still on its way", hint=AWAY)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: SourceError | None) -> None:
            self._free.set()
            if not answer.done():
                answer.set_exception(error) if error else answer.set_result(result)  # type: ignore[arg-type]

        def run() -> None:
            result, error = self._outcome(work)
            try:
                loop.call_soon_threadsafe(settle, result, error)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more

        self._free.clear()
        threading.Thread(target=run, name=CHAT, daemon=True).start()
        try:
            async with asyncio.timeout(self._timeout):
                return await answer
        except TimeoutError:
            raise SourceError(
                CHAT, f"the chat has not answered within {self._timeout:g} s", hint=AWAY, unsure=True
            ) from None

    def _outcome(self, work: Callable[[], T]) -> tuple[T | None, SourceError | None]:
        try:
            return work(), None
        except SourceError as error:
            return None, error
        except Exception as error:  # whatever a plugin of Apprise raises may quote its address
            return None, SourceError(CHAT, f"the chat failed ({type(error).__name__})", hint=AWAY)


class _Reasons(logging.Handler):
    """Keeps what Apprise says of failures, instead of any log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
