"""What the pages say is so: links lead somewhere, shown commands are taken, every name of the code is told."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path
from typing import get_args

import pytest

from controlroom.cli import codes
from controlroom.cli.parser import build_parser
from controlroom.clock import ScaledClock
from controlroom.core.events.faults import RunState, TargetState
from controlroom.core.events.people import Milestone
from controlroom.core.guards import Blast, GuardFacts, Right, check
from controlroom.lab.control import ControlApi
from controlroom.lab.defects import Defect
from controlroom.lab.prometheus.api import PrometheusApi
from controlroom.lab.staging import Staging, StagingSettings
from controlroom.lab.trouble import TroubleSwitch
from controlroom.tui.draw.timeline import MARKS
from tests.docs.pages import PAGES, ROOT, Example, examples, headings, links, mentions, text

START = 1_764_000_000.0
"""Any whole minute."""
COMMANDS = next(own for own in build_parser()._actions if isinstance(own, _SubParsersAction)).choices
REFUSED_BY_ALL = GuardFacts(
    experiment="x",
    planned_context="staging",
    context="shop-prod",
    planned_namespaces=("shop",),
    namespace="other",
    locked=True,
    phase_open=False,
    running=True,
    targets=(),
    blast=Blast(everything=True, unbounded=True),
    rights=(Right(verb="delete", resource="podchaos", namespace="other", allowed=False),),
    dry_run="denied",
    foreign_chaos=("PodChaos/other/theirs",),
    alerts=("SomethingElse",),
    own_alert="Own",
    failed_checks=("Chaos Mesh controller",),
)
EXAMPLES = [example for page in PAGES for example in examples(page)]


def sections(page: str, level: int) -> dict[str, str]:
    """Texts under the page's headings of that level, up to the next heading of that level or above."""
    parts = re.split(rf"^{'#' * level} (.+)$", text(page), flags=re.M)
    above = re.compile(rf"^#{{1,{level - 1}}} ", re.M)
    return {
        name.strip("`"): above.split(body)[0] for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def first_cells(body: str) -> list[str]:
    """First cells of the table rows in a text."""
    return [line.split("|")[1].strip() for line in body.splitlines() if line.startswith("| ")]


def test_every_command_has_its_section_and_an_example() -> None:
    told = sections("docs/commands.md", 3)
    assert told.keys() == COMMANDS.keys() | {"controlroom"}
    shown = {example.words[0] for example in examples(ROOT / "docs" / "commands.md")}
    assert shown >= COMMANDS.keys()


def with_its_actions(parser: ArgumentParser) -> list[ArgumentParser]:
    """A command's parser, and those of its actions."""
    below = [own for own in parser._actions if isinstance(own, _SubParsersAction)]
    return [parser, *(action for own in below for action in own.choices.values())]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_commands_options_are_told_and_no_others(command: str) -> None:
    actions = [action for parser in with_its_actions(COMMANDS[command]) for action in parser._actions]
    there = {option for own in actions for option in own.option_strings} - {"-h", "--help"}
    section = sections("docs/commands.md", 3)[command]
    told = {option for cell in first_cells(section) for option in re.findall(r"--[a-z-]+", cell)}
    assert told == there


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_choice_of_an_option_is_told(command: str) -> None:
    section = sections("docs/commands.md", 3)[command]
    for own in COMMANDS[command]._actions:
        for choice in own.choices or ():
            words = own.option_strings[:1] or [command]  # an action's name stands behind that of its command
            assert re.search(rf"`(controlroom )?{words[0]} {choice}[` ]", section), choice


def test_every_exit_code_is_told() -> None:
    there = {value for name, value in vars(codes).items() if name.isupper() and isinstance(value, int)}
    for page, heading in (("docs/commands.md", "Exit codes"), ("README.md", "In CI")):
        told = {int(cell) for cell in first_cells(sections(page, 2)[heading]) if cell.isdigit()}
        assert told == there, page


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_shown_command_is_one_that_the_program_takes(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        build_parser().parse_args(example.words)
    except SystemExit as ended:
        pytest.fail(
            f"controlroom {shlex.join(example.words)} ends with {ended.code}: {capsys.readouterr().err}"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_sentence_names_no_command_that_is_not_there(page: Path) -> None:
    assert mentions(page) - COMMANDS.keys() == set()


def test_files_that_shown_commands_name_are_there() -> None:
    made_here = {"experiments/checkout-outage.yaml", "experiments/my-game-day.yaml"}
    named = {word for own in EXAMPLES for word in own.words if word.startswith("experiments/")}
    assert named
    assert [word for word in named - made_here if not (ROOT / word).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in links(page):
        name, _, anchor = target.partition("#")
        path = page.parent / name
        if not path.exists() or (anchor and anchor not in headings(path)):
            lost.append(target)
    assert lost == []


def test_every_page_is_in_the_index() -> None:
    named = set(links(ROOT / "docs" / "README.md"))
    assert {page.name for page in PAGES if page.parent.name == "docs"} - named == {"README.md"}


def test_every_defect_is_told_and_no_other() -> None:
    body = sections("docs/lab.md", 2)["Planted defects"]
    told = [cell.strip("`") for cell in first_cells(body) if cell.startswith("`")]
    assert sorted(told) == sorted(own.value for own in Defect)


def test_every_state_of_an_experiment_is_told() -> None:
    body = sections("docs/guide.md", 3)["Every state, and what to do"]
    rows = [line.split("|") for line in body.splitlines() if line.startswith("| ")]
    told = {row[2].strip(" `") for row in rows}
    assert told - {"state"} == set(get_args(RunState))
    sentence = body.partition("A target is")[2]
    assert set(re.findall(r"`([a-z]+)`", sentence)) >= set(get_args(TargetState))


@pytest.mark.parametrize("milestone", [own for own in get_args(Milestone) if own != "mark"])
def test_every_milestone_is_told_with_its_letter(milestone: Milestone) -> None:
    assert f"`{MARKS[milestone]}` {milestone.replace('-', ' ')}" in text("docs/guide.md")


def test_every_request_of_the_labs_control_api_is_told_and_no_other() -> None:
    staging = Staging(StagingSettings(seed=7, start=START), ScaledClock(START, 0.0))
    api = ControlApi(staging, PrometheusApi(staging.prometheus), TroubleSwitch(), lambda: None)
    routes = api.make_app().router.routes()
    there = {f"{route.method} {route.resource.canonical}" for route in routes if route.resource is not None}
    body = sections("docs/lab.md", 2)["The control API"]
    told = {cell.strip("`") for cell in first_cells(body) if cell.startswith("`")}
    assert told == {request for request in there if not request.startswith("HEAD ")}


def test_every_guard_is_told_with_the_word_that_overrides_it() -> None:
    body = sections("docs/guide.md", 3)["The guards"]
    told = {
        row[1].strip(" `"): row[3].strip(" `")
        for row in (line.split("|") for line in body.splitlines()[4:])
        if len(row) > 3
    }
    results = {result.guard: result for result in check(REFUSED_BY_ALL)}
    assert told.keys() - {"guard", "---"} == results.keys()
    words = {guard: result.typed for guard, result in results.items() if result.typed}
    assert words.pop("production") == "shop-prod"
    assert {guard: told[guard] for guard in words} == words
    assert {guard for guard, word in told.items() if word == "–"} == {
        guard for guard, result in results.items() if result.outcome == "refused" and not result.typed
    }
