"""The lab as it runs: its servers, its clock, its control API, its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import stat
import sys
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from controlroom.lab import lab as lab_module
from controlroom.lab.lab import Lab
from controlroom.lab.prometheus.rule_files import RuleFileError
from controlroom.lab.settings import Addresses, LabSettings
from tests.lab.staging_day import EXPERIMENTS, POD_KILL, RULES

DAY = 24 * 3600


class Caller:
    """Speaks HTTP to a running lab."""

    def __init__(self, lab: Lab, addresses: Addresses, session: aiohttp.ClientSession) -> None:
        self.lab = lab
        self.addresses = addresses
        self._session = session

    async def get(self, url: str) -> Any:
        async with self._session.get(url) as answer:
            answer.raise_for_status()
            return await answer.json(content_type=None)

    async def send(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        url = path if path.startswith("http") else self.addresses.control + path
        async with self._session.request(method, url, json=body) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith(("{", "[")) else text

    async def header(self, url: str, name: str) -> str:
        async with self._session.get(url) as answer:
            return answer.headers[name]

    async def clock(self) -> float:
        reading: dict[str, float] = await self.get(self.addresses.control + "/clock")
        return reading["now"]

    async def query(self, expr: str) -> Any:
        async with self._session.get(
            f"{self.addresses.prometheus}/api/v1/query", params={"query": expr}
        ) as answer:
            return (await answer.json())["data"]["result"]

    async def until(self, now: float) -> None:
        """Returns once the lab's clock is past `now`."""
        await self.lab.clock.sleep(now - self.lab.clock.time())


@contextlib.asynccontextmanager
async def running(settings: LabSettings) -> AsyncIterator[Caller]:
    lab = Lab(settings)
    try:
        addresses = await lab.start()
        async with aiohttp.ClientSession() as session:
            yield Caller(lab, addresses, session)
    finally:
        await lab.stop()


@pytest.fixture
async def caller(tmp_path: Path) -> AsyncIterator[Caller]:
    settings = LabSettings(rate=100.0, rules=RULES, kubeconfig=tmp_path / "kubeconfig", responder=True)
    async with running(settings) as found:
        yield found


async def test_all_servers_answer_on_loopback(caller: Caller) -> None:
    addresses = caller.addresses
    for url in (addresses.kubernetes, addresses.prometheus, addresses.alertmanager, addresses.control):
        assert url.startswith("http://127.0.0.1:")
    assert (await caller.get(addresses.kubernetes + "/version"))["major"] == "1"
    pods = await caller.get(addresses.kubernetes + "/api/v1/namespaces/bookstore/pods")
    assert len(pods["items"]) == 10
    assert await caller.get(addresses.alertmanager + "/api/v2/alerts") == []
    await caller.until(caller.lab.staging.settings.start + 10)
    up = await caller.query("count(up == 1)")
    assert up[0]["value"][1] == "12"


def test_the_kubeconfig_is_private_and_names_the_context(caller: Caller) -> None:
    path = Path(caller.addresses.kubeconfig)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = yaml.safe_load(path.read_text())
    assert written["current-context"] == caller.addresses.context == "staging-bookstore"
    assert written["clusters"][0]["cluster"]["server"] == caller.addresses.kubernetes


async def test_time_starts_a_day_back_on_a_whole_minute(caller: Caller) -> None:
    start = caller.lab.staging.settings.start
    assert start % 60 == 0
    assert DAY <= time.time() - start <= 26 * 3600
    assert await caller.clock() >= start


async def test_a_servers_date_is_virtual(caller: Caller) -> None:
    for url in (caller.addresses.kubernetes + "/version", caller.addresses.prometheus + "/-/ready"):
        before = await caller.clock()
        date = parsedate_to_datetime(await caller.header(url, "Date")).timestamp()
        assert before - 1 <= date <= await caller.clock()


async def test_the_clock_runs_at_its_rate_and_can_be_held(caller: Caller) -> None:
    before, real = await caller.clock(), time.monotonic()
    await caller.until(before + 30)
    elapsed = time.monotonic() - real
    passed = await caller.clock() - before
    # It may be slower where the machine is busy, and is never faster.
    assert 30 <= passed < 1.5 * 100 * elapsed
    status, reading = await caller.send("PUT", "/clock", {"rate": 0})
    assert (status, reading["rate"]) == (200, 0)
    held = await caller.clock()
    await asyncio.sleep(0.05)
    assert await caller.clock() == held
    await caller.send("PUT", "/clock", {"rate": 100})
    await caller.until(held + 1)


