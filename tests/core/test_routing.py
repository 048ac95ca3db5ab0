"""Where an alert goes, of whose labels only some are known: compared with the lab's own reading of a whole tree."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.core.check_facts import MatcherFact, RouteFact
from controlroom.core.routing import Entangled, outcomes, undecided, verdict
from controlroom.lab.alertmanager.routing import parse_configuration
from controlroom.sources.alertmanager_looks import matchers_of, routing_of
from controlroom.sources.ports import SourceError

LABELS = ("severity", "team")
VALUES = ("page", "ticket", "")


def written(route: RouteFact, indent: str = "  ") -> str:
    """A route as Alertmanager's YAML."""
    lines = [f"{indent}receiver: {route.receiver}", f"{indent}continue: {str(route.go_on).lower()}"]
    if route.matchers:
        lines.append(f"{indent}matchers:")
        lines += [f"{indent}- '{_matcher(one)}'" for one in route.matchers]
    if route.routes:
        lines.append(f"{indent}routes:")
        for child in route.routes:
            text = written(child, indent + "  ")
            lines.append(f"{indent}- {text.strip()}")
    return "\n".join(lines)


def _matcher(one: MatcherFact) -> str:
    sign = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}
    return f'{one.name}{sign[one.regex, one.equal]}"{one.value}"'


matchers = st.builds(
    MatcherFact,
    name=st.sampled_from(LABELS),
    value=st.sampled_from(("page", "ticket", "page|ticket", "t.*")),
    regex=st.booleans(),
    equal=st.booleans(),
)
receivers = st.sampled_from(("a", "b", "c", "d"))
leaves = st.builds(
    RouteFact, receiver=receivers, matchers=st.lists(matchers, max_size=2).map(tuple), go_on=st.booleans()
)
trees = st.recursive(
    leaves,
    lambda inner: st.builds(
        RouteFact,
        receiver=receivers,
        matchers=st.lists(matchers, max_size=2).map(tuple),
        routes=st.lists(inner, max_size=3).map(tuple),
        go_on=st.booleans(),
    ),
    max_leaves=8,
)
roots = st.builds(RouteFact, receiver=receivers, routes=st.lists(trees, max_size=4).map(tuple))


def by_the_lab(root: RouteFact, labels: dict[str, str]) -> tuple[str, ...]:
    names = "".join(f"- name: {name}\n" for name in "abcd")
    configuration = parse_configuration(f"route:\n{written(root)}\nreceivers:\n{names}")
    found = (route.receiver for route in configuration.route.matching(labels))
    return tuple(dict.fromkeys(found))


@given(root=roots, severity=st.sampled_from(VALUES), team=st.sampled_from(VALUES))
def test_with_every_label_known_there_is_one_outcome_and_it_is_the_labs(
    root: RouteFact, severity: str, team: str
) -> None:
    labels = {"severity": severity, "team": team}
    assert outcomes(root, labels) == {by_the_lab(root, labels)}
    assert undecided(root, labels) == frozenset()


@given(root=roots, severity=st.sampled_from(VALUES))
def test_whatever_an_unknown_label_turns_out_to_be_was_among_the_outcomes(
    root: RouteFact, severity: str
) -> None:
    try:
        told = outcomes(root, {"severity": severity})
    except Entangled:
        return
    for team in ("page", "ticket", "tent", "", "else"):
        assert by_the_lab(root, {"severity": severity, "team": team}) in told


def test_many_unknown_labels_that_all_go_on_are_given_up() -> None:
    routes = tuple(
        RouteFact(receiver=f"r{n}", matchers=(MatcherFact(name=f"l{n}", value="x"),), go_on=True)
        for n in range(20)
    )
    with pytest.raises(Entangled):
        outcomes(RouteFact(receiver="root", routes=routes), {})


def test_an_expression_that_only_go_knows_is_not_guessed() -> None:
    assert verdict(MatcherFact(name="a", value=r"(?P<x", regex=True), {"a": "b"}) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('severity="page"', [("severity", "page", False, True)]),
        ("severity = page", [("severity", "page", False, True)]),
        ('a=~"x|y"', [("a", "x|y", True, True)]),
        ("a!~x{2}", [("a", "x{2}", True, False)]),
        ('{a="b", c!="d,}"}', [("a", "b", False, True), ("c", "d,}", False, False)]),
        (r'a="q\"uo\\te\n"', [("a", 'q"uo\\te\n', False, True)]),
        ('"my label"="x"', [("my label", "x", False, True)]),
        ('a=""', [("a", "", False, True)]),
    ],
)
def test_a_matcher_as_people_write_it(text: str, expected: list[tuple[str, str, bool, bool]]) -> None:
    assert [(one.name, one.value, one.regex, one.equal) for one in matchers_of(text)] == expected


@pytest.mark.parametrize("text", ["severity", '="x"', 'a="b" c="d"'])
def test_a_matcher_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="matcher"):
        matchers_of(text)


def test_an_old_configuration_with_match_and_match_re() -> None:
    text = """
    route:
      receiver: default
      routes:
      - match: {severity: page}
        match_re: {team: "a|b"}
      - receiver: rest
    receivers:
    - {name: default, slack_configs: [{}], email_configs: [{}, {}]}
    - {name: rest}
    """
    found = routing_of(text)
    assert found.receivers == {"default": 3, "rest": 0}
    assert found.route.routes[0].receiver == "default"
    assert [one.regex for one in found.route.routes[0].matchers] == [False, True]
    assert outcomes(found.route, {"severity": "page", "team": "a"}) == {("default",)}


@pytest.mark.parametrize("text", ["", "route: 3", "- a", "route: {receiver: x, matchers: [nonsense]}", "{"])
def test_a_configuration_that_is_none(text: str) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        routing_of(text)


def test_every_combination_of_a_small_tree_by_hand() -> None:
    page = RouteFact(receiver="page", matchers=(MatcherFact(name="severity", value="page"),), go_on=True)
    team = RouteFact(receiver="team", matchers=(MatcherFact(name="team", value="a"),))
    root = RouteFact(receiver="root", routes=(page, team))
    expected = {
        ("page", "a"): ("page", "team"),
        ("page", "b"): ("page",),
        ("x", "a"): ("team",),
        ("x", "b"): ("root",),
    }
    for severity, name in product(("page", "x"), ("a", "b")):
        assert outcomes(root, {"severity": severity, "team": name}) == {expected[severity, name]}
    assert outcomes(root, {}) == set(expected.values())
    assert undecided(root, {"severity": "page"}) == {"team"}
