"""The list and watch loop against a server that ends, cuts, stays silent, forgets, and refuses."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from controlroom.clock import HeldClock
from controlroom.sources.kubernetes_api import Api, Timeouts
from controlroom.sources.ports import SourceError
from controlroom.sources.watch import FIRST_PAUSE, LONGEST_PAUSE, Backoff, Change, Follower
from tests.sources.kube_stub import (
    CONTEXT,
    TOO_OLD,
    Stub,
    bookmark,
    event,
    hang,
    item,
    listed,
    says,
    served,
    streams,
)

PODS = "/api/v1/namespaces/bookstore/pods"
SHORT = Timeouts(connect=1.0, answer=0.5, watch=0, grace=0.3)
RECORDINGS = Path(__file__).parents[1] / "recordings" / "kubernetes" / "watch"


class Rig:
    """A follower of the stub's pods, the changes it told, and the pauses it made instead of sleeping."""

    def __init__(self, stub: Stub, folder: Path) -> None:
        self.stub = stub
        self.pauses: list[float] = []
        self.api = Api(stub.kubeconfig(folder), CONTEXT, HeldClock(), SHORT)
        self.follower = Follower(
            self.api, PODS, "pods in bookstore", backoff=Backoff(random.Random(1)), sleep=self.pause
        )

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def take(self, count: int) -> list[tuple[str, str]]:
        """The next changes, as (type, name)."""
        found = []
        async with aclosing(self.follower.changes()) as changes:
            async for change in changes:
                found.append((change.type, change.key.partition("/")[2]))
                if len(found) == count:
                    break
        return found

    @property
    def places(self) -> list[str]:
        """The resourceVersion of each watch."""
        return [query["resourceVersion"] for query in self.stub.queries(PODS) if "watch" in query]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with served() as stub:
        made = Rig(stub, tmp_path)
        yield made
        await made.api.close()


async def test_lists_then_watches_from_the_lists_place(rig: Rig) -> None:
    rig.stub.on("GET", PODS, says(listed(10, item("a", 3), item("b", 4))))
    rig.stub.on(
        "WATCH", PODS, streams(event("MODIFIED", item("a", 11)), event("ADDED", item("c", 12)), then="hang")
    )
    assert await rig.take(4) == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("ADDED", "c")]
    asked = rig.stub.queries(PODS)
    assert rig.places == ["10"]
    assert asked[1]["allowWatchBookmarks"] == "true"


async def test_a_clean_end_goes_on_from_the_last_event_or_bookmark_without_a_list(rig: Rig) -> None:
    rig.stub.on("GET", PODS, says(listed(10)))
    rig.stub.on(
        "WATCH",
        PODS,
        streams(event("ADDED", item("a", 11)), bookmark(40)),
        streams(event("DELETED", item("a", 41)), then="hang"),
    )
    assert await rig.take(2) == [("ADDED", "a"), ("DELETED", "a")]
    assert rig.places == ["10", "40"]
    assert rig.follower.lists == 1


async def test_watches_that_end_at_once_are_not_asked_for_without_a_pause(rig: Rig) -> None:
    rig.stub.on("GET", PODS, says(listed(10)))
    rig.stub.on("WATCH", PODS, streams(), streams(), streams(event("ADDED", item("a", 11)), then="hang"))
    await rig.take(1)
    assert rig.pauses == [FIRST_PAUSE, FIRST_PAUSE]


@pytest.mark.parametrize("how", ["event", "status"])
async def test_too_old_a_place_is_listed_afresh_and_the_missing_are_told_as_deleted(
    rig: Rig, how: str
) -> None:
    gone = streams(TOO_OLD) if how == "event" else says(TOO_OLD["object"], status=410)
    rig.stub.on("GET", PODS, says(listed(1, item("a", 1), item("b", 1))), says(listed(90, item("b", 80))))
    rig.stub.on("WATCH", PODS, gone, streams(then="hang"))
    assert await rig.take(4) == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a"), ("MODIFIED", "b")]
    assert rig.follower.lists == 2


async def test_a_pod_made_again_under_its_name_was_deleted_in_between(rig: Rig) -> None:
    rig.stub.on("GET", PODS, says(listed(1, item("db-0", 1))), says(listed(9, item("db-0", 8, uid="other"))))
    rig.stub.on("WATCH", PODS, streams(TOO_OLD), streams(then="hang"))
    assert await rig.take(3) == [("ADDED", "db-0"), ("DELETED", "db-0"), ("MODIFIED", "db-0")]


