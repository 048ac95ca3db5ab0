"""The report in the programs that will show it: a real browser, and the real Mermaid."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from functools import lru_cache
from pathlib import Path

import pytest
import pytest_asyncio

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.values import changed
from controlroom.journal.report.making import made
from tests.browser import Browser, browsing
from tests.journal.books import chained, day
from tests.sessions import FACILITATOR, moment
from tests.system import must_not_skip

pytestmark = [pytest.mark.system, pytest.mark.asyncio(loop_scope="module")]

MERMAID = (
    Path(__file__).parent / "mermaid" / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
)
INSTALL = "Mermaid is not installed: npm ci --prefix tests/journal/mermaid"
HOSTILE = "end; section x : done, 2020-01-01 %% # <script>document.title = 'taken'</script> ![x](http://127.0.0.1:9/x)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with browsing(tmp_path_factory.mktemp("browser")) as found:
        yield found


def a_day() -> tuple[Event, ...]:
    """The day, with hostile words wherever people and plans can put them."""
    opened = day()[0]
    assert isinstance(opened.body, e.SessionOpened)
    plan = opened.body.plan
    experiments = (changed(plan.experiments[0], title=HOSTILE), *plan.experiments[1:])
    phases = (changed(plan.phases[0], title=HOSTILE), *plan.phases[1:])
    body = changed(opened.body, plan=changed(plan, title=HOSTILE, experiments=experiments, phases=phases))
    note = Event(
        seq=0,
        t=5300.0,
        at=moment(5300.0),
        actor=FACILITATOR,
        body=e.NoteWritten(note="n", type="note", text=HOSTILE),
    )
    return chained(sorted([changed(opened, body=body), *day()[1:], note], key=lambda event: event.t))


@lru_cache
def files() -> dict[str, bytes]:
    return made(a_day())


def chart(markdown: str) -> str:
    (found,) = re.findall(r"```mermaid\n(.*?)```", markdown, re.S)
    return str(found)


async def test_the_page_asks_for_nothing_and_complains_of_nothing(browser: Browser, tmp_path: Path) -> None:
    for audience in (False, True):
        page = tmp_path / "session.html"
        page.write_bytes(made(a_day(), audience=audience)["session.html"])
        seen = await browser.open(page, "[document.title, document.querySelectorAll('svg').length]")
        assert seen.asked == [page.as_uri()]
        assert seen.complaints == []
        assert seen.value[0] == HOSTILE.replace("  ", " ")
        assert seen.value[1] >= 13


async def test_the_report_alone_needs_its_plots_and_nothing_else(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    drawings = {path: data for path, data in files().items() if path.startswith("plots/")}
    images = "".join(f'<img src="{path}" alt="">' for path in drawings)
    for path, data in drawings.items():
        (tmp_path / path).write_bytes(data)
    (tmp_path / "page.html").write_text(f"<!DOCTYPE html><meta charset=utf-8>{images}")
    seen = await browser.open(tmp_path / "page.html", "[...document.images].map(one => one.naturalWidth > 0)")
    assert seen.value == [True] * len(drawings)
    assert len(seen.asked) == 1 + len(drawings) and seen.complaints == []


async def test_its_policy_stops_what_a_text_might_bring(browser: Browser, tmp_path: Path) -> None:
    """Should a text ever come through as HTML: nothing is loaded, nothing runs."""
    taken = "document.title = 'taken'"
    planted = f'<script>{taken}</script><img src=http://127.0.0.1:9/x onerror="{taken}">'
    (tmp_path / "page.html").write_text(files()["session.html"].decode().replace("<h2", f"{planted}<h2", 1))
    seen = await browser.open(tmp_path / "page.html")
    assert "taken" not in seen.value.replace(HOSTILE, "")
    assert len(seen.complaints) >= 2 and all("Content Security Policy" in text for text in seen.complaints)


async def test_a_request_and_an_error_would_be_seen(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<img src=http://127.0.0.1:9/x><script>console.error('oh')</script>")
    seen = await browser.open(tmp_path / "page.html")
    assert "http://127.0.0.1:9/x" in seen.asked and any("oh" in text for text in seen.complaints)


async def test_mermaid_draws_the_chart_of_any_day(browser: Browser, tmp_path: Path) -> None:
    if not MERMAID.is_file():
        (pytest.fail if must_not_skip() else pytest.skip)(INSTALL)
    charts = [
        chart(made(events, audience=audience)["session.md"].decode())
        for events in (day(), a_day(), day()[:2], day(1200.0))
        for audience in (False, True)
    ]
    (tmp_path / "page.html").write_text(
        f"<!DOCTYPE html><meta charset=utf-8><body><script src='{MERMAID.as_uri()}'></script>"
        f"<script>mermaid.initialize({{startOnLoad: false}})</script>"
    )
    expression = f"""(async () => {{
      const found = [];
      for (const [index, text] of {json.dumps(charts)}.entries()) {{
        try {{
          const kind = (await mermaid.parse(text)).diagramType;
          const {{svg}} = await mermaid.render('chart' + index, text);
          found.push([kind, (svg.match(/<rect[^>]*class="task /g) || []).length]);
        }} catch (error) {{ found.push([String(error), 0]) }}
      }}
      return found;
    }})()"""
    seen = await browser.open(tmp_path / "page.html", expression)
    tasks = [len(re.findall(r"^    · ", text, re.M)) for text in charts]
    assert seen.value == [["gantt", count] for count in tasks]
    assert min(tasks) >= 4
    broken = expression.replace("dateFormat", "dateFormatted")
    assert (await browser.open(tmp_path / "page.html", broken)).value != seen.value
