"""The selectors of a PromQL expression: what it is made of, each to be asked for by itself."""

from __future__ import annotations

from typing import Any

_SIGNS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def selectors_of(query: str) -> tuple[str, ...]:
    """Every `name{…}` of an expression, once, without range, offset and `@`: which series it looks at.

    Empty where the expression cannot be parsed: the server says then what is wrong with it.
    """
    import promql_parser as promql

    try:
        tree = promql.parse(query)
    except ValueError:
        return ()
    found: dict[str, None] = {}

    def visit(node: Any) -> bool:
        if isinstance(node, promql.VectorSelector):
            found[_written(node)] = None
        return True

    promql.walk(tree, visit)
    return tuple(found)


def _written(selector: Any) -> str:
    """As PromQL; the library's own text does not escape quotes."""
    if selector.matchers.or_matchers:
        return str(selector).partition(" offset ")[0].partition(" @ ")[0]
    parts = [
        f"{one.name}{_SIGNS[str(one.op).rpartition('.')[2]]}{_quoted(one.value)}"
        for one in selector.matchers.matchers
    ]
    inside = f"{{{', '.join(parts)}}}" if parts else ""
    return f"{selector.name or ''}{inside}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
