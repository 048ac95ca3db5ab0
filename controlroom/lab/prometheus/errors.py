"""Why a query failed, in the words of the Prometheus API."""

from __future__ import annotations

from typing import Literal

ErrorType = Literal["bad_data", "execution", "timeout", "internal", "unavailable", "not_found"]


class QueryError(Exception):
    """A query that has no answer: `error_type` is Prometheus's `errorType`, the message its `error`."""

    def __init__(self, error_type: ErrorType, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message


class ParseError(QueryError):
    """An expression that does not parse or does not type-check; `position` is "line:column"."""

    def __init__(self, message: str, position: str) -> None:
        super().__init__("bad_data", f"{position}: parse error: {message}")
        self.position = position


def execution(message: str) -> QueryError:
    """An expression that parses and cannot be evaluated over the samples there are."""
    return QueryError("execution", message)
