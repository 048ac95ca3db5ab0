"""A cluster on loopback that takes any number of chaos objects and says of each at once that it acts.

`python -m benchmarks.faulty FOLDER` writes a plan with its manifests and a kubeconfig there, prints its address as one
line of JSON, and serves until its standard input ends. To each line on it, it answers with the deletions that came
since the last: a JSON list of [name, monotonic seconds at which the request was there].
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from benchmarks.serving import came, served

CONTEXT, NAMESPACE, GROUP = "staging-bookstore", "bookstore", "chaos-mesh.org/v1alpha1"
KINDS = {
    "networkchaos": "NetworkChaos",
    "podchaos": "PodChaos",
    "stresschaos": "StressChaos",
    "schedules": "Schedule",
}
TARGETS = ("target-1", "target-2")

TYPED = {"checks": "failed checks", "unbounded": "unbounded"}
"""What is typed at a start: there is no Prometheus, and a Schedule does not end by itself."""

Document = dict[str, Any]


def write_plan(folder: Path, faults: int, schedules: int = 0) -> Path:
    """A day with that many experiments: the last are Schedules, which make other faults."""
    chaos = {
        "action": "delay",
        "mode": "one",
        "selector": {"namespaces": [NAMESPACE], "labelSelectors": {"app": "target"}},
        "delay": {"latency": "10ms"},
        "direction": "to",
        "target": {
            "mode": "one",
            "selector": {"namespaces": [NAMESPACE], "labelSelectors": {"app": "target"}},
        },
    }
    _manifest(folder / "fault.yaml", "NetworkChaos", chaos)
    schedule = {
        "schedule": "@every 1h",
        "type": "NetworkChaos",
        "concurrencyPolicy": "Forbid",
        "networkChaos": chaos,
    }
    _manifest(folder / "schedule.yaml", "Schedule", schedule)
    files = ["fault.yaml"] * (faults - schedules) + ["schedule.yaml"] * schedules
    names = [f"fault-{number:02}" for number in range(1, faults + 1)]
    steps = [{"id": f"inject-{name}", "text": name, "at": "t=15", "experiment": name} for name in names]
    steps.append({"id": "clean-up", "text": "Clean up", "at": "t=50", "kind": "clean-up"})
    plan = {
        "apiVersion": "controlroom/v1",
        "kind": "GameDay",
        "title": "Many faults",
        "environment": "Dev/Staging",
        "duration": "60m",
        "bindings": {
            "cluster": {"context": CONTEXT, "namespaces": [NAMESPACE]},
            "prometheus": "http://127.0.0.1:9",
            "alertmanager": "http://127.0.0.1:9",
        },
        "phases": [
            {"id": "baseline", "title": "Baseline", "kind": "baseline", "duration": "15m"},
            {"id": "inject", "title": "Inject", "kind": "inject", "duration": "45m", "steps": steps},
        ],
        "experiments": [
            {"id": name, "title": name, "manifest": file} for name, file in zip(names, files, strict=True)
        ],
        "metrics": [{"id": "up", "title": "Up", "worse": "lower", "criterion": True, "query": "sum(up)"}],
    }
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(plan, sort_keys=False))
    return path


def _manifest(path: Path, kind: str, spec: Document) -> None:
    meta = {"name": path.stem, "namespace": NAMESPACE}
    path.write_text(yaml.safe_dump({"apiVersion": GROUP, "kind": kind, "metadata": meta, "spec": spec}))


def write_kubeconfig(folder: Path, server: str) -> Path:
    path = folder / "kubeconfig"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": "faulty", "cluster": {"server": server}}],
        "users": [{"name": "somebody", "user": {"token": "none"}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": "faulty", "user": "somebody"}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path


class Faulty:
    """What the API server answers. `before_delete` is awaited before each answer to a DELETE."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Document]] = defaultdict(dict)
        self.deletions: list[tuple[str, float]] = []
        """Name, and monotonic seconds at which the request was there."""
        self.before_delete: Callable[[str], Awaitable[None]] | None = None
        self._version = 1
        self._watches: dict[str, set[asyncio.Queue[bytes]]] = defaultdict(set)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path, method = request.path, request.method
        if path == "/version":
            return web.json_response({"major": "1", "minor": "36", "gitVersion": "v1.36.0"})
        if path == f"/apis/{GROUP}":
            found = [{"name": name, "kind": kind, "namespaced": True} for name, kind in KINDS.items()]
            return web.json_response({"kind": "APIResourceList", "groupVersion": GROUP, "resources": found})
        if path.endswith("/selfsubjectaccessreviews"):
            return web.json_response({"status": {"allowed": True}}, status=201)
        parts = path.partition(f"/namespaces/{NAMESPACE}/")[2].split("/")
        plural, name = parts[0], "/".join(parts[1:])
        match method:
            case "POST":
                return self._create(plural, await request.json(), dry="dryRun" in request.query)
            case "DELETE":
                self.deletions.append((name, came(request)))
                if self.before_delete is not None:
                    await self.before_delete(name)
                return self._delete(plural, name)
        if name:
            held = self.objects[plural].get(name)
            return web.json_response(held) if held else _status(404, "NotFound", name)
        if request.query.get("watch"):
            return await self._watch(request, plural)
        items = [_pod(own) for own in TARGETS] if plural == "pods" else list(self.objects[plural].values())
        return web.json_response({"metadata": {"resourceVersion": str(self._version)}, "items": items})

    def _create(self, plural: str, made: Document, *, dry: bool) -> web.Response:
        if plural not in KINDS:
            return _status(404, "NotFound", plural)
        self._version += 1
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        uid = f"00000000-0000-4000-8000-{self._version:012}"
        more = {"uid": uid, "creationTimestamp": now, "resourceVersion": str(self._version)}
        made["metadata"] |= more | {"finalizers": ["chaos-mesh/records"]}
        if plural != "schedules":
            made["status"] = _acting(now)
        if not dry:
            self.objects[plural][made["metadata"]["name"]] = made
            self._tell(plural, "ADDED", made)
        return web.json_response(made, status=201)

    def _delete(self, plural: str, name: str) -> web.Response:
        gone = self.objects[plural].pop(name, None)
        if gone is None:
            return _status(404, "NotFound", name)
        self._version += 1
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        gone["metadata"] |= {
            "deletionTimestamp": now,
            "resourceVersion": str(self._version),
            "finalizers": [],
        }
        if plural != "schedules":
            gone["status"] = _recovered(gone["status"], now)
        self._tell(plural, "DELETED", gone)
        return web.json_response({"kind": "Status", "status": "Success"})

    def _tell(self, plural: str, kind: str, found: Document) -> None:
        line = json.dumps({"type": kind, "object": found}).encode() + b"\n"
        for queue in self._watches[plural]:
            queue.put_nowait(line)

    async def _watch(self, request: web.Request, plural: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._watches[plural].add(queue)
        await response.prepare(request)
        try:
            async with asyncio.timeout(float(request.query.get("timeoutSeconds", 25))):
                while True:
                    await response.write(await queue.get())
        except (TimeoutError, ConnectionError):
            pass  # its time is over, or whoever watched has gone
        finally:
            self._watches[plural].discard(queue)
        return response


def _status(code: int, reason: str, name: str) -> web.Response:
    body = {"kind": "Status", "status": "Failure", "reason": reason, "code": code, "details": {"name": name}}
    return web.json_response(body, status=code)


def _pod(name: str) -> Document:
    meta = {"name": name, "namespace": NAMESPACE, "uid": f"uid-{name}", "labels": {"app": "target"}}
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T19:00:30Z"}
    return {
        "metadata": meta | {"resourceVersion": "1", "creationTimestamp": "2026-11-23T19:00:00Z"},
        "spec": {"nodeName": "node-1"},
        "status": {"phase": "Running", "conditions": [ready]},
    }


def _acting(now: str) -> Document:
    record = {
        "id": f"{NAMESPACE}/{TARGETS[0]}",
        "selectorKey": ".",
        "phase": "Injected",
        "injectedCount": 1,
        "recoveredCount": 0,
        "events": [{"operation": "Apply", "type": "Succeeded", "timestamp": now}],
    }
    conditions = [{"type": name, "status": "True"} for name in ("Selected", "AllInjected")]
    return {"conditions": conditions, "experiment": {"desiredPhase": "Run", "containerRecords": [record]}}


def _recovered(status: Document, now: str) -> Document:
    (record,) = status["experiment"]["containerRecords"]
    done = {"operation": "Recover", "type": "Succeeded", "timestamp": now}
    over = record | {"phase": "Not Injected", "recoveredCount": 1, "events": [*record["events"], done]}
    conditions = [{"type": name, "status": "True"} for name in ("Selected", "AllRecovered")]
    return {"conditions": conditions, "experiment": {"desiredPhase": "Stop", "containerRecords": [over]}}


async def serve(folder: Path) -> None:
    """Until standard input ends."""
    cluster = Faulty()
    async with served(cluster.handle) as server:
        write_kubeconfig(folder, server)
        print(json.dumps({"server": server}), flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            told, cluster.deletions = cluster.deletions, []
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
