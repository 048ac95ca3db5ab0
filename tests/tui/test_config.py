"""The configuration of one's own: what it may say, how it is told what is wrong, and that the room does as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from textual.command import CommandPalette

from controlroom.core import intents as i
from controlroom.tui import config as configs
from controlroom.tui.actions import ACTIONS
from controlroom.tui.config import COLOURS, SETTINGS, parse, place, read
from controlroom.tui.config_page import EXAMPLE
from controlroom.tui.keymap import FIXED, NEVER_WITHOUT, Keys, key_named, shown_key
from controlroom.tui.outcome import Settings
from controlroom.tui.tones import PALETTES, called
from tests.cli.calling import call
from tests.sessions import synthetic_events
from tests.tui.desk import Desk

FILE = Path("config.yaml")
PAGE = (Path(__file__).parent.parent.parent / "docs" / "config.md").read_text(encoding="utf-8")


def troubles(text: str) -> list[str]:
    return list(parse(text, FILE).troubles)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lay-out: x", "config.yaml:1: unknown setting `lay-out` (did you mean `layout`?)"),
        ("\nmouse: no", "config.yaml:2: `mouse` is true or false, not `no`"),
        ("theme: drak", "there is no theme `drak` (did you mean `dark`?)"),
        ("keys: {nots: k}", "unknown action `nots` (did you mean `notes`?)"),
        ("keys: {picture: F99}", "there is no key `F99`"),
        ("keys: {picture: n}", "`picture`: `n` is the key of `note` already"),
        ("keys: {picture: enter}", "lists, questions and text fields need it"),
        ("keys: {picture: ctrl+i}", "a terminal takes it for tab"),
        ("keys: {halt: none}", "`halt` always has a key"),
        ("keys: {halt: []}", "`halt` always has a key"),
        ("keys: {help: none}", "`help` always has a key"),
        ("keys: {halt_typing: h}", "needs a key that types nothing"),
        ("keys: {phases: y}", "`y` answers questions"),
        ("keys: {edit_note: e}", "`edit_note` has no key of its own"),
        ("keys: {picture: }", "`picture` wants one word"),
        ("keys: [x]", "`keys` is a mapping"),
        ("themes: {mine: {bad: red}}", '`bad` is a colour as "#rrggbb", not `red`'),
        ("themes: {mine: {bda: '#ffffff'}}", "there is no colour `bda` (did you mean `bad`?)"),
        ("themes: {mine: {from: drak}}", "there is no theme `drak` (did you mean `dark`?)"),
        ("themes: {mine: {dim: '#222222'}}", "`dim` is hard to read on `background`"),
        ("themes: {dark: {}}", "`dark` is a theme of the house"),
        ("themes: {../x: {}}", "a theme's name is of small letters"),
        ("theme: dark\ntheme: light", "config.yaml:2: `theme` stands in line 1 already"),
        ("keys: [", "config.yaml:1: not YAML"),
        ("a: &a [*a]", "unknown setting `a`"),
        ("[1]", "the file is a mapping"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line(text: str, told: str) -> None:
    found = troubles(text)
    assert len(found) == 1
    assert told in found[0]
    assert re.match(r"config\.yaml:\d+: ", found[0])


def test_everything_is_told_at_once_and_the_rest_is_used() -> None:
    own = parse(
        "theme: light\nmouse: maybe\nkeys: {note: F3, picture: n, halt: none}\nlow-motion: true\n", FILE
    )
    assert len(own.troubles) == 2
    assert own.theme == "light"
    assert own.low_motion is True
    assert own.mouse is None
    assert own.keys.own == {"note": ("f3",), "picture": ("n",)}, "the key that note gave away is free"


def test_two_actions_may_exchange_their_keys() -> None:
    assert not troubles("keys: {note: o, observations: n}")


def test_a_clash_gives_both_their_own_keys_back() -> None:
    own = parse("keys: {note: F3, picture: F3}", FILE)
    assert len(own.troubles) == 2
    assert own.keys.own == {}


def test_the_file_is_where_the_rules_say(tmp_path: Path) -> None:
    assert place({"XDG_CONFIG_HOME": "/etc/mine", "HOME": "/h"}) == Path("/etc/mine/controlroom/config.yaml")
    assert place({"XDG_CONFIG_HOME": "rel", "HOME": "/h"}) == Path("/h/.config/controlroom/config.yaml")
    assert read(tmp_path / "absent.yaml").troubles == ()
    (tmp_path / "large.yaml").write_text("#" * (configs.LARGEST + 1))
    assert "larger than" in read(tmp_path / "large.yaml").troubles[0]
    assert "cannot be read" in read(tmp_path).troubles[0]


@pytest.mark.parametrize("action", [own for own in ACTIONS if own.key], ids=lambda own: own.id)
def test_a_key_is_shown_as_it_is_written(action: object) -> None:
    assert isinstance(action, type(ACTIONS[0]))
    for key in Keys().of(action):
        if key not in FIXED:
            assert key_named(key) == key
            assert key_named(re.sub(r"^\^(?=.)", "ctrl+", shown_key(key))) == key


async def opened(text: str) -> Desk:
    own = parse(text, FILE)
    settings = Settings(keys=own.keys, theme=own.theme, palettes=own.palettes, troubles=own.troubles)
    return Desk(synthetic_events(1872.0), None, settings)


async def test_keys_of_ones_own_act_and_are_what_the_screen_names() -> None:
    room = await opened("keys: {note: F3, halt: [f12], plot: none, checklist: '('}")
    async with room.app.run_test(size=(120, 36)) as pilot:
        await room.ready(pilot)
        shown = "\n".join(room.screen_lines())
        assert "f3 note" in shown
        assert "[f12] halt" in shown
        assert "checklist [k]" not in shown
        await room.press("exclamation_mark")
        assert not room.room.asked, "its old key halts no more"
        await room.press("n")
        assert room.app.screen is room.app.room_screen
        await room.press("t")
        assert room.app.screen is room.app.room_screen, "it has no key any more"
        await room.press("left_parenthesis", "question_mark")
        assert "f12" in room.sheet(), "the help of a sheet names them as well"
        await room.press("escape", "escape", "question_mark")
        assert "f3 " in room.sheet()
        await room.press("f12")
        assert room.asked(i.HaltAll)


async def test_the_palette_opens_by_a_key_of_ones_own() -> None:
    room = await opened("keys: {commands: f4, quit: none}")
    async with room.app.run_test(size=(80, 24)) as pilot:
        await room.ready(pilot)
        await room.press("ctrl+p")
        assert room.app.screen is room.app.room_screen
        await room.press("f4")
        await room.until(lambda: isinstance(room.app.screen, CommandPalette), "the palette is open")
        await room.press("escape", "ctrl+q")
        await room.until(lambda: "end the day" in room.sheet(), "what always leaves, leaves")


async def test_a_broken_configuration_is_a_message_and_the_default() -> None:
    room = await opened("theme: drak\nkeys: {halt: none}")
    async with room.app.run_test(size=(120, 36)) as pilot:
        await room.ready(pilot)
        await room.until(lambda: any("did you mean `dark`" in said for said in room.said), "it is said")
        assert sum("configuration" in said for said in room.said) == 1
        await room.press("exclamation_mark")
        assert room.asked(i.HaltAll)


async def test_a_theme_of_ones_own_is_shown_and_in_turn() -> None:
    room = await opened("theme: mine\nthemes: {mine: {from: light, bad: '#aa0011'}}")
    async with room.app.run_test(size=(120, 36)) as pilot:
        await room.ready(pilot)
        assert room.app.theme == "mine"
        assert room.app.current_theme.error == "#aa0011"
        assert room.app.current_theme.dark is False
        seen = set()
        for _ in range(len(PALETTES) + 1):
            await room.press("T")
            seen.add(room.app.theme)
        assert seen == {*PALETTES, "mine"}


def test_the_command_says_what_is_in_force(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("theme: light\nkeys: {note: F3, nots: x}\n")
    done = call(capsys, "config", "--config", path)
    assert done.code == 2
    assert f"{path}:2: unknown action `nots`" in done.err
    assert re.search(r"^theme +light$", done.out, re.MULTILINE)
    assert re.search(r"^keys.note +f3$", done.out, re.MULTILINE)
    assert re.search(r"^f3 +note ", call(capsys, "config", "--config", path, "--keys").out, re.MULTILINE)
    told = json.loads(call(capsys, "config", "--config", path, "--json").out)
    assert (told["ok"], told["settings"]["theme"], told["keys"]["note"]) == (False, "light", "f3")
    path.write_text(call(capsys, "config", "--example").out)
    assert call(capsys, "config", "--config", path).code == 0
    assert call(capsys, "config", "--config", tmp_path / "absent").code == 2
    assert call(capsys, "replay", "--config", tmp_path / "absent").code == 2


def test_the_example_is_right_when_its_comments_are_taken_away() -> None:
    names = "|".join((*SETTINGS, *COLOURS, "halt", "note", "picture", "late-shift", "from"))
    bare = re.sub(rf"^( *)# ( *(?:{names}):.*)$", r"\1\2", EXAMPLE, flags=re.MULTILINE)
    own = parse(bare, FILE)
    assert own.troubles == ()
    assert own.theme == "colour-blind"
    assert own.palettes["late-shift"].accent == "#ffaf5f"
    assert own.keys.own["halt"] == ("exclamation_mark", "f12")
    assert (Path(__file__).parent.parent.parent / "docs" / "config.example.yaml").read_text() == EXAMPLE


@pytest.mark.parametrize(
    "word",
    [*SETTINGS, *COLOURS, *sorted(FIXED), *map(called, PALETTES), *sorted(NEVER_WITHOUT)],
)
def test_the_page_tells_every_setting_colour_theme_and_rule(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_what_the_page_shows_can_be_used() -> None:
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        assert parse(block, FILE).troubles == ()
