"""Reads a layout from YAML. Apart from :mod:`controlroom.tui.layouts`, as YAML is loaded after the first paint."""

from __future__ import annotations

import difflib

import yaml

from controlroom.tui.layouts import Layout, LayoutError, layout

KEYS = ("name", "title", "at-least", "safe-to-share", "seats", "frames", "columns", "rows")

_Fields = dict[str, tuple[yaml.Node, int]]


def parse(text: str, source: str) -> Layout:
    """The layout that `text` describes; raises :class:`LayoutError` with source and line."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise LayoutError(f"{source}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(node, yaml.MappingNode):
        raise LayoutError(f"{source}:1: a layout is a mapping")
    fields = _fields(node, source)
    try:
        return layout(
            _text(fields, "name", source),
            _text(fields, "title", source),
            _text(fields, "columns", source),
            _rows(fields, source),
            at_least=_at_least(fields, source),
            frames=_truth(fields, "frames", True, source),
            safe_to_share=_truth(fields, "safe-to-share", False, source),
            seats=_text(fields, "seats", source) if "seats" in fields else "",
        )
    except ValueError as error:
        raise LayoutError(f"{source}:{fields['rows'][1] if 'rows' in fields else 1}: {error}") from error


def _fields(node: yaml.MappingNode, source: str) -> _Fields:
    found: _Fields = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name not in KEYS:
            near = difflib.get_close_matches(name, KEYS, 1)
            hint = f" (did you mean `{near[0]}`?)" if near else ""
            raise LayoutError(f"{source}:{line}: unknown key `{name}`{hint}")
        found[name] = (value, line)
    return found


def _text(fields: _Fields, name: str, source: str) -> str:
    if name not in fields:
        raise LayoutError(f"{source}:1: `{name}` is missing")
    node, line = fields[name]
    if not isinstance(node, yaml.ScalarNode):
        raise LayoutError(f"{source}:{line}: `{name}` is one text")
    return str(node.value)


def _truth(fields: _Fields, name: str, default: bool, source: str) -> bool:
    if name not in fields:
        return default
    text = _text(fields, name, source)
    if text not in ("true", "false"):
        raise LayoutError(f"{source}:{fields[name][1]}: `{name}` is true or false")
    return text == "true"


def _at_least(fields: _Fields, source: str) -> tuple[int, int]:
    if "at-least" not in fields:
        return (0, 0)
    text, line = _text(fields, "at-least", source), fields["at-least"][1]
    wide, _, tall = text.partition("x")
    if not (wide.strip().isdecimal() and tall.strip().isdecimal()):
        raise LayoutError(f"{source}:{line}: `at-least` is columns x rows, as 80x24")
    return int(wide), int(tall)


def _rows(fields: _Fields, source: str) -> list[tuple[str, str]]:
    if "rows" not in fields:
        raise LayoutError(f"{source}:1: `rows` is missing")
    node, line = fields["rows"]
    if not isinstance(node, yaml.SequenceNode):
        raise LayoutError(f"{source}:{line}: `rows` is a list")
    found = []
    for row in node.value:
        if not isinstance(row, yaml.MappingNode) or len(row.value) != 1:
            raise LayoutError(f"{source}:{row.start_mark.line + 1}: a row is `size: areas`")
        size, areas = row.value[0]
        found.append((str(size.value), str(areas.value)))
    return found
