"""One experiment in full: its state, whom it hits, what is or will be sent, what the guards say, what happened."""

from __future__ import annotations

from collections.abc import Iterable

from controlroom.core.events.faults import Target
from controlroom.core.faults.forcing import consequence
from controlroom.core.plan import Experiment
from controlroom.core.state import Run
from controlroom.tui.draw.metrics import FIGURES, figure_text
from controlroom.tui.draw.runs import counts, experiment_state, refusal
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, clock, fit, span, width, wrapped

BLANK: Row = (("", ""),)
LABEL = 10
HAPPENED = 40
"""Lines of what happened at most: the newest; the feed and the timeline have the rest."""
GUARDS = {"ok": ("ok", "good"), "warning": ("warning", "warn"), "refused": ("REFUSED", "bad")}


def experiment_page(moment: Moment, experiment: Experiment, cells: int) -> tuple[Row, ...]:
    """The newest first: that is what the page is opened for."""
    word, when, tone = experiment_state(moment, experiment)
    rows: list[Row] = [((word, tone), (f"  {when}", "dim"))]
    rows += _pairs(
        (
            ("refused", refusal(moment, experiment)),
            ("expected", ", ".join(experiment.expected)),
            ("observe", ", ".join(experiment.observe)),
            ("alert", _alert(experiment)),
            ("impact", ", ".join(_metric(moment, own) for own in experiment.impact)),
        ),
        cells,
    )
    runs = [run for run in moment.state.runs.values() if run.experiment == experiment.id]
    for run in reversed(runs):
        rows += [BLANK, *_run(moment, run, cells)]
    if not runs:
        rows += _previewed(moment, experiment, cells)
    rows += _guards(moment, experiment, cells)
    rows += _happened(moment, experiment, cells)
    return (*rows, *_manifest(moment, experiment, runs[-1] if runs else None, cells))


def _alert(experiment: Experiment) -> str:
    if experiment.alert is None:
        return "none is named: detection can only be told by a person's mark"
    labels = ", ".join(f"{key}={value}" for key, value in experiment.alert.labels.items())
    return experiment.alert.name + (f" {{{labels}}}" if labels else "")


def _metric(moment: Moment, name: str) -> str:
    found = next((own for own in moment.plan.metrics if own.id == name), None) if moment.plan else None
    return found.title if found is not None else name


def _run(moment: Moment, run: Run, cells: int) -> list[Row]:
    tone = "bad" if run.running else "dim"
    rows: list[Row] = [((f"{run.id}  ", "strong"), (counts(run), tone))]
    rows += _pairs(
        (
            ("message", run.message),
            ("stopping", run.not_stopped),
            ("object", ", ".join(map(str, run.objects))),
            ("asked for", clock(run.requested)),
            ("injected", _injected(moment, run)),
            ("ends", _ends(moment, run)),
        ),
        cells,
    )
    if run.state == "stuck" and moment.info.seat == "facilitator":
        held = [own.id for own in run.targets if own.state not in ("recovered", "lost")]
        way_out = f"{moment.keys.shown('force')} removes its finalizers. {consequence(held)}"
        rows += _pairs((("force", way_out),), cells)
    own = moment.figures.runs.get(run.id)
    if own is not None:
        texts = [f"{title} {figure_text(getattr(own, name))[0]}" for title, name in FIGURES]
        rows += _pairs((("figures", "   ".join(texts)),), cells)
    return [*rows, *_targets(moment, run.targets, cells)]


def _injected(moment: Moment, run: Run) -> str:
    if run.injection is None:
        return "not proven yet" if run.running else "never, as far as is known"
    found = clock(moment.t_of(run.injection.first))
    if run.injection.last != run.injection.first:
        found += f" to {clock(moment.t_of(run.injection.last))}"
    if not run.injection.proven:
        return f"{found}, applied, not proven"
    return f"{found}, ±{run.injection.uncertainty:.3g} s"


def _ends(moment: Moment, run: Run) -> str:
    if run.object_end is not None:
        effect = f", no effect since {clock(moment.t_of(run.effect_end))}" if run.effect_end else ""
        return f"object gone {clock(moment.t_of(run.object_end))}{effect}"
    if run.effect_end is not None:
        return f"no effect since {clock(moment.t_of(run.effect_end))}; its object is still there"
    if run.ends_at is not None:
        t = moment.t_of(run.ends_at)
        return f"by itself {clock(t)}" + (
            f", in {span(t - moment.t)}" if t > moment.t else ", which has passed"
        )
    return "not by itself: it is stopped" if run.running else ""


