"""PromQL in a plan: each expression must stand alone, because many are read in one combined query.

An expression that closes the wrapper's bracket early could carry another metric's name
(a combined query is `label_replace((expr), "controlroom_metric", "id", "", "") or …`), so it is parsed by itself first.
"""

from __future__ import annotations

LONGEST = 4000
"""Characters; a combined query is cut below the URL length that servers and proxies take."""
DEEPEST = 60
"""Brackets within brackets; whatever evaluates the query walks them one inside the other."""
RESERVED = "controlroom_metric"
"""The label that tells the metrics of a combined query apart."""


def flaw_of(query: str) -> str | None:
    """Why a query cannot be used, in words; None where it can."""
    if len(query) > LONGEST:
        return f"the query is longer than {LONGEST} characters"
    if _depth(query) > DEEPEST:
        return f"the query is nested deeper than {DEEPEST} brackets"
    if RESERVED in query:
        return f"the label `{RESERVED}` is the room's own"
    try:
        return _flaw_of_tree(query)
    except ValueError as error:
        return f"not PromQL: {_first_line(str(error))}"
    except RecursionError:
        return "the query is a chain of too many operators"


def _flaw_of_tree(query: str) -> str | None:
    """The same by the query's tree. Raises ValueError where it has none, RecursionError where it is too deep."""
    import promql_parser as promql

    tree = promql.parse(query)
    inner = tree
    while isinstance(inner, promql.ParenExpr):
        inner = inner.expr
    if isinstance(inner, promql.StringLiteral):
        return "the query yields a string, not a number"
    if isinstance(inner, (promql.MatrixSelector, promql.SubqueryExpr)):
        return "the query yields a range of samples, not one value: wrap it, as in rate(…[30s])"
    wrapped = promql.parse(f"(\n{query}\n)")
    if not isinstance(wrapped, promql.ParenExpr) or str(wrapped.expr) != str(tree):
        return "the query means something else when it stands in brackets, as it must among others"
    return None


def duration_flaw(text: str) -> str | None:
    """Why a text is no duration of Prometheus (`30s`, `1h30m`)."""
    import promql_parser as promql

    try:
        promql.parse_duration(text)
    except ValueError as error:
        return f"not a duration: {_first_line(str(error))}"
    return None


def _depth(query: str) -> int:
    depth = deepest = 0
    for character in query:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "it cannot be parsed"
