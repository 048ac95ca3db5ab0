"""YAML as this program reads it: bounded before it is built, never guessing types, each value with its line.

YAML 1.1 takes `no` for false, `1:30` for ninety, `012` for ten, and lets the last of two equal keys win. A plan is
written by people, so here every scalar is the text that was written, and a key given twice is an error. Manifests
follow the ordinary rules (a cluster reads them so) within the same bounds.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import NamedTuple

import yaml

from controlroom.plan.errors import Flaw

LARGEST = 1024 * 1024
"""Bytes of a file; the largest object that a Kubernetes API server stores is 1.5 MiB."""
DEEPEST = 40
"""Levels of nesting; Kubernetes objects stay below twenty."""
MOST_ALIASES = 100
MOST_NODES = 50_000
"""Values of a file once its aliases are followed."""

Data = str | None | list["Data"] | dict[str, "Data"]
"""What a plan's YAML holds: texts, lists and mappings; None where nothing is written after a key."""
Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
Loc = tuple[str | int, ...]
"""Way to a value: keys and list positions."""


def read_text(path: Path) -> str:
    """Text of a UTF-8 file of at most `LARGEST` bytes. Raises Flaw."""
    try:
        if path.exists() and not path.is_dir() and not path.is_file():
            raise Flaw("this is not an ordinary file")  # a pipe would be waited for
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise Flaw("there is no such file") from None
    except IsADirectoryError:
        raise Flaw("this is a folder, not a file") from None
    except (OSError, ValueError) as error:
        raise Flaw(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(raw) > LARGEST:
        raise Flaw(f"too large: more than {LARGEST // 1024} KiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Flaw(f"not UTF-8: byte 0x{raw[error.start]:02x} cannot be read as text", line) from None


def compose(text: str) -> list[yaml.Node]:
    """The documents of a YAML text as nodes with their lines, within the bounds of this module. Raises Flaw."""
    try:
        _check_events(text)
        nodes = [node for node in yaml.compose_all(text, Loader=yaml.CSafeLoader) if not _is_void(node)]
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, text) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Flaw(f"not YAML: the character {error.character!r} is not allowed", line) from None
    except yaml.YAMLError as error:
        raise Flaw(f"not YAML: {error}") from None
    for node in nodes:
        _extent(node, {}, ())
    return nodes


def _not_yaml(error: yaml.MarkedYAMLError, text: str) -> Flaw:
    """The parser's complaint; one about the end of the text is put into its last line."""
    mark = error.problem_mark or error.context_mark
    lines = max(1, len(text.splitlines()))
    return Flaw(f"not YAML: {error.problem or error.context}", min(mark.line + 1, lines) if mark else 1)


def _check_events(text: str) -> None:
    """Counts depth and aliases before anything recursive sees the text."""
    depth = aliases = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise Flaw(f"nested deeper than {DEEPEST} levels", line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > MOST_ALIASES:
                raise Flaw(f"more than {MOST_ALIASES} aliases (`*name`)", line)


class _Extent(NamedTuple):
    values: int
    levels: int


def _extent(node: yaml.Node, known: dict[int, _Extent], above: tuple[int, ...]) -> _Extent:
    """How much a node holds with its aliases followed; no node is walked twice, so a bomb costs nothing."""
    own, line = id(node), node.start_mark.line + 1
    if own in above:
        raise Flaw("an alias refers to what it is part of", line)
    if own not in known:
        parts = [_extent(child, known, (*above, own)) for child in _children(node)]
        extent = _Extent(
            1 + sum(part.values for part in parts), 1 + max((p.levels for p in parts), default=0)
        )
        if extent.values > MOST_NODES:
            raise Flaw(f"its aliases unfold to more than {MOST_NODES} values", line)
        if extent.levels > 2 * DEEPEST:
            raise Flaw(f"its aliases unfold to more than {2 * DEEPEST} levels", line)
        known[own] = extent
    return known[own]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _is_void(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "" and _is_plain(node)


def _is_plain(node: yaml.ScalarNode) -> bool:
    return node.style in (None, "")


def data_of(node: yaml.Node) -> Data:
    """The node as texts, lists and mappings. Raises Flaw for a key given twice, a key or a tag that is no text."""
    if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
        raise Flaw(f"tags are not used here: {node.tag}", node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return None if _is_void(node) else str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [data_of(item) for item in node.value]
    found: dict[str, Data] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise Flaw("a key must be a word", line)
        if key.value in found:
            raise Flaw(f"the key `{key.value}` is given twice, first in line {lines[key.value]}", line)
        found[key.value] = data_of(value)
        lines[key.value] = line
    return found


def line_of(node: yaml.Node, loc: Loc) -> int:
    """Line (from 1) of the value at `loc`; of what holds it, where the way ends earlier.

    Steps that name nothing in a mapping are passed over: pydantic puts the tag of a union into its locations.
    """
    line = node.start_mark.line + 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == part), None)
            if pair is None:
                continue
            node, line = pair[1], pair[0].start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


class _ManifestLoader(yaml.CSafeLoader):
    """YAML as the API server's clients read it, but for dates (they stay text) and keys given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        self.flatten_mapping(node)
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Flaw("a key must be a word", key.start_mark.line + 1)
            if key.value in seen:
                raise Flaw(f"the key `{key.value}` is given twice", key.start_mark.line + 1)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_ManifestLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def objects_of(text: str) -> list[tuple[Json, int]]:
    """Each document of a manifest as JSON values, with the line it starts in. Raises Flaw."""
    lines = [node.start_mark.line + 1 for node in compose(text)]
    try:
        documents = [
            document for document in yaml.load_all(text, Loader=_ManifestLoader) if document is not None
        ]
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, text) from None
    except (ValueError, OverflowError) as error:
        raise Flaw(f"a value cannot be read: {error}") from None
    return list(zip(documents, lines, strict=False))