def _targets(moment: Moment, targets: tuple[Target, ...], cells: int) -> list[Row]:
    """A line for each, as far as names go; their states below each other."""
    names = min(max((width(own.id) for own in targets), default=0), max(12, cells - 36))
    rows: list[Row] = []
    for own in targets:
        times = [("injected", own.injected_at), ("recovered", own.recovered_at)]
        said = "  ".join(f"{word} {clock(moment.t_of(at))}" for word, at in times if at is not None)
        tone = {"injected": "fault", "failed": "bad", "lost": "warn"}.get(own.state, "dim")
        rows.append((("  " + fit(own.id, names) + "  ", ""), (fit(own.state, 11), tone), (said, "dim")))
        rows += _pairs((("", own.message),), cells)
    return rows


def _previewed(moment: Moment, experiment: Experiment, cells: int) -> list[Row]:
    check = moment.state.checks.get(experiment.id)
    if check is None:
        key = moment.keys.shown("start_stop")
        why = f"not looked up yet: {key} looks, and asks before it starts anything"
        return _pairs((("targets", why if moment.info.live else "never looked up"),), cells)
    rows = _pairs((("targets", f"{len(check.targets)} by the last preview, mode {check.mode}"),), cells)
    return [*rows, *((("  " + fit(own, max(8, cells - 2)), ""),) for own in check.targets)]


def _guards(moment: Moment, experiment: Experiment, cells: int) -> list[Row]:
    check = moment.state.checks.get(experiment.id)
    if check is None or not check.guards:
        return []
    rows: list[Row] = [BLANK, (("guards, at the last preview", "title"),)]
    for guard in check.guards:
        word, tone = GUARDS.get(guard.outcome, (guard.outcome, "warn"))
        text = guard.message + (f" (approved: {guard.approved})" if guard.approved else "")
        for number, line in enumerate(wrapped(text, max(10, cells - 28))):
            head = (word, guard.guard) if number == 0 else ("", "")
            rows.append(((fit(head[0], 9), tone), (fit(head[1], 18) + " ", "dim"), (line, "")))
    return rows


def _happened(moment: Moment, experiment: Experiment, cells: int) -> list[Row]:
    own = [
        stop
        for stop in moment.stops
        if stop.about == experiment.id and stop.kind in ("fault", "reveal") and stop.t <= moment.t
    ]
    if not own:
        return []
    more = f", the last {HAPPENED} of {len(own)}" if len(own) > HAPPENED else ""
    rows: list[Row] = [BLANK, ((f"what happened{more}", "title"),)]
    for stop in reversed(own[-HAPPENED:]):
        rows.append(((fit(clock(stop.happened), LABEL), "dim"), (fit(stop.text, max(8, cells - LABEL)), "")))
    return rows


def _manifest(moment: Moment, experiment: Experiment, run: Run | None, cells: int) -> list[Row]:
    """What was sent, else what would be by the last preview, else what the plan has."""
    check, opened = moment.state.checks.get(experiment.id), moment.state.opened
    if run is not None and run.manifest:
        said, text = f"the manifest, as it was sent {clock(run.requested)}", run.manifest
    elif check is not None and check.manifest:
        said, text = "the manifest, as it will be sent", check.manifest
    else:
        said = f"the manifest, {experiment.manifest}: a start adds a name of its own, labels and its duration"
        text = opened.files.get(experiment.manifest, "") if opened else ""
    rows: list[Row] = [BLANK, *(((line, "title"),) for line in wrapped(said, max(10, cells)))]
    return [*rows, *((("  " + fit(line, max(8, cells - 2)), "dim"),) for line in text.splitlines())]


def _pairs(pairs: Iterable[tuple[str, str]], cells: int) -> list[Row]:
    rows: list[Row] = []
    for label, text in pairs:
        for number, line in enumerate(wrapped(text, max(10, cells - LABEL)) if text else ()):
            rows.append(((fit(label if number == 0 else "", LABEL), "dim"), (line, "")))
    return rows