async def test_a_cut_line_is_an_outage_and_the_event_is_not_lost(rig: Rig) -> None:
    half = json.dumps(event("ADDED", item("b", 12))).encode()[:40]
    rig.stub.on("GET", PODS, says(listed(10)))
    rig.stub.on(
        "WATCH",
        PODS,
        streams(event("ADDED", item("a", 11)), rest=half, then="cut"),
        streams(event("ADDED", item("b", 12)), then="hang"),
    )
    with pytest.raises(SourceError, match="connection broke"):
        await rig.take(2)
    assert await rig.take(1) == [("ADDED", "b")]
    assert rig.places == ["10", "11"]
    assert len(rig.pauses) == 1


async def test_silence_is_noticed(rig: Rig) -> None:
    rig.stub.on("GET", PODS, says(listed(10)))
    rig.stub.on("WATCH", PODS, streams(then="hang"))
    with pytest.raises(SourceError, match="fell silent"):
        await rig.take(1)


async def test_a_server_that_does_not_answer_is_given_up(rig: Rig) -> None:
    rig.stub.on("GET", PODS, hang)
    with pytest.raises(SourceError, match="does not answer"):
        await rig.take(1)


async def test_pauses_grow_while_it_is_away_and_heed_the_server(rig: Rig) -> None:
    rig.stub.on("GET", PODS, says("Too many requests\n", status=429, headers={"Retry-After": "7"}))
    for _ in range(4):
        with pytest.raises(SourceError, match="too much to do"):
            await rig.take(1)
    assert rig.pauses == [7.0, 7.0, 7.0]


def test_backoff_doubles_with_jitter_up_to_its_bound_and_begins_anew() -> None:
    backoff = Backoff(random.Random(7))
    pauses = [backoff.failed(None) for _ in range(12)]
    for number, pause in enumerate(pauses):
        full = min(FIRST_PAUSE * 2**number, LONGEST_PAUSE)
        assert full / 2 <= pause <= full
    assert len(set(pauses[-4:])) == 4
    backoff.succeeded()
    assert backoff.failed(None) <= FIRST_PAUSE


async def test_pages_are_one_list_and_an_expired_page_begins_it_again(rig: Rig) -> None:
    rig.stub.on(
        "GET",
        PODS,
        says(listed(10, item("a", 1), following="more")),
        says(TOO_OLD["object"], status=410),
        says(listed(20, item("a", 1), following="more")),
        says(listed(20, item("b", 2))),
    )
    rig.stub.on("WATCH", PODS, streams(then="hang"))
    assert await rig.take(2) == [("MODIFIED", "a"), ("ADDED", "b")]
    assert [query.get("continue", "") for query in rig.stub.queries(PODS)[:4]] == ["", "more", "", "more"]


async def test_a_web_page_is_no_list(rig: Rig) -> None:
    rig.stub.on("GET", PODS, says("<html>please sign in</html>"))
    with pytest.raises(SourceError, match="a web page answered"):
        await rig.take(1)


async def test_objects_larger_than_any_buffer_come_whole(rig: Rig) -> None:
    rig.stub.on("GET", PODS, says(listed(10)))
    big = item("a", 11, annotations={"note": "x" * 3_000_000})
    rig.stub.on("WATCH", PODS, streams(event("ADDED", big), then="hang"))
    assert await rig.take(1) == [("ADDED", "a")]


def recorded_watches() -> dict[str, list[Any]]:
    """The lines of each recorded watch of whole objects; the one that is too old has its own test above."""
    found = {}
    for path in sorted(RECORDINGS.glob("*.json")):
        response = json.loads(path.read_text()).get("response") or {}
        lines = [line for _, line in response.get("stream") or ()]
        whole = not any(word in path.stem for word in ("as-table", "partial", "too-old"))
        if lines and whole and all(isinstance(line, dict) for line in lines):
            found[path.stem] = lines
    return found


@pytest.mark.parametrize("name", sorted(recorded_watches()))
async def test_every_recorded_watch_is_read(rig: Rig, name: str) -> None:
    lines = recorded_watches()[name]
    objects = [line["object"] for line in lines if line["type"] in ("ADDED", "MODIFIED", "DELETED")]
    rig.stub.on("GET", PODS, says(listed(1)))
    rig.stub.on("WATCH", PODS, streams(*lines, then="hang"))
    told: list[Change] = []
    with pytest.raises(SourceError, match="fell silent"):
        async for change in rig.follower.changes():
            told.append(change)
    assert [json.loads(change.raw) for change in told] == objects
