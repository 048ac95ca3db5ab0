"""Questions of observations and debrief as lines, with what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from controlroom.core.plan import Question
from controlroom.core.state import Answer
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, fit

Section = Literal["observations", "debrief"]
Asked = tuple[Section, Question, Answer | None]


def asked(moment: Moment, section: Section) -> tuple[Question, ...]:
    """The plan's questions of that section."""
    if moment.plan is None:
        return ()
    return moment.plan.observations if section == "observations" else moment.plan.debrief


def answers(moment: Moment, section: Section) -> dict[str, Answer]:
    """What was answered there, by question."""
    state = moment.state
    found: Mapping[str, Answer] = state.observations if section == "observations" else state.debrief
    return dict(found)


def everything(moment: Moment) -> list[Asked]:
    """Both sections, in the order in which they are asked."""
    sections: tuple[Section, ...] = ("observations", "debrief")
    return [
        (section, own, answers(moment, section).get(own.id))
        for section in sections
        for own in asked(moment, section)
    ]


def answer_text(text: str, score: int | None) -> str:
    """As it is typed: `4 good ones`."""
    return f"{score} {text}".strip() if score is not None else text


def question_row(number: int, question: Question, answer: Answer | None, cells: int) -> Row:
    """`2 ● What went well?   the pager · jo`: half of the line for what was answered, where there is something."""
    half = cells // 2 if answer is not None else 0
    said = f"{answer_text(answer.text, answer.score) or 'yes'}" if answer is not None else ""
    by = f" · {answer.by}" if answer is not None and half >= 30 else ""
    return (
        (fit(str(number), 3), "dim"),
        ("● " if answer is not None else "○ ", "good" if answer is not None else "dim"),
        (fit(question.text, max(0, cells - half - 6)) + " ", "" if answer is None else "dim"),
        (fit(said + by, half), ""),
    )
