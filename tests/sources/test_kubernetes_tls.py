"""Reaching a cluster as kubectl does, over true TLS: authorities, names, client certificates, proxies, logins."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlroom.clock import HeldClock
from controlroom.sources import kubernetes_config, kubernetes_login, kubernetes_token
from controlroom.sources.errors import Doing
from controlroom.sources.kubernetes_api import Api, Timeouts
from controlroom.sources.kubernetes_config import IN_CLUSTER, unverified
from controlroom.sources.ports import SourceError
from tests.sources.certificates import Authority
from tests.sources.kube_stub import CONTEXT, Stub, hang, says, served

ASK = Doing(what="ask for the version")
SHORT = Timeouts(connect=1.0, answer=2.0)
UNAUTHORIZED = says({"kind": "Status", "reason": "Unauthorized", "code": 401}, status=401)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def written(
    path: Path, cluster: dict[str, Any], user: dict[str, Any] | None = None, context: str = CONTEXT
) -> Path:
    """A kubeconfig with one context; `user` None: a context without a user."""
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "contexts": [
            {"name": context, "context": {"cluster": "c", **({"user": "u"} if user is not None else {})}}
        ],
    }
    if user is not None:
        content["users"] = [{"name": "u", "user": user}]
    path.write_text(yaml.safe_dump(content))
    return path


@asynccontextmanager
async def secure(authority: Authority, **options: Any) -> AsyncIterator[Stub]:
    """An API server with a certificate of that authority, which answers /version."""
    clients = options.pop("clients", None)
    old = options.pop("old", False)
    serving = authority.serving(authority.signed(options.pop("name", "server"), **options), clients=clients)
    if old:
        serving.maximum_version = ssl.TLSVersion.TLSv1_2
    async with served(serving) as stub:
        stub.on("GET", "/version", says({}))
        yield stub


def at(stub: Stub, **more: Any) -> dict[str, Any]:
    return {"server": f"https://127.0.0.1:{stub.port}", **more}


def data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


async def asked(path: Path | None, context: str = CONTEXT, **options: Any) -> None:
    api = Api(path, context, HeldClock(), SHORT, **options)
    try:
        await api.get("/version", ASK)
    finally:
        await api.close()


async def failing(path: Path | None, context: str = CONTEXT, **options: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await asked(path, context, **options)
    return caught.value


async def test_an_authority_of_ones_own_is_trusted_by_data_and_by_a_file_beside_the_kubeconfig(
    authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "ca.crt").write_bytes(authority.ca.read_bytes())
    async with secure(authority) as stub:
        await asked(written(tmp_path / "a", at(stub, **{"certificate-authority-data": data(authority.ca)})))
        await asked(written(tmp_path / "b", at(stub, **{"certificate-authority": "ca.crt"})))
        assert len(stub.asked) == 2


async def test_another_authority_is_refused_and_nothing_is_sent(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "other")
    async with secure(authority) as stub:
        user = {"token": "planted-secret"}
        for cluster in (at(stub), at(stub, **{"certificate-authority-data": data(other.ca)})):
            error = await failing(written(tmp_path / "config", cluster, user))
            assert "its certificate is not trusted" in error.message
            assert "certificate-authority-data" in error.hint
        assert stub.asked == []


async def test_a_certificate_whose_time_is_over_and_one_for_another_name_are_told_apart(
    authority: Authority, tmp_path: Path
) -> None:
    ca = {"certificate-authority-data": data(authority.ca)}
    async with secure(authority, name="over", over=True) as stub:
        error = await failing(written(tmp_path / "config", at(stub, **ca)))
        assert "certificate has expired" in error.message
        assert "must be renewed" in error.hint
    async with secure(authority, name="named", alternatives="DNS:api.staging.test") as stub:
        error = await failing(written(tmp_path / "config", at(stub, **ca)))
        assert "not valid for '127.0.0.1'" in error.message
        assert "tls-server-name" in error.hint
        await asked(written(tmp_path / "config", at(stub, **ca, **{"tls-server-name": "api.staging.test"})))


@pytest.mark.parametrize("by", ["kubeconfig", "flag"])
async def test_verification_is_off_only_where_that_was_asked_for(
    authority: Authority, tmp_path: Path, by: str
) -> None:
    async with secure(authority) as stub:
        cluster = at(stub, **({"insecure-skip-tls-verify": True} if by == "kubeconfig" else {}))
        path = written(tmp_path / "config", cluster)
        await asked(path, insecure=by == "flag")
        assert unverified(path, CONTEXT) is (by == "kubeconfig")


async def test_an_edit_of_the_kubeconfig_does_not_switch_verification_off_in_mid_day(
    authority: Authority, tmp_path: Path
) -> None:
    async with secure(authority) as stub:
        ca = {"certificate-authority-data": data(authority.ca)}
        stub.replies.clear()
        stub.on("GET", "/version", says({}), UNAUTHORIZED, says({}))
        path = written(tmp_path / "config", at(stub, **ca), {"token": "first"})
        api = Api(path, CONTEXT, HeldClock(), SHORT)
        await api.get("/version", ASK)
        written(path, at(stub, **{"insecure-skip-tls-verify": True}), {"token": "second"})
        with pytest.raises(SourceError, match="its certificate is not trusted"):
            await api.get("/version", ASK)
        await api.close()


def test_what_cannot_be_read_or_is_not_tls_is_not_said_to_be_unverified(tmp_path: Path) -> None:
    assert not unverified(tmp_path / "none", CONTEXT)
    path = written(tmp_path / "c", {"server": "http://127.0.0.1:1", "insecure-skip-tls-verify": True})
    assert not unverified(path, CONTEXT)
    assert not unverified(path, "another")


async def test_client_certificates_beside_the_kubeconfig_and_in_it(
    authority: Authority, tmp_path: Path
) -> None:
    certificate, key = authority.signed("alice")
    (tmp_path / "alice.crt").write_bytes(certificate.read_bytes())
    (tmp_path / "alice.key").write_bytes(key.read_bytes())
    users = (
        {"client-certificate": "alice.crt", "client-key": "alice.key"},
        {"client-certificate-data": data(certificate), "client-key-data": data(key)},
    )
    async with secure(authority, clients=authority.ca) as stub:
        for user in users:
            cluster = at(stub, **{"certificate-authority-data": data(authority.ca)})
            await asked(written(tmp_path / "config", cluster, user))
        assert stub.subjects == ["alice", "alice"]


async def test_a_server_that_wants_a_client_certificate_says_so(authority: Authority, tmp_path: Path) -> None:
    # By TLS 1.3 its refusal comes after the handshake, and the connection is only seen to break.
    async with secure(authority, clients=authority.ca, old=True) as stub:
        cluster = at(stub, **{"certificate-authority-data": data(authority.ca)})
        error = await failing(written(tmp_path / "config", cluster, {"token": "t"}))
        assert "closed the connection while it was made" in error.message
        assert "client certificate" in error.hint


async def test_a_client_certificate_that_is_renewed_in_its_file_is_shown_from_then_on(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_login, "LOOK_EVERY", 0.0)
    paths = {"client-certificate": tmp_path / "own.crt", "client-key": tmp_path / "own.key"}

    def renew(name: str) -> None:
        for path, signed in zip(paths.values(), authority.signed(name), strict=True):
            fresh = path.with_suffix(".new")
            fresh.write_bytes(signed.read_bytes())
            fresh.replace(path)

    renew("monday")
    async with secure(authority, clients=authority.ca) as stub:
        cluster = at(stub, **{"certificate-authority-data": data(authority.ca)})
        user = {name: str(path) for name, path in paths.items()}
        api = Api(written(tmp_path / "config", cluster, user), CONTEXT, HeldClock(), SHORT)
        await api.get("/version", ASK)
        await api.get("/version", ASK)
        renew("tuesday")
        await api.get("/version", ASK)
        paths["client-key"].write_text("half of a pair is no reason to lose the connection")
        await api.get("/version", ASK)
        assert stub.subjects == ["monday", "monday", "tuesday", "tuesday"]
        await api.close()


async def test_a_token_file_is_read_again_and_keeps_no_line_feed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_token, "LOOK_EVERY", 0.0)
    (tmp_path / "token").write_text("first\n")
    async with served() as stub:
        stub.on("GET", "/version", says({}))
        user = {"tokenFile": "token", "token": "older"}
        api = Api(stub.kubeconfig(tmp_path, user), CONTEXT, HeldClock(), SHORT)
        await api.get("/version", ASK)
        (tmp_path / "token").write_text("second\n")
        await api.get("/version", ASK)
        (tmp_path / "token").unlink()
        await api.get("/version", ASK)
        assert [own[4] for own in stub.asked] == ["Bearer first", "Bearer second", "Bearer second"]
        await api.close()


async def test_a_token_file_that_was_renewed_is_read_after_a_refusal_at_once(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first")
    async with served() as stub:
        stub.on("GET", "/version", says({}), UNAUTHORIZED, says({}))
        api = Api(stub.kubeconfig(tmp_path, {"tokenFile": "token"}), CONTEXT, HeldClock(), SHORT)
        await api.get("/version", ASK)
        (tmp_path / "token").write_text("second")
        await api.get("/version", ASK)
        assert [own[4] for own in stub.asked] == ["Bearer first", "Bearer first", "Bearer second"]
        await api.close()


async def test_a_token_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = await failing(Stub().kubeconfig(tmp_path, {"tokenFile": "nothing"}))
    assert str(tmp_path / "nothing") in error.message


@pytest.fixture
def pod(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a pod's service account looks like."""
    account = tmp_path / "serviceaccount"
    account.mkdir()
    (account / "token").write_text("of-the-pod\n")
    (account / "ca.crt").write_bytes(authority.ca.read_bytes())
    monkeypatch.setattr(kubernetes_config, "SERVICE_ACCOUNT", account)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return account


