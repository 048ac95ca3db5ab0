"""The configuration of one's own: keys, themes and habits, read once from one YAML file.

What cannot be used is told with its file and line, all at once, and the default stands in its place: a day is not
held up by a theme. YAML is loaded when there is a file to read.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.tui.actions import BY_ID
from controlroom.tui.keymap import Keys, clashes, key_named, wrong_with
from controlroom.tui.tones import DEFAULT_THEME, LEAST_CONTRAST, PALETTES, Palette, called, contrast, named

if TYPE_CHECKING:
    import yaml

SETTINGS = {
    "theme": "theme to begin with",
    "layout": "layout to begin with, where the terminal has room for it",
    "layouts": "folder with layouts of one's own",
    "ascii": "draw with ASCII alone",
    "low-motion": "repaint at most once a second; without it: over SSH",
    "mouse": "clicks choose panes and lines; without it the terminal selects text as it always does",
    "keys": "keys of one's own, by action",
    "themes": "themes of one's own, by name",
}
"""Every key of the file."""
COLOURS = tuple(own.name for own in fields(Palette) if own.name != "dark")
"""The names of a theme's colours."""
LARGEST = 65_536
"""Bytes of a configuration; more of them are no configuration."""
NONE = "none"
"""In place of a key: the action has none."""


@dataclass(frozen=True)
class Config:
    """What the file says; None: it says nothing of that."""

    theme: str | None = None
    layout: str | None = None
    layouts: Path | None = None
    ascii: bool | None = None
    low_motion: bool | None = None
    mouse: bool | None = None
    keys: Keys = field(default_factory=Keys)
    palettes: Mapping[str, Palette] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()
    """What could not be used, each with file and line."""


