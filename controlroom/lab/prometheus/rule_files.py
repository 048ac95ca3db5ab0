"""Rule groups in Prometheus's YAML format, read and checked once."""

from __future__ import annotations

import msgspec
import yaml

from controlroom.lab.prometheus.durations import parse_duration
from controlroom.lab.prometheus.errors import QueryError
from controlroom.lab.prometheus.labels import is_label_name
from controlroom.lab.prometheus.parsing import parse
from controlroom.lab.prometheus.templates import Template, TemplateError


class RuleFileError(ValueError):
    """A rule file that Prometheus would refuse; the message names the group and the rule."""


class _RuleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    expr: str | int | float
    record: str = ""
    alert: str = ""
    for_: str = msgspec.field(name="for", default="0s")
    keep_firing_for: str = "0s"
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _GroupEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    rules: tuple[_RuleEntry, ...] = ()
    interval: str = ""
    limit: int = 0


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    groups: tuple[_GroupEntry, ...] = ()


class RecordingSpec(msgspec.Struct, frozen=True):
    """`record:`, a series computed at each evaluation."""

    name: str
    expr: str
    labels: dict[str, str]


class AlertingSpec(msgspec.Struct, frozen=True):
    """`alert:`; `for_ms` and `keep_firing_ms` in milliseconds, labels and annotations as templates."""

    name: str
    expr: str
    for_ms: int
    keep_firing_ms: int
    labels: dict[str, Template]
    annotations: dict[str, Template]


class GroupSpec(msgspec.Struct, frozen=True):
    """Rules that are evaluated one after the other; `interval_ms` 0 for the server's."""

    name: str
    interval_ms: int
    limit: int
    rules: tuple[RecordingSpec | AlertingSpec, ...]


def load_rules(text: str) -> tuple[GroupSpec, ...]:
    """The groups of a rule file. Raises RuleFileError."""
    try:
        document = yaml.safe_load(text) or {}
        groups = msgspec.convert(document, _File, strict=False).groups
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise RuleFileError(f"not a rule file: {error}") from error
    return tuple(_group(entry) for entry in groups)


def _group(entry: _GroupEntry) -> GroupSpec:
    rules = []
    for rule in entry.rules:
        try:
            rules.append(_rule(rule))
        except (QueryError, TemplateError, ValueError) as error:
            name = rule.alert or rule.record
            raise RuleFileError(f'group "{entry.name}", rule "{name}": {error}') from error
    interval_ms = parse_duration(entry.interval) if entry.interval else 0
    return GroupSpec(entry.name, interval_ms, entry.limit, tuple(rules))


def _rule(entry: _RuleEntry) -> RecordingSpec | AlertingSpec:
    if bool(entry.record) == bool(entry.alert):
        raise ValueError("exactly one of 'record' and 'alert' must be set")
    expr = str(entry.expr).strip()
    parse(expr)
    for label in entry.labels:
        if not is_label_name(label) or label == "__name__":
            raise ValueError(f"invalid label name: {label}")
    if entry.record:
        return RecordingSpec(entry.record, expr, entry.labels)
    return AlertingSpec(
        entry.alert,
        expr,
        parse_duration(entry.for_),
        parse_duration(entry.keep_firing_for),
        {name: Template(value) for name, value in entry.labels.items()},
        {name: Template(value) for name, value in entry.annotations.items()},
    )