async def test_in_a_pod_its_service_account_is_a_context_of_its_own(
    authority: Authority, pod: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with secure(authority) as stub:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(stub.port))
        await asked(None, IN_CLUSTER)
        assert stub.asked[0][4] == "Bearer of-the-pod"
        error = await failing(None, CONTEXT)
        assert "context: in-cluster" in error.hint  # another context is never taken for the pod's own
        (pod / "ca.crt").unlink()
        assert "automountServiceAccountToken" in (await failing(None, IN_CLUSTER)).hint


async def test_outside_of_a_pod_there_is_no_service_account(
    pod: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert "does not run in a pod" in (await failing(None, IN_CLUSTER)).message


async def test_a_list_of_kubeconfigs_is_one_and_paths_count_from_their_own_file(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    (one / "ca.crt").write_bytes(authority.ca.read_bytes())
    (two / "token").write_text("second-folder")
    (tmp_path / "empty").write_text("")
    async with secure(authority) as stub:
        cluster = at(stub, **{"certificate-authority": "ca.crt"})
        content = yaml.safe_load(written(one / "config", cluster).read_text())
        content["contexts"][0]["context"]["user"] = "u"
        (one / "config").write_text(yaml.safe_dump(content))
        users = [{"name": "u", "user": {"tokenFile": "token"}}]
        later = {"users": users, "clusters": [{"name": "c", "cluster": {"server": "https://other.invalid"}}]}
        (two / "config").write_text(yaml.safe_dump(later))
        paths = (tmp_path / "missing", tmp_path / "empty", one / "config", two / "config")
        monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, paths)))
        await asked(None)
        assert stub.asked[0][4] == "Bearer second-folder"


