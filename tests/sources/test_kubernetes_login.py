"""The kubeconfig: the context that the plan names, its credential, and the renewal of one that ends."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controlroom.clock import HeldClock
from controlroom.sources.errors import Doing
from controlroom.sources.kubernetes_api import Api, Timeouts
from controlroom.sources.kubernetes_config import kubeconfig_path
from controlroom.sources.ports import SourceError
from tests.sources.kube_stub import CONTEXT, Stub, says, served

ASK = Doing(what="ask for the version")
SHORT = Timeouts(connect=1.0, answer=2.0)
VERSION = "client.authentication.k8s.io/v1"
UNAUTHORIZED = says({"kind": "Status", "reason": "Unauthorized", "code": 401}, status=401)

PLUG_IN = """
import json, pathlib, sys
count = pathlib.Path({count!r})
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
status = {{"token": f"token-{{number}}"}}
if {expiry!r}:
    status["expirationTimestamp"] = {expiry!r}
print(json.dumps({{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}}))
"""


def plug_in(folder: Path, lasting: timedelta | None) -> dict[str, object]:
    """A user whose credential comes from a program that counts its runs."""
    expiry = (datetime.now(UTC) + lasting).strftime("%Y-%m-%dT%H:%M:%SZ") if lasting is not None else ""
    script = folder / "credential.py"
    script.write_text(PLUG_IN.format(count=str(folder / "count"), expiry=expiry))
    command = {
        "apiVersion": VERSION,
        "command": sys.executable,
        "args": [str(script)],
        "interactiveMode": "Never",
    }
    return {"exec": command}


def sent(stub: Stub) -> list[str]:
    return [authorization for *_, authorization in stub.asked]


async def asked(api: Api, times: int) -> None:
    for _ in range(times):
        await api.get("/version", ASK)


@pytest.mark.parametrize(
    ("lasting", "tokens"),
    [
        (timedelta(seconds=20), ["Bearer token-1", "Bearer token-2", "Bearer token-3"]),
        (timedelta(hours=1), ["Bearer token-1"] * 3),
        (timedelta(minutes=3), ["Bearer token-1"] * 3),
        (None, ["Bearer token-1"] * 3),
    ],
)
async def test_a_plug_in_is_run_again_before_its_credential_ends_and_not_otherwise(
    tmp_path: Path, lasting: timedelta | None, tokens: list[str]
) -> None:
    async with served() as stub:
        stub.on("GET", "/version", says({}))
        api = Api(stub.kubeconfig(tmp_path, plug_in(tmp_path, lasting)), CONTEXT, HeldClock(), SHORT)
        await asked(api, 3)
        assert sent(stub) == tokens
        await api.close()


async def test_a_refused_credential_is_renewed_once_and_the_request_repeated(tmp_path: Path) -> None:
    async with served() as stub:
        stub.on("GET", "/version", UNAUTHORIZED, says({}))
        api = Api(stub.kubeconfig(tmp_path, plug_in(tmp_path, None)), CONTEXT, HeldClock(), SHORT)
        await asked(api, 1)
        assert sent(stub) == ["Bearer token-1", "Bearer token-2"]
        await api.close()


async def test_a_token_that_another_program_renewed_in_the_file_is_read_again(tmp_path: Path) -> None:
    async with served() as stub:
        stub.on("GET", "/version", says({}), UNAUTHORIZED, says({}))
        config = stub.kubeconfig(tmp_path)
        api = Api(config, CONTEXT, HeldClock(), SHORT)
        await asked(api, 1)
        stub.kubeconfig(tmp_path, {"token": "second"})
        before = config.read_text()
        await asked(api, 1)
        assert sent(stub) == ["Bearer first", "Bearer first", "Bearer second"]
        assert config.read_text() == before
        await api.close()


async def test_a_credential_that_stays_refused_is_an_error_after_one_attempt(tmp_path: Path) -> None:
    async with served() as stub:
        stub.on("GET", "/version", UNAUTHORIZED)
        api = Api(stub.kubeconfig(tmp_path), CONTEXT, HeldClock(), SHORT)
        with pytest.raises(SourceError, match="does not accept the credential"):
            await asked(api, 1)
        assert len(stub.asked) == 1
        await api.close()


async def test_the_plans_context_is_used_whatever_the_files_current_one(tmp_path: Path) -> None:
    async with served() as stub:
        api = Api(stub.kubeconfig(tmp_path), CONTEXT, HeldClock(), SHORT)
        assert (await api.login()).context == CONTEXT
        await api.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be used"),
        ("", "cannot be used"),
        ("not: a kubeconfig", "cannot be used"),
        ("[]", "cannot be used"),
        ("{", "cannot be used"),
    ],
)
async def test_an_unusable_kubeconfig_is_one_clear_error(
    tmp_path: Path, text: str | None, message: str
) -> None:
    config = tmp_path / "kubeconfig"
    if text is not None:
        config.write_text(text)
    with pytest.raises(SourceError, match=message) as caught:
        await Api(config, CONTEXT, HeldClock(), SHORT).login()
    assert str(config) in caught.value.hint


async def test_a_context_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = Stub().kubeconfig(tmp_path)
    with pytest.raises(SourceError, match="for context production"):
        await Api(config, "production", HeldClock(), SHORT).login()


async def test_a_program_that_is_not_there_is_said_before_any_request(tmp_path: Path) -> None:
    entry = {"apiVersion": VERSION, "command": "no-such-plug-in", "installHint": "apt-get install it"}
    async with served() as stub:
        api = Api(stub.kubeconfig(tmp_path, {"exec": entry}), CONTEXT, HeldClock(), SHORT)
        with pytest.raises(SourceError, match="plug-in no-such-plug-in gave no credential") as caught:
            await asked(api, 1)
        assert caught.value.hint == "apt-get install it"
        assert stub.asked == []
        await api.close()


def test_where_the_kubeconfig_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert kubeconfig_path(tmp_path / "x") == str(tmp_path / "x")
    assert kubeconfig_path(None) == str(Path.home() / ".kube" / "config")
    monkeypatch.setenv("KUBECONFIG", "/a:/b")
    assert kubeconfig_path(None) == "/a:/b"
