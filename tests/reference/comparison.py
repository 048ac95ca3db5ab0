"""Compares what the program says of a day with the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controlroom.core.assessment import Assessment, Figure, RunFigures
from controlroom.core.state import State

INJECTED = 1.0
"""Seconds by which a proven injection may differ from the physical one: records are cut to whole seconds."""
DURATION = 2.0
"""Seconds of session time by which TTD and TTR may differ."""


def session_of(state: State) -> dict[str, Any]:
    """What the reference needs of the session: the baseline phase, and whose object is whose."""
    assert state.plan is not None and state.opened_at is not None
    opened = state.opened_at.timestamp()
    phase = state.phase_state(next(own.id for own in state.plan.phases if own.kind == "baseline"))
    assert phase.opened is not None
    closed = state.t if phase.closed is None else phase.closed
    return {
        "baseline": [opened + phase.opened, opened + closed],
        "runs": {
            run.id: {"object": run.object.name, "experiment": run.experiment}
            for run in state.runs.values()
            if run.object is not None
        },
    }


def compare(assessment: Assessment, reference: Mapping[str, Any]) -> list[str]:
    """Differences beyond the tolerances, one line each."""
    found: list[str] = []
    for name, expected in reference["runs"].items():
        own = assessment.runs.get(name)
        found += [f"{name}: is missing"] if own is None else _run(name, own, expected)
    known = {name for name, own in assessment.runs.items() if own.injected.at is not None}
    found += [f"{name}: was never injected" for name in sorted(known - set(reference["runs"]))]
    day, expected = assessment.day, reference["day"]
    if expected:
        found += _moment("day injected", day.injected, expected["injected"])
        found += _duration("day TTD", day.ttd, expected["ttd"])
        found += _duration("day TTR", day.ttr, expected["ttr"])
    return found


def _run(name: str, own: RunFigures, expected: Mapping[str, Any]) -> list[str]:
    found = _moment(f"{name} injected", own.injected, expected["injected"])
    if (own.detected.status == "masked") is not expected["masked"]:
        found.append(f"{name} detected: {own.detected.status}, expected masked: {expected['masked']}")
    found += _duration(f"{name} TTD", own.ttd, expected["ttd"])
    if expected["censored"] is None:
        return found + _duration(f"{name} TTR", own.ttr, expected["ttr"])
    said = _censoring(own.ttr)
    if said != expected["censored"]:
        found.append(f"{name} TTR: {said}, expected {expected['censored']}")
    return found


def _censoring(figure: Figure) -> str:
    if figure.value is not None:
        return f"{figure.value:.1f} s"
    for words in ("overlapped", "not recovered", "no impact"):
        if figure.reason.startswith(words):
            return words
    return f"{figure.status} {figure.reason}"


def _moment(what: str, figure: Figure, expected: float) -> list[str]:
    if figure.at is None:
        return [f"{what}: {figure.status}, expected {expected:.1f}"]
    apart = figure.at.timestamp() - expected
    return [f"{what}: {apart:+.1f} s"] if abs(apart) > INJECTED else []


def _duration(what: str, figure: Figure, expected: float | None) -> list[str]:
    if figure.value is None or expected is None:
        same = figure.value is None and expected is None
        return [] if same else [f"{what}: {figure.value} ({figure.reason}), expected {expected}"]
    apart = figure.value - expected
    return [f"{what}: {figure.value:.1f} s, {apart:+.1f} s"] if abs(apart) > DURATION else []
