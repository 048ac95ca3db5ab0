"""The lab's Alertmanager answers as the recorded one did: every recorded exchange is replayed."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from controlroom.clock import HeldClock
from controlroom.lab.alertmanager.alerts import PostedAlert
from controlroom.lab.alertmanager.api import make_app
from controlroom.lab.alertmanager.manager import Alertmanager

RECORDINGS = Path(__file__).parents[2] / "recordings" / "alertmanager"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

#: One life of silences, in the order it was recorded; each name is a file, with the time it was asked at.
SILENCE_STORY = [
    ("list-empty", "19:17:27.721"),
    ("create", "19:17:27.723"),
    ("get", "19:17:27.724"),
    ("list", "19:17:27.725"),
    ("list-filter", "19:17:27.726"),
    ("alert-silenced", "19:17:27.727"),
    ("groups-silenced", "19:17:27.728"),
    ("alerts-silenced-false", "19:17:27.729"),
    ("alerts-active-false", "19:17:27.730"),
    ("update", "19:17:28.229"),
    ("update-same-start", "19:17:28.230"),
    ("update-matchers", "19:17:28.232"),
    ("list-after-updates", "19:17:28.2325"),
    ("expire", "19:17:28.233"),
    ("get-expired", "19:17:28.234"),
    ("expire-again", "19:17:28.235"),
    ("delete-absent", "19:17:28.236"),
    ("get-absent-404", "19:17:28.236"),
    ("get-bad-id-422", "19:17:28.236"),
    ("update-absent-404", "19:17:28.237"),
    ("create-end-past-400", "19:17:28.237"),
    ("create-end-before-start-400", "19:17:28.238"),
    ("create-no-matchers-422", "19:17:28.239"),
    ("create-bad-regex-400", "19:17:28.239"),
    ("create-no-comment-422", "19:17:28.240"),
    ("create-empty-matcher-400", "19:17:28.240"),
    ("pending", "19:17:28.241"),
]

Recording = dict[str, Any]


def recordings(folder: str) -> dict[str, Recording]:
    return {path.stem: json.loads(path.read_text()) for path in sorted((RECORDINGS / folder).glob("*.json"))}


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def of_day(time_of_day: str) -> float:
    return seconds(f"2026-11-23T{time_of_day}+00:00")


def alerts_in(body: object) -> Iterator[dict[str, Any]]:
    """The alerts that an answer shows, wherever they are in it."""
    if isinstance(body, dict):
        if "fingerprint" in body and "updatedAt" in body:
            yield body
        else:
            for value in body.values():
                yield from alerts_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from alerts_in(value)


def post_recorded(manager: Alertmanager, alert: dict[str, Any]) -> None:
    posted = PostedAlert(
        labels=alert["labels"],
        annotations=alert["annotations"],
        starts_at=seconds(alert["startsAt"]),
        ends_at=seconds(alert["endsAt"]),
        generator_url=alert["generatorURL"],
    )
    manager.post([posted], seconds(alert["updatedAt"]))


@pytest.fixture
def manager() -> Alertmanager:
    configuration = recordings("status")["status"]["response"]["body"]["config"]["original"]
    return Alertmanager(seed=1, configuration=configuration)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(of_day("19:17:27.0"))


@pytest.fixture
async def client(manager: Alertmanager, clock: HeldClock) -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(make_app(manager, clock))) as found:
        yield found


async def ask(client: TestClient, recording: Recording, ids: dict[str, str]) -> tuple[int, Any, str | None]:
    """Status, parsed body and content type of the recorded request, silence ids translated."""
    request = recording["request"]
    text = (
        json.dumps(request["body"]) if "body" in request and request["body"] != "x" else request.get("body")
    )
    path = request["path"]
    for recorded, ours in ids.items():
        path = path.replace(recorded, ours)
        text = text.replace(recorded, ours) if text else text
    answer = await client.request(request["method"], path, data=text, headers=request["headers"])
    raw = await answer.text()
    kind = answer.headers.get("Content-Type")
    return answer.status, json.loads(raw) if kind == "application/json" else raw, kind


def translated(value: object, ids: dict[str, str]) -> object:
    text = json.dumps(value)
    for recorded, ours in ids.items():
        text = text.replace(recorded, ours)
    return json.loads(text)


@pytest.mark.parametrize("name", recordings("alerts"))
async def test_alerts_are_answered_as_recorded(
    name: str, client: TestClient, manager: Alertmanager, clock: HeldClock
) -> None:
    recording = recordings("alerts")[name]
    expected = recording["response"]
    shown = list(alerts_in(expected["body"]))
    for alert in (
        alerts_in(recordings("alerts")["inhibited"]["response"]["body"]) if "inhibit" in name else ()
    ):
        post_recorded(manager, alert)
    for alert in shown:
        post_recorded(manager, alert)
    await clock.advance(max([seconds(alert["updatedAt"]) - clock.time() for alert in shown], default=1.0))
    status, body, kind = await ask(client, recording, {})
    assert (status, kind) == (expected["status"], expected["headers"].get("content-type"))
    assert body == expected["body"]


async def test_silences_are_answered_as_recorded(
    client: TestClient, manager: Alertmanager, clock: HeldClock
) -> None:
    files = recordings("silences")
    assert {name for name, _ in SILENCE_STORY} == set(files)
    post_recorded(manager, files["alert-silenced"]["response"]["body"][0])
    ids: dict[str, str] = {}
    for name, moment in SILENCE_STORY:
        recording = files[name]
        expected = recording["response"]
        await clock.advance(of_day(moment) - clock.time())
        if name == "pending":
            await create_pending(client, recording, ids)
        status, body, kind = await ask(client, recording, ids)
        if isinstance(expected["body"], dict) and "silenceID" in expected["body"]:
            ids[expected["body"]["silenceID"]] = body["silenceID"]
            assert UUID.fullmatch(body["silenceID"])
        assert (status, kind) == (expected["status"], expected["headers"].get("content-type")), name
        assert body == translated(expected["body"], ids), name


async def create_pending(client: TestClient, recording: Recording, ids: dict[str, str]) -> None:
    shown = recording["response"]["body"]
    wanted = {key: shown[key] for key in ("matchers", "startsAt", "endsAt", "createdBy", "comment")}
    answer = await client.post("/api/v2/silences", json=wanted)
    ids[shown["id"]] = (await answer.json())["silenceID"]


@pytest.mark.parametrize("name", recordings("status"))
async def test_status_pages_are_answered_as_recorded(
    name: str, client: TestClient, manager: Alertmanager, clock: HeldClock
) -> None:
    recording = recordings("status")[name]
    expected = recording["response"]
    for alert in recordings("alerts")["quiet"]["response"]["body"] if name == "api-v1-alerts" else ():
        post_recorded(manager, alert)
    status, body, kind = await ask(client, recording, {})
    assert (status, kind) == (expected["status"], expected["headers"]["content-type"])
    if name == "root":
        assert body.startswith("<!DOCTYPE html>")
    elif name == "status":
        assert body["config"] == expected["body"]["config"]
        assert body["cluster"] == expected["body"]["cluster"]
        assert body.keys() == expected["body"].keys()
        assert body["versionInfo"].keys() == expected["body"]["versionInfo"].keys()
    else:
        assert body == expected["body"]