@pytest.mark.parametrize("body", [{"rate": 121}, {"rate": -1}, {"rate": "fast"}, {}, {"rate": 1, "x": 2}])
async def test_a_rate_that_is_none_is_refused(caller: Caller, body: object) -> None:
    status, answer = await caller.send("PUT", "/clock", body)
    assert status == 400
    assert answer["error"]


async def test_the_load_is_switched(caller: Caller) -> None:
    accepted = (await caller.get(caller.addresses.control + "/status"))["orders_accepted"]
    await caller.send("PUT", "/load", {"running": True})
    await caller.until(await caller.clock() + 10)
    status = await caller.get(caller.addresses.control + "/status")
    assert status["load"]
    assert status["orders_accepted"] > accepted + 400
    await caller.send("PUT", "/load", {"running": False})
    truth = await caller.get(caller.addresses.control + "/truth")
    assert [one["running"] for one in truth["load"]] == [True, False]


async def test_a_fault_over_http_is_felt_alerted_and_acknowledged(caller: Caller) -> None:
    await caller.send("PUT", "/load", {"running": True})
    await caller.until(await caller.clock() + 60)
    manifest = yaml.safe_load((EXPERIMENTS / POD_KILL).read_text())
    path = "/apis/chaos-mesh.org/v1alpha1/namespaces/bookstore/podchaos"
    before = await caller.clock()
    status, created = await caller.send("POST", caller.addresses.kubernetes + path, manifest)
    after = await caller.clock()
    assert status == 201
    await caller.until(after + 120)
    truth = await caller.get(caller.addresses.control + "/truth")
    killed = [one["t"] for one in truth["faults"]]
    assert len(killed) == 2
    assert all(before <= t < after + 2 for t in killed)
    fired = [one["t"] for one in truth["rules"] if one["after"] == "firing"]
    assert len(fired) == 1
    assert 10 <= fired[0] - killed[0] < 25
    silences = await caller.get(caller.addresses.alertmanager + "/api/v2/silences")
    assert [silence["createdBy"] for silence in silences] == ["on-call"]
    assert {matcher["name"]: matcher["value"] for matcher in silences[0]["matchers"]} == {
        "alertname": "InventoryReplicasLow",
        "cluster": "staging-bookstore",
    }
    assert created["metadata"]["creationTimestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("kind", "status", "shown"),
    [("500", 500, "internal server error"), ("html", 200, "<html>"), ("nan", 200, "NaN")],
)
async def test_trouble_with_prometheus(caller: Caller, kind: str, status: int, shown: str) -> None:
    await caller.until(caller.lab.staging.settings.start + 10)
    url = caller.addresses.prometheus + "/api/v1/query?query=count(up)"
    await caller.send("PUT", "/trouble/prometheus", {"kind": kind})
    answered, body = await caller.send("GET", url)
    assert answered == status
    assert shown in json.dumps(body)
    await caller.send("PUT", "/trouble/prometheus", {})
    assert (await caller.query("count(up)"))[0]["value"][1] == "12"


@pytest.mark.parametrize("server", ["prometheus", "alertmanager"])
async def test_a_stopped_server_closes_the_connection(caller: Caller, server: str) -> None:
    url = getattr(caller.addresses, server) + "/-/healthy"
    await caller.send("PUT", f"/trouble/{server}", {"kind": "stopped"})
    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.get(url)
    await caller.send("PUT", f"/trouble/{server}", {"kind": "none"})
    status, _ = await caller.send("GET", url)
    assert status == 200


async def test_trouble_with_kubernetes(caller: Caller) -> None:
    url = caller.addresses.kubernetes + "/api/v1/namespaces/bookstore/pods"
    refusal = {"status": 429, "verb": "list", "retry_after": 3}
    await caller.send("PUT", "/trouble/kubernetes", {"refusals": [refusal]})
    status, _ = await caller.send("GET", url)
    assert status == 429
    await caller.send("PUT", "/trouble/kubernetes", {})
    status, _ = await caller.send("GET", url)
    assert status == 200


async def test_the_responder_is_switched(caller: Caller) -> None:
    await caller.send("PUT", "/responder", {"on": False})
    assert (await caller.get(caller.addresses.control + "/status"))["responder"] is False


