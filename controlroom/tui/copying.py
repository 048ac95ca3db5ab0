"""What can be copied, as one line of text that is ready to paste. Pure.

A status line is pasted where everybody reads it. So it comes in two forms: one that tells no more than an audience
may know, and the whole one for those who run the day.
"""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.core import timeline
from controlroom.core.clean import clean
from controlroom.core.plan import Experiment, Metric
from controlroom.core.state import FeedLine, Note, Run
from controlroom.core.stops import Stop
from controlroom.tui.draw.arranged import row_of
from controlroom.tui.draw.head import phase_title
from controlroom.tui.draw.metrics import (
    DASH,
    FIGURES,
    figure_text,
    is_old,
    limit,
    ratio,
    said,
    short_unit,
    verdict,
)
from controlroom.tui.draw.runs import experiment_state
from controlroom.tui.draw.shared import active_alerts
from controlroom.tui.moment import Moment
from controlroom.tui.screens.questions import measured
from controlroom.tui.text import age, clock, span, wall

LONGEST = 4_000
"""Characters that are copied at most: no terminal refuses so many, and nobody pastes more into a line."""


@dataclass(frozen=True)
class Copied:
    """Something to put into the clipboard."""

    what: str
    """What it is, in words."""
    text: str
    kept_back: str = ""
    """What is not in it, and why."""


def as_line(text: str) -> str:
    """The text as one clean line: a break in it would send what is pasted into a shell or a chat."""
    return " ".join(clean(text, LONGEST).split())


def status(moment: Moment, whole: bool) -> Copied:
    """Phase, clock, active faults, alerts, verdict so far and the day's times; `whole`: whatever is revealed or not."""
    state = moment.state
    hidden = (
        () if whole else tuple(run for run in state.runs.values() if run.experiment not in state.revealed)
    )
    parts = [title(moment), f"T+{clock(moment.t)}{_wall(moment)}", _phase(moment)]
    if state.incident:
        parts.append(f"REAL INCIDENT: {state.incident}")
    elif state.locked:
        parts.append("HALTED, locked")
    parts.append(_faults(moment, hidden, whole))
    if firing := [own.name for own in active_alerts(state) if own.firing_at is not None]:
        parts.append(f"firing: {', '.join(firing)}")
    if whole or _all_told(moment):
        parts += [_verdict(moment), _times(moment)]
    if not moment.reachable and moment.info.live:
        parts.append("as last known: the connection is lost")
    text = as_line(" · ".join(part for part in parts if part))
    names = ", ".join(dict.fromkeys(_name(moment, run.experiment) for run in hidden))
    kept_back = f"not revealed, so left out with all figures: {names}" if names else ""
    return Copied("the status line in full" if whole else "the status line", text, kept_back)


def _all_told(moment: Moment) -> bool:
    """Whether figures give nothing away. It rests on what is public alone: that they are missing tells nothing."""
    if moment.plan is None or moment.info.seat == "audience":  # whose stream has not all that figures rest on
        return False
    return all(own.id in moment.state.revealed for own in moment.plan.experiments)


def title(moment: Moment) -> str:
    """What the day is called, and that it is a rehearsal."""
    opened = moment.state.opened
    tag = " (rehearsal)" if opened is not None and opened.lab else ""
    return (moment.plan.title if moment.plan else moment.info.title) + tag


def _wall(moment: Moment) -> str:
    """Time of day; a rehearsal has a time of its own that tells nobody anything."""
    opened = moment.state.opened
    if moment.plan is None or (opened is not None and opened.lab):
        return ""
    return f" ({wall(moment.at(moment.t), moment.plan.zone)})"


def _phase(moment: Moment) -> str:
    state, plan = moment.state, moment.plan
    if state.status == "closed":
        return "day closed"
    if state.phase is None or plan is None:
        return "between phases" if any(own.status != "planned" for own in state.phases) else "not started"
    left = timeline.left(state, moment.t) or 0.0
    told = f"{span(left)} left" if left >= 0 else f"{span(-left)} over"
    held = ", clock held" if state.held_since is not None else ""
    return f"{phase_title(plan, state.phase)}, {told}{held}"


