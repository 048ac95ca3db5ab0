"""A real run in which everybody quotes secrets: servers, a login plug-in, a load, a chat. No file has one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from aiohttp import web

from controlroom.core import events as e
from controlroom.journal.reader import read_events
from tests.sources.loopback import Asked, stub

SECRETS = {
    "PROM_TOKEN": "planted-prometheus-4711",
    "API_KEY": "planted-header-4712",
    "ALERTS_PASSWORD": "planted-alerts-4713",
    "GRAFANA_TOKEN": "planted-grafana-4714",
    "LOAD_SECRET": "planted-load-4715",
    "PLUGIN": "planted-plugin-4716",
    "LINK": "planted-link-4717",
    "CHAT_PATH": "planted-chat-4718",
}
PLAN = """\
apiVersion: controlroom/v1
kind: GameDay
title: A day of slips
duration: 10m
environment: nowhere
bindings:
  cluster: {context: staging-bookstore, namespaces: [bookstore]}
  prometheus: ${PROMETHEUS_URL}
  alertmanager: ${ALERTMANAGER_URL}
  prometheus-login: {token: "${PROM_TOKEN}", headers: {X-Api-Key: "${API_KEY}"}}
  alertmanager-login: {username: robin, password: "${ALERTS_PASSWORD}"}
  grafana: ${GRAFANA_URL}
  chat: ${CHAT}
  kubeconfig: kubeconfig
load:
  command: [python3, load.py]
  environment: {DB_PASSWORD: "${LOAD_SECRET}", ADDRESS: "${LOADED_URL}"}
phases:
  - id: baseline
    title: Steady state
    duration: 5m
    kind: baseline
    steps:
      - {id: load, at: t=0, text: Start the load, kind: load-start}
  - {id: debrief, title: Debrief, duration: 5m}
metrics:
  - {id: latency, title: Latency, query: up}
"""
LOAD = """\
import os, urllib.request
print("connecting with", os.environ["DB_PASSWORD"], flush=True)
print("postgres://app:%s@db/orders" % os.environ["DB_PASSWORD"], flush=True)
urllib.request.urlopen(os.environ["ADDRESS"]).read()
raise SystemExit("login refused: password=" + os.environ["DB_PASSWORD"])
"""


def kubeconfig(address: str) -> str:
    said = f"echo 'refused: client_secret={SECRETS['PLUGIN']}' >&2; exit 1"
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "sh", "args": ["-c", said],
    }  # fmt: skip
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "staging-bookstore",
            "contexts": [{"name": "staging-bookstore", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": address}}],
            "users": [{"name": "u", "user": {"exec": plugin}}],
        }
    )


async def quoting(asked: Asked) -> web.StreamResponse:
    """A server that answers with what it was sent, and with a link that has a password."""
    heads = "; ".join(f"{name}: {value}" for name, value in asked.request.headers.items())
    link = f"see https://ops:{SECRETS['LINK']}@wiki.example/"
    body = {
        "status": "error",
        "errorType": "internal",
        "error": f"{heads} {link}",
        "message": f"{heads} {link}",
    }
    return web.json_response(body, status=500)


async def test_no_file_of_the_session_and_no_word_on_the_terminal_has_a_secret(tmp_path: Path) -> None:
    loaded, told = asyncio.Event(), asyncio.Event()

    async def load(asked: Asked) -> web.StreamResponse:
        loaded.set()
        return web.Response(text="ok")

    async def chat(asked: Asked) -> web.StreamResponse:
        told.set()
        return await quoting(asked)

    async with stub(quoting) as servers, stub(load) as orders, stub(chat) as channel:
        (tmp_path / "kubeconfig").write_text(kubeconfig(servers.url))
        (tmp_path / "day.yaml").write_text(PLAN)
        (tmp_path / "load.py").write_text(LOAD)
        environment = {
            **os.environ, **SECRETS, "LOADED_URL": orders.url,
            "PROMETHEUS_URL": servers.url, "ALERTMANAGER_URL": servers.url, "GRAFANA_URL": servers.url,
            "CHAT": channel.url.replace("http://", "json://") + f"/{SECRETS['CHAT_PATH']}",
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "controlroom.cli", "run", "day.yaml", "--headless", "--sessions", "sessions"),
            cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(60):
                await loaded.wait()
                await told.wait()
            process.terminate()
            async with asyncio.timeout(60):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
    found = {"the terminal": out + err} | {
        path.name: path.read_bytes() for path in (tmp_path / "sessions").rglob("*") if path.is_file()
    }
    assert {"journal.jsonl", "session.json", "session.md", "session.html", "host.log", "load.log"} <= set(
        found
    )
    for name, data in found.items():
        assert [secret for secret in SECRETS.values() if secret.encode() in data] == [], name
    (journal,) = (tmp_path / "sessions").glob("*/journal.jsonl")
    failed = [event.body for event in read_events(journal) if isinstance(event.body, e.SourceFailed)]
    assert {own.source for own in failed} >= {"prometheus", "kubernetes"}
    assert b"***" in found["load.log"] and b"***" in found["journal.jsonl"]
