"""Follows one collection: lists it, watches it, and tells each change, deletions during an absence included.

The library's own watch neither lists again when its place is too old nor pauses between attempts, so the loop
is ours. The protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec

from controlroom.core.values import Value
from controlroom.sources.errors import Doing, Status, decoded, explain
from controlroom.sources.kubernetes_api import Api
from controlroom.sources.ports import SourceError

T = TypeVar("T")

GONE = 410
CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})
#: Items of one page of a list.
PAGE = 500
#: Real seconds of the first pause after a failure, and of the longest: a person waits for the cluster to be back.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
#: A watch that the server ended sooner than this (real seconds) is followed by a pause.
SHORTEST = 1.0


class Change(Value):
    """An object of the collection. Of one found missing after an absence only the identity is known."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    key: str
    """`namespace/name`."""
    raw: bytes = b""
    """The object as JSON; empty where `item` is there."""
    item: Any = None
    """The object, read into the follower's model."""

    @property
    def known(self) -> bool:
        """Whether more than its identity is known."""
        return bool(self.raw) or self.item is not None


class _Identity(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class _Item(msgspec.Struct):
    metadata: _Identity


class _ListMetadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct):
    metadata: _ListMetadata
    items: list[msgspec.Raw] | None = None


class _Line(msgspec.Struct):
    type: str
    object: msgspec.Raw


