"""Alerts that Alertmanager keeps from people: which alert is meant, since when, and until when."""

from __future__ import annotations

from datetime import UTC, datetime

from controlroom.core.events import Actor, AlertObserved, AlertSuppressed, Body, Event
from controlroom.core.fold import fold
from controlroom.core.state import State, kept_quiet

AT = datetime(2026, 11, 23, 19, tzinfo=UTC)
ALERT = AlertObserved(name="PodDown", labels={"app": "a"}, state="firing", active_at=AT, firing_at=AT)
OTHER = AlertObserved(name="PodDown", labels={"app": "b"}, state="firing", active_at=AT, firing_at=AT)
EXTERNAL = {"app": "a", "cluster": "staging"}


def after(*bodies: Body) -> State:
    actor = Actor(role="source")
    return fold([Event(seq=n, t=float(n), at=AT, actor=actor, body=body) for n, body in enumerate(bodies, 1)])


def test_it_is_the_alert_with_these_labels_and_external_ones_beside() -> None:
    state = after(
        ALERT, OTHER, AlertSuppressed(name="PodDown", labels=EXTERNAL, inhibited_by=("ClusterDown",))
    )
    assert kept_quiet(state, ALERT) == "inhibited by ClusterDown"
    assert kept_quiet(state, OTHER) == ""
    assert [line.text for line in state.feed][-1] == "PodDown inhibited by ClusterDown"


def test_each_reason_has_its_stretch() -> None:
    state = after(
        ALERT,
        AlertSuppressed(name="PodDown", labels=EXTERNAL, silenced_by=("ann",)),
        AlertSuppressed(name="PodDown", labels=EXTERNAL, silenced_by=("ann",), inhibited_by=("X",)),
        AlertSuppressed(name="PodDown", labels=EXTERNAL),
    )
    assert kept_quiet(state, ALERT) == ""
    assert [(span.what, span.start, span.end) for span in state.quiet] == [
        ("PodDown silenced by ann", 2.0, 3.0),
        ("PodDown silenced by ann · inhibited by X", 3.0, 4.0),
    ]
    assert [line.text for line in state.feed][-1] == "PodDown is told to people again"