def place(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the file is looked for; the directory of the XDG rules, which ignore a relative one."""
    base = Path(environment.get("XDG_CONFIG_HOME", ""))
    home = base if base.is_absolute() else Path(environment.get("HOME", "~")).expanduser() / ".config"
    return home / "controlroom" / "config.yaml"


def read(path: Path) -> Config:
    """The file's configuration; without a file there is nothing in it. Raises nothing: troubles are in it."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        return Config(troubles=(f"{path}: cannot be read: {error.strerror}; the defaults are used",))
    if len(raw) > LARGEST:
        return Config(troubles=(f"{path}: larger than {LARGEST} bytes; the defaults are used",))
    return parse(raw.decode("utf-8", "replace"), path)


def parse(text: str, path: Path) -> Config:
    """The same of a text that stood in that file."""
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = getattr(error, "problem", None) or "nested too deeply"
        return Config(troubles=(f"{path}:{line}: not YAML: {problem}; the defaults are used",))
    if root is None:
        return Config()
    return _Reader(path).config(root)


class _Reader:
    """Reads one file, and collects what cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._troubles: list[tuple[int, str]] = []

    def config(self, root: yaml.Node) -> Config:
        found: dict[str, yaml.Node] = {}
        for name, node, line in self._pairs(root, "the file"):
            if name in SETTINGS:
                found[name] = node
            else:
                self._wrong(line, f"unknown setting `{name}`{near(name, SETTINGS)}")
        palettes = self._palettes(found["themes"]) if "themes" in found else {}
        theme = self._text(found.get("theme"), "theme")
        known = {**PALETTES, **palettes}
        if theme is not None and named(theme, known) is None:
            names = [called(name) for name in known]
            self._wrong(_line(found["theme"]), f"there is no theme `{theme}`{near(theme, names)}")
            theme = None
        layouts = self._text(found.get("layouts"), "layouts")
        return Config(
            theme=theme,
            layout=self._text(found.get("layout"), "layout"),
            layouts=self._path.parent / Path(layouts).expanduser() if layouts else None,
            ascii=self._truth(found.get("ascii"), "ascii"),
            low_motion=self._truth(found.get("low-motion"), "low-motion"),
            mouse=self._truth(found.get("mouse"), "mouse"),
            keys=Keys(self._keys(found["keys"])) if "keys" in found else Keys(),
            palettes=palettes,
            troubles=tuple(f"{self._path}:{line}: {text}" for line, text in sorted(self._troubles)),
        )

    def _wrong(self, line: int, text: str) -> None:
        self._troubles.append((line, text))

    def _pairs(self, node: yaml.Node, what: str) -> Iterable[tuple[str, yaml.Node, int]]:
        """Keys and values of a mapping; one that stands there twice counts once."""
        import yaml

        if not isinstance(node, yaml.MappingNode):
            if node.value:
                self._wrong(_line(node), f"{what} is a mapping (`name: value`)")
            return
        seen: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), _line(key)
            if name in seen:
                self._wrong(line, f"`{name}` stands in line {seen[name]} already")
                continue
            seen[name] = line
            yield name, value, line

    def _text(self, node: yaml.Node | None, what: str) -> str | None:
        import yaml

        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            self._wrong(_line(node), f"`{what}` wants one word; one that YAML takes for its own wants quotes")
            return None
        return str(node.value)

    def _truth(self, node: yaml.Node | None, what: str) -> bool | None:
        text = self._text(node, what)
        if text is None or text in ("true", "false"):
            return None if text is None else text == "true"
        self._wrong(_line(node), f"`{what}` is true or false, not `{text}`")
        return None

    # Keys ---------------------------------------------------------------------------------------------------

    def _keys(self, node: yaml.Node) -> dict[str, tuple[str, ...]]:
        own: dict[str, tuple[str, ...]] = {}
        lines: dict[str, int] = {}
        for name, value, line in self._pairs(node, "`keys`"):
            keys = self._keys_of(name, value, line)
            if keys is not None:
                own[name], lines[name] = keys, line
        while found := clashes(own):
            for name, why in found.items():
                self._wrong(lines[name], f"`{name}`: {why}")
                del own[name]
        return own

    def _keys_of(self, name: str, node: yaml.Node, line: int) -> tuple[str, ...] | None:
        """The keys of one action; None: they cannot be used."""
        import yaml

        if name not in BY_ID:
            self._wrong(line, f"unknown action `{name}`{near(name, BY_ID)}")
            return None
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        texts = [self._text(own, name) for own in nodes]
        keys: list[str] = []
        for text in texts if texts != [NONE] else ():
            try:
                keys += [key_named(text)] if text is not None else []
            except ValueError as error:
                self._wrong(line, f"`{name}`: {error}")
                return None
        if None in texts:
            return None
        if why := wrong_with(BY_ID[name], tuple(keys)):
            self._wrong(line, why)
            return None
        return tuple(dict.fromkeys(keys))

    # Themes -------------------------------------------------------------------------------------------------

    def _palettes(self, node: yaml.Node) -> dict[str, Palette]:
        found: dict[str, Palette] = {}
        for name, value, line in self._pairs(node, "`themes`"):
            if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
                self._wrong(line, f"a theme's name is of small letters, digits and `-`: not `{name}`")
            elif named(name) is not None:
                self._wrong(line, f"`{name}` is a theme of the house: give yours another name")
            else:
                found[name] = self._palette(name, value)
        return found

    def _palette(self, name: str, node: yaml.Node) -> Palette:
        """A theme of the house, `dark` unless it says so, with some colours of one's own."""
        base, own = DEFAULT_THEME, {}
        for key, value, line in self._pairs(node, f"the theme `{name}`"):
            text = self._text(value, key)
            if text is None:
                continue
            if key == "from":
                base = named(text) or DEFAULT_THEME
                if named(text) is None:
                    self._wrong(line, f"there is no theme `{text}`{near(text, map(called, PALETTES))}")
            elif key not in COLOURS:
                self._wrong(line, f"there is no colour `{key}`{near(key, (*COLOURS, 'from'))}")
            elif not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
                self._wrong(line, f'`{key}` is a colour as "#rrggbb", not `{text}`')
            else:
                own[key] = text.lower()
        merged = {colour: own.get(colour, getattr(PALETTES[base], colour)) for colour in COLOURS}
        dark = contrast(merged["background"], "#000000") < contrast(merged["background"], "#ffffff")
        palette = Palette(**merged, dark=dark)
        self._look_at(name, palette, _line(node))
        return palette

    def _look_at(self, name: str, own: Palette, line: int) -> None:
        """A theme that is hard to read is used, and said to be hard to read."""
        for colour in ("text", "dim", "accent", "good", "warn", "bad"):
            ratio = contrast(getattr(own, colour), own.background)
            if ratio < LEAST_CONTRAST:
                self._wrong(
                    line,
                    f"in the theme `{name}`, `{colour}` is hard to read on `background`: contrast {ratio:.1f}, "
                    f"{LEAST_CONTRAST} is wanted; it is used as it is",
                )


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1


def near(word: str, known: Iterable[str]) -> str:
    """A hint at the nearest of the known words; empty: none is near."""
    found = difflib.get_close_matches(word, list(known), 1)
    return f" (did you mean `{found[0]}`?)" if found else ""
