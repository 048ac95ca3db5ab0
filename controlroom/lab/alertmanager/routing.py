"""The part of Alertmanager's configuration that decides who is told, when, and what stays quiet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
import yaml

from controlroom.lab.alertmanager.matchers import Matcher, all_match, parse_filters

#: What the bookstore's on-call rotation would run: pages wake somebody, tickets do not.
CONFIGURATION = """\
global:
  resolve_timeout: 5m
route:
  receiver: default
  group_by:
  - alertname
  - service
  continue: false
  routes:
  - receiver: page
    matchers:
    - severity=~"page|critical"
    continue: false
  - receiver: ticket
    matchers:
    - severity="ticket"
    continue: false
  group_wait: 10s
  group_interval: 30s
  repeat_interval: 4h
inhibit_rules:
- source_matchers:
  - severity="critical"
  target_matchers:
  - severity="ticket"
  equal:
  - cluster
  - service
receivers:
- name: default
- name: page
- name: ticket
templates: []
"""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+)(ms|[smhd])")


class _RouteText(msgspec.Struct, frozen=True):
    receiver: str | None = None
    group_by: tuple[str, ...] | None = None
    group_wait: str | None = None
    group_interval: str | None = None
    repeat_interval: str | None = None
    matchers: tuple[str, ...] = ()
    routes: tuple[_RouteText, ...] = ()
    # `continue` is a keyword here and a field there.
    go_on: bool = msgspec.field(default=False, name="continue")


class _InhibitText(msgspec.Struct, frozen=True):
    source_matchers: tuple[str, ...]
    target_matchers: tuple[str, ...]
    equal: tuple[str, ...] = ()


class _ReceiverText(msgspec.Struct, frozen=True):
    name: str


class _GlobalText(msgspec.Struct, frozen=True):
    resolve_timeout: str = "5m"


class _ConfigurationText(msgspec.Struct, frozen=True):
    route: _RouteText
    receivers: tuple[_ReceiverText, ...]
    inhibit_rules: tuple[_InhibitText, ...] = ()
    global_: _GlobalText = msgspec.field(default_factory=_GlobalText, name="global")


@dataclass(frozen=True)
class Route:
    """A node of the routing tree; durations are seconds."""

    receiver: str
    group_by: tuple[str, ...]
    group_wait: float
    group_interval: float
    repeat_interval: float
    matchers: tuple[Matcher, ...]
    routes: tuple[Route, ...]
    go_on: bool

    def matching(self, labels: Mapping[str, str]) -> Iterator[Route]:
        """The routes that an alert goes to: the deepest matching ones."""
        if not all_match(self.matchers, labels):
            return
        found = False
        for child in self.routes:
            matched = list(child.matching(labels))
            found = found or bool(matched)
            yield from matched
            if matched and not child.go_on:
                break
        if not found:
            yield self


@dataclass(frozen=True)
class InhibitRule:
    """While a source fires, targets with the same `equal` labels are suppressed."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


@dataclass(frozen=True)
class Configuration:
    """A parsed configuration and its text."""

    text: str
    resolve_timeout: float
    route: Route
    inhibit_rules: tuple[InhibitRule, ...]
    receivers: tuple[str, ...]


def parse_configuration(text: str) -> Configuration:
    """Reads the YAML; raises `msgspec.ValidationError` or `yaml.YAMLError` for a bad one."""
    read = msgspec.convert(yaml.safe_load(text), _ConfigurationText)
    top = Route("", (), 30.0, 300.0, 4 * 3600.0, (), (), False)
    return Configuration(
        text=text,
        resolve_timeout=seconds(read.global_.resolve_timeout),
        route=_route(read.route, top),
        inhibit_rules=tuple(
            InhibitRule(parse_filters(one.source_matchers), parse_filters(one.target_matchers), one.equal)
            for one in read.inhibit_rules
        ),
        receivers=tuple(one.name for one in read.receivers),
    )


def seconds(text: str) -> float:
    """The seconds of a Go-style duration such as `1m30s`."""
    if not _DURATION.fullmatch(text) and not re.fullmatch(f"({_DURATION.pattern})+", text):
        raise ValueError(f"not a valid duration string: {text!r}")
    return sum(int(count) * _UNITS[unit] for count, unit in _DURATION.findall(text))


def _route(text: _RouteText, parent: Route) -> Route:
    inherited = Route(
        receiver=text.receiver or parent.receiver,
        group_by=parent.group_by if text.group_by is None else text.group_by,
        group_wait=parent.group_wait if text.group_wait is None else seconds(text.group_wait),
        group_interval=parent.group_interval if text.group_interval is None else seconds(text.group_interval),
        repeat_interval=(
            parent.repeat_interval if text.repeat_interval is None else seconds(text.repeat_interval)
        ),
        matchers=parse_filters(text.matchers),
        routes=(),
        go_on=text.go_on,
    )
    children = tuple(_route(child, inherited) for child in text.routes)
    return Route(
        inherited.receiver,
        inherited.group_by,
        inherited.group_wait,
        inherited.group_interval,
        inherited.repeat_interval,
        inherited.matchers,
        children,
        inherited.go_on,
    )
