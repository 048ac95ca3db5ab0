"""A credential plug-in that hangs, asks, fails or says too much: who waits for it, and who does not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from controlroom.clock import HeldClock
from controlroom.core.events import ObjectRef
from controlroom.core.plan import Cluster as Binding
from controlroom.sources.errors import Doing
from controlroom.sources.kubernetes import KubernetesCluster
from controlroom.sources.kubernetes_api import Api, Timeouts
from controlroom.sources.kubernetes_plugin import PlugIn
from controlroom.sources.ports import SourceError
from tests.host.live import gone as is_gone
from tests.sources.kube_stub import CONTEXT, Stub, says, served

ASK = Doing(what="ask for the version")
VERSION = "client.authentication.k8s.io/v1"
HASTY = Timeouts(connect=1.0, answer=5.0, credential=0.1, plug_in=20.0)
PATIENCE = 10.0

T = TypeVar("T")

HANGING = """
import json, os, pathlib, subprocess, sys
place = pathlib.Path({place!r})
with (place / "runs").open("a") as runs:
    print(os.getpid(), file=runs)
number = len((place / "runs").read_text().split())
if number > {good}:
    os.mkfifo(place / f"gate-{{number}}")
    child = subprocess.Popen(["cat", place / f"gate-{{number}}"], stdout=subprocess.PIPE)
    (place / "child").write_text(str(child.pid))
    child.communicate()  # until the test opens the gate