async def test_the_metrics_page_warns_of_virtual_time(caller: Caller) -> None:
    status, text = await caller.send("GET", "/metrics")
    assert status == 200
    assert text.startswith("# Virtual time")


async def test_stop_over_http_ends_the_lab(caller: Caller) -> None:
    waiting = asyncio.create_task(caller.lab.wait())
    assert (await caller.send("POST", "/stop"))[0] == 202
    await asyncio.wait_for(waiting, 5)


async def test_a_lab_that_nobody_speaks_to_ends() -> None:
    async with running(LabSettings(rate=1.0, idle_timeout=0.05)) as caller:
        await asyncio.wait_for(caller.lab.wait(), 5)


async def test_a_sessions_lab_waits_for_its_host_alone_and_no_faster_than_the_wall(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lab_module, "_ALONE", 0.1)
    async with running(LabSettings(rate=60.0, idle_timeout=1.0, hosted=True)) as caller:
        assert (await caller.send("GET", "/clock"))[1]["rate"] == 60.0
        async with asyncio.timeout(5):
            while caller.lab.clock.rate != 1.0:
                # Participants are no host.
                await caller.query("up")
                await asyncio.sleep(0.01)
        assert (await caller.send("GET", "/clock"))[1]["rate"] == 60.0
        assert (await caller.send("PUT", "/clock", {"rate": 30.0}))[1]["rate"] == 30.0

        async def participate() -> None:
            while True:
                await caller.query("up")
                await asyncio.sleep(0.01)

        participating = asyncio.create_task(participate())
        await asyncio.wait_for(caller.lab.wait(), 5)
        participating.cancel()


async def test_virtual_time_slows_where_the_world_falls_behind(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = caller.lab.staging
    whole = staging.run_until
    # A machine that needs a whole budget for each virtual second.
    monkeypatch.setattr(staging, "run_until", lambda until, _deadline: whole(until, 0.0))
    before, real = await caller.clock(), time.monotonic()
    await caller.until(before + 20)
    readings = [await caller.clock() for _ in range(20)]
    assert readings == sorted(readings)
    assert (await caller.clock() - before) / (time.monotonic() - real) < 90
    assert await caller.clock() - staging.position < 3


async def test_virtual_time_never_overtakes_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_module, "start_before", lambda now: now - 90.0)
    async with running(LabSettings(rate=100.0)) as caller:
        await caller.lab.clock.sleep(31)
        assert 0 < time.time() - await caller.clock() < 61
        assert caller.lab.clock.rate == 1.0


async def test_bad_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="rate"):
        Lab(LabSettings(rate=200.0))
    with pytest.raises(ValueError, match="namespace"):
        Lab(LabSettings(namespace="shop"))
    with pytest.raises(RuleFileError):
        Lab(LabSettings(rules="groups: [{name: a, rules: [{alert: B, expr: 'sum('}]}]"))


async def start_program(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "controlroom.lab", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_the_program_prints_its_addresses_and_writes_the_truth_on_sigterm(tmp_path: Path) -> None:
    rules = str(EXPERIMENTS / "alerts-bookstore.yaml")
    truth = tmp_path / "truth.json"
    program = await start_program(
        *("--seed", "3", "--rate", "120", "--rules", rules, "--truth", str(truth)),
        *("--kubeconfig", str(tmp_path / "kubeconfig"), "--defect", "lost-order"),
    )
    assert program.stdout is not None
    line = json.loads(await asyncio.wait_for(program.stdout.readline(), 30))
    assert {"kubeconfig", "prometheus", "alertmanager", "control", "context", "namespace"} <= line.keys()
    async with aiohttp.ClientSession() as session, session.get(line["control"] + "/status") as answer:
        assert (await answer.json())["seed"] == 3
    program.send_signal(signal.SIGTERM)
    out, err = await asyncio.wait_for(program.communicate(), 30)
    assert (program.returncode, out, err) == (0, b"", b"")
    written = json.loads(truth.read_text())
    assert (written["seed"], written["defect"]) == (3, "lost-order")


async def test_the_program_refuses_bad_rules_in_one_line(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("groups: 7\n")
    program = await start_program("--rules", str(rules))
    out, err = await asyncio.wait_for(program.communicate(), 30)
    assert (program.returncode, out) == (2, b"")
    assert err.count(b"\n") == 1
    assert err.startswith(b"controlroom lab: ")