class Proxy:
    """An HTTP proxy that tunnels every name to this machine, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuse = False

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        if self.refuse:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        port = int(head.split()[1].rpartition(":")[2])
        behind, onward = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pipe(reader, onward), _pipe(behind, writer))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
    finally:
        writer.close()


@pytest.mark.parametrize("by", ["environment", "kubeconfig"])
async def test_a_proxy_of_the_environment_or_of_the_kubeconfig(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    proxy = Proxy()
    async with proxy.running() as address, secure(authority, name="far", alternatives="DNS:api.test") as stub:
        cluster = {
            "server": f"https://api.test:{stub.port}",
            "certificate-authority-data": data(authority.ca),
        }
        if by == "environment":
            monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        else:
            cluster["proxy-url"] = f"http://user:planted-secret@{address}"
        path = written(tmp_path / "config", cluster)
        await asked(path)
        assert proxy.asked[0].startswith(f"CONNECT api.test:{stub.port}")
        proxy.refuse = True
        error = await failing(path)
        assert "the proxy refused the connection: HTTP 407" in error.message
        assert "planted-secret" not in f"{error.message} {error.hint}"


async def test_a_proxy_that_is_away_is_told_apart_and_this_machine_needs_none(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    ca = {"certificate-authority-data": data(authority.ca)}
    error = await failing(written(tmp_path / "config", {"server": "https://api.test", **ca}))
    assert "the proxy cannot be reached" in error.message
    async with secure(authority) as stub:
        await asked(written(tmp_path / "config", at(stub, **ca)))
    error = await failing(
        written(tmp_path / "config", {"server": "https://api.test", "proxy-url": "socks5://127.0.0.1:1"})
    )
    assert "proxy-url is of kind socks5" in error.message


def jwt(lasting: float, mark: str = "") -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + lasting, "m": mark}).encode())
    return f"e30.{claims.decode().rstrip('=')}.sig"


@asynccontextmanager
async def provider(
    authority: Authority, *answers: dict[str, str]
) -> AsyncIterator[tuple[Stub, dict[str, Any]]]:
    """An OIDC provider, and the user that logs in there."""
    async with secure(authority, name="issuer") as stub:
        issuer = f"https://127.0.0.1:{stub.port}"
        stub.on("GET", "/.well-known/openid-configuration", says({"token_endpoint": f"{issuer}/token"}))
        stub.on("POST", "/token", *(says(answer) for answer in answers))
        config = {
            "client-id": "kubectl",
            "idp-issuer-url": issuer,
            "idp-certificate-authority-data": data(authority.ca),
            "id-token": jwt(-60),
            "refresh-token": "refresh-1",
        }
        yield stub, {"auth-provider": {"name": "oidc", "config": config}}


async def test_oidc_uses_the_token_there_is_and_then_refreshes_it(
    authority: Authority, tmp_path: Path
) -> None:
    good, fresh = jwt(3600, "written"), jwt(3600, "fresh")
    async with provider(authority, {"id_token": fresh}) as (issuer, user), served() as stub:
        user["auth-provider"]["config"]["id-token"] = good
        stub.on("GET", "/version", says({}), UNAUTHORIZED, says({}))
        api = Api(stub.kubeconfig(tmp_path, user), CONTEXT, HeldClock(), SHORT)
        await api.get("/version", ASK)
        await api.get("/version", ASK)
        assert [own[4] for own in stub.asked] == [f"Bearer {token}" for token in (good, good, fresh)]
        assert b"refresh_token=refresh-1" in issuer.asked[-1][3]
        await api.close()


async def test_an_oidc_refresh_token_that_was_replaced_is_where_kubectl_finds_it(
    authority: Authority, tmp_path: Path
) -> None:
    fresh = jwt(3600, "fresh")
    answer = {"id_token": fresh, "refresh_token": "refresh-2"}
    async with provider(authority, answer) as (_, user), served() as stub:
        stub.on("GET", "/version", says({}))
        path = stub.kubeconfig(tmp_path, user)
        path.chmod(0o600)
        await asked(path)
        assert stub.asked[0][4] == f"Bearer {fresh}"
        config = yaml.safe_load(path.read_text())["users"][0]["user"]["auth-provider"]["config"]
        assert (config["refresh-token"], config["id-token"]) == ("refresh-2", fresh)
        assert path.stat().st_mode & 0o777 == 0o600
        assert sorted(own.name for own in tmp_path.iterdir()) == ["kubeconfig"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"refresh-token": ""}, "cannot be renewed"),
        ({"idp-certificate-authority-data": ""}, "its certificate is not accepted"),
        ({"idp-issuer-url": "https://127.0.0.1:1"}, "could not be asked"),
    ],
)
async def test_oidc_says_why_there_is_no_token(
    authority: Authority, tmp_path: Path, change: dict[str, str], message: str
) -> None:
    async with provider(authority, {"id_token": jwt(60)}) as (issuer, user), served() as stub:
        user["auth-provider"]["config"] |= change
        error = await failing(stub.kubeconfig(tmp_path, user))
        assert message in error.message
        assert "refresh-1" not in f"{error.message} {error.hint}"
        assert stub.asked == [] and not [own for own in issuer.asked if own[0] == "POST"]


async def test_who_the_kubeconfigs_user_acts_as_goes_with_every_request(tmp_path: Path) -> None:
    user = {"token": "t", "as": "game-day", "as-groups": ["a", "b"], "as-user-extra": {"Scope": ["x"]}}
    async with served() as stub:
        stub.on("GET", "/version", says({}))
        await asked(stub.kubeconfig(tmp_path, user))
        headers = stub.requests[0].headers
        assert headers["Impersonate-User"] == "game-day"
        assert headers.getall("Impersonate-Group") == ["a", "b"]
        assert headers["Impersonate-Extra-scope"] == "x"


async def test_a_plug_in_is_told_of_the_cluster_where_it_asks(authority: Authority, tmp_path: Path) -> None:
    script = tmp_path / "plug-in.py"
    script.write_text(
        "import json, os, pathlib\n"
        f"pathlib.Path({str(tmp_path / 'told')!r}).write_text(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'status': {'token': 't'}}))\n"
    )
    entry = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": [str(script)],
        "provideClusterInfo": True,
    }
    async with secure(authority) as stub:
        extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}
        cluster = at(stub, **{"certificate-authority": str(authority.ca), "extensions": [extension]})
        await asked(written(tmp_path / "config", cluster, {"exec": entry}))
        told = json.loads((tmp_path / "told").read_text())["spec"]["cluster"]
        assert told["server"] == f"https://127.0.0.1:{stub.port}"
        assert told["certificate-authority-data"] == data(authority.ca)
        assert told["config"] == {"audience": "x"}


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ("https://127.0.0.1:1", "cannot be reached"),
        ("https://no-such-name.invalid", "its name cannot be resolved"),
    ],
)
async def test_a_cluster_that_does_not_answer_is_told_apart_from_a_refusal(
    tmp_path: Path, server: str, message: str
) -> None:
    error = await failing(written(tmp_path / "config", {"server": server}, {"token": "t"}))
    assert message in error.message and error.status is None


async def test_refusals_and_silence(tmp_path: Path) -> None:
    forbidden = says({"kind": "Status", "reason": "Forbidden", "message": "no", "code": 403}, status=403)
    for reply, status, message in (
        (UNAUTHORIZED, 401, "does not accept the credential"),
        (forbidden, 403, "no"),
        (hang, None, "the API server does not answer"),
    ):
        async with served() as stub:
            stub.on("GET", "/version", reply)
            error = await failing(stub.kubeconfig(tmp_path))
            assert error.status == status and message in error.message
