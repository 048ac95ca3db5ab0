"""The part of Go's templates that alert labels and annotations use.

`{{ $labels.x }}`, `{{ $value }}`, `{{ $externalLabels.x }}`, literals, pipelines and the functions named in
FUNCTIONS. Conditions, loops and queries are refused when the rules are loaded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from controlroom.lab.prometheus.labels import Labels
from controlroom.lab.prometheus.numbers import format_general, format_plain

Value = str | float
Term = Callable[["Subject"], Value]

_ACTION = re.compile(r"\{\{(-?)\s*(.*?)\s*(-?)\}\}", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\||[^\s|"`]+')
_VERB = re.compile(r"%(?:(?P<flags>[-+# 0]*[0-9]*(?:\.[0-9]+)?)(?P<verb>[a-zA-Z])|%)")


class TemplateError(ValueError):
    """A template that uses what this module does not know, or a function given what it cannot use."""


@dataclass(frozen=True)
class Subject:
    """What a template speaks about."""

    labels: Labels
    value: float
    external_labels: Labels


def _number(value: Value) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise TemplateError(f"can't convert {value!r} to a number") from error


def _significant(value: float) -> str:
    """Go's %.4g."""
    return f"{value:.4g}" if math.isfinite(value) else format_plain(value)


def _fraction(value: float, unit: str) -> str:
    prefix = ""
    for smaller in "munpfazy":
        if abs(value) >= 1:
            break
        prefix, value = smaller, value * 1000
    return f"{_significant(value)}{prefix}{unit}"


def humanize(value: float) -> str:
    """Four digits and a metric prefix: 1234567 is 1.235M."""
    if value == 0 or not math.isfinite(value):
        return _significant(value)
    if abs(value) < 1:
        return _fraction(value, "")
    prefix = ""
    for larger in "kMGTPEZY":
        if abs(value) < 1000:
            break
        prefix, value = larger, value / 1000
    return f"{_significant(value)}{prefix}"


def humanize_duration(value: float) -> str:
    """Seconds as days, hours, minutes and seconds: 4000 is 1h 6m 40s."""
    if not math.isfinite(value):
        return _significant(value)
    if value == 0:
        return "0s"
    if abs(value) < 1:
        return _fraction(value, "s")
    sign, size = ("-" if value < 0 else ""), abs(value)
    minutes, seconds = divmod(int(size), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{sign}{minutes}m {seconds}s"
    return f"{sign}{_significant(size)}s"


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else format_general(value)


def _printf(arguments: Sequence[Value]) -> str:
    if not arguments:
        raise TemplateError("printf needs a format")
    rest = list(arguments[1:])

    def formatted(match: re.Match[str]) -> str:
        if match["verb"] is None:
            return "%"
        if not rest:
            return f"%!{match['verb']}(MISSING)"
        value = rest.pop(0)
        if match["verb"] in "eEfgG":
            number = _number(value)
            plain = format_plain(number)
            return f"%{match['flags']}{match['verb']}" % number if math.isfinite(number) else plain
        return f"%{match['flags']}s" % _shown(value)

    return _VERB.sub(formatted, _shown(arguments[0]))


def _of_one(function: Callable[[Value], str]) -> Callable[[Sequence[Value]], str]:
    def called(arguments: Sequence[Value]) -> str:
        if len(arguments) != 1:
            raise TemplateError(f"wrong number of args: want 1 got {len(arguments)}")
        return function(arguments[0])

    return called


FUNCTIONS: dict[str, Callable[[Sequence[Value]], str]] = {
    "humanize": _of_one(lambda value: humanize(_number(value))),
    "humanizeDuration": _of_one(lambda value: humanize_duration(_number(value))),
    "humanizePercentage": _of_one(lambda value: f"{_significant(_number(value) * 100)}%"),
    "printf": _printf,
    "toUpper": _of_one(lambda value: _shown(value).upper()),
    "toLower": _of_one(lambda value: _shown(value).lower()),
}


def _term(token: str) -> Term:
    """A variable, a label or a literal."""
    if token[0] in '"`':
        text = token[1:-1] if token[0] == "`" else token[1:-1].encode().decode("unicode_escape")
        return lambda _: text
    if token in ("$value", ".Value"):
        return lambda subject: subject.value
    variable, _, label = token.lstrip("$.").partition(".")
    if label and variable in ("labels", "Labels"):
        return lambda subject: subject.labels.get(label)
    if label and variable in ("externalLabels", "ExternalLabels"):
        return lambda subject: subject.external_labels.get(label)
    try:
        number = float(token)
    except ValueError as error:
        raise TemplateError(f"not known in a template: {token}") from error
    return lambda _: number


def _command(tokens: Sequence[str], piped: Term | None) -> Term:
    """A function call or a term; what was piped in is the call's last argument."""
    function = FUNCTIONS.get(tokens[0]) if tokens else None
    if function is None:
        if len(tokens) != 1 or piped is not None:
            raise TemplateError(f"not known in a template: {' '.join(tokens)}")
        return _term(tokens[0])
    terms = [_term(token) for token in tokens[1:]]
    if piped is not None:
        terms.append(piped)
    return lambda subject: function([term(subject) for term in terms])


def _pipeline(action: str) -> Term:
    commands: list[list[str]] = [[]]
    for token in _TOKEN.findall(action):
        if token == "|":
            commands.append([])
        else:
            commands[-1].append(token)
    piped: Term | None = None
    for tokens in commands:
        piped = _command(tokens, piped)
    assert piped is not None
    return piped


class Template:
    """A text with actions, read once."""

    def __init__(self, text: str) -> None:
        """Raises TemplateError for what is not known."""
        self.text = text
        self._parts: list[str | Term] = []
        position, trim = 0, False
        for match in _ACTION.finditer(text):
            literal = text[position : match.start()]
            literal = literal.lstrip() if trim else literal
            self._parts.append(literal.rstrip() if match[1] else literal)
            self._parts.append(_pipeline(match[2]))
            position, trim = match.end(), bool(match[3])
        self._parts.append(text[position:].lstrip() if trim else text[position:])

    def expand(self, subject: Subject) -> str:
        """The text for one alert; an error stands in the text, as Prometheus does."""
        try:
            return "".join(part if isinstance(part, str) else _shown(part(subject)) for part in self._parts)
        except TemplateError as error:
            return f"<error expanding template: {error}>"
