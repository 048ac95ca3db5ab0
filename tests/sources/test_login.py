"""Prometheus-shaped servers behind a path, a tenant, a password, a token, a certificate; and what must not leak."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from controlroom.clock import HeldClock
from controlroom.core.plan import Login as Written
from controlroom.sources import login as logins
from controlroom.sources.alertmanager import AlertmanagerSource
from controlroom.sources.login import Login
from controlroom.sources.ports import SourceError
from controlroom.sources.prometheus import PrometheusSource
from tests.sources.certificates import Authority
from tests.sources.kube_stub import Stub, says, served

ONE = {"status": "success", "data": {"resultType": "scalar", "result": [1.0, "1"]}}
RULES: dict[str, Any] = {"status": "success", "data": {"groups": []}}
PATH = "/team/prometheus"
SECRET = "planted-secret-4711"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def backend(tls: Any = None) -> AsyncIterator[tuple[Stub, str]]:
    """A server with both APIs below a path, and its address."""
    async with served(tls) as stub:
        stub.on("GET", f"{PATH}/api/v1/query", says(ONE))
        stub.on("GET", f"{PATH}/api/v1/rules", says(RULES))
        stub.on("GET", f"{PATH}/api/v2/silences", says([]))
        yield stub, f"http{'s' if tls else ''}://127.0.0.1:{stub.port}{PATH}/"


async def all_asked(url: str, login: Login) -> None:
    """By both clients, and of Alertmanager."""
    prometheus = PrometheusSource(url, [], HeldClock(), login=login)
    alertmanager = AlertmanagerSource(url, HeldClock(), login=login)
    try:
        assert await prometheus.value("vector(1)", 1.0) == 1.0
        assert await prometheus.alert_names() == []
        assert await alertmanager.silences() == []
    finally:
        await prometheus.close()
        await alertmanager.close()


@pytest.mark.parametrize(
    ("written", "headers"),
    [
        (Written(), {}),
        (
            Written(headers={"X-Scope-OrgID": "team-a", "X-Key": SECRET}),
            {"X-Scope-OrgID": "team-a", "X-Key": SECRET},
        ),
        (Written(username="u", password="pass:word"), {"Authorization": "Basic dTpwYXNzOndvcmQ="}),
        (Written(token=SECRET), {"Authorization": f"Bearer {SECRET}"}),
        (
            Written(token_file="token", headers={"THANOS-TENANT": "b"}),
            {"Authorization": f"Bearer {SECRET}", "THANOS-TENANT": "b"},
        ),
    ],
)
async def test_what_lets_one_in_goes_with_every_request_of_both_clients(
    tmp_path: Path, written: Written, headers: dict[str, str]
) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n")
    async with backend() as (stub, url):
        await all_asked(url, Login(written, base=tmp_path))
        assert len(stub.requests) == 3
        for request in stub.requests:
            sent = {name: request.headers[name] for name in headers}
            assert sent == headers
            assert headers.keys() >= {"Authorization"} & request.headers.keys()


async def test_certificates_on_both_sides(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.signed("game-day")
    tls = authority.serving(authority.signed("server"), clients=authority.ca)
    async with backend(tls) as (stub, url):
        written = Written(ca=str(authority.ca), certificate=str(certificate), key=str(key))
        await all_asked(url, Login(written))
        assert stub.subjects == ["game-day"] * 3


async def test_a_server_that_is_not_trusted_is_not_asked_unless_a_person_says_so(
    authority: Authority,
) -> None:
    tls = authority.serving(authority.signed("server"))
    async with backend(tls) as (stub, url):
        for question in (by_requests, by_httpx):
            with pytest.raises(SourceError, match=r"certificate of .* is not accepted") as caught:
                await question(url, Login(Written(token=SECRET)))
            assert "`ca`" in caught.value.hint
        assert stub.asked == []
        await all_asked(url, Login(insecure=True))


async def by_requests(url: str, login: Login) -> None:
    source = PrometheusSource(url, [], HeldClock(), login=login)
    try:
        await source.value("vector(1)", 1.0)
    finally:
        await source.close()


async def by_httpx(url: str, login: Login) -> None:
    source = AlertmanagerSource(url, HeldClock(), login=login)
    try:
        await source.silences()
    finally:
        await source.close()


Question = Callable[[str, Login], Any]
BOTH = pytest.mark.parametrize("question", [by_requests, by_httpx])


@BOTH
async def test_files_that_are_no_certificates_are_said_before_anything_is_sent(
    tmp_path: Path, question: Question
) -> None:
    (tmp_path / "own.pem").write_text("no certificate")
    async with backend() as (stub, url):
        for written in (Written(ca="missing.pem"), Written(certificate="own.pem")):
            with pytest.raises(SourceError, match=r"certificates for .* cannot be loaded"):
                await question(url, Login(written, base=tmp_path))
        with pytest.raises(SourceError, match=r"the token for .* cannot be read from .*missing"):
            await question(url, Login(Written(token_file="missing"), base=tmp_path))
        assert stub.asked == []


@BOTH
async def test_a_server_that_quotes_a_secret_does_not_make_it_known(question: Question) -> None:
    async def quoting(request: web.Request) -> web.StreamResponse:
        quoted = f"no: {request.headers.get('Authorization')} {request.headers.get('X-Key')}"
        return web.json_response({"status": "error", "errorType": "other", "error": quoted}, status=403)

    async with served() as stub:
        stub.on("GET", f"{PATH}/api/v1/query", quoting)
        stub.on("GET", f"{PATH}/api/v2/silences", quoting)
        url = f"http://127.0.0.1:{stub.port}{PATH}"
        for written in (
            Written(token=SECRET, headers={"X-Key": "another-secret"}),
            Written(username="user", password=SECRET),
        ):
            with pytest.raises(SourceError) as caught:
                await question(url, Login(written))
            said = f"{caught.value.message} {caught.value.hint} {caught.value.__cause__}"
            for secret in (SECRET, "another-secret", "dXNlcjpwbGFudGVk"):
                assert secret not in said
            assert "***" in said and caught.value.status == 403


@BOTH
async def test_a_token_that_was_renewed_is_read_after_a_refusal(tmp_path: Path, question: Question) -> None:
    (tmp_path / "token").write_text("first")
    login = Login(Written(token_file="token"), base=tmp_path)
    async with backend() as (stub, url):
        await question(url, login)
        (tmp_path / "token").write_text("second")
        await question(url, login)
        assert stub.asked[-1][4] == "Bearer first"  # it is not read for every request
        for path in ("query", "silences"):
            version = "v1" if path == "query" else "v2"
            stub.replies[f"GET {PATH}/api/{version}/{path}"].insert(0, says("expired", status=401))
        with pytest.raises(SourceError):
            await question(url, login)
        await question(url, login)
        assert stub.asked[-1][4] == "Bearer second"


async def test_a_client_certificate_that_is_renewed_is_shown_from_then_on(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controlroom.sources.http.LOOK_EVERY", 0.0)
    assert logins.LOOK_EVERY > 0
    tls = authority.serving(authority.signed("server"), clients=authority.ca)
    both = tmp_path / "own.pem"

    def renew(name: str) -> None:
        both.write_bytes(b"".join(part.read_bytes() for part in authority.signed(name)))

    renew("monday")
    async with backend(tls) as (stub, url):
        login = Login(Written(ca=str(authority.ca), certificate=str(both)))
        source = AlertmanagerSource(url, HeldClock(), login=login)
        await source.silences()
        renew("tuesday")
        await source.silences()
        both.write_text("half of it")
        await source.silences()
        assert stub.subjects == ["monday", "tuesday", "tuesday"]
        await source.close()


async def test_another_server_that_one_is_led_to_gets_none_of_it() -> None:
    async with backend() as (other, elsewhere), served() as stub:

        async def lead(request: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(f"{elsewhere}api/v1/query?{request.query_string}")

        stub.on("GET", "/api/v1/query", lead)
        login = Login(Written(token=SECRET, headers={"X-Key": SECRET}))
        await by_requests(f"http://127.0.0.1:{stub.port}", login)
        assert other.requests and SECRET not in str(dict(other.requests[0].headers))


async def test_a_part_of_an_answer_and_a_store_without_rules_are_answers() -> None:
    """Thanos warns of stores that are away; Mimir's querier has no rules."""
    async with served() as stub:
        stub.on("GET", "/api/v1/query", says(ONE | {"warnings": ["store x is away"], "infos": ["i"]}))
        stub.on("GET", "/api/v1/rules", says("not found", status=404))
        source = PrometheusSource(f"http://127.0.0.1:{stub.port}", [], HeldClock())
        assert await source.value("vector(1)", 1.0) == 1.0
        assert await source.alert_names() == []
        await source.close()
