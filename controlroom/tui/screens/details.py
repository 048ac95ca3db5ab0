"""Pages to read: one experiment in full, the figures with their evidence, help."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding
from textual.widget import Widget

from controlroom.core.assessment import Evidence
from controlroom.core.plan import Experiment
from controlroom.tui.actions import BY_ID
from controlroom.tui.desk import Desk
from controlroom.tui.draw.experiment import experiment_page
from controlroom.tui.draw.metrics import FIGURES, figure_text, verdict
from controlroom.tui.draw.verdicts import headline
from controlroom.tui.moment import Moment
from controlroom.tui.screens.questions import measured
from controlroom.tui.screens.sheet import Scroll, Text
from controlroom.tui.screens.simple import Reader, plain
from controlroom.tui.text import Row, fit, wrapped

BLANK: Row = (("", ""),)


class ExperimentSheet(Reader):
    """One experiment; the key that starts and stops the chosen one does so from here."""

    PURPOSE = (
        "One experiment: its state and targets, the guards, what happened, and the very object that is sent."
    )

    def __init__(self, desk: Desk, experiment: Experiment) -> None:
        super().__init__(
            desk.now, experiment.title, lambda moment, width: experiment_page(moment, experiment, width)
        )
        self._desk = desk
        for key in desk.now.keys.of(BY_ID["start_stop"]) if desk.now.info.live else ():
            self._bindings._add_binding(Binding(key, "start_stop", "start or stop it", show=False))

    def parts(self) -> Iterable[Widget]:
        yield Scroll(self._write, paged=True)
        key, live = self.now.keys.shown("start_stop"), self.now.info.live
        acts = f"{key} starts or stops it, " if live and key else ""
        yield Text(plain((f"up and down scroll, {acts}esc closes",), "dim"), id="hint")

    def action_start_stop(self) -> None:
        self.dismiss(None)
        self._desk.action_do("start_stop")


def experiment_details(desk: Desk) -> None:
    """The chosen experiment."""
    experiment = desk.experiment()
    if experiment is not None:
        desk.open(ExperimentSheet(desk, experiment))


def figures_page(moment: Moment, width: int) -> tuple[Row, ...]:
    """Criteria, signs and times, each with its reason and what proves it."""
    own = moment.figures
    rows: list[Row] = [headline(moment), BLANK, (("criteria", "title"),)]
    for criterion in own.criteria:
        said, tone = verdict(criterion.status)
        rows.append(((fit(said, 9), tone or "dim"), (criterion.text, "")))
        rows += _told(criterion.reason, width)
    rows += [BLANK, (("signs", "title"),)]
    for sign in own.signs:
        rows.append(((fit(sign.status, 9), "bad" if sign.status == "set" else "dim"), (sign.text, "")))
        rows += _told(sign.reason, width)
    rows += [BLANK, (("times of the day", "title"),)]
    for title, name in FIGURES:
        figure = measured(moment, name)
        text, tone = figure_text(figure)
        rows.append(((fit(title, 9), "dim"), (fit(text, 10), tone), (figure.reason, "dim")))
    rows += [BLANK, *(((reason, "dim"),) for reason in own.reasons)]
    # What proves it is long, and read by those who doubt: it stands behind what it proves.
    proofs = [(criterion.text, criterion.evidence) for criterion in own.criteria]
    proofs += [(sign.text, sign.evidence) for sign in own.signs]
    proofs += [(title, measured(moment, name).evidence) for title, name in FIGURES]
    rows += [BLANK, (("evidence", "title"),)]
    for text, evidence in proofs:
        rows += _proof(text, evidence, width)
    return tuple(rows)


def _told(text: str, width: int) -> list[Row]:
    return [((" " * 9 + line, "dim"),) for line in wrapped(text, max(10, width - 9))] if text else []


def _proof(title: str, evidence: tuple[Evidence, ...], width: int) -> list[Row]:
    lines = [f"{own.source}: {' '.join(own.text.split())}" for own in evidence[:3] if own.text]
    return [((title, ""),), *(row for line in lines for row in _told(line, width))] if lines else []
