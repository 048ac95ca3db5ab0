"""Splits an expression into tokens with their positions, for error messages."""

from __future__ import annotations

import re
from dataclasses import dataclass

AGGREGATORS = frozenset(
    {"sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"}
    | {"topk", "bottomk", "quantile", "count_values"}
)
"""The aggregation operators of Prometheus 2.42."""

KEYWORDS = frozenset(
    ("by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "start", "end")
)
WORD_OPERATORS = frozenset(("and", "or", "unless", "atan2"))

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|\#[^\n]*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
  | (?P<duration>(?:[0-9]+(?:ms|[smhdwy]))+(?![a-zA-Z0-9_]))
  | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<identifier>(?:[a-zA-Z_]|:(?=[a-zA-Z_:]))[a-zA-Z0-9_:]*)
  | (?P<operator>==|=~|!=|!~|<=|>=|[-+*/%^<>=])
  | (?P<sign>[(){}\[\],:@])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """`kind` is string, duration, number, identifier, operator, sign, keyword, aggregator, end or error.

    The text of an error says what cannot be read there; nothing follows it.
    """

    kind: str
    text: str
    index: int

    def described(self) -> str:
        """In the words of Prometheus's parser."""
        if self.kind == "end":
            return "end of input"
        if self.kind == "keyword":
            return f"<{self.text}>"
        if self.kind == "aggregator":
            return f"<aggr:{self.text}>"
        if self.kind == "operator":
            return f"<op:{self.text}>"
        quoted = '"' + self.text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return quoted if self.kind == "sign" else f"{self.kind} {quoted}"


def _kind(match: re.Match[str], *, in_braces: bool) -> str:
    kind, word = str(match.lastgroup), match[0].lower()
    if kind != "identifier" or in_braces:
        return kind
    if word in ("inf", "nan"):
        return "number"
    if word in AGGREGATORS:
        return "aggregator"
    if word in WORD_OPERATORS:
        return "operator"
    return "keyword" if word in KEYWORDS else "identifier"


def tokens(text: str) -> list[Token]:
    """All tokens, the last of kind "end" or "error"."""
    found: list[Token] = []
    opened: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return [*found, Token("error", _unreadable(text, position), position)]
        if match.lastgroup == "number" and found and found[-1].text in ("[", ":"):
            return [*found, Token("error", f'bad duration syntax: "{match[0]}"', position)]
        if match[0] in _OPENING.values() and match.lastgroup == "sign":
            if _CLOSING[match[0]] not in opened:
                return [*found, Token("error", _unopened(match[0]), match.end())]
            if opened[-1] == _CLOSING[match[0]]:
                opened.pop()
        if match.lastgroup != "blank":
            found.append(Token(_kind(match, in_braces=opened[-1:] == ["{"]), match[0], position))
        if match.lastgroup == "sign" and match[0] in _OPENING:
            opened.append(match[0])
        position = match.end()
    return [*found, _end(opened, len(text))]


_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_UNCLOSED = {
    "(": "unclosed left parenthesis",
    "[": "unclosed left bracket",
    "{": "unexpected end of input inside braces",
}


def _end(opened: list[str], position: int) -> Token:
    return Token("error", _UNCLOSED[opened[-1]], position) if opened else Token("end", "", position)


def _unopened(sign: str) -> str:
    name = {")": "parenthesis", "]": "bracket", "}": "brace"}[sign]
    return f"unexpected right {name} {sign!r}"


def _unreadable(text: str, position: int) -> str:
    if text[position] in "\"'":
        return "unterminated quoted string"
    if text[position] == "`":
        return "unterminated raw string"
    return f"unexpected character: {text[position]!r}"
