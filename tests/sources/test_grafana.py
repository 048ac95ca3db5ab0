"""Grafana: stretches are placed and ended, pictures are pictures, and the token is in the header alone."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from controlroom.core.plan import Panel
from controlroom.core.telling import Mark
from controlroom.sources.grafana import RENDERER, TOKEN, Grafana
from controlroom.sources.ports import SourceError
from tests.sources import grafana_stub
from tests.sources.grafana_stub import PNG, FakeGrafana, refusal
from tests.sources.loopback import stub

SECRET = grafana_stub.TOKEN
START = datetime(2026, 11, 23, 14, 0, 0, 250_000, UTC)
MARK = Mark(name="fault:kill#1", about="faults", text="Kill", start=START)
PANEL = Panel(title="Orders", dashboard="abc def", panel="4", variables={"namespace": "shop & co"})


@asynccontextmanager
async def grafana(
    fake: FakeGrafana, folder: Path, token: str = SECRET, **other: str
) -> AsyncIterator[Grafana]:
    async with stub(fake.reply) as server:
        url = server.url.replace("http://", f"http://{other.pop('login', '')}") + other.pop("path", "")
        source = Grafana(url, token, folder / "pictures", "day-1", timeout=2.0, rendering=2.0, **other)
        try:
            yield source
        finally:
            await source.close()


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def ended(seconds: float) -> Mark:
    return Mark(name=MARK.name, about=MARK.about, text=MARK.text, start=START, end=later(seconds))


async def test_a_stretch_begins_as_a_moment_and_is_given_its_end(tmp_path: Path) -> None:
    fake = FakeGrafana()
    async with grafana(fake, tmp_path) as source:
        number = await source.mark(MARK)
        begin = dict(fake.annotations[1])
        await source.amend(number, ended(30))
    ms = round(START.timestamp() * 1000)
    tags = ["controlroom", "fault", "session:day-1", "fault:kill#1"]
    assert begin == {"time": ms, "tags": tags, "text": "Kill"}
    assert fake.annotations[1] == {**begin, "timeEnd": ms + 30_000}
    assert {own.get("Authorization") for own in fake.headers} == {f"Bearer {SECRET}"}


async def test_what_is_known_only_later_is_placed_whole_and_on_one_dashboard(tmp_path: Path) -> None:
    fake = FakeGrafana()
    async with grafana(fake, tmp_path, dashboard="abc", path="/grafana/") as source:
        await source.mark(ended(30))
    assert fake.annotations[1]["timeEnd"] - fake.annotations[1]["time"] == 30_000
    assert fake.annotations[1]["dashboardUID"] == "abc"


async def test_a_mark_is_found_again_by_its_name_in_its_own_session(tmp_path: Path) -> None:
    fake = FakeGrafana()
    fake.annotations[1] = {"tags": ["controlroom", "fault", "session:other", MARK.name], "text": "Kill"}
    async with grafana(fake, tmp_path) as source:
        assert await source.find(MARK) == ""
        number = await source.mark(MARK)
        assert await source.find(MARK) == number == "2"


async def test_an_answer_that_is_lost_is_told_as_unsure(tmp_path: Path) -> None:
    fake = FakeGrafana(swallowed=True)
    async with grafana(fake, tmp_path) as source:
        with pytest.raises(SourceError) as raised:
            await source.mark(MARK)
        assert raised.value.unsure
        assert await source.find(MARK) == "1"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_token_says_what_to_do_and_not_what_it_is(tmp_path: Path, status: int) -> None:
    fake = FakeGrafana(failing={"POST": refusal(status, f"Invalid API key {SECRET}")})
    async with grafana(fake, tmp_path) as source:
        with pytest.raises(SourceError) as raised:
            await source.mark(MARK)
    assert raised.value.hint == TOKEN
    assert SECRET not in raised.value.message
    assert "Invalid API key ***" in raised.value.message


async def test_a_busy_server_says_when_to_come_back(tmp_path: Path) -> None:
    fake = FakeGrafana(failing={"POST": refusal(429, "slow down", **{"Retry-After": "7"})})
    async with grafana(fake, tmp_path) as source:
        with pytest.raises(SourceError) as raised:
            await source.mark(MARK)
    assert (raised.value.status, raised.value.retry_after) == (429, 7.0)


@pytest.mark.parametrize("token", ["gläsa_secret", "glsa\nsecret", "glsa\x00secret"])
async def test_a_token_that_is_none_is_refused_before_it_is_sent(tmp_path: Path, token: str) -> None:
    fake = FakeGrafana()
    async with grafana(fake, tmp_path, token) as source:
        with pytest.raises(SourceError) as raised:
            await source.mark(MARK)
    assert raised.value.hint == TOKEN
    assert "secret" not in raised.value.message
    assert fake.headers == []


async def test_a_login_in_the_address_becomes_a_header_and_is_never_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeGrafana(failing={"POST": refusal(500, "swordfish-pass is no good")})
    with caplog.at_level(logging.DEBUG):
        async with grafana(fake, tmp_path, "", login="admin%40x:swordfish-pass@") as source:
            with pytest.raises(SourceError) as raised:
                await source.mark(MARK)
    assert fake.headers[0]["Authorization"] == "Basic YWRtaW5AeDpzd29yZGZpc2gtcGFzcw=="
    assert "swordfish" not in raised.value.message + caplog.text


async def test_a_picture_is_saved_for_its_owner_alone(tmp_path: Path) -> None:
    fake = FakeGrafana()
    async with grafana(fake, tmp_path, zone="Europe/Berlin") as source:
        first = await source.picture(PANEL, START, later(60), "baseline-orders")
        second = await source.picture(PANEL, START, later(60), "baseline-orders")
    assert (first, second) == ("baseline-orders.png", "baseline-orders-2.png")
    folder = tmp_path / "pictures"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["baseline-orders-2.png", "baseline-orders.png"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert (folder / first).read_bytes() == PNG
    ms = round(START.timestamp() * 1000)
    shown = {"panelId": "4", "from": str(ms), "to": str(ms + 60_000), "width": "1000", "height": "500"}
    assert fake.pictures[0] == {
        "path": "/render/d-solo/abc def/_",
        **shown,
        "tz": "Europe/Berlin",
        "var-namespace": "shop & co",
    }


async def test_without_a_renderer_its_excuse_is_no_picture(tmp_path: Path) -> None:
    fake = FakeGrafana(renderer=False)
    async with grafana(fake, tmp_path) as source:
        with pytest.raises(SourceError, match="no image renderer") as raised:
            await source.picture(PANEL, START, later(60), "x")
        fake.renderer = True
        await source.picture(PANEL, START, later(60), "x")
    assert raised.value.hint == RENDERER


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (web.Response(text="<html>login</html>", content_type="text/html"), "text/html instead of a picture"),
        (refusal(404, "Dashboard not found"), "Dashboard not found"),
        (web.Response(status=302, headers={"Location": "/login"}), "HTTP 302"),
        (refusal(500, f"Rendering failed: {SECRET}"), r"Rendering failed: \*\*\*"),
    ],
)
async def test_what_is_no_picture_is_not_saved(tmp_path: Path, answer: web.Response, said: str) -> None:
    fake = FakeGrafana(failing={"PICTURE": answer})
    async with grafana(fake, tmp_path) as source:
        with pytest.raises(SourceError, match=said) as raised:
            await source.picture(PANEL, START, later(60), "x")
    assert raised.value.hint == RENDERER
    assert not (tmp_path / "pictures").exists()


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("in the way")
    async with grafana(FakeGrafana(), tmp_path) as source:
        with pytest.raises(SourceError, match="could not be saved") as raised:
            await source.picture(PANEL, START, later(60), "x")
    assert str(tmp_path / "pictures") in raised.value.hint


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "no address", "http://[::1", "ftp://x"])
async def test_an_address_at_which_nothing_is_is_a_failure_like_any_other(tmp_path: Path, url: str) -> None:
    source = Grafana(url, SECRET, tmp_path, "day-1", timeout=2.0)
    with pytest.raises(SourceError) as raised:
        await source.reachable()
    await source.close()
    assert raised.value.hint
    assert SECRET not in raised.value.message
