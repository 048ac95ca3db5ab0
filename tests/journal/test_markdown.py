"""`session.md`: the verdict first, every figure in its place, and nobody's text can break it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from xml.etree import ElementTree

import pytest
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from controlroom.core import events as e
from controlroom.core.clean import clean
from controlroom.core.events import Actor, Body, Event
from controlroom.core.figures import assess
from controlroom.core.values import changed
from controlroom.journal.report.escaping import escaped, fenced, paragraphs, table
from controlroom.journal.report.making import view_of
from controlroom.journal.report.markdown import markdown
from controlroom.journal.report.markdown import report as whole
from controlroom.journal.report.page import page_of
from controlroom.journal.report.plots import plots
from tests.journal.books import PLAN, chained, day, journals
from tests.sessions import FACILITATOR, moment

HOSTILE = "a|b `c` <script>alert(1)</script> **d** [e](javascript:f) <!-- g --> $h$ \x1b[31m\n# i\n- j"
PLAIN = "a|b `c` <script>alert(1)</script> **d** [e](javascript:f) <!-- g --> $h$ # i - j"


def parse(text: str) -> list[Token]:
    """CommonMark with the tables of GitHub Flavored Markdown; HTML is seen as HTML."""
    return MarkdownIt("commonmark").enable("table").parse(text)


def texts(tokens: list[Token]) -> list[str]:
    """What a reader sees of each inline stretch."""
    shown = {"softbreak": "\n", "hardbreak": "\n"}
    return [
        "".join(
            child.content if child.type == "text" else shown.get(child.type, "")
            for child in token.children or ()
        )
        for token in tokens
        if token.type == "inline"
    ]


def html(tokens: list[Token]) -> set[str]:
    blocks = {token.content.strip() for token in tokens if token.type == "html_block"}
    inline = (child for token in tokens for child in token.children or ())
    return blocks | {child.content for child in inline if child.type == "html_inline"}


def report(events: tuple[Event, ...]) -> str:
    view = view_of(events)
    page = page_of(view, assess(view))
    return whole(replace(page, plots=plots(page, view))) if page is not None else markdown(view, assess(view))


@lru_cache
def of_the_day() -> str:
    return report(day())


def with_body(*bodies: Body, t: float = 5300.0) -> tuple[Event, ...]:
    """The day with something more in its last minutes."""
    more = (Event(seq=0, t=t, at=moment(t), actor=FACILITATOR, body=body) for body in bodies)
    return chained(sorted([*day(), *more], key=lambda event: event.t))


def section(text: str, heading: str) -> str:
    """From a heading to the next one of its level."""
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.M | re.S)
    assert found is not None, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@given(st.text(max_size=200))
def test_any_text_is_shown_as_it_was_written(text: str) -> None:
    shown = " ".join(clean(text, 10_000).split())
    for written in (escaped(text), f"- {escaped(text)}", "\n".join(table(("x",), [(escaped(text),)]))):
        tokens = parse(written)
        assert " ".join(texts(tokens)[-1].split() if shown else []) == shown
        assert not html(tokens)
        assert {token.type for token in tokens} <= {
            "paragraph_open", "paragraph_close", "inline", "bullet_list_open", "bullet_list_close",
            "list_item_open", "list_item_close", "table_open", "table_close", "thead_open", "thead_close",
            "tbody_open", "tbody_close", "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close",
        }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "# x",
        "- x",
        "+ x",
        "1. x",
        "12) x",
        "> x",
        "---",
        "===",
        "***",
        "- - -",
        "    x",
        "~~~",
        "```",
        "|-|",
        "[x]: y",
    ],
)
def test_no_text_opens_a_block(text: str) -> None:
    assert [token.type for token in parse(escaped(text))] == ["paragraph_open", "inline", "paragraph_close"]


def test_lines_stay_lines_and_code_cannot_be_left() -> None:
    assert paragraphs(" one\r\ntwo | three ") == "one<br>two \\| three"
    (block,) = parse("\n".join(fenced("a\n```\nb\n````\nc", "promql")))
    assert block.type == "fence" and block.content == "a\n```\nb\n````\nc\n"


@given(journals())
def test_no_session_opens_html_of_its_own(events: tuple[Event, ...]) -> None:
    found = html(parse(report(events)))
    assert all(
        re.fullmatch(r"</?details>|<details><summary>[\w, ]+</summary>|<br>", piece) for piece in found
    ), found


def test_hostile_text_stays_text_wherever_people_write() -> None:
    note = e.NoteWritten(note="bad", type="observation", text=HOSTILE)
    mark = e.MarkMade(mark="bad", milestone="mark", text=HOSTILE)
    action = e.ActionSet(action="bad", title=HOSTILE, owner=HOSTILE, due=HOSTILE)
    answer = e.Answered(section="debrief", question=PLAN.debrief[0].id, text=HOSTILE)
    tokens = parse(report(with_body(note, mark, action, answer)))
    assert {piece for piece in html(tokens) if "script" in piece or "!--" in piece} == set()
    assert any(PLAIN in " ".join(text.split()) for text in texts(tokens))
    assert "\x1b" not in report(with_body(note, mark, action, answer))


def test_the_verdict_comes_first() -> None:
    lines = of_the_day().splitlines()
    assert lines[0] == "# Game Day: Inventory Service Failure Scenario"
    assert lines[2] == "**Verdict: ❔ inconclusive**"
    headings = re.findall(r"^## (.+)$", of_the_day(), re.M)
    assert headings == [
        "Success criteria", "Metrics", "Plots", "Experiments", "What could not be measured", "Planned and actual",
        "Facilitator observations", "Debrief", "Post-game day actions", "Notes", "Pre-game day checklist",
        "Objectives and scenario",
    ]  # fmt: skip


def test_every_criterion_and_sign_has_its_result_and_evidence() -> None:
    found = section(of_the_day(), "## Success criteria")
    results = {row[0]: row[1] for row in rows(found)}
    assert results["Alerts fire within 2 minutes of failure"] == "✅ pass"
    assert results["No data loss or corruption"] == "❔ unknown"
    assert results["p95 latency degrades &lt; 3x baseline"] == "✅ pass"
    assert results["Poor communication during incident"] == "✅ clear"
    assert "kubernetes, T+15:03 (13:15:03) ± 1 s, first of 2 successful Apply records" in found
    assert "mitigated by robin: rollout restart of inventory-service" in found


def test_the_seeds_table_is_filled() -> None:
    header, _, *found = rows(section(of_the_day(), "## Metrics").partition("<details>")[0])
    assert header == ["Metric", "Pre-Chaos", "During Chaos", "Post-Chaos"]
    assert [row[0] for row in found] == [
        "Order creation p95 latency", "Error rate (%)", "Inventory service availability (%)", "Cache hit ratio (%)",
        "Kafka consumer lag", "Database connection pool usage (%)", "Time to detect (TTD)", "Time to recovery (TTR)",
    ]  # fmt: skip
    assert all(cell and "unknown" not in cell for row in found for cell in row)
    ttr = assess(view_of(day())).day.ttr.value
    assert ttr is not None
    assert found[-2:] == [
        ["Time to detect (TTD)", "N/A", "22 s ± 1 s", "N/A"],
        ["Time to recovery (TTR)", "N/A", f"{ttr // 60:.0f}:{ttr % 60:02.0f} ± 3 s", "N/A"],
    ]


def test_each_experiment_shows_expected_against_observed_and_its_times() -> None:
    found = section(of_the_day(), "## Experiments")
    pod_kill = section(found, "### Pod Kill")
    for text in ("- Alerts fire", "- Time to detect", "- 2 of 2 targets injected"):
        assert text in pod_kill
    figures = {row[0].partition(":")[0]: row[1] for row in rows(pod_kill)}
    own = assess(view_of(day())).runs["pod-kill#1"]
    assert own.ttr.value is not None
    assert (figures["TTD"], figures["TTR"]) == ("22 s ± 1 s", f"{own.ttr.value:g} s ± 3 s")
    assert figures["TTM"].startswith("absent: nobody mitigated it")
    assert "observation" not in pod_kill
    assert "T+38:30 nobody looked at the cache yet" in section(found, "### Memory Stress")
    overview = {row[0]: row[2] for row in rows(found)[2:6]}
    assert overview == {
        "Pod Kill": "22 s ± 1 s", "Network Latency": "48 s ± 1 s", "Memory Stress": "57 s ± 1 s",
        "**The day**": "22 s ± 1 s",
    }  # fmt: skip


def test_what_was_overridden_stands_with_whoever_did_and_why() -> None:
    guard = e.GuardResult(guard="blast-radius", outcome="refused", message="all 3 pods", typed="everything")
    lifted = (changed(guard, reason="agreed | with <ops>"), changed(guard, guard="alerts", approved="known"))
    events = [
        changed(own, body=changed(own.body, overrides=lifted))
        if isinstance(own.body, e.FaultRequested) and own.body.experiment == "pod-kill"
        else own
        for own in day()
    ]
    found = section(report(chained(events)), "### Pod Kill")
    assert "guard blast-radius overridden by" in found and "agreed" in found
    assert "guard alerts approved in the plan: all 3 pods (known)" in found
    assert "<ops>" not in found


def test_what_was_never_injected_says_so() -> None:
    found = section(report(day(1200.0)), "## Experiments")
    assert section(found, "### Memory Stress").rstrip().endswith("Not injected.")


def test_the_timeline_is_in_order_and_holds_what_mattered() -> None:
    found = rows(section(of_the_day(), "### Timeline of Events"))[2:]
    assert [row[0] for row in found] == sorted(row[0] for row in found)
    said = [row[3] for row in found]
    for text in (
        "Pod Kill injected, 2 targets", "InventoryReplicasLow firing", "**detected**: page arrived (robin)",
        "Network Latency: effect ended", "load stopped: planned", "closed: the day is over",
    ):  # fmt: skip
        assert text in said


def test_notes_actions_and_answers_are_there() -> None:
    answer = e.Answered(section="debrief", question=PLAN.debrief[0].id, text="the page was fast")
    found = report(with_body(answer))
    assert "   the page was fast (robin)" in section(found, "## Debrief")
    assert section(found, "## Debrief").count("*not answered*") == 5
    assert "- [ ] mend the runbook link, owner maria" in section(found, "### Action Items")
    assert "- decision: T+49:10 restart inventory-service" in section(found, "### Key Learnings")
    assert "- on-call rotation: on-call" in section(found, "### Participants")
    assert "- [ ] Schedule next game day" in section(found, "## Post-game day actions")
    assert section(found, "## Pre-game day checklist").count("- [x] ") == 7
    assert "| Effectiveness of runbooks | 4 of 5 (robin) |" in section(found, "## Facilitator observations")


def test_a_private_note_is_counted_but_not_told() -> None:
    found = report(with_body(e.NoteWritten(note="mine", type="note", text="between us", private=True)))
    assert "between us" not in found
    assert "Private notes are left out here (1); the journal has them." in found


def test_what_could_not_be_measured_is_said() -> None:
    lost = e.SourceFailed(source="prometheus", error="refused")
    back = e.SourceRecovered(source="prometheus", seconds=30.0)
    events = [*day()]
    for t, body in ((5000.0, lost), (5030.0, back)):
        events.append(Event(seq=0, t=t, at=moment(t), actor=Actor(role="source"), body=body))
    text = report(chained(sorted(events, key=lambda event: event.t)))
    found = rows(section(text, "## What could not be measured"))
    assert ["No data loss or corruption", "the totals were not read", ""] in found
    assert ["prometheus", "it did not answer", "T+83:20 to T+83:50"] in found
    assert ["Memory Stress: TTR", "censored: overlapped by Network Latency", ""] in found


def test_the_gantt_chart_has_planned_and_actual() -> None:
    found = section(of_the_day(), "## Planned and actual")
    (block,) = (token for token in parse(found) if token.type == "fence")
    assert block.info == "mermaid"
    lines = block.content.splitlines()
    assert lines[0] == "gantt"
    assert "    · Pod Kill :crit, 2026-11-22 13:15:03, 2026-11-22 13:15:40" in lines
    assert "    · Phase 2 Inject Chaos :2026-11-22 13:15:00, 2026-11-22 13:45:00" in lines
    assert [line.strip() for line in lines if "section" in line] == [
        "section Phases planned", "section Phases actual", "section Experiments planned", "section Experiments actual",
    ]  # fmt: skip


@given(journals())
def test_gantt_tasks_hold_no_character_that_mermaid_reads(events: tuple[Event, ...]) -> None:
    chart = section(report(events), "## Planned and actual")
    moments = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    tasks = [line for line in chart.splitlines() if line.startswith("    ·")]
    assert tasks
    assert all(re.fullmatch(rf"    · [^:;#\n]+ :(\w+, )?{moments}, {moments}", line) for line in tasks)


def on_github(text: str) -> ElementTree.Element:
    """As GitHub's own parser renders it, HTML let through (its sanitizer, which runs afterwards, is not in there)."""
    options = Options.CMARK_OPT_UNSAFE
    return ElementTree.fromstring(f"<body>{_closed(github_flavored_markdown_to_html(text, options))}</body>")