def _name(moment: Moment, experiment: str) -> str:
    own = (
        next((one for one in moment.plan.experiments if one.id == experiment), None) if moment.plan else None
    )
    return own.title if own is not None else experiment


def _faults(moment: Moment, hidden: tuple[Run, ...], whole: bool) -> str:
    told = [
        f"{_name(moment, run.experiment)} {run.state} {run.recovered if run.state == 'recovering' else run.injected}"
        f"/{len(run.targets)}"
        for run in moment.state.running
        if run not in hidden
    ]
    if told:
        return f"faults: {', '.join(told)}"
    # To everybody nothing is said of it: where it is not said, something would be known to run.
    return "no fault active" if whole else ""


def _verdict(moment: Moment) -> str:
    own = moment.figures
    if not own.criteria:
        return ""
    counts = {
        word: sum(1 for one in own.criteria if one.status == word) for word in ("pass", "fail", "unknown")
    }
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    so_far = "criteria so far: " if own.verdict == "pending" else f"verdict {own.verdict}: "
    return f"{so_far}{told or 'all pending'}"


def _times(moment: Moment) -> str:
    found = ((title, figure_text(measured(moment, name))[0]) for title, name in FIGURES)
    return " ".join(f"{title} {text}" for title, text in found if text != DASH)


def of_metric(moment: Moment, metric: Metric) -> Copied:
    """Its row, in words."""
    index = next(
        place for place, own in enumerate(moment.plan.metrics if moment.plan else ()) if own.id == metric.id
    )
    row, unit = row_of(moment, index), short_unit(metric.unit)
    now = said(row.now, metric)
    parts = [f"now {now if now != DASH else 'unknown'} {unit}".rstrip()]
    if now != DASH and is_old(moment, row):
        parts[0] += f" ({age(row.age or 0.0)} old)"
    told = (
        ("pre", said(row.pre, metric)),
        ("during", said(row.during, metric)),
        ("post", said(row.post, metric)),
    )
    parts += [f"{name} {text}" for name, text in (*told, ("ratio", ratio(row)), ("limit", limit(row, metric)))
              if text != DASH]  # fmt: skip
    if row.outside:
        parts.append("outside its limit")
    if row.status in ("pass", "fail", "unknown"):
        parts.append(f"criterion {verdict(row.status)[0].replace('unkn.', 'unknown')}")
    return Copied(
        f"the metric {metric.title}", as_line(f"{metric.title}: {', '.join(parts)} (T+{clock(moment.t)})")
    )


def of_experiment(moment: Moment, experiment: Experiment) -> Copied:
    """Its state, in words."""
    word, when, _ = experiment_state(moment, experiment)
    text = f"{experiment.title}: {word}{' ' + when if when else ''} (T+{clock(moment.t)})"
    revealed = experiment.id in moment.state.revealed or moment.info.seat == "audience"
    return Copied("the experiment" + ("" if revealed else ", which is not revealed"), as_line(text))


def of_note(moment: Moment, note: Note) -> Copied:
    when = clock(max(0.0, moment.t_of(note.at)))
    text = f"T+{when} {note.type}{' by ' + note.by if note.by else ''}: {note.text}"
    return Copied("the private note" if note.private else "the note", as_line(text))


def of_stop(moment: Moment, stop: Stop) -> Copied:
    return Copied("the moment", as_line(f"T+{clock(stop.happened)} {stop.kind}: {stop.text}"))


def of_feed(moment: Moment, line: FeedLine) -> Copied:
    return Copied("the line of the feed", as_line(f"T+{clock(line.t)} {line.kind}: {line.text}"))


def figures(moment: Moment) -> Copied:
    """The times of the day and its verdict."""
    return Copied(
        "the figures",
        as_line(f"{title(moment)}: {_times(moment) or 'no figure so far'} · {_verdict(moment)}"),
    )
