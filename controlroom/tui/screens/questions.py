"""Observations and debrief: one question at a time in a time box, every answer on record as it is typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from textual import on
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from controlroom.core import intents as i
from controlroom.core.assessment import Figure
from controlroom.core.plan import Question
from controlroom.core.state import Answer
from controlroom.tui.desk import Desk
from controlroom.tui.draw.guided import progress_row
from controlroom.tui.draw.metrics import figure_text
from controlroom.tui.draw.questions import answer_text, answers, asked, question_row
from controlroom.tui.moment import Moment, changed_since
from controlroom.tui.screens.sheet import Sheet, Text
from controlroom.tui.screens.simple import Line
from controlroom.tui.text import Row, clock, wrapped

Section = Literal["observations", "debrief"]
PAUSE = 1.5
"""Real seconds without a key after which what was typed goes on record: a screen that dies loses no more."""
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
    """After the last question stands the whole list. `begin`: the question to begin with."""

    PURPOSE = "One question at a time, with a time box; every answer is on record at once."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "turn(-1)", "the question before", show=False, priority=True),
        Binding("down", "turn(1)", "the next question", show=False, priority=True),
        Binding("pageup", "turn(-1)", "the question before", show=False, priority=True),
        Binding("pagedown", "turn(1)", "the next question", show=False, priority=True),
    ]

    def __init__(self, moment: Moment, desk: Desk, section: Section, begin: str = "") -> None:
        super().__init__(moment, section)
        self._desk = desk
        self._section: Section = section
        wanted = (
            n for n, own in enumerate(self._questions) if begin in ("", own.id) and self._open(own, begin)
        )
        self._index = next(wanted, 0)
        self._since = moment.t
        self._seen = moment.seen
        """What was shown when this question was turned to."""
        self._pause: Timer | None = None
        self._wrong = ""
        self._typed = False
        """Something in the field is not on record."""
        self._warned = False
        """It was said that it cannot be kept so: the next key that leaves it leaves it."""
        self._sent: i.GiveAnswer | None = None
        """The answer that was sent last, which may not be told back yet."""

    def _open(self, question: Question, begin: str) -> bool:
        return bool(begin) or question.id not in self._answers

    @property
    def _questions(self) -> tuple[Question, ...]:
        return asked(self.now, self._section)

    @property
    def _answers(self) -> dict[str, Answer]:
        return answers(self.now, self._section)

    @property
    def _question(self) -> Question | None:
        """None: all have been gone through."""
        return self._questions[self._index] if self._index < len(self._questions) else None

    def parts(self) -> Iterable[Widget]:
        yield Text(self._rows)
        yield Line()
        yield Text(self._hint, id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self._begin()

    def _begin(self) -> None:
        """Shows the question that has been turned to, with what is on record for it in the field."""
        line, question = self.query_one(Line), self._question
        self._since, self._seen, self._wrong = self.now.t, self.now.seen, ""
        self._typed = self._warned = False
        with self.prevent(Input.Changed):
            line.value = self._on_record(question) if question is not None else ""
        line.cursor_position = len(line.value)
        line.display = question is not None and self.now.live
        if line.display:
            line.focus()
        for text in self.query(Text):
            text.redraw()
            text.refresh(layout=True)

    def _on_record(self, question: Question) -> str:
        sent, answer = self._sent, self._answers.get(question.id)
        if sent is not None and sent.question == question.id:
            return answer_text(sent.text, sent.score)
        return answer_text(answer.text, answer.score) if answer is not None else ""

    def _rows(self, moment: Moment, width: int) -> tuple[Row, ...]:
        if not self._questions:
            return ((("The plan has no questions here.", "dim"),),)
        done = [own.id in self._answers for own in self._questions]
        rows: list[Row] = [progress_row(moment, self._index, done, self._since), (("", ""),)]
        if (question := self._question) is None:
            given = self._answers
            rows += [
                question_row(number, own, given.get(own.id), width)
                for number, own in enumerate(self._questions, 1)
            ]
            return tuple(rows)
        rows += [((line, "strong"),) for line in wrapped(question.text, max(1, width))]
        if question.kind == "figure" and question.figure:
            rows.append((("measured: ", "dim"), figure_text(measured(moment, question.figure))))
        answer = self._answers.get(question.id)
        if answer is None:
            rows.append((("not answered yet", "dim"),))
        else:
            said = f"on record: {answer_text(answer.text, answer.score)}"
            rows += [((line, "good"),) for line in wrapped(said, max(1, width))[:3]]
            rows.append(((f"by {answer.by}, T+{clock(answer.t)}", "dim"),))
        return tuple(rows)

    def _hint(self, moment: Moment, width: int) -> tuple[Row, ...]:
        question = self._question
        if self._wrong:
            return (((self._wrong, "warn"),),)
        if question is None or not moment.live:
            return ((("↑ ↓", "key"), (" the questions   ", "dim"), ("esc", "key"), (" closes", "dim")),)
        return (
            (
                ("enter", "key"),
                (f" {HINTS[question.kind]}   ", "dim"),
                ("↑ ↓", "key"),
                (" other questions, esc closes; kept as you type", "dim"),
            ),
        )

    @on(Input.Changed)
    def typed(self) -> None:
        """Kept when the typing pauses, so that nothing waits for enter."""
        self._typed, self._warned = True, False
        if self._wrong:
            self._tell("")
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._paused)

    def _paused(self) -> None:
        self._keep(strict=False)

    @on(Input.Submitted)
    def submitted(self) -> None:
        if self._keep(strict=True):
            self.action_turn(1, keep=False)

    def _keep(self, strict: bool) -> bool:
        """Puts what was typed on record; False: it cannot be kept so. `strict`: then say so aloud."""
        if self._pause is not None:
            self._pause.stop()
        question, typed = self._question, self.query_one(Line).value
        same = question is not None and typed.strip() == self._on_record(question).strip()
        if question is None or not self.now.live or not self._typed or same:
            return True
        if not typed.strip() and question.kind in ("score", "yes-no"):
            return not strict  # an answer that is being typed anew
        try:
            text, score = parse_answer(question, typed)
        except ValueError as error:
            self._tell(str(error))
            if strict:
                self.notify(str(error), severity="warning", markup=False)
            return False
        answer = i.GiveAnswer(section=self._section, question=question.id, text=text, score=score)
        if why := changed_since(self.now, answer, self._seen):
            self._tell(f"{why}: read it, then answer again")
            if strict:
                self.notify(self._wrong, severity="warning", markup=False)
                self._seen = self.now.seen
            return False
        self._sent, self._typed = answer, False
        self._desk.ask(answer, seen=self._seen)
        return True

    def _tell(self, wrong: str) -> None:
        self._wrong = wrong
        self.query_one("#hint", Text).redraw()

    def action_turn(self, by: int, keep: bool = True) -> None:
        """Another question; what was typed is kept if it can be."""
        if not self._questions:
            return
        if keep and self._stays():
            return
        self._index = (self._index + by) % (len(self._questions) + 1)
        self._begin()

    def action_close(self) -> None:
        if not self._stays():
            self.dismiss(None)

    def _stays(self) -> bool:
        """Keeps what was typed before it is left; what cannot be kept is told once, and not left before."""
        if self._keep(strict=True) or self._warned:
            return False
        self._warned = True
        return True


def measured(moment: Moment, name: str) -> Figure:
    """The day's figure of that name (`tta`, `tti`, …)."""
    day = moment.figures.day
    return {"ttd": day.ttd, "tta": day.tta, "tti": day.tti, "ttm": day.ttm, "ttr": day.ttr}.get(
        name, Figure()
    )
