"""Observations and debrief: one question at a time, every answer on record at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from controlroom.core import intents as i
from controlroom.core.assessment import Figure
from controlroom.core.plan import Question
from controlroom.core.state import Answer
from controlroom.tui.desk import Desk
from controlroom.tui.draw.metrics import figure_text
from controlroom.tui.moment import Moment, changed_since
from controlroom.tui.screens.sheet import Sheet, Text
from controlroom.tui.screens.simple import Line
from controlroom.tui.text import Row, span, wrapped

BOX = 180.0
"""Seconds of session time that one debrief question should take."""
HINTS = {
    "score": "1 (poor) to 5 (very good), then any comment",
    "yes-no": "yes or no, then any comment",
    "figure": "measured; any comment",
    "text": "an answer",
}


def parse_answer(question: Question, typed: str) -> tuple[str, int | None]:
    """Text and score of a typed answer; raises `ValueError` with what is wanted."""
    head, _, rest = typed.strip().partition(" ")
    if question.kind == "score":
        if head not in ("1", "2", "3", "4", "5"):
            raise ValueError("begin with a number from 1 to 5")
        return rest.strip(), int(head)
    if question.kind == "yes-no":
        word = {"y": "yes", "n": "no"}.get(head.lower().rstrip(",.:"), head.lower().rstrip(",.:"))
        if word not in ("yes", "no"):
            raise ValueError("begin with yes or no")
        return f"{word}, {rest.strip()}" if rest.strip() else word, None
    return typed.strip(), None


class QuestionSheet(Sheet[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "turn(-1)", show=False, priority=True),
        Binding("down", "turn(1)", show=False, priority=True),
    ]

    def __init__(self, moment: Moment, desk: Desk, section: Literal["observations", "debrief"]) -> None:
        super().__init__(moment, section)
        self._desk = desk
        self._section: Literal["observations", "debrief"] = section
        self._index = next((n for n, own in enumerate(self._questions) if own.id not in self._answers), 0)
        self._since = moment.t
        self._seen = moment.seen
        """What was shown when this question was turned to."""

    @property
    def _questions(self) -> tuple[Question, ...]:
        plan = self.now.plan
        if plan is None:
            return ()
        return plan.observations if self._section == "observations" else plan.debrief

    @property
    def _answers(self) -> dict[str, Answer]:
        state = self.now.state
        return dict(state.observations if self._section == "observations" else state.debrief)

    def parts(self) -> Iterable[Widget]:
        yield Text(self._rows)
        yield Line()
        yield Text(self._hint, id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Line).focus()

    def _rows(self, moment: Moment, width: int) -> tuple[Row, ...]:
        if not self._questions:
            return ((("The plan has no questions here.", "dim"),),)
        question = self._questions[self._index]
        # People think in real time, also where a rehearsal runs faster.
        left = BOX - (moment.t - self._since) / (moment.state.rate if moment.info.live else 1.0)
        timer = f"{span(left)} left" if left >= 0 else f"{span(-left)} over"
        done = sum(1 for own in self._questions if own.id in self._answers)
        rows: list[Row] = [
            (
                (f"{self._index + 1} of {len(self._questions)}", "dim"),
                (f"   {done} answered   ", "dim"),
                (timer, "accent"),
            ),
            (("", ""),),
            *(((line, "strong"),) for line in wrapped(question.text, width)),
        ]
        if question.kind == "figure" and question.figure:
            rows.append((("measured: ", "dim"), figure_text(measured(moment, question.figure))))
        if (answer := self._answers.get(question.id)) is not None:
            score = f"{answer.score} " if answer.score is not None else ""
            rows.append(((f"on record: {score}{answer.text}", "good"),))
        return tuple(rows)

    def _hint(self, moment: Moment, width: int) -> tuple[Row, ...]:
        kind = self._questions[self._index].kind if self._questions else "text"
        return (
            (
                ("enter", "key"),
                (f" {HINTS[kind]}   ", "dim"),
                ("↑ ↓", "key"),
                (" other questions, esc closes", "dim"),
            ),
        )

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        if not self._questions:
            return
        question = self._questions[self._index]
        try:
            text, score = parse_answer(question, event.value)
        except ValueError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        if text or score is not None:
            answer = i.GiveAnswer(section=self._section, question=question.id, text=text, score=score)
            if why := changed_since(self.now, answer, self._seen):
                self.notify(f"{why}: read it, then answer again", severity="warning", markup=False)
                self._seen = self.now.seen
                return
            self._desk.ask(answer, seen=self._seen)
        self.action_turn(1)

    def action_turn(self, by: int) -> None:
        if self._questions:
            self._index = (self._index + by) % len(self._questions)
            self._since = self.now.t
            self._seen = self.now.seen
            self.query_one(Line).value = ""
            for text in self.query(Text):
                text.redraw()
                text.refresh(layout=True)


def measured(moment: Moment, name: str) -> Figure:
    """The day's figure of that name (`tta`, `tti`, …)."""
    day = moment.figures.day
    return {"ttd": day.ttd, "tta": day.tta, "tti": day.tti, "ttm": day.ttm, "ttr": day.ttr}.get(
        name, Figure()
    )
