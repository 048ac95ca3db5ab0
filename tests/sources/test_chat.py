"""The chat: a message reaches every address, and no address reaches anything else."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web

from controlroom.core.events.outward import CHAT
from controlroom.sources.chat import AWAY, NO_ADDRESS, REFUSED, AppriseChat
from controlroom.sources.hiding import Secrets
from controlroom.sources.ports import SourceError
from tests.sources.loopback import Asked, Stub, fixed, stub

TOKENS = ("T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ")
SLACK = "slack://" + "/".join(TOKENS)
OURS = "aiohttp.access"
"""The stub's own log, which is the other side."""


class Kept(logging.Handler):
    """Every line of every logger, down to the lowest level."""

    def __init__(self) -> None:
        super().__init__(level=1)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != OURS:
            self.lines.append(logging.Formatter("%(name)s %(message)s").format(record))


@pytest.fixture
def log() -> Iterator[Kept]:
    kept, root = Kept(), logging.getLogger()
    before = root.level
    root.addHandler(kept)
    root.setLevel(1)
    yield kept
    root.removeHandler(kept)
    root.setLevel(before)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stub]:
    """Stands for hooks.slack.com too."""
    from apprise.plugins.slack import NotifySlack

    async with stub(fixed(200, "ok", "text/plain")) as found:
        monkeypatch.setattr(NotifySlack, "webhook_url", f"{found.url}/services")
        monkeypatch.setattr(NotifySlack, "request_rate_per_sec", 0)
        yield found


def hook(server: Stub, path: str = "hook-with-its-secret") -> str:
    return server.url.replace("http://", "json://") + f"/{path}"


async def test_a_webhook_gets_title_text_and_tone(server: Stub) -> None:
    chat = AppriseChat(hook(server))
    await chat.say("Game day", "14:05:00 HALT: <all> *faults* & more", "failure")
    await chat.close()
    (asked,) = server.asked
    assert asked.path == "/hook-with-its-secret"
    sent = json.loads(asked.body)
    assert (sent["title"], sent["message"], sent["type"]) == (
        "Game day",
        "14:05:00 HALT: <all> *faults* & more",
        "failure",
    )


async def test_slack_gets_its_own_form_and_no_picture_of_anybody(server: Stub, log: Kept) -> None:
    chat = AppriseChat(SLACK)
    await chat.say("Game day", "Phase 1", "info")
    await chat.close()
    (asked,) = server.asked
    assert asked.path == "/services/" + "/".join(TOKENS)
    assert "Phase 1" in asked.body
    assert "http" not in asked.body
    assert [line for line in log.lines if any(token in line for token in TOKENS)] == []


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 429, 500, 503])
async def test_a_refusal_tells_the_status_and_no_token(server: Stub, log: Kept, status: int) -> None:
    server.reply = fixed(status, "invalid_token " + " ".join(TOKENS), "text/plain")
    chat = AppriseChat(SLACK)
    with pytest.raises(SourceError) as raised:
        await chat.say("Game day", "Phase 1", "info")
    await chat.close()
    said = f"{raised.value.message} {raised.value.hint} {raised.value!r}"
    assert raised.value.hint in (REFUSED, AWAY)
    assert (raised.value.hint == REFUSED) == (status in (400, 403, 404))
    assert raised.value.status == status
    assert not [token for token in TOKENS if token in said or any(token in line for line in log.lines)]


async def test_a_dead_service_is_told_without_its_address(server: Stub, log: Kept) -> None:
    async def cut(asked: Asked) -> web.StreamResponse:
        assert asked.request.transport is not None
        asked.request.transport.abort()
        return web.Response()

    server.reply = cut
    for address in (SLACK, hook(server)):
        chat = AppriseChat(address)
        with pytest.raises(SourceError) as raised:
            await chat.say("Game day", "Phase 1", "info")
        await chat.close()
        for secret in (*TOKENS, "hook-with-its-secret"):
            assert secret not in raised.value.message
            assert not any(secret in line for line in log.lines)


@pytest.mark.parametrize(
    "address",
    [
        "slack://tokenA/tokenB",
        "nonsense://secret-path",
        "secret-without-scheme",
        "https://hooks.slack.example/secret-path",
        "msteams://secret-path",
    ],
)
async def test_an_address_that_is_none_is_said_at_once_without_repeating_it(log: Kept, address: str) -> None:
    chat = AppriseChat(address)
    with pytest.raises(SourceError) as raised:
        await chat.open()
    await chat.close()
    said = raised.value.message + "\n".join(log.lines)
    assert raised.value.hint == NO_ADDRESS
    assert not [
        part for part in ("tokenA", "tokenB", "tokenC", "secret") if part in said.replace("secret)", "")
    ]


async def test_several_addresses_are_told_each_once_whoever_fails(server: Stub) -> None:
    failing = True

    async def reply(asked: Asked) -> web.StreamResponse:
        return web.Response(status=500 if failing and asked.path == "/second-one" else 200)

    server.reply = reply
    chat = AppriseChat(
        f"{hook(server, 'first-one')}\n{hook(server, 'second-one')} {hook(server, 'third-one')}"
    )
    with pytest.raises(SourceError, match="1 of 3 channels did not take the message"):
        await chat.say("Game day", "Phase 1", "info")
    failing = False
    await chat.say("Game day", "Phase 1", "info")
    await chat.close()
    assert [asked.path for asked in server.asked] == [
        "/first-one",
        "/second-one",
        "/third-one",
        "/second-one",
    ]


async def test_one_that_hangs_is_given_up_and_not_told_twice(server: Stub) -> None:
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def reply(asked: Asked) -> web.StreamResponse:
        arrived.set()
        await answer.wait()
        return web.Response()

    server.reply = reply
    chat = AppriseChat(hook(server), timeout=0.2)
    with pytest.raises(SourceError, match=r"within 0\.2 s") as raised:
        await chat.say("Game day", "Phase 1", "info")
    assert raised.value.unsure
    await arrived.wait()
    with pytest.raises(SourceError, match="still on its way"):
        await chat.say("Game day", "Phase 1", "info")
    answer.set()
    await asyncio.wait_for(chat._free.wait(), 5)
    await chat.say("Game day", "Phase 1", "info")
    await chat.close()
    assert len(server.asked) == 1


async def test_the_threads_do_not_keep_the_process(server: Stub) -> None:
    server.reply = server.hang
    chat = AppriseChat(hook(server), timeout=0.1)
    with pytest.raises(SourceError):
        await chat.say("Game day", "Phase 1", "info")
    assert [thread.daemon for thread in threading.enumerate() if thread.name == CHAT] == [True]
    await chat.close()


def test_secrets_are_hidden_whole_in_part_and_as_they_are_quoted() -> None:
    secrets = Secrets("slack://one%2Ftoken/secondtoken?key=thirdtoken#x", "glsa_token")
    text = "one%2Ftoken one/token secondtoken thirdtoken glsa_token Slack"
    assert secrets.hidden(text) == "*** *** *** *** *** Slack"
    assert Secrets("").hidden("as it was") == "as it was"
