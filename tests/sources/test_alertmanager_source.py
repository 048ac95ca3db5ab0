"""Alertmanager's recorded answers through the adapter, and what goes wrong on the way."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from aiohttp import web

from controlroom.clock import HeldClock
from controlroom.sources.alertmanager import AlertmanagerSource, ReceivedAlert, Silence, observed
from controlroom.sources.http import Answer, decoded, refusal
from controlroom.sources.ports import SourceError
from tests.sources.loopback import Asked, Reply, fixed, recorded, recordings, stub

SILENCES = recordings("alertmanager/silences")
ALERTS = recordings("alertmanager/alerts")
STATUS = recordings("alertmanager/status")
NOW = datetime(2026, 11, 23, 19, 20, 0, 250_000, UTC).timestamp()


class Request(msgspec.Struct):
    method: str
    path: str


class Response(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: object = None


class Recording(msgspec.Struct):
    request: Request
    response: Response


def load(name: str) -> Recording:
    return msgspec.convert(recorded(name), Recording)


def answer(recording: Recording) -> Answer:
    body = recording.response.body
    is_json = "json" in recording.response.headers.get("content-type", "")
    raw = msgspec.json.encode(body) if is_json else str(body or "").encode()
    return Answer(source="Alertmanager", url="http://x", status=recording.response.status, body=raw)


def replay(name: str) -> Reply:
    recording = load(name)
    given = answer(recording)
    kind = recording.response.headers.get("content-type", "text/plain")
    return fixed(given.status, given.body.decode(), kind)


@pytest.mark.parametrize("name", SILENCES + ALERTS + STATUS)
def test_every_recorded_answer_is_read_or_refused_in_words(name: str) -> None:
    recording = load(name)
    given = answer(recording)
    if given.status >= 400:
        error = refusal(given)
        assert error.status == given.status
        assert error.message.startswith(f"Alertmanager answered HTTP {given.status}")
        body = recording.response.body
        said = body.get("message") if isinstance(body, dict) else body
        assert said is None or str(said).strip()[:60] in error.message
        return
    path = recording.request.path.partition("?")[0]
    if recording.request.method != "GET":
        return
    if path.endswith("/silences"):
        assert len(decoded(given, tuple[Silence, ...])) == len(msgspec.json.decode(given.body))
    elif path.startswith("/api/v2/silence/"):
        assert observed(decoded(given, Silence)).silence == path.rpartition("/")[2]
    elif path == "/api/v2/alerts":
        alerts = decoded(given, tuple[ReceivedAlert, ...])
        assert all(alert.labels["alertname"] for alert in alerts)


async def test_silences_become_events() -> None:
    async with stub(replay("alertmanager/silences/list")) as server:
        source = AlertmanagerSource(server.url, HeldClock(NOW))
        (silence,) = await source.silences()
        await source.close()
    assert server.asked[0].path == "/api/v2/silences"
    assert silence.silence == "00f881c3-846e-488c-9cc9-96a0dc3c90e3"
    assert silence.matchers == (
        ("alertname", "RecordingsTest", False, True),
        ("service", "rec.*", True, True),
    )
    assert (silence.by, silence.comment, silence.state) == ("controlroom", "game day 7f3a", "active")
    assert silence.starts_at == datetime(2026, 11, 23, 19, 17, 27, 723_000, UTC)
    assert silence.ends_at == datetime(2026, 11, 23, 19, 27, 27, 722_000, UTC)


async def test_expired_and_pending_silences_keep_their_state() -> None:
    async with stub(replay("alertmanager/silences/list-after-updates")) as server:
        source = AlertmanagerSource(server.url, HeldClock(NOW))
        found = await source.silences()
        await source.close()
    assert {one.state for one in found} >= {"expired"}
    assert list(found) == sorted(found, key=lambda one: (one.starts_at, one.silence))


async def test_who_suppresses_an_alert() -> None:
    async with stub(replay("alertmanager/alerts/inhibited")) as server:
        source = AlertmanagerSource(server.url, HeldClock(NOW))
        by_name = {one.labels["alertname"]: one for one in await source.alerts()}
        await source.close()
    suppressed = [one for one in by_name.values() if one.status.state == "suppressed"]
    assert suppressed
    assert {name for one in suppressed for name in one.status.inhibited_by} <= {
        one.fingerprint for one in by_name.values()
    }


async def test_status_is_read_without_the_configuration() -> None:
    async with stub(replay("alertmanager/status/status")) as server:
        source = AlertmanagerSource(server.url, HeldClock(NOW))
        status = await source.status()
        await source.close()
    assert status.version_info.version == "0.25.0"


async def test_text_of_a_silence_is_cleaned() -> None:
    async def reply(asked: Asked) -> web.StreamResponse:
        silence = {
            "id": "1",
            "status": {"state": "active"},
            "matchers": [{"name": "alertname", "value": "A\x1b]0;t\x07", "isRegex": False}],
            "startsAt": "2026-11-23T19:17:27Z",
            "endsAt": "2026-11-23T21:17:27.5+02:00",
            "updatedAt": "2026-11-23T19:17:27Z",
            "createdBy": "on\u202ecall",
            "comment": "ack:\nlooking [bold]",
        }
        return web.json_response([silence])

    async with stub(reply) as server:
        source = AlertmanagerSource(server.url, HeldClock(NOW))
        (silence,) = await source.silences()
        await source.close()
    assert (silence.by, silence.comment) == ("oncall", "ack: looking [bold]")
    assert silence.matchers == (("alertname", "A", False, True),)
    assert silence.ends_at == datetime(2026, 11, 23, 19, 17, 27, 500_000, UTC)
    assert silence.ends_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("date", "offset"),
    [("Mon, 23 Nov 2026 19:20:00 GMT", 0.25), ("Mon, 23 Nov 2026 19:20:05 GMT", 5.25)],
)
async def test_clock_by_the_date_header_is_half_a_second_unsure(date: str, offset: float) -> None:
    async with stub(fixed(200, "OK", "text/plain", Date=date)) as server:
        source = AlertmanagerSource(server.url, HeldClock(NOW))
        reading = await source.clock()
        await source.close()
    assert reading.offset == pytest.approx(offset)
    assert reading.uncertainty == 0.5


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (fixed(500, '"store is broken"'), "Alertmanager answered HTTP 500: store is broken"),
        (fixed(422, '{"code":602,"message":"comment in body is required"}'), "comment in body is required"),
        (fixed(200, "<html>login</html>", "text/html"), "a web page instead of data"),
        (fixed(200, '[{"id": "1"'), "broken or cut-off JSON"),
        (fixed(200, '[{"id": 1}]'), "shape that is not known"),
        (fixed(302, "", Location="http://elsewhere"), "HTTP 302"),
        (fixed(403, "forbidden", "text/plain"), "HTTP 403: forbidden"),
    ],
)
async def test_failures_in_plain_words(reply: Reply, message: str) -> None:
    async with stub(reply) as server:
        source = AlertmanagerSource(server.url, HeldClock(NOW))
        with pytest.raises(SourceError, match=message) as caught:
            await source.silences()
        await source.close()
    assert not caught.value.unsure


async def test_refused_hanging_and_cut_connections() -> None:
    async with stub() as server:
        source = AlertmanagerSource(server.url, HeldClock(NOW), timeout=0.2)
        server.reply = server.hang
        with pytest.raises(SourceError, match=r"no answer from http://127.0.0.1:\d+ within 0.2 s"):
            await source.silences()
        server.reply = server.cut
        with pytest.raises(SourceError, match="closed the connection before it had answered"):
            await source.silences()
    with pytest.raises(SourceError, match="the connection is refused"):
        await source.silences()
    await source.close()
