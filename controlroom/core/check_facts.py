"""What can be learnt of a plan's systems before the day: facts, without a judgement.

Each is one answer to one question. Where a question had no answer there is no fact, but a :class:`Lost` with the
reason: what could not be learnt is never taken for well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, TypeVar

from controlroom.core.values import Value

T = TypeVar("T")


class Lost(Value):
    """A question without an answer. `hint`: what would give one."""

    why: str
    hint: str = ""


Known: TypeAlias = T | Lost


class KindFact(Value):
    """One kind of object, as an experiment's manifest writes it."""

    api_version: str
    kind: str
    served: bool
    versions: tuple[str, ...] = ()
    """API versions of the same group that the cluster has."""
    preferred: str = ""
    """That of them under which the cluster has the kind, where it is another one than was written."""


class NamespaceFact(Value):
    """A namespace of the plan. `inject`: value of Chaos Mesh's opt-in annotation; None: it has none."""

    name: str
    there: bool
    inject: str | None = None


class Component(Value):
    """A pod of Chaos Mesh itself."""

    name: str
    namespace: str
    node: str
    ready: bool


class ChaosMeshFact(Value):
    """Chaos Mesh as it is installed."""

    controllers: tuple[Component, ...]
    daemons: tuple[Component, ...]
    opt_in: bool | None = None
    """It acts on annotated namespaces only; None: could not be told."""
    only_namespace: str = ""
    """The one namespace that it looks after; empty: all of them."""


class TargetFact(Value):
    """Whom an experiment would hit, were it started now."""

    candidates: tuple[str, ...]
    """`namespace/pod`."""
    mode: str
    """How many of them, in words."""
    number: int | None
    """How many of them; None: drawn at random, or not by a selector."""
    selects: bool = True
    """It picks pods by a selector; other kinds act on what they name."""
    nodes: Mapping[str, str] = {}
    """Node of each candidate."""
    not_running: tuple[str, ...] = ()
    host_network: tuple[str, ...] = ()
    """Candidates on their node's own network, in which Chaos Mesh refuses network faults."""
    beyond: int | None = None
    """Pods at the other end of a network fault; None: it names none."""
    daemon: bool = True
    """The fault is made by the chaos daemon of each target's node."""
    network: bool = False


class MetricFact(Value):
    """What a metric's expression yields now."""

    value: float | None = None
    series: int = 0
    refused: str = ""
    """Why the server will not evaluate it."""
    newest: Mapping[str, float | None] = {}
    """Seconds since the newest sample of each selector in it; None: that has no series."""
    partial: tuple[str, ...] = ()
    """Why the answer is not whole."""


class RuleFact(Value):
    """An alerting rule as Prometheus has loaded it. Times in seconds."""

    name: str
    labels: Mapping[str, str] = {}
    lasting: float = 0.0
    """Its `for`."""
    interval: float = 0.0
    health: str = "ok"
    error: str = ""
    alerts: tuple[tuple[Mapping[str, str], str], ...] = ()
    """Its alerts now: labels, and `pending` or `firing`."""


class MatcherFact(Value):
    """A matcher of Alertmanager: of a route, or of a silence."""

    name: str
    value: str
    regex: bool = False
    equal: bool = True


class RouteFact(Value):
    """A node of Alertmanager's routing tree."""

    receiver: str
    matchers: tuple[MatcherFact, ...] = ()
    routes: tuple[RouteFact, ...] = ()
    go_on: bool = False


class RoutingFact(Value):
    """How Alertmanager routes. `receivers`: each with the number of its integrations."""

    route: RouteFact
    receivers: Mapping[str, int]


class SilenceFact(Value):
    """A silence in force."""

    matchers: tuple[MatcherFact, ...]
    by: str = ""
    until: str = ""


class ProgramFact(Value):
    """A file that should be there to be run. `problem` empty: it is."""

    name: str
    path: str = ""
    problem: str = ""
    next: str = ""


class CommandFact(Value):
    """A check command that was run."""

    command: str
    ended: Literal["exit", "signal", "not started", "time"]
    code: int = 0
    said: str = ""
    """The last line that it wrote."""


class AnswerFact(Value):
    """An address that was asked for by HTTP."""

    where: str
    status: int
