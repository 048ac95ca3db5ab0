"""PromQL's grammar, read only far enough to say where a text departs from it and of what it is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from controlroom.lab.prometheus.functions import NAMES, SCALAR_FUNCTIONS
from controlroom.lab.prometheus.tokens import Token
from controlroom.lab.prometheus.tree import COMPARISONS


class Complaint(Exception):
    """What is wrong, and at which index of the text."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.message = message
        self.index = index


@dataclass(frozen=True)
class Part:
    """A piece of the expression: its type and where it starts.

    A call has a name and arguments, an aggregation only the latter.
    """

    type: str
    index: int
    name: str = ""
    args: tuple[Part, ...] = ()


@dataclass
class Parts:
    """The pieces in the order in which Prometheus checks them: inner ones first."""

    calls: list[Part] = field(default_factory=list)
    binaries: list[tuple[Part, Token, Part]] = field(default_factory=list)
    unaries: list[Part] = field(default_factory=list)
    patterns: list[tuple[str, int]] = field(default_factory=list)


class Reader:
    """Reads tokens after PromQL's grammar and raises Complaint at the first that does not fit."""

    PRECEDENCE = (
        frozenset(("or",)),
        frozenset(("and", "unless")),
        COMPARISONS,
        frozenset(("+", "-")),
        frozenset(("*", "/", "%", "atan2")),
        frozenset(("^",)),
    )
    POWER = 5

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._next = 0
        self._parts = Parts()

    def read(self) -> Parts:
        """The pieces of a whole expression."""
        if self._peek.kind == "end":
            raise Complaint("no expression found in input", 0)
        self._expression(0)
        if self._peek.kind != "end":
            raise self._unexpected()
        return self._parts

    @property
    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek
        self._next += token.kind not in ("end", "error")
        return token

    def _unexpected(self, context: str = "", expected: str = "") -> Complaint:
        if self._peek.kind == "error":
            return Complaint(self._peek.text, self._peek.index)
        message = f"unexpected {self._peek.described()}"
        message += f" in {context}" if context else ""
        message += f", expected {expected}" if expected else ""
        return Complaint(message, self._peek.index)

    def _expect(self, text: str, context: str = "", expected: str = "") -> Token:
        if self._peek.text != text:
            raise self._unexpected(context, expected)
        return self._take()

    def _expression(self, level: int) -> Part:
        if level == len(self.PRECEDENCE):
            return self._unary()
        left = self._expression(level + 1)
        while self._peek.kind == "operator" and self._peek.text.lower() in self.PRECEDENCE[level]:
            operator = self._take()
            self._matching()
            right = self._expression(level if level == self.POWER else level + 1)
            self._parts.binaries.append((left, operator, right))
            kind = "vector" if "vector" in (left.type, right.type) else "scalar"
            left = Part(kind, left.index)
        return left

    def _matching(self) -> None:
        if self._peek.text.lower() == "bool":
            self._take()
        if self._peek.text.lower() in ("on", "ignoring"):
            self._take()
            self._grouping()
            if self._peek.text.lower() in ("group_left", "group_right"):
                self._take()
                if self._peek.text == "(":
                    self._grouping()

    def _grouping(self) -> None:
        self._expect("(", "grouping opts", '"("')
        while self._peek.text != ")":
            if self._peek.kind not in ("identifier", "keyword", "aggregator", "operator"):
                raise self._unexpected("grouping opts", "label")
            self._take()
            if self._peek.text not in (",", ")"):
                raise self._unexpected("grouping opts", '"," or ")"')
            if self._peek.text == ",":
                self._take()
        self._take()

    def _unary(self) -> Part:
        if self._peek.text in ("+", "-"):
            sign = self._take()
            operand = Part(self._expression(self.POWER).type, sign.index)
            self._parts.unaries.append(operand)
            return operand
        return self._postfix(self._primary())

    def _primary(self) -> Part:
        token = self._peek
        if token.kind in ("number", "string"):
            self._take()
            return Part("scalar" if token.kind == "number" else "string", token.index)
        if token.text == "(":
            self._take()
            inner = self._expression(0)
            self._expect(")")
            return Part(inner.type, token.index)
        if token.kind == "aggregator" and self._tokens[self._next + 1].text.lower() in ("(", "by", "without"):
            return self._aggregation()
        if token.text == "{":
            self._matchers()
            return Part("vector", token.index)
        if token.kind not in ("identifier", "keyword", "aggregator"):
            raise self._unexpected()
        self._take()
        if self._peek.text == "(":
            return self._call(token)
        if self._peek.text == "{":
            self._matchers()
        return Part("vector", token.index)

    def _modifier(self) -> None:
        if self._peek.text.lower() in ("by", "without"):
            self._take()
            self._grouping()

    def _aggregation(self) -> Part:
        token = self._take()
        self._modifier()
        aggregation = Part("vector", token.index, args=self._arguments())
        self._parts.calls.append(aggregation)
        self._modifier()
        return aggregation

    def _call(self, name: Token) -> Part:
        if name.text not in NAMES:
            raise Complaint(f'unknown function with name "{name.text}"', name.index)
        args = self._arguments()
        kind = "scalar" if name.text in SCALAR_FUNCTIONS else "vector"
        call = Part(kind, name.index, name.text, args)
        self._parts.calls.append(call)
        return call

    def _arguments(self) -> tuple[Part, ...]:
        self._expect("(", "aggregation")
        args: list[Part] = []
        while self._peek.text != ")":
            args.append(self._expression(0))
            if self._peek.text not in (",", ")"):
                raise self._unexpected()
            if self._peek.text == ",":
                self._take()
                if self._peek.text == ")":
                    raise Complaint("trailing commas not allowed in function call args", self._peek.index - 1)
        self._take()
        return tuple(args)

    def _matchers(self) -> None:
        self._take()
        while self._peek.text != "}":
            label = self._peek
            if label.kind not in ("identifier", "keyword", "aggregator", "operator"):
                raise self._unexpected("label matching", 'identifier or "}"')
            self._take()
            if self._peek.text not in ("=", "!=", "=~", "!~"):
                raise self._unexpected("label matching", "label matching operator")
            operator = self._take()
            if self._peek.kind != "string":
                raise self._unexpected("label matching", "string")
            value = self._take()
            if operator.text in ("=~", "!~"):
                self._parts.patterns.append((value.text[1:-1], label.index))
            if self._peek.text not in (",", "}"):
                raise self._unexpected("label matching", '"," or "}"')
            if self._peek.text == ",":
                self._take()
        self._take()

    def _postfix(self, part: Part) -> Part:
        while True:
            word = self._peek.text.lower()
            if word == "[":
                part = Part(self._range(), part.index)
            elif word == "offset":
                self._take()
                if self._peek.text in ("+", "-"):
                    self._take()
                if self._peek.kind != "duration":
                    raise self._unexpected("offset", "duration")
                self._take()
            elif word == "@":
                self._at()
            else:
                return part

    def _at(self) -> None:
        self._take()
        if self._peek.text in ("+", "-"):
            self._take()
        if self._peek.text in ("start", "end"):
            self._take()
            self._expect("(")
            self._expect(")")
        elif self._peek.kind == "number":
            self._take()
        else:
            raise self._unexpected("@", "timestamp")

    def _range(self) -> str:
        self._take()
        if self._peek.kind != "duration":
            raise self._unexpected("subquery selector" if self._peek.text == ":" else "range", "duration")
        self._take()
        if self._peek.text == ":":
            self._take()
            if self._peek.kind == "duration":
                self._take()
        self._expect("]", "subquery or range", '":" or "]"')
        return "matrix"