def _closed(text: str) -> str:
    """HTML's void elements, closed as XML wants them."""
    return re.sub(r"<(br|img|input|hr)\b([^>]*?)/?>", r"<\1\2/>", text.replace('=""', '="x"'))


def seen(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_githubs_own_parser_reads_it_as_it_is_meant() -> None:
    body = on_github(of_the_day())
    headings = [seen(own) for own in body.iter("h2")]
    assert headings == [
        seen(own) for own in on_github("\n".join(re.findall("^## .*$", of_the_day(), re.M))).iter("h2")
    ]
    assert len(list(body.iter("table"))) == sum(token.type == "table_open" for token in parse(of_the_day()))
    boxes = [own for own in body.iter("input") if own.get("type") == "checkbox"]
    assert len(boxes) == len(re.findall(r"^- \[[ x]\] ", of_the_day(), re.M)) >= 14
    assert {own.get("src") for own in body.iter("img")} == {
        f"plots/{metric.id}.svg" for metric in PLAN.metrics
    }
    assert [seen(own) for own in body.iter("summary")][:2] == ["Evidence", "Further metrics"]
    (chart,) = [own for own in body.iter("pre") if own.get("lang") == "mermaid"]
    assert seen(chart).startswith("gantt title Planned and actual")
    assert not [own for own in body.iter() if own.tag in ("script", "a", "em") and "href" in own.attrib]


@given(st.text(max_size=120))
def test_githubs_own_parser_shows_any_text_as_it_was_written(text: str) -> None:
    shown = " ".join(clean(text, 10_000).split())
    body = on_github("\n".join(table(("x",), [(f"a{escaped(text)}",)])))
    assert {own.tag for own in body.iter()} == {"body", "table", "thead", "tbody", "tr", "th", "td"}
    (cell,) = body.iter("td")
    assert "".join(seen(cell).split()) == "a" + "".join(shown.split())
