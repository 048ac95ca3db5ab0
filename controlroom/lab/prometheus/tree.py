"""The tree of an expression, as this engine evaluates it: frozen, typed, times in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from controlroom.lab.prometheus.labels import Matcher

ValueType = Literal["scalar", "vector", "matrix", "string"]
Cardinality = Literal["one-to-one", "many-to-one", "one-to-many", "many-to-many"]

COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})
SET_OPERATORS = frozenset({"and", "or", "unless"})


@dataclass(frozen=True)
class Moment:
    """What a selector looks at: `at` (Unix ms, or an end of the query) or each step, less `offset_ms`."""

    offset_ms: int = 0
    at: int | Literal["start", "end"] | None = None


@dataclass(frozen=True)
class Number:
    value: float
    type: ValueType = "scalar"


@dataclass(frozen=True)
class String:
    value: str
    type: ValueType = "string"


@dataclass(frozen=True)
class Selector:
    """`name{…}`: an instant vector."""

    matchers: tuple[Matcher, ...]
    moment: Moment
    type: ValueType = "vector"


@dataclass(frozen=True)
class RangeSelector:
    """`name{…}[range]`."""

    selector: Selector
    range_ms: int
    type: ValueType = "matrix"


@dataclass(frozen=True)
class Subquery:
    """`expr[range:step]`; `step_ms` None for the server's evaluation interval."""

    expr: Node
    range_ms: int
    step_ms: int | None
    moment: Moment
    type: ValueType = "matrix"


@dataclass(frozen=True)
class Call:
    name: str
    args: tuple[Node, ...]
    type: ValueType


@dataclass(frozen=True)
class Aggregation:
    """`op by|without (labels) (param, expr)`."""

    op: str
    expr: Node
    param: Node | None
    labels: tuple[str, ...]
    without: bool
    type: ValueType = "vector"


@dataclass(frozen=True)
class Matching:
    """How the series of two vectors meet; `include` are the labels of group_left or group_right."""

    cardinality: Cardinality
    on: bool
    labels: tuple[str, ...]
    include: tuple[str, ...]


@dataclass(frozen=True)
class Binary:
    op: str
    left: Node
    right: Node
    matching: Matching
    as_bool: bool
    type: ValueType


@dataclass(frozen=True)
class Negation:
    """Unary minus."""

    expr: Node
    type: ValueType


@dataclass(frozen=True)
class Parens:
    """Kept, because a few functions look at their argument's form."""

    expr: Node
    type: ValueType


Node = Number | String | Selector | RangeSelector | Subquery | Call | Aggregation | Binary | Negation | Parens


def unwrapped(node: Node) -> Node:
    """The node inside any number of brackets."""
    while isinstance(node, Parens):
        node = node.expr
    return node