class Identified(Protocol):
    """What a follower needs to know of an object, whatever its model is."""

    @property
    def namespace(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def uid(self) -> str: ...

    @property
    def resource_version(self) -> str: ...


class _Modelled(msgspec.Struct, Generic[T]):
    """A line that is read in one go: of a crowd's changes, looking at each four times is most of the work."""

    type: str
    object: T


_ITEM = msgspec.json.Decoder(_Item)
_LIST = msgspec.json.Decoder(_List)
_LINE = msgspec.json.Decoder(_Line)
_STATUS = msgspec.json.Decoder(Status)


def _reader(model: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_Modelled[model])


class Backoff:
    """Pauses that double, with jitter, so that many watchers of one server do not come back at once."""

    def __init__(
        self, rng: random.Random, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE
    ) -> None:
        self._rng = rng
        self._first = first
        self._longest = longest
        self._failures = 0

    def failed(self, asked: float | None) -> float:
        """Real seconds to wait now; at least what the server `asked` for."""
        pause = min(self._first * 2.0**self._failures, self._longest)
        self._failures = min(self._failures + 1, 16)
        return max(pause * self._rng.uniform(0.5, 1.0), asked or 0.0)

    def succeeded(self) -> None:
        self._failures = 0


class Follower:
    """What is known of one collection, and the place in its history up to which it is known.

    Both outlive an interruption: the next :meth:`changes` goes on from there, after the pause that is due. `known` (uid
    by `namespace/name`) is what a host before us knew: what is gone since is told as deleted; an empty uid is any.
    `model` has a `metadata` that is :class:`Identified`: the watch's objects are read into it at once.
    """

    def __init__(
        self,
        api: Api,
        path: str,
        what: str,
        *,
        selector: str = "",
        known: Mapping[str, str] | None = None,
        model: type[Any] | None = None,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._path = path
        self._what = what
        self._selector = selector
        self._model = _reader(model) if model is not None else None
        self._backoff = backoff or Backoff(random.Random())
        self._sleep = sleep
        self._pause = 0.0
        self._place = ""
        """resourceVersion; empty: it has to be listed."""
        self._known: dict[str, str] = dict(known or {})
        """Uid by `namespace/name`."""
        self.lists = 0

    async def catch_up(self) -> list[Change]:
        """Lists the collection unless the place in it is known; what changed since it was last known."""
        if self._pause:
            pause, self._pause = self._pause, 0.0
            await self._sleep(pause)
        if self._place:
            return []
        try:
            found = await self._list()
        except SourceError as error:
            self._fail(error)
            raise
        self._backoff.succeeded()
        return found

    async def changes(self) -> AsyncGenerator[Change, None]:
        """Each change from now on; raises SourceError when the server is away, and can be called again."""
        while True:
            for change in await self.catch_up():
                yield change
            try:
                async with aclosing(self._watch()) as watched:
                    async for change in watched:
                        yield change
            except SourceError as error:
                if error.status == GONE:
                    self._place = ""
                    await self._sleep(FIRST_PAUSE)
                    continue
                self._fail(error)
                raise

    def _fail(self, error: SourceError) -> None:
        self._pause = self._backoff.failed(error.retry_after)

    async def _list(self) -> list[Change]:
        """The whole collection against what was known of it."""
        self.lists += 1
        doing = Doing(what=f"list {self._what}")
        found: dict[str, str] = {}
        changes: list[Change] = []
        following = ""
        known = dict(self._known)
        while True:
            query = {"limit": str(PAGE), **({"continue": following} if following else {})}
            try:
                answer = await self._api.get(self._path, doing, **query, **self._select())
            except SourceError as error:
                if error.status == GONE and following:
                    return await self._list()
                raise
            page = decoded(_LIST, answer, doing)
            for raw in page.items or ():
                meta = decoded(_ITEM, bytes(raw), doing).metadata
                change = self._changed(meta, "MODIFIED", raw=bytes(raw))
                uid = meta.uid
                if change.type == "MODIFIED" and known[change.key] not in (uid, ""):
                    changes.append(Change(type="DELETED", key=change.key))
                found[change.key] = uid
                changes.append(change)
            following = page.metadata.continue_
            if not following:
                break
        self._place = page.metadata.resource_version
        missing = [key for key in self._known if key not in found]
        self._known = found
        return [*(Change(type="DELETED", key=key) for key in missing), *changes]

    def _select(self) -> dict[str, str]:
        return {"labelSelector": self._selector} if self._selector else {}

    async def _watch(self) -> AsyncGenerator[Change, None]:
        """One watch, until the server ends it; that is no failure."""
        doing = Doing(what=f"watch {self._what}")
        query = {
            "watch": "true",
            "resourceVersion": self._place,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(self._api.timeouts.watch),
            **self._select(),
        }
        began = asyncio.get_running_loop().time()
        async with aclosing(self._api.lines(self._path, doing, query)) as lines:
            async for line in lines:
                change = self._heard(line, doing)
                if change is not None:
                    yield change
        if asyncio.get_running_loop().time() - began < SHORTEST:
            # A server that ends every watch at once would otherwise be asked without a pause.
            await self._sleep(FIRST_PAUSE)

    def _heard(self, line: bytes, doing: Doing) -> Change | None:
        """One line of a watch. Raises SourceError for an ERROR event."""
        if (change := self._modelled(line)) is not None:
            return change
        if not line.strip():
            return None
        told = decoded(_LINE, line, doing)
        if told.type == "ERROR":
            raise self._error(bytes(told.object), doing)
        self._backoff.succeeded()
        return self._read(told, doing)

    def _modelled(self, line: bytes) -> Change | None:
        """The change, where the line tells one and its object is as the model has it."""
        if self._model is None:
            return None
        try:
            told = self._model.decode(line)
        except msgspec.MsgspecError:
            return None  # a bookmark, an error, or something odd, which is looked at closely
        if told.type not in CHANGES:
            return None
        self._backoff.succeeded()
        meta: Identified = told.object.metadata
        self._place = meta.resource_version or self._place
        return self._changed(meta, told.type, item=told.object)

    def _read(self, told: _Line, doing: Doing) -> Change | None:
        raw = bytes(told.object)
        if told.type == "BOOKMARK":
            self._place = decoded(_ITEM, raw, doing).metadata.resource_version or self._place
            return None
        if told.type not in CHANGES:
            return None  # a kind of message that this version of the protocol does not have
        meta = decoded(_ITEM, raw, doing).metadata
        self._place = meta.resource_version or self._place
        return self._changed(meta, told.type, raw=raw)

    def _changed(self, meta: Identified, kind: str, *, raw: bytes = b"", item: object = None) -> Change:
        """The change, and its object's identity kept."""
        key = f"{meta.namespace}/{meta.name}"
        if kind == "DELETED":
            self._known.pop(key, None)
            return Change(type="DELETED", key=key, raw=raw, item=item)
        known = key in self._known
        self._known[key] = meta.uid
        return Change(type="MODIFIED" if known else "ADDED", key=key, raw=raw, item=item)

    def _error(self, raw: bytes, doing: Doing) -> SourceError:
        """An ERROR event: a Status inside an answer that began with 200."""
        status = decoded(_STATUS, raw, doing)
        return explain(status.code or 500, {}, raw, doing)
