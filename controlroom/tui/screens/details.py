"""Pages to read: one experiment in full, the figures with their evidence, help."""

from __future__ import annotations

from controlroom.core.assessment import Evidence
from controlroom.core.faults.forcing import consequence
from controlroom.core.plan import Experiment
from controlroom.tui.desk import Desk
from controlroom.tui.draw.metrics import FIGURES, figure_text, verdict
from controlroom.tui.draw.runs import counts, experiment_state, refusal
from controlroom.tui.moment import Moment
from controlroom.tui.screens.questions import measured
from controlroom.tui.screens.simple import Reader
from controlroom.tui.text import Row, clock, fit, wrapped

BLANK: Row = (("", ""),)


def experiment_details(desk: Desk) -> None:
    """The chosen experiment: state, targets, guards, manifest, what the feed says of it."""
    experiment = desk.experiment()
    if experiment is not None:
        desk.open(
            Reader(
                desk.now, experiment.title, lambda moment, width: experiment_page(moment, experiment, width)
            )
        )


def experiment_page(moment: Moment, experiment: Experiment, width: int) -> tuple[Row, ...]:
    word, when, tone = experiment_state(moment, experiment)
    rows: list[Row] = [((word, tone), (f"  {when}", "dim"))]
    rows += _pairs(
        (
            ("expected", ", ".join(experiment.expected)),
            ("observe", ", ".join(experiment.observe)),
            ("alert", experiment.alert.name if experiment.alert else "none"),
            ("impact", ", ".join(experiment.impact)),
            ("manifest", experiment.manifest),
            ("refused", refusal(moment, experiment)),
        ),
        width,
    )
    for run in reversed(tuple(moment.state.runs.values())):  # the newest is what the page is opened for
        if run.experiment != experiment.id:
            continue
        rows += [BLANK, ((f"{run.id}  ", "strong"), (counts(run), tone))]
        if run.objects:
            named = ", ".join(map(str, run.objects))
            rows += _pairs(
                (("object", named), ("message", run.message), ("stopping", run.not_stopped)), width
            )
        if run.state == "stuck" and moment.info.seat == "facilitator":
            held = [own.id for own in run.targets if own.state not in ("recovered", "lost")]
            rows += _pairs(
                (("force", f"{moment.keys.shown('force')} removes its finalizers. {consequence(held)}"),),
                width,
            )
        for target in run.targets:
            at = f"injected {clock(moment.t_of(target.injected_at))}" if target.injected_at else ""
            rows.append((("  " + target.id + "  ", ""), (target.state + "  ", "accent"), (at, "dim")))
        own = moment.figures.runs.get(run.id)
        if own is not None:
            figures = (
                ("TTD", own.ttd),
                ("TTA", own.tta),
                ("TTI", own.tti),
                ("TTM", own.ttm),
                ("TTR", own.ttr),
            )
            rows.append(tuple((f"{name} {figure_text(figure)[0]}   ", "") for name, figure in figures))
    check = moment.state.checks.get(experiment.id)
    for guard in check.guards if check else ():
        rows.append(((fit(guard.outcome, 10), "dim"), (fit(guard.guard, 18), "dim"), (guard.message, "")))
    opened = moment.state.opened
    manifest = opened.files.get(experiment.manifest, "") if opened else ""
    rows += [BLANK, *((("  " + line, "dim"),) for line in manifest.splitlines())]
    return tuple(rows)


def _pairs(pairs: tuple[tuple[str, str], ...], width: int) -> list[Row]:
    rows: list[Row] = []
    for label, text in pairs:
        for number, line in enumerate(wrapped(text, max(10, width - 10)) if text else ()):
            rows.append(((fit(label if number == 0 else "", 10), "dim"), (line, "")))
    return rows


def figures_page(moment: Moment, width: int) -> tuple[Row, ...]:
    """Criteria, signs and times, each with its reason and what proves it."""
    own = moment.figures
    word = "the day goes on" if own.verdict == "pending" else own.verdict
    rows: list[Row] = [(("verdict  ", "dim"), (word, "strong")), BLANK, (("criteria", "title"),)]
    for criterion in own.criteria:
        said, tone = verdict(criterion.status)
        rows.append(((fit(said, 7), tone or "dim"), (criterion.text, "")))
        rows += _proof(criterion.reason, criterion.evidence, width)
    rows += [BLANK, (("signs", "title"),)]
    for sign in own.signs:
        rows.append(((fit(sign.status, 9), "bad" if sign.status == "set" else "dim"), (sign.text, "")))
        rows += _proof(sign.reason, sign.evidence, width)
    rows += [BLANK, (("times of the day", "title"),)]
    for title, name in FIGURES:
        figure = measured(moment, name)
        text, tone = figure_text(figure)
        rows.append(((fit(title, 7), "dim"), (fit(text, 10), tone), (figure.reason, "dim")))
        rows += _proof("", figure.evidence, width)
    rows += [BLANK, *(((reason, "dim"),) for reason in own.reasons)]
    return tuple(rows)


def _proof(reason: str, evidence: tuple[Evidence, ...], width: int) -> list[Row]:
    lines = [reason] if reason else []
    lines += [f"{own.source}: {' '.join(own.text.split())}" for own in evidence[:3] if own.text]
    return [((" " * 9 + part, "dim"),) for line in lines for part in wrapped(line, max(10, width - 9))]
