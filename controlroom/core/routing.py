"""Where Alertmanager would send an alert, of whose labels only some are known.

A rule tells its own labels; those of its expression are known only once it fires. A matcher on such a label may
match or not, so that a tree has several outcomes: all of them are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from controlroom.core.check_facts import MatcherFact, RouteFact

MOST = 64
"""More outcomes than this are not told apart."""


class Entangled(Exception):
    """So many matchers look at labels that are not known that the outcomes were not followed."""


def verdict(matcher: MatcherFact, labels: Mapping[str, str]) -> bool | None:
    """Whether it matches; None: it looks at a label that is not known."""
    if (value := labels.get(matcher.name)) is None:
        return None
    try:
        same = re.fullmatch(matcher.value, value) is not None if matcher.regex else value == matcher.value
    except re.error:
        return None  # Go's expressions know some forms that ours do not
    return same is matcher.equal


def matches(matchers: Iterable[MatcherFact], labels: Mapping[str, str]) -> bool | None:
    """Whether all of them match; None: that depends on labels that are not known."""
    verdicts = [verdict(one, labels) for one in matchers]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def undecided(route: RouteFact, labels: Mapping[str, str]) -> frozenset[str]:
    """Names of the labels that decide where an alert goes, and are not known."""
    found: set[str] = set()
    for child in route.routes:
        if (own := matches(child.matchers, labels)) is False:
            continue
        if own is None:
            found |= {one.name for one in child.matchers if verdict(one, labels) is None}
        found |= undecided(child, labels)
    return frozenset(found)


def outcomes(route: RouteFact, labels: Mapping[str, str]) -> frozenset[tuple[str, ...]]:
    """Every set of receivers that an alert with these labels may reach from the tree's root.

    Raises :class:`Entangled`.
    """
    found: set[tuple[tuple[str, ...], bool]] = {((), False)}
    for child in route.routes:
        if (own := matches(child.matchers, labels)) is False:
            continue
        inner = outcomes(child, labels)
        after: set[tuple[tuple[str, ...], bool]] = set()
        for reached, stopped in found:
            if stopped:
                after.add((reached, True))
                continue
            if own is None:
                after.add((reached, False))
            after |= {((*reached, *more), not child.go_on) for more in inner}
        if len(after) > MOST:
            raise Entangled
        found = after
    return frozenset(tuple(dict.fromkeys(reached)) or (route.receiver,) for reached, _ in found)
