"""Two recordings on one clock: where the second stands while the first is at a moment, by what happened in both."""

from __future__ import annotations

from controlroom.core.state import State
from controlroom.core.values import Value


class Alignment(Value):
    """`there = here + shift`, in session seconds."""

    title: str
    shift: float


def injections(state: State) -> dict[str, float]:
    """Session second of the first injection of each experiment that was injected, by the cluster's own clock."""
    found: dict[str, float] = {}
    for run in state.runs.values():
        if run.injection is None or state.opened_at is None:
            continue
        t = (run.injection.first - state.opened_at).total_seconds()
        found[run.experiment] = min(t, found.get(run.experiment, t))
    return found


def alignments(here: State, there: State) -> tuple[Alignment, ...]:
    """By the first injection of either, by each experiment that both injected, by their start; the best first."""
    own, other = injections(here), injections(there)
    found = []
    if own and other:
        found.append(Alignment(title="the first injection", shift=min(other.values()) - min(own.values())))
    titles = {one.id: one.title for one in here.plan.experiments} if here.plan else {}
    both = sorted(own.keys() & other.keys(), key=lambda name: own[name])
    found += [
        Alignment(title=f"{titles.get(name, name)} injected", shift=other[name] - own[name]) for name in both
    ]
    return (*found, Alignment(title="their start", shift=0.0))
