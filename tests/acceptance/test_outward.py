"""What a real run tells outside, from the command line on; and that a rehearsal tells nothing."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from aiohttp import web

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.journal.reader import read_events
from tests.host.live import live_host
from tests.sources.grafana_stub import TOKEN, FakeGrafana, refusal
from tests.sources.loopback import Asked, Stub, fixed, stub

SECRET_PATH = "hook-with-its-secret"
INTERRUPTED = 130
PLAN = """\
apiVersion: controlroom/v1
kind: GameDay
title: A short day
duration: 10m
environment: nowhere
bindings:
  cluster: {context: staging-bookstore, namespaces: [bookstore]}
  prometheus: http://127.0.0.1:1
  alertmanager: http://127.0.0.1:1
  grafana: ${GRAFANA_URL}
  chat: ${CHAT}
  kubeconfig: kubeconfig
grafana:
  panels: [{title: Orders, dashboard: abc, panel: 4}]
phases:
  - {id: baseline, title: Steady state, duration: 5m, kind: baseline}
  - {id: debrief, title: Debrief, duration: 5m}
metrics:
  - {id: latency, title: Latency, query: up}
"""
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: staging-bookstore
contexts: [{name: staging-bookstore, context: {cluster: c, user: u, namespace: bookstore}}]
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
"""


async def run_until(place: Path, told: asyncio.Event, chat: Stub, grafana: Stub) -> Path:
    """A headless run that is told to end once `told` is set; returns the session's folder."""
    (place / "kubeconfig").write_text(KUBECONFIG)
    (place / "day.yaml").write_text(PLAN)
    address = chat.url.replace("http://", "json://") + f"/{SECRET_PATH}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "controlroom.cli", "run", "day.yaml", "--headless", "--sessions", "sessions"),
        cwd=place,
        env={**os.environ, "CHAT": address, "GRAFANA_URL": grafana.url, "GRAFANA_TOKEN": TOKEN},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(30):
            await told.wait()
        process.terminate()
        async with asyncio.timeout(30):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == INTERRUPTED, err
    for secret in (SECRET_PATH, TOKEN):
        assert secret not in out.decode() + err.decode()
    (folder,) = (place / "sessions").iterdir()
    return folder


def leaked(folder: Path) -> list[str]:
    """Files of a session that hold a secret."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"journal.jsonl", "session.json", "session.md", "host.log"} <= {path.name for path in files}
    secrets = (SECRET_PATH.encode(), TOKEN.encode())
    return [path.name for path in files if any(secret in path.read_bytes() for secret in secrets)]


async def test_a_run_tells_its_chat_and_marks_its_dashboards(tmp_path: Path) -> None:
    told, fake = asyncio.Event(), FakeGrafana()

    async def grafana(asked: Asked) -> web.StreamResponse:
        answer = await fake.reply(asked)
        told.set()
        return answer

    async with stub(fixed(200, "ok", "text/plain")) as chat, stub(grafana) as dashboards:
        folder = await run_until(tmp_path, told, chat, dashboards)
        said = [json.loads(asked.body)["message"].partition(" UTC ")[2] for asked in chat.asked]
    assert said[:2] == ["Phase 1 of 2: Steady state (5 min)", "Verdict: inconclusive"]
    assert said[2].endswith(": interrupted")
    assert [(own["text"], "timeEnd" in own) for own in fake.annotations.values()] == [("Steady state", True)]
    bodies = [event.body for event in read_events(folder / "journal.jsonl")]
    assert [own.told for own in bodies if isinstance(own, e.ToldOutward)] == [True] * 5
    assert isinstance(bodies[-1], e.SessionClosed)
    assert (folder / "pictures" / "end-orders.png").stat().st_mode & 0o777 == 0o600
    assert "![Orders](<pictures/end-orders.png>)" in (folder / "session.md").read_text()
    assert leaked(folder) == []


async def test_a_chat_and_a_grafana_that_refuse_leave_their_reasons_and_no_secret(tmp_path: Path) -> None:
    refused, asked_of = asyncio.Event(), set()

    async def reply(asked: Asked) -> web.StreamResponse:
        asked_of.add("chat" if SECRET_PATH in asked.path else "grafana")
        if len(asked_of) == 2:
            refused.set()
        return refusal(403, f"not with {TOKEN} at {asked.path}")

    async with stub(reply) as server:
        folder = await run_until(tmp_path, refused, server, server)
    bodies = [event.body for event in read_events(folder / "journal.jsonl")]
    failures = [own for own in bodies if isinstance(own, e.SourceFailed)]
    assert {own.source for own in failures} >= {"chat", "grafana"}
    assert all(own.hint for own in failures if own.source in ("chat", "grafana"))
    assert {own.told for own in bodies if isinstance(own, e.ToldOutward)} == {False}
    assert leaked(folder) == []


async def test_a_rehearsal_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stub() as outside:
        monkeypatch.setenv("CHAT_WEBHOOK_URL", outside.url.replace("http://", "json://"))
        monkeypatch.setenv("GRAFANA_URL", outside.url)
        monkeypatch.setenv("GRAFANA_TOKEN", TOKEN)
        async with live_host(tmp_path) as host:
            viewer = await host.viewer()
            await viewer.do(i.NextPhase())
            await viewer.do(i.HaltAll())
            await viewer.do(i.End())
            await viewer.over()
        assert outside.asked == []
    assert not [event for event in viewer.events if isinstance(event.body, e.ToldOutward)]
    opened = viewer.state.opened
    assert opened is not None
    assert (opened.bindings.chat, opened.bindings.grafana) == (None, None)