status = {{"token": f"token-{{number}}", **json.loads({extra!r})}}
print(json.dumps({{"apiVersion": {version!r}, "kind": "ExecCredential", "status": status}}))
"""


@dataclass
class Program:
    """A real plug-in whose runs, from the `good`-th on, wait at a gate."""

    place: Path
    good: int = 0
    extra: str = "{}"

    def user(self) -> dict[str, Any]:
        script = self.place / "credential.py"
        script.write_text(
            HANGING.format(place=str(self.place), good=self.good, extra=self.extra, version=VERSION)
        )
        return {"exec": {"apiVersion": VERSION, "command": sys.executable, "args": [str(script)]}}

    @property
    def runs(self) -> list[int]:
        found = self.place / "runs"
        return [int(pid) for pid in found.read_text().split()] if found.exists() else []

    async def waits(self, number: int = 1) -> Path:
        """The gate of that run, once it stands before it."""
        child = self.place / "child"
        async with asyncio.timeout(PATIENCE):
            while len(self.runs) < number or not child.exists() or not child.read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return self.place / f"gate-{number}"

    async def goes_on(self, number: int = 1) -> None:
        gate = await self.waits(number)
        await asyncio.to_thread(gate.write_text, "open")


async def there(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer, however long a busy machine takes to come by what the test begins with."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(SourceError):
                return await ask()
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def api_of(stub: Stub, place: Path, program: Program, timeouts: Timeouts = HASTY) -> AsyncIterator[Api]:
    api = Api(stub.kubeconfig(place, program.user()), CONTEXT, HeldClock(), timeouts)
    try:
        await there(api.login)  # the kubeconfig alone: the plug-in runs with the first request
        yield api
    finally:
        await api.close()


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_gone(pid):  # noqa: ASYNC110 - a process tells no event
            await asyncio.sleep(0.01)


async def test_who_waits_for_a_plug_in_is_told_so_and_it_runs_once_for_all(tmp_path: Path) -> None:
    program = Program(tmp_path)
    async with served() as stub, api_of(stub, tmp_path, program) as api:
        stub.on("GET", "/version", says({}))
        answers = await asyncio.gather(*(api.get("/version", ASK) for _ in range(20)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {SourceError}
        assert "waiting for the credential plug-in python" in str(answers[0])
        assert isinstance(answers[0], SourceError) and "run it by hand" in answers[0].hint
        assert stub.asked == []
        await program.goes_on()
        await there(lambda: api.get("/version", ASK))
        assert stub.asked[-1][-1] == "Bearer token-1"
        assert len(program.runs) == 1


async def test_the_loop_goes_on_while_a_plug_in_hangs(tmp_path: Path) -> None:
    program = Program(tmp_path)
    async with served() as stub, api_of(stub, tmp_path, program) as api:
        waiting = asyncio.create_task(api.get("/version", ASK))
        await program.waits()
        began = time.monotonic()
        for _ in range(100):
            await asyncio.sleep(0)
        assert time.monotonic() - began < 0.5
        with pytest.raises(SourceError):
            await waiting


async def test_a_plug_in_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    program = Program(tmp_path)
    limited = Timeouts(credential=PATIENCE, plug_in=1.0)
    async with served() as stub, api_of(stub, tmp_path, program, limited) as api:
        with pytest.raises(SourceError, match=r"gave no credential within 1 s and was ended"):
            await api.get("/version", ASK)
        await until_gone(program.runs[0])
        await until_gone(int((tmp_path / "child").read_text()))


async def test_closing_ends_a_plug_in_under_way(tmp_path: Path) -> None:
    program = Program(tmp_path)
    async with served() as stub, api_of(stub, tmp_path, program) as api:
        with pytest.raises(SourceError):
            await api.get("/version", ASK)
        await program.waits()
    await until_gone(program.runs[0])
    await until_gone(int((tmp_path / "child").read_text()))


def ending_in(seconds: float) -> str:
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return json.dumps({"expirationTimestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ")})


@pytest.mark.parametrize("seconds", [30.0, -30.0], ids=["ends soon", "is over"])
async def test_a_deletion_goes_out_at_once_with_the_credential_there_is(
    tmp_path: Path, seconds: float
) -> None:
    program = Program(tmp_path, good=1, extra=ending_in(seconds))
    async with served() as stub, api_of(stub, tmp_path, program, Timeouts(credential=PATIENCE)) as api:
        stub.on("GET", "/version", says({}))
        stub.on("DELETE", "/x", says({}))
        await there(lambda: api.get("/version", ASK))  # the first run gives a credential, the second hangs
        began = time.monotonic()
        await api.send("DELETE", "/x", Doing(what="delete x", changes=True))
        assert time.monotonic() - began < 0.3
        assert stub.asked[-1][-1] == "Bearer token-1"
        await program.waits(2)


async def test_a_deletion_without_any_credential_goes_out_as_soon_as_there_is_one(tmp_path: Path) -> None:
    """What deletes tries again as the error says; each attempt waits for the plug-in."""
    program = Program(tmp_path)
    async with served() as stub, api_of(stub, tmp_path, program) as api:
        stub.on("DELETE", "/x", says({}))
        said: list[SourceError] = []

        async def until_taken() -> float:
            while True:
                try:
                    await api.send("DELETE", "/x", Doing(what="delete x", changes=True))
                except SourceError as error:
                    said.append(error)
                    assert error.retry_after is not None
                    await asyncio.sleep(error.retry_after)
                    continue
                return time.monotonic()

        deleting = asyncio.create_task(until_taken())
        await program.waits()
        while not said:  # noqa: ASYNC110 - a list tells no event
            await asyncio.sleep(0.01)
        await program.goes_on()
        async with asyncio.timeout(PATIENCE):
            await deleting
        assert stub.asked[-1][-1] == "Bearer token-1"
        assert all("waiting for the credential plug-in" in error.message for error in said)
        assert len(program.runs) == 1


async def test_a_good_credential_is_used_while_its_renewal_hangs(tmp_path: Path) -> None:
    program = Program(tmp_path, good=1, extra=ending_in(30.0))
    async with served() as stub, api_of(stub, tmp_path, program) as api:
        stub.on("GET", "/version", says({}))
        await there(lambda: api.get("/version", ASK))
        for _ in range(2):
            await api.get("/version", ASK)
        assert [authorization for *_, authorization in stub.asked] == ["Bearer token-1"] * 3
        await program.waits(2)
        assert len(program.runs) == 2


async def test_a_refused_credential_waits_for_the_next_and_says_so(tmp_path: Path) -> None:
    program = Program(tmp_path, good=1)
    async with served() as stub, api_of(stub, tmp_path, program) as api:
        stub.on("DELETE", "/x", says({"kind": "Status", "code": 401}, status=401), says({}))
        stub.on("GET", "/version", says({}))
        await there(lambda: api.get("/version", ASK))
        with pytest.raises(SourceError, match="waiting for the credential plug-in"):
            await api.send("DELETE", "/x", Doing(what="delete x", changes=True))
        await program.goes_on(2)
        async with asyncio.timeout(PATIENCE):
            while stub.asked[-1][-1] != "Bearer token-2":
                with contextlib.suppress(SourceError):
                    await api.send("DELETE", "/x", Doing(what="delete x", changes=True))


async def test_the_cluster_deletes_at_once_while_everything_else_waits(tmp_path: Path) -> None:
    program = Program(tmp_path, good=1, extra=ending_in(-1.0))
    path = "/apis/chaos-mesh.org/v1alpha1/namespaces/bookstore/podchaos/kill-1"
    async with served() as stub:
        stub.on("GET", "/version", says({}, headers={"Date": "Sun, 22 Nov 2026 13:00:00 GMT"}))
        stub.on("DELETE", path, says({}))
        binding = Binding(context=CONTEXT, namespaces=("bookstore",))
        config = stub.kubeconfig(tmp_path, program.user())
        cluster = KubernetesCluster(binding, config, "day", HeldClock(), timeouts=HASTY)
        await there(cluster.clock)
        target = ObjectRef(
            api_version="chaos-mesh.org/v1alpha1", kind="PodChaos", namespace="bookstore", name="kill-1"
        )
        with pytest.raises(SourceError, match="waiting for the credential plug-in"):
            await cluster.clock()
        began = time.monotonic()
        assert await cluster.delete(target)
        assert time.monotonic() - began < 0.3
        await cluster.close()


def entry(script: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": VERSION, "command": sys.executable, "args": ["-c", script], **more}


GOOD = f'import json; print(json.dumps({{"apiVersion": "{VERSION}", "status": {{"token": "t"}}}}))'


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import sys; sys.exit('\\x1b[31mlog in\\x1b[0m first')", "exit code 1: log in first"),
        ("print('hello')", "no ExecCredential"),
        ('print(\'{"apiVersion": "other/v9", "status": {}}\')', "speaks other/v9"),
        (GOOD.replace('"token": "t"', '"token": ""'), "neither a token nor a certificate"),
        ("import os; open('/dev/tty')", "exit code 1: OSError"),
        ("input('Password: ')", "exit code 1: EOFError"),
    ],
    ids=["fails", "babbles", "another version", "empty", "wants the terminal", "asks"],
)
async def test_what_a_plug_in_does_wrong_is_said_in_one_clean_line(script: str, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        await PlugIn(entry(script), "/").run()
    assert said in caught.value.message
    assert "\x1b" not in caught.value.message
    assert caught.value.hint


async def test_a_plug_in_that_must_ask_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="asks on a terminal, which the host has not") as caught:
        await PlugIn(entry(GOOD, interactiveMode="Always"), "/").run()
    assert "log in beforehand" in caught.value.hint


async def test_what_it_says_on_the_side_does_not_hold_it_up() -> None:
    loud = f"import sys; sys.stderr.write('x' * 3_000_000); {GOOD}"
    assert (await PlugIn(entry(loud), "/").run()).token == "t"


async def test_it_is_told_what_kubectl_tells_it() -> None:
    script = (
        "import json, os; info = json.loads(os.environ['KUBERNETES_EXEC_INFO']);"
        "token = info['apiVersion'] + str(info['spec']['interactive']) + os.environ['OWN'];"
        "print(json.dumps({'apiVersion': info['apiVersion'], 'status': {'token': token}}))"
    )
    found = await PlugIn(entry(script, env=[{"name": "OWN", "value": "mine"}]), "/").run()
    assert found.token == f"{VERSION}Falsemine"


async def test_a_path_counts_from_the_kubeconfigs_folder(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "credential"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{GOOD}\n")
    os.chmod(program, 0o700)  # noqa: PTH101
    found = await PlugIn({"apiVersion": VERSION, "command": "bin/credential"}, str(tmp_path)).run()
    assert found.token == "t"
