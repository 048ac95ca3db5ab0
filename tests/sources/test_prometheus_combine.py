"""Combined queries: they parse, keep what they were made of, and stay short enough."""

from __future__ import annotations

from urllib.parse import quote_plus

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.sources.promql_combine import MOST_BYTES, Term, combine, complaint, wrapped

EXPRESSIONS = st.sampled_from(
    [
        "up",
        "sum(rate(http_server_requests_seconds_count[30s])) # with a comment",
        "42.5",
        "scalar(sum(up))",
        "a > bool 3",
        'histogram_quantile(0.95, sum by (le) (rate(x_bucket{uri="/api/orders"}[30s])))',
        "sum(\n  up\n)",
    ]
)


@given(st.lists(EXPRESSIONS, min_size=1, max_size=30), st.integers(100, MOST_BYTES))
def test_every_expression_is_in_exactly_one_query_that_parses(expressions: list[str], most: int) -> None:
    terms = [Term(id=f"m{number}", query=query) for number, query in enumerate(expressions)]
    found = combine(terms, most)
    assert [name for one in found for name in one.ids] == [term.id for term in terms]
    for one in found:
        promql_parser.parse(one.query)
        assert len(one.ids) == 1 or len(quote_plus(one.query)) <= most
        for name in one.ids:
            assert wrapped(terms[int(name[1:])]) in one.query


def test_nothing_to_combine() -> None:
    assert combine([]) == []


@pytest.mark.parametrize("query", ["up", "42", "scalar(up)", "(sum(up))", "up # comment"])
def test_what_can_be_wrapped(query: str) -> None:
    assert complaint(query) == ""


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("up)", ""),
        ("", ""),
        ("sum(", ""),
        ('up), "controlroom_metric", "other", "", "") or label_replace((up', ""),
        ("up[1m]", "range vector"),
        ("(up)[5m:1m]", "range vector"),
        ('"text"', "string"),
        ("((up[1m]))", "range vector"),
    ],
)
def test_what_cannot(query: str, why: str) -> None:
    assert complaint(query)
    assert why in complaint(query)


def test_an_id_cannot_leave_its_quotes() -> None:
    query = wrapped(Term(id='a"b\\', query="up"))
    promql_parser.parse(query)
    assert r'"a\"b\\"' in query
