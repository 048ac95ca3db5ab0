"""Label matchers as Alertmanager 0.25 writes, parses and applies them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

_NOTATION = re.compile(r"^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*$", re.DOTALL)


class MatcherError(ValueError):
    """The text is no matcher, or its regular expression does not parse; the message is Alertmanager's."""


class Matcher(msgspec.Struct, frozen=True, rename="camel"):
    """One matcher in the API's shape."""

    is_equal: bool
    is_regex: bool
    name: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a label set fulfils it; a missing label counts as the empty string."""
        return self.matches_value(labels.get(self.name, ""))

    def matches_value(self, value: str) -> bool:
        if self.is_regex:
            return bool(anchored(self.value).match(value)) is self.is_equal
        return (value == self.value) is self.is_equal

    def __str__(self) -> str:
        operator = ("=" if self.is_equal else "!") + ("~" if self.is_regex else "" if self.is_equal else "=")
        return f'{self.name}{operator}"{self.value}"'


def compile_go(pattern: str, shown: str | None = None) -> re.Pattern[str]:
    """Compiles an expression; raises :class:`MatcherError` in the words of Go's regexp package."""
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error as error:
        reason = "missing closing )" if "unterminated subpattern" in error.msg else error.msg
        raise MatcherError(f"error parsing regexp: {reason}: `{shown or pattern}`") from error


def anchored(pattern: str) -> re.Pattern[str]:
    """An expression that must match a whole value; raises :class:`MatcherError`."""
    return compile_go(f"^(?:{pattern})\\Z", shown=f"^(?:{pattern})$")


def parse_matcher(text: str) -> Matcher:
    """Reads `name="value"` (quotes may be left out); raises :class:`MatcherError`."""
    found = _NOTATION.match(text)
    if found is None:
        raise MatcherError(f"bad matcher format: {text}")
    name, operator, value = found.groups()
    if value.startswith('"'):
        if len(value) < 2 or not value.endswith('"'):
            raise MatcherError(f"matcher value contains unescaped double quote: {value}")
        value = value[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
    matcher = Matcher(is_equal=operator[0] == "=", is_regex="~" in operator, name=name, value=value)
    if matcher.is_regex:
        anchored(value)
    return matcher


def parse_filters(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """The matchers of a request's `filter` parameters."""
    return tuple(parse_matcher(text) for text in texts)


def all_match(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether every matcher is fulfilled."""
    return all(matcher.matches(labels) for matcher in matchers)
