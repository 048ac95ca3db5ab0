"""Reads a layout from YAML. Apart from :mod:`controlroom.tui.layouts`, as YAML is loaded after the first paint."""

from __future__ import annotations

import difflib

import yaml

from controlroom.tui.layouts import Flaws, Layout, LayoutError, layout

KEYS = ("name", "title", "at-least", "safe-to-share", "seats", "frames", "columns", "rows")

NEEDED = ("name", "title", "columns", "rows")


def parse(text: str, source: str) -> Layout:
    """The layout that `text` describes; raises :class:`LayoutError` with source and line of all that is wrong."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise LayoutError(f"{source}:{line}: not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise LayoutError(f"{source}:1: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(node, yaml.MappingNode):
        raise LayoutError(f"{source}:1: a layout is a mapping")
    return _File(node, source).layout()


class _File:
    """One file's fields; gathers what is wrong with them."""

    def __init__(self, node: yaml.MappingNode, source: str) -> None:
        self._source = source
        self._fields: dict[str, tuple[yaml.Node, int]] = {}
        self._troubles: list[tuple[int, str]] = []
        self._row_lines: list[int] = []
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in KEYS:
                self._fields[name] = (value, line)
                continue
            near = difflib.get_close_matches(name, KEYS, 1)
            hint = f" (did you mean `{near[0]}`?)" if near else ""
            self._wrong(line, f"unknown key `{name}`{hint}")
        for name in NEEDED:
            if name not in self._fields:
                self._wrong(1, f"`{name}` is missing")

    def layout(self) -> Layout:
        columns, rows = self._text("columns"), self._rows()
        try:
            found = layout(
                self._text("name"),
                self._text("title"),
                columns or "1fr",
                rows,
                at_least=self._at_least(),
                frames=self._truth("frames", True),
                safe_to_share=self._truth("safe-to-share", False),
                seats=self._text("seats"),
            )
        except Flaws as flaws:
            # Without columns or rows what follows from their lack is no news.
            if columns and rows:
                for key, row, text in flaws.found:
                    self._wrong(self._line(key, row), text)
            found = None
        if found is None or self._troubles:
            raise LayoutError(*(f"{self._source}:{line}: {text}" for line, text in sorted(self._troubles)))
        return found

    def _wrong(self, line: int, text: str) -> None:
        self._troubles.append((line, text))

    def _line(self, key: str, row: int = -1) -> int:
        if key == "rows" and row >= 0:
            return self._row_lines[row]
        return self._fields[key][1] if key in self._fields else 1

    def _text(self, name: str) -> str:
        """Empty where it is missing."""
        if name not in self._fields:
            return ""
        node, line = self._fields[name]
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            self._wrong(line, f"`{name}` is one text")
            return ""
        return str(node.value)

    def _truth(self, name: str, default: bool) -> bool:
        text = self._text(name)
        if text not in ("", "true", "false"):
            self._wrong(self._line(name), f"`{name}` is true or false")
        return text == "true" if text else default

    def _at_least(self) -> tuple[int, int]:
        text = self._text("at-least")
        if not text:
            return (0, 0)
        wide, _, tall = (part.strip() for part in text.partition("x"))
        if not (wide.isdecimal() and tall.isdecimal() and len(wide) < 5 and len(tall) < 5):
            self._wrong(self._line("at-least"), "`at-least` is columns x rows, as 80x24")
            return (0, 0)
        return int(wide), int(tall)

    def _rows(self) -> list[tuple[str, str]]:
        if "rows" not in self._fields:
            return []
        node, line = self._fields["rows"]
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._wrong(line, "`rows` is a list")
            return []
        found = []
        for row in node.value:
            at = row.start_mark.line + 1
            if not isinstance(row, yaml.MappingNode) or len(row.value) != 1 or not _plain(*row.value[0]):
                self._wrong(at, "a row is `size: areas`")
                continue
            size, areas = row.value[0]
            found.append((str(size.value), str(areas.value)))
            self._row_lines.append(at)
        return found


def _plain(size: yaml.Node, areas: yaml.Node) -> bool:
    scalars = isinstance(size, yaml.ScalarNode) and isinstance(areas, yaml.ScalarNode)
    return scalars and bool(str(areas.value).strip())
