"""Several PromQL expressions in one query, each told apart again by a label.

The wrapper is measured against Prometheus 2.42: `(expr) + on() group_left() vector(0)` makes a series of a
scalar and takes only its metric name from a vector; `label_replace` writes the metric's id; `or` joins, as
no two ids are equal. Each expression stands between line breaks, so that a comment at its end swallows no
bracket. What does not parse alone is never wrapped: it could close the wrapper and speak for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote_plus

from controlroom.core.values import Value

LABEL = "controlroom_metric"
"""The label that carries a metric's id."""

MOST_BYTES = 5_500
"""Length of a percent-encoded query: the whole address stays below 6 KB, which proxies accept."""


class Term(Value):
    """A metric's expression."""

    id: str
    query: str


class Combined(Value):
    """One query for several metrics."""

    ids: tuple[str, ...]
    query: str


def wrapped(term: Term) -> str:
    """The expression as a vector whose series carry the metric's id."""
    name = term.id.replace("\\", "\\\\").replace('"', '\\"')
    return f'label_replace((\n{term.query}\n) + on() group_left() vector(0), "{LABEL}", "{name}", "", "")'


def combine(terms: Sequence[Term], most: int = MOST_BYTES) -> list[Combined]:
    """As few queries as fit into `most` encoded bytes each, in the given order; one too long goes alone."""
    found: list[Combined] = []
    ids: list[str] = []
    parts: list[str] = []
    length = 0
    for term in terms:
        part = wrapped(term)
        cost = len(quote_plus(part)) + len("+or+")
        if parts and length + cost > most:
            found.append(Combined(ids=tuple(ids), query=" or ".join(parts)))
            ids, parts, length = [], [], 0
        ids.append(term.id)
        parts.append(part)
        length += cost
    if parts:
        found.append(Combined(ids=tuple(ids), query=" or ".join(parts)))
    return found


def complaint(query: str) -> str:
    """Why an expression cannot be wrapped: it does not parse alone, or yields no vector and no scalar.

    Empty where it can. The parser knows Prometheus 2's language: what it refuses may still be good for the
    server, which is then asked for that expression apart and unwrapped.
    """
    import promql_parser

    try:
        tree = promql_parser.parse(query)
    except ValueError as error:
        return str(error) or "does not parse"
    while isinstance(tree, promql_parser.ParenExpr):
        tree = tree.expr
    if isinstance(tree, promql_parser.MatrixSelector | promql_parser.SubqueryExpr):
        return "yields a range vector, expected an instant vector or a scalar"
    if isinstance(tree, promql_parser.StringLiteral):
        return "yields a string, expected an instant vector or a scalar"
    return ""
