"""Every recorded refusal of a real API server, and every way to get no answer, in words that help."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlroom.clock import HeldClock
from controlroom.sources.errors import Doing, explain
from controlroom.sources.kubernetes_api import Api, Timeouts
from controlroom.sources.ports import SourceError
from tests.sources.kube_stub import CONTEXT, Stub, hang, says, served, streams

RECORDINGS = Path(__file__).parents[1] / "recordings" / "kubernetes"
READING = Doing(what="list pods", path="/api/v1/namespaces/bookstore/pods")
CHANGING = Doing(what="create podchaos x", path="/apis/chaos-mesh.org/v1alpha1/x", changes=True)


def refusals() -> Iterator[tuple[str, Any]]:
    for path in sorted(RECORDINGS.rglob("*.json")):
        recording = json.loads(path.read_text())
        response = recording.get("response")
        if isinstance(response, dict) and response.get("status", 0) >= 400:
            yield str(path.relative_to(RECORDINGS).with_suffix("")), recording


RECORDED = dict(refusals())


def explained(name: str) -> SourceError:
    request, response = RECORDED[name]["request"], RECORDED[name]["response"]
    body = response.get("body", "")
    raw = body if isinstance(body, str) else json.dumps(body)
    changes = request["method"] not in ("GET", "HEAD", "OPTIONS")
    doing = Doing(what="do it", path=request["path"], changes=changes)
    return explain(response["status"], response.get("headers", {}), raw.encode(), doing)


def test_there_are_recordings_to_walk() -> None:
    assert len(RECORDED) > 90
    assert {recording["response"]["status"] for recording in RECORDED.values()} >= {
        *(400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 500, 504)
    }


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_each_recorded_refusal_is_one_line_with_advice(name: str) -> None:
    error = explained(name)
    assert error.message.startswith("could not do it: ")
    assert len(error.message) > len("could not do it: ") + 8
    assert error.hint
    for text in (error.message, error.hint):
        assert "\n" not in text
        assert '"kind":"Status"' not in text.replace(" ", "")
    assert error.status == RECORDED[name]["response"]["status"]
    answered = error.status is not None and error.status < 500
    assert not (error.unsure and answered), "an answer below 500 leaves nothing open"


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("auth/expired-401", "does not accept the credential", "renew it"),
        ("auth/anonymous-403", "no credential was sent", "kubeconfig"),
        (
            "auth/viewer-create-podchaos-403",
            "bookstore-viewer may not create podchaos in namespace bookstore",
            "Role with create on podchaos",
        ),
        ("auth/viewer-list-pods-all-403", "may not list pods in the whole cluster", "Role"),
        ("chaos/create-webhook-denied-403", "unknown unit", "correct the manifest"),
        ("errors/namespace-terminating-403", "namespace is being deleted", "wait"),
        ("discovery/apis-missing-resource", "does not know this kind of Chaos Mesh", "install Chaos Mesh"),
        ("chaos/create-in-absent-namespace-404", "no namespace nowhere", "plan's namespaces"),
        ("delete/absent-404", "podchaos target is not there", "never made"),
        ("chaos/create-already-exists-409", "exists already", "a name of its own"),
        ("delete-hanging/4-create-meanwhile-409", "still being deleted", "finalizer"),
        ("delete/precondition-uid-409", "another object", "made again"),
        ("chaos/create-schema-422", "spec.gracePeriod: Invalid value: -1", "correct the manifest"),
        ("errors/flow-control-429", "too much to do", "asked again in 1 s"),
        ("errors/eviction-429", "needs 3 healthy pods", "come again in"),
        ("chaos/create-webhook-timeout-500", "context deadline exceeded", "chaos-controller-manager"),
        ("watch/list-exact-too-old-410", "too old", "listed afresh"),
    ],
)
def test_what_is_said(name: str, message: str, hint: str) -> None:
    error = explained(name)
    assert message in error.message
    assert hint in error.hint


def test_a_webhook_that_cannot_be_asked_has_done_nothing_another_500_may_have() -> None:
    assert not explained("chaos/create-webhook-unreachable-500").unsure
    assert explain(500, {}, b"etcdserver: request timed out", CHANGING).unsure
    assert not explain(500, {}, b"etcdserver: request timed out", READING).unsure


def test_retry_after_is_heeded() -> None:
    assert explained("errors/flow-control-429").retry_after == 1.0


def test_a_known_expiry_is_named() -> None:
    doing = Doing(what="list pods", expired="2026-11-23T19:00:00+00:00")
    assert "expired at 2026-11-23T19:00:00" in explain(401, {}, b"", doing).message


@pytest.mark.parametrize("status", [302, 404, 502])
def test_a_proxys_page_is_called_so(status: int) -> None:
    error = explain(status, {}, b"<html>sign in</html>", READING)
    assert "not a Kubernetes API" in error.message


def test_text_from_outside_is_harmless() -> None:
    body = json.dumps({"kind": "Status", "message": "\x1b]0;owned\x07a\nb", "code": 400}).encode()
    assert explain(400, {}, body, READING).message == "could not list pods: a b"


SHORT = Timeouts(connect=0.3, answer=0.3)


async def sent(stub: Stub, folder: Path, doing: Doing = CHANGING) -> SourceError:
    api = Api(stub.kubeconfig(folder), CONTEXT, HeldClock(), SHORT)
    try:
        with pytest.raises(SourceError) as caught:
            await api.send("POST", "/x", doing, body=b"{}")
        return caught.value
    finally:
        await api.close()


async def test_refused_connections_have_done_nothing(tmp_path: Path) -> None:
    stub = Stub()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        stub.port = bound.getsockname()[1]
        error = await sent(stub, tmp_path)
    assert "cannot be reached" in error.message
    assert f"127.0.0.1:{stub.port}" in error.hint
    assert not error.unsure


async def test_no_answer_leaves_it_open_for_a_change_only(tmp_path: Path) -> None:
    async with served() as stub:
        stub.on("POST", "/x", hang)
        error = await sent(stub, tmp_path)
        assert "does not answer" in error.message
        assert error.unsure
        assert not (await sent(stub, tmp_path, READING)).unsure


async def test_a_connection_that_breaks_after_sending_leaves_it_open(tmp_path: Path) -> None:
    async with served() as stub:
        stub.on("POST", "/x", streams(rest=b"{", then="cut"))
        error = await sent(stub, tmp_path)
        assert "connection broke" in error.message
        assert error.unsure


async def test_a_server_without_tls_is_not_trusted(tmp_path: Path) -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    stub = Stub()
    stub.port = server.sockets[0].getsockname()[1]
    config = stub.kubeconfig(tmp_path)
    config.write_text(config.read_text().replace("http://", "https://"))
    api = Api(config, CONTEXT, HeldClock(), SHORT)
    with pytest.raises(SourceError, match=r"certificate|cannot be reached") as caught:
        await api.get("/version", READING)
    assert not caught.value.unsure
    await api.close()
    server.close()
    await server.wait_closed()


async def test_a_name_that_does_not_resolve(tmp_path: Path) -> None:
    config = Stub().kubeconfig(tmp_path)
    config.write_text(config.read_text().replace("127.0.0.1:0", "no-such-host.invalid"))
    api = Api(config, CONTEXT, HeldClock(), Timeouts(connect=5.0, answer=5.0))
    with pytest.raises(SourceError, match=r"cannot be resolved: no-such-host\.invalid"):
        await api.get("/version", READING)
    await api.close()


async def test_answers_are_given_whole(tmp_path: Path) -> None:
    async with served() as stub:
        stub.on("GET", "/version", says({"major": "1"}))
        api = Api(stub.kubeconfig(tmp_path), CONTEXT, HeldClock(), SHORT)
        assert json.loads(await api.get("/version", READING)) == {"major": "1"}
        await api.close()
