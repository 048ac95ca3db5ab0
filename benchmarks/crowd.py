"""A crowded cluster on loopback: 5,000 pods that can change 500 times a second, and a Prometheus that can hang.

`python -m benchmarks.crowd FOLDER` writes a kubeconfig there, prints its addresses as one line of JSON, and serves
until its standard input ends. The line `busy` on it begins the changes and makes Prometheus hang for good.
The pods are those of the recordings: with managed fields and all, about 5 KB each, as a real server sends them.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml
from aiohttp import web

from benchmarks.serving import served

PODS, CHANGES = 5000, 500
"""Pods, and changes of them in a real second."""
TURN = 0.01
"""Real seconds between two helpings of changes."""
CONTEXT, NAMESPACE = "staging-bookstore", "bookstore"
RECORDED = Path(__file__).parent.parent / "tests" / "recordings" / "kubernetes" / "pods" / "get.json"
KEPT = 20_000
"""Changes that a watch may be behind."""


@dataclass
class Pod:
    name: str
    uid: str
    restarts: int = 0
    ready: bool = True
    waiting: str = ""
    """Why its container does not run."""


class Crowd:
    """The pods, and every change of them as a line of a watch."""

    def __init__(self, number: int = PODS, seed: int = 7) -> None:
        self._rng = random.Random(seed)
        self._template = json.loads(RECORDED.read_text())["response"]["body"]
        self._made = 0
        self.version = 1000
        self.pods = [self._new() for _ in range(number)]
        self.changes: deque[bytes] = deque(maxlen=KEPT)
        """The newest last; its resourceVersion is :attr:`version`."""
        self.news = asyncio.Event()

    def _new(self) -> Pod:
        self._made += 1
        app = ("catalogue", "checkout", "search", "profile", "mail")[self._made % 5]
        return Pod(name=f"{app}-7d9c6b5f4d-{self._made:05}", uid=f"00000000-0000-4000-8000-{self._made:012}")

    def json(self, pod: Pod, version: int) -> dict[str, Any]:
        """The pod as the server has it."""
        base, app = self._template, pod.name.split("-")[0]
        owner = {**base["metadata"]["ownerReferences"][0], "name": pod.name[:-6]}
        meta = {
            **base["metadata"],
            "name": pod.name,
            "namespace": NAMESPACE,
            "uid": pod.uid,
            "resourceVersion": str(version),
            "labels": {"app": app, "pod-template-hash": "7d9c6b5f4d"},
            "ownerReferences": [owner],
        }
        conditions = [
            {**one, "status": "True" if pod.ready else "False"} if "Ready" in one["type"] else one
            for one in base["status"]["conditions"]
        ]
        container = {
            **base["status"]["containerStatuses"][0],
            "ready": pod.ready,
            "restartCount": pod.restarts,
        }
        if pod.waiting:
            container["state"] = {"waiting": {"reason": pod.waiting}}
        status = {**base["status"], "conditions": conditions, "containerStatuses": [container]}
        return {**base, "metadata": meta, "status": status}

    def change(self) -> None:
        """One pod changes in what a facilitator looks at: readiness, restarts, reason, or it is replaced."""
        index = self._rng.randrange(len(self.pods))
        pod = self.pods[index]
        if pod.waiting:
            pod.waiting, pod.restarts = "", pod.restarts + 1
        elif not pod.ready:
            pod.ready = True
        elif self._rng.random() < 0.1:
            self._tell("DELETED", pod)
            pod = self.pods[index] = self._new()
            self._tell("ADDED", pod)
            return
        else:
            pod.ready = False
            pod.waiting = "CrashLoopBackOff" if self._rng.random() < 0.5 else ""
        self._tell("MODIFIED", pod)

    def _tell(self, kind: str, pod: Pod) -> None:
        self.version += 1
        line = {"type": kind, "object": self.json(pod, self.version)}
        self.changes.append(msgspec.json.encode(line) + b"\n")

    async def live(self, rate: float = CHANGES) -> None:
        """Changes at an even pace, until cancelled. What the machine keeps from its turn comes with the next."""
        began, first = time.monotonic(), self.version
        while True:
            await asyncio.sleep(TURN)
            while self.version - first < (time.monotonic() - began) * rate:
                self.change()
            news, self.news = self.news, asyncio.Event()
            news.set()

    def since(self, version: int) -> bytes:
        """The lines after that version."""
        behind = self.version - version
        if behind > len(self.changes):
            raise web.HTTPGone
        return b"".join(self.changes[index] for index in range(len(self.changes) - behind, len(self.changes)))


class Servers:
    """What the two servers answer."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._busy = False
        self._living: asyncio.Task[None] | None = None

    def be_busy(self) -> None:
        self._busy = True
        self._living = asyncio.create_task(self._crowd.live())

    async def kubernetes(self, request: web.Request) -> web.StreamResponse:
        path, query = request.path, request.query
        if path == "/version":
            return web.json_response({"major": "1", "minor": "30", "gitVersion": "v1.30.0"})
        if f"/namespaces/{NAMESPACE}/" not in path:
            raise web.HTTPNotFound
        pods = path.endswith("/pods")
        if query.get("watch"):
            return await self._watch(request, pods)
        return self._pods(query) if pods else web.json_response(self._list(self._crowd.version, []))

    @staticmethod
    def _list(version: int, items: list[Any], following: str = "") -> dict[str, Any]:
        return {"metadata": {"resourceVersion": str(version), "continue": following}, "items": items}

    def _pods(self, query: Any) -> web.Response:
        """One page; the changes begin only when every list has been read."""
        start, limit = int(query.get("continue") or 0), int(query.get("limit") or PODS)
        crowd = self._crowd
        page = [crowd.json(pod, crowd.version) for pod in crowd.pods[start : start + limit]]
        following = str(start + limit) if start + limit < len(crowd.pods) else ""
        body = msgspec.json.encode(self._list(crowd.version, page, following))
        return web.Response(body=body, content_type="application/json")

    async def _watch(self, request: web.Request, pods: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        crowd, at = self._crowd, int(request.query["resourceVersion"])
        try:
            async with asyncio.timeout(float(request.query.get("timeoutSeconds", 25))):
                while pods:
                    news = crowd.news
                    lines, at = crowd.since(at), crowd.version
                    if lines:
                        await response.write(lines)
                    await news.wait()
                await asyncio.Event().wait()
        except TimeoutError:
            bookmark = {
                "type": "BOOKMARK",
                "object": {"kind": "Pod", "metadata": {"resourceVersion": str(at)}},
            }
            await response.write(msgspec.json.encode(bookmark) + b"\n")
        except ConnectionError:
            pass  # whoever watched has gone
        return response

    async def prometheus(self, request: web.Request) -> web.StreamResponse:
        """Answers whatever was asked for the plan's metrics with numbers; once busy, never anything."""
        if self._busy:
            await asyncio.Event().wait()
        if request.path.startswith("/api/v2/"):
            return web.json_response([])
        asked = {**request.query, **(await request.post())}
        query, now = str(asked.get("query", "")), time.time()
        if request.path.endswith("/query_range"):
            first, end, step = (float(str(asked[name])) for name in ("start", "end", "step"))
            steps = [first + index * step for index in range(int((end - first) / step) + 1)]
            names = re.findall(r'"controlroom_metric", "(\d+)"', query)
            found = [
                {"metric": {"controlroom_metric": name}, "values": _values(name, steps)} for name in names
            ]
            return _success({"resultType": "matrix", "result": found})
        if query == "time()":
            return _success({"resultType": "scalar", "result": [now, f"{now:.3f}"]})
        if request.path.endswith("/query"):
            return _success({"resultType": "vector", "result": []})
        return _success({"groups": []})


def _values(name: str, steps: list[float]) -> list[list[object]]:
    rng = random.Random(name)
    return [[at, f"{10 * (1 + int(name)) + rng.random():.4f}"] for at in steps]


def _success(data: object) -> web.Response:
    return web.json_response({"status": "success", "data": data})


def _kubeconfig(server: str) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "clusters": [{"name": "crowd", "cluster": {"server": server}}],
            "users": [{"name": "somebody", "user": {"token": "none"}}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": "crowd", "user": "somebody"}}],
        }
    )


async def serve(folder: Path) -> None:
    """Until standard input ends."""
    servers = Servers(Crowd())
    async with served(servers.kubernetes) as cluster, served(servers.prometheus) as metrics:
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(_kubeconfig(cluster))
        print(json.dumps({"kubeconfig": str(kubeconfig), "prometheus": metrics}), flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            if line.strip() == "busy":
                servers.be_busy()
                print(f"busy since {datetime.now(UTC):%H:%M:%S}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
