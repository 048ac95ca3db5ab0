"""What Prometheus would say about an expression that promql-parser refuses, and where in the text.

promql-parser tells neither positions nor Prometheus's words. So a refused text is read once more here, after
Prometheus's grammar, up to the first token that does not fit; where the grammar is kept, promql-parser's
complaint about types or names is looked for among the parts of the expression.
"""

from __future__ import annotations

import re

from controlroom.lab.prometheus.errors import ParseError
from controlroom.lab.prometheus.grammar import Complaint, Parts, Reader
from controlroom.lab.prometheus.tokens import tokens
from controlroom.lab.prometheus.tree import COMPARISONS

_TYPES = {"scalar": "scalar", "vector": "instant vector", "matrix": "range vector", "string": "string"}

_WRONG_TYPE = re.compile(r"expected type (?P<wanted>\w+) in (?P<where>.+), got (?P<got>\w+)")
_IN_CALL = re.compile(r"call to function '(\w+)'")
_UNKNOWN = re.compile(r"unknown function with name '(\w+)'")
_REGEX = re.compile(r"illegal regex for (?P<pattern>.*)", re.DOTALL)


def explain(text: str, message: str) -> ParseError:
    """The error of Prometheus for `message`, promql-parser's complaint about `text`."""
    try:
        complaint = _translated(Reader(tokens(text)).read(), message)
    except Complaint as found:
        complaint = found
    return _placed(text, complaint)


def refuse_newer(text: str) -> None:
    """Raises ParseError for notations that promql-parser takes and Prometheus 2.42 does not know yet."""
    try:
        Reader(tokens(text)).read()
    except Complaint as found:
        raise _placed(text, found) from found


def _placed(text: str, complaint: Complaint) -> ParseError:
    before = text[: complaint.index]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return ParseError(complaint.message, f"{line}:{column}")


def _translated(parts: Parts, message: str) -> Complaint:
    if found := _UNKNOWN.fullmatch(message):
        index = next((call.index for call in parts.calls if call.name == found[1]), 0)
        return Complaint(f'unknown function with name "{found[1]}"', index)
    if found := _WRONG_TYPE.match(message):
        return _wrong_type(parts, found)
    if found := _REGEX.fullmatch(message):
        index = next((at for pattern, at in parts.patterns if pattern == found["pattern"]), 0)
        return Complaint(
            f"error parsing regexp: {_fault(found['pattern'])}: `^(?:{found['pattern']})$`", index
        )
    if message.startswith("unary expression only"):
        return _unary_type(parts, message)
    return Complaint(message.replace("'", '"'), _operator_index(parts, message))


def _operator_index(parts: Parts, message: str) -> int:
    """Where the operator (or its wrong operand) is that a complaint about operators speaks of; else 0."""
    for left, operator, right in parts.binaries:
        compares = operator.text in COMPARISONS
        scalars = left.type == right.type == "scalar"
        wrong = [side for side in (left, right) if side.type not in ("scalar", "vector")]
        if message.startswith("binary expression must contain only") and wrong:
            return wrong[0].index
        if message.startswith("comparisons between scalars") and compares and scalars:
            return operator.index
        if message.startswith("bool modifier") and not compares:
            return operator.index
        if message.startswith("set operator"):
            return left.index
        if message.startswith("label "):
            return operator.index
    return 0


def _unary_type(parts: Parts, message: str) -> Complaint:
    got = message.rpartition(" ")[2]
    index = next((part.index for part in parts.unaries if part.type == got), 0)
    return Complaint(
        "unary expression only allowed on expressions of type scalar or instant vector, "
        f'got "{_TYPES.get(got, got)}"',
        index,
    )


def _wrong_type(parts: Parts, found: re.Match[str]) -> Complaint:
    wanted, got = (_TYPES.get(found[part], found[part]) for part in ("wanted", "got"))
    where = found["where"].replace("'", '"')
    called = _IN_CALL.match(found["where"])
    for call in parts.calls:
        if call.name != (called[1] if called is not None else ""):
            continue
        for position, arg in enumerate(call.args):
            if arg.type == found["got"]:
                if called is None and found["wanted"] == "vector" and position < len(call.args) - 1:
                    continue
                if called is None and position < len(call.args) - 1:
                    where = "aggregation parameter"
                return Complaint(f"expected type {wanted} in {where}, got {got}", arg.index)
    return Complaint(f"expected type {wanted} in {where}, got {got}", 0)


def _fault(pattern: str) -> str:
    """Go's name of what is wrong with a regular expression, for the commonest mistakes."""
    if pattern.count("(") != pattern.count(")"):
        return "missing closing )" if pattern.count("(") > pattern.count(")") else "unexpected )"
    if pattern.count("[") > pattern.count("]"):
        return "missing closing ]"
    return "missing argument to repetition operator"
