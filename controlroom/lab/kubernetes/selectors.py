"""Label and field selectors, as the query parameters and as LabelSelector documents."""

from __future__ import annotations

import re
from collections.abc import Callable

from controlroom.lab.kubernetes.documents import Document

LabelTest = Callable[[dict[str, str]], bool]

_KEY = r"[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?"
_VALUE = r"([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?"
_SET = re.compile(rf"(?P<key>{_KEY})\s+(?P<op>in|notin)\s+\((?P<values>[^()]*)\)")
_EQUAL = re.compile(rf"(?P<key>{_KEY})\s*(?P<op>==|!=|=)\s*(?P<value>{_VALUE})")
_EXISTS = re.compile(rf"(?P<no>!?)\s*(?P<key>{_KEY})")
_COMMA = re.compile(r",(?![^()]*\))")


class BadSelector(ValueError):
    """A selector that does not parse; the message is the API server's."""


def parse_labels(text: str) -> LabelTest:
    """The test that a `labelSelector` parameter makes; raises :class:`BadSelector`."""
    tests = [_requirement(part.strip(), text) for part in _COMMA.split(text) if part.strip()]
    return lambda labels: all(test(labels) for test in tests)


def _requirement(part: str, whole: str) -> LabelTest:
    if match := _SET.fullmatch(part):
        key = match["key"]
        values = {value.strip() for value in match["values"].split(",")}
        if match["op"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if match := _EQUAL.fullmatch(part):
        key, value = match["key"], match["value"] or ""
        if match["op"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if match := _EXISTS.fullmatch(part):
        key = match["key"]
        if match["no"]:
            return lambda labels: key not in labels
        return lambda labels: key in labels
    raise BadSelector(whole)


def expression_matches(expression: Document, labels: dict[str, str]) -> bool:
    """Whether one requirement {key, operator, values} of a LabelSelector holds."""
    key, values = expression["key"], expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def parse_fields(text: str) -> list[tuple[str, bool, str]]:
    """The (path, wanted equal, value) triples of a `fieldSelector`; raises :class:`BadSelector`."""
    found = []
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
        if match is None:
            raise BadSelector(text)
        found.append((match[1], match[2] != "!=", match[3]))
    return found


def field_value(document: Document, path: str) -> str:
    """The text of a field such as `status.phase`; empty where it is absent."""
    value: object = document
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return "" if value is None else str(value)
