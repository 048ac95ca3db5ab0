"""From the text of an expression to the tree: promql-parser reads it, this module makes it our own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import cache, lru_cache

import promql_parser as promql

from controlroom.lab.prometheus import tree
from controlroom.lab.prometheus.complaints import explain, refuse_newer
from controlroom.lab.prometheus.errors import ParseError
from controlroom.lab.prometheus.functions import NAMES as FUNCTION_NAMES
from controlroom.lab.prometheus.functions import SCALAR_FUNCTIONS
from controlroom.lab.prometheus.labels import METRIC_NAME, Matcher, Operator, anchored
from controlroom.lab.prometheus.tokens import AGGREGATORS

_OPERATORS: dict[str, Operator] = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}

_CARDINALITIES: dict[str, tree.Cardinality] = {
    "OneToOne": "one-to-one",
    "ManyToOne": "many-to-one",
    "OneToMany": "one-to-many",
    "ManyToMany": "many-to-many",
}


@cache
def _know_old_names() -> None:
    """holt_winters was renamed after 2.42, and promql-parser knows the new name only."""
    kinds = promql.ValueType
    smoothing = promql.Function(
        "holt_winters", [kinds.Matrix, kinds.Scalar, kinds.Scalar], kinds.Vector, 0, False
    )
    promql.register_extra_functions([smoothing])


@lru_cache(maxsize=2048)
def parse(text: str) -> tree.Node:
    """The tree of an expression. Raises ParseError with Prometheus's message and position."""
    _know_old_names()
    try:
        parsed = promql.parse(text)
    except ValueError as error:
        raise explain(text, str(error)) from error
    refuse_newer(text)
    return _Converter(text).node(parsed)


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of a `match[]` parameter, which must be a plain selector."""
    node = parse(text)
    if not isinstance(node, tree.Selector) or node.moment != tree.Moment():
        raise ParseError("unexpected expression, expected a series selector", "1:1")
    return node.matchers


class _Converter:
    """Converts promql-parser's tree of one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def node(self, expr: promql.Expr) -> tree.Node:
        match expr:
            case promql.NumberLiteral():
                return tree.Number(expr.val)
            case promql.StringLiteral():
                return tree.String(expr.val)
            case promql.VectorSelector():
                return self._selector(expr)
            case promql.MatrixSelector():
                return tree.RangeSelector(self._selector(expr.vector_selector), _milliseconds(expr.range))
            case promql.ParenExpr():
                inner = self.node(expr.expr)
                return tree.Parens(inner, inner.type)
            case promql.UnaryExpr():
                inner = self.node(expr.expr)
                return tree.Negation(inner, inner.type)
            case promql.SubqueryExpr():
                return self._subquery(expr)
            case promql.Call():
                return self._call(expr)
            case promql.AggregateExpr():
                return self._aggregation(expr)
            case promql.BinaryExpr():
                return self._binary(expr)
        raise ParseError(f"unexpected {type(expr).__name__}", "1:1")

    def _selector(self, expr: promql.VectorSelector) -> tree.Selector:
        matchers = [self._matcher(one) for one in expr.matchers.matchers]
        if expr.name is not None:
            matchers.insert(0, Matcher(METRIC_NAME, "=", expr.name))
        return tree.Selector(tuple(matchers), _moment(expr.offset, expr.at))

    def _matcher(self, matcher: promql.Matcher) -> Matcher:
        operator = _OPERATORS[str(matcher.op).rpartition(".")[2]]
        if operator in ("=~", "!~"):
            try:
                anchored(matcher.value)
            except re.error as error:
                raise explain(self._text, f"illegal regex for {matcher.value}") from error
        return Matcher(matcher.name, operator, matcher.value)

    def _subquery(self, expr: promql.SubqueryExpr) -> tree.Subquery:
        if expr.range is None:
            raise ParseError("a subquery needs a range", "1:1")
        step = None if expr.step is None else _milliseconds(expr.step)
        return tree.Subquery(
            self.node(expr.expr), _milliseconds(expr.range), step, _moment(expr.offset, expr.at)
        )

    def _call(self, expr: promql.Call) -> tree.Call:
        name = expr.func.name
        if name not in FUNCTION_NAMES:
            raise explain(self._text, f"unknown function with name '{name}'")
        kind: tree.ValueType = "scalar" if name in SCALAR_FUNCTIONS else "vector"
        return tree.Call(name, self._all(expr.args), kind)

    def _all(self, args: Sequence[promql.Expr]) -> tuple[tree.Node, ...]:
        return tuple(self.node(one) for one in args)

    def _aggregation(self, expr: promql.AggregateExpr) -> tree.Aggregation:
        op = str(expr.op)
        if op not in AGGREGATORS:
            raise explain(self._text, f"unknown function with name '{op}'")
        modifier = expr.modifier
        param = None if expr.param is None else self.node(expr.param)
        return tree.Aggregation(
            op,
            self.node(expr.expr),
            param,
            tuple(modifier.labels) if modifier is not None else (),
            modifier is not None and modifier.type == promql.AggModifierType.Without,
        )

    def _binary(self, expr: promql.BinaryExpr) -> tree.Binary:
        left, right = self.node(expr.lhs), self.node(expr.rhs)
        kind: tree.ValueType = "vector" if "vector" in (left.type, right.type) else "scalar"
        modifier = expr.modifier
        return tree.Binary(
            str(expr.op), left, right, _matching(modifier), bool(modifier and modifier.return_bool), kind
        )


def _matching(modifier: promql.BinModifier | None) -> tree.Matching:
    if modifier is None:
        return tree.Matching("one-to-one", on=False, labels=(), include=())
    matching = modifier.matching
    return tree.Matching(
        _CARDINALITIES[str(modifier.card).rpartition(".")[2]],
        on=matching is not None and matching.type == promql.LabelModifierType.Include,
        labels=tuple(matching.labels) if matching is not None else (),
        include=tuple(modifier.group_labels or ()),
    )


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


def _moment(offset: timedelta | None, at: promql.AtModifier | None) -> tree.Moment:
    offset_ms = 0 if offset is None else _milliseconds(offset)
    if at is None:
        return tree.Moment(offset_ms)
    if at.type == promql.AtModifierType.Start:
        return tree.Moment(offset_ms, "start")
    if at.type == promql.AtModifierType.End:
        return tree.Moment(offset_ms, "end")
    assert at.at is not None
    return tree.Moment(offset_ms, round(at.at.timestamp() * 1000))
