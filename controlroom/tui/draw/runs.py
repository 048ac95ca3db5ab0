"""Experiments and their runs in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from controlroom.core import timeline
from controlroom.core.plan import Experiment
from controlroom.core.state import Run
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, span, width, wrapped

WORDS = {"requested": "STARTING", "inject-failing": "FAILING"}
"""States whose words on screen are others than in the record."""


def counts(run: Run) -> str:
    """State in a word with how many targets of how many: `ACTIVE 3/3`, `ended recovered 3/3`."""
    total = len(run.targets)
    word = WORDS.get(run.state, run.state.replace("-", " ").upper())
    if run.state in ("injecting", "inject-failing", "fired"):
        return f"{word} {run.injected}/{total}"
    if run.state in ("active", "paused"):
        lost = f", {run.lost} lost" if run.lost else ""
        return f"{word} {run.injected - run.lost}/{total}{lost}"
    if run.state in ("recovering", "stuck"):
        return f"{word} {run.recovered}/{total}"
    if run.state == "ended":
        return f"ended {re.sub(r'^recovered 0/[0-9]+ · ', '', run.how)}".rstrip()
    return word


def experiment_state(moment: Moment, experiment: Experiment) -> tuple[str, str, str]:
    """State, what to say of its time, and the tone: `ACTIVE 3/3`, `ends 3:12`, `bad`."""
    state = moment.state
    run = state.latest_run(experiment.id)
    if run is None:
        if experiment.id in state.refused:
            return "REFUSED", state.refused[experiment.id], "warn"
        if state.status == "closed":
            return "never started", "", "dim"
        start = timeline.planned_start(state, experiment, moment.t)
        if start <= moment.t:
            return "DUE", f"{span(moment.t - start)} ago", "warn"
        check = state.checks.get(experiment.id)
        word = "checked" if check is not None and not check.refused else "planned"
        return word, f"in {span(start - moment.t)}", "dim"
    tone = "bad" if run.running else "warn" if run.state == "refused" else "dim"
    return counts(run), _time(moment, run), tone


def _time(moment: Moment, run: Run) -> str:
    now = moment.at(moment.t)
    if run.stop and run.running:
        return f"stopping ({run.stop})"
    if run.state in ("active", "injecting") and run.ends_at and now:
        left = (run.ends_at - now).total_seconds()
        return f"ends {span(max(0.0, left))}"
    if run.injection is not None:
        return clock(moment.t_of(run.injection.first))
    return clock(run.requested)


ROOMY = 50
"""Cells from which on a row has room for more than its name, its count and its time."""


def short_names(names: Iterable[str], cells: int) -> str:
    """Names with commas. Of those that are longer than a line their ends: that is where pods differ."""
    found = list(names)
    if any(width(name) > cells for name in found):
        found = [name if len(name) <= TAIL + 1 else f"…{name[-TAIL:]}" for name in found]
    return ", ".join(found)


TAIL = 12


def experiment_row(moment: Moment, index: int, experiment: Experiment, cells: int) -> Row:
    """`1 Pod kill  FIRED 3/3  15:04`."""
    word, when, tone = experiment_state(moment, experiment)
    all_said = [experiment_state(moment, own) for own in moment.plan.experiments] if moment.plan else []
    if cells < ROOMY:  # how many were lost is in the details; the count of the others tells that some were
        word = word.partition(",")[0]
        all_said = [(said.partition(",")[0], time, its) for said, time, its in all_said]
    words = min(cells // 2, max((width(said[0]) for said in all_said), default=0)) + 1
    times = min(cells // 3, max((width(said[1]) for said in all_said), default=0))
    name = max(6, cells - 3 - words - times)
    return (
        (f"{index + 1} ", "dim"),
        (fit(experiment.title, name) + " ", ""),
        (fit(word, words - 1) + " ", tone),
        (fit(when, max(0, cells - 3 - name - words), ">"), "dim"),
    )


def refusal(moment: Moment, experiment: Experiment) -> str:
    """Why it was not started when that was last asked for; empty: it was, or runs."""
    run = moment.state.latest_run(experiment.id)
    return "" if run is not None and run.running else moment.state.refused.get(experiment.id, "")


def detail_rows(moment: Moment, experiment: Experiment, cells: int, height: int) -> tuple[Row, ...]:
    """Expected, observe, targets and the last message of one experiment."""
    run = moment.state.latest_run(experiment.id)
    check = moment.state.checks.get(experiment.id)
    parts = [("expected", ", ".join(experiment.expected)), ("observe", ", ".join(experiment.observe))]
    if run is not None and run.targets:
        ids = (target.id.split("/")[1] if "/" in target.id else target.id for target in run.targets)
        names = short_names(ids, max(8, cells - 10))
        parts.append((f"{len(run.targets)} target{'s' if len(run.targets) != 1 else ''}", names))
    elif check is not None:
        parts.append(("targets", f"{len(check.targets)} by preview, {check.mode}"))
    if experiment.alert is not None:
        parts.append(("alert", experiment.alert.name))
    if run is not None and run.message:
        parts.insert(0, ("message", run.message))
    if run is not None and run.running and run.not_stopped:
        parts.insert(0, ("stopping", run.not_stopped))
    if refused := refusal(moment, experiment):
        parts = [("refused", refused), *(own for own in parts if own[0] != "message")]
    rows: list[Row] = []
    for label, text in parts:
        if not text:
            continue
        for number, line in enumerate(wrapped(text, max(8, cells - 10))[:2]):
            rows.append(((fit(label if number == 0 else "", 9) + " ", "dim"), (line, "")))
    return tuple(rows[:height])
