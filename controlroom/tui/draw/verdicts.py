"""Criteria and signs as lines: what the day comes to so far, and why."""

from __future__ import annotations

from controlroom.core.assessment import CriterionResult
from controlroom.core.values import changed
from controlroom.tui.draw.metrics import verdict
from controlroom.tui.moment import Moment
from controlroom.tui.text import Row, fit

WORD = 8
"""Cells of a state's word."""


def headline(moment: Moment) -> Row:
    own = moment.figures
    return (("verdict  ", "dim"), ("the day goes on" if own.verdict == "pending" else own.verdict, "strong"))


def criterion_row(own: CriterionResult, cells: int) -> Row:
    """`pass   p95 below 3 × baseline   worst 2.4 ×`: the reason gets what the text leaves."""
    said, tone = verdict(own.status)
    text = fit(own.text, max(0, min(len(own.text), cells - WORD)))
    return (
        (fit(said, WORD), tone or "dim"),
        (text, ""),
        (fit(f"  {own.reason}" if own.reason else "", max(0, cells - WORD - len(text))), "dim"),
    )


def verdict_rows(moment: Moment, cells: int, height: int) -> tuple[Row, ...]:
    """The verdict, every criterion with its reason, and the signs that are set or cannot be told.

    Where there is room for it each reason has a line of its own.
    """
    if moment.plan is None or not moment.figures.criteria:
        return ((("What the day is measured by will stand here.", "dim"),),)
    rows = [headline(moment)]
    signs = [sign for sign in moment.figures.signs if sign.status in ("set", "unknown")]
    roomy = height >= 1 + 2 * len(moment.figures.criteria) + len(signs)
    for own in moment.figures.criteria:
        if roomy:
            rows.append(criterion_row(changed(own, reason=""), cells))
            rows.append(((" " * WORD, ""), (fit(own.reason, max(0, cells - WORD)), "dim")))
        else:
            rows.append(criterion_row(own, cells))
    for sign in signs:
        tone = "bad" if sign.status == "set" else "warn"
        rows.append(((fit(sign.status, WORD), tone), (fit(sign.text, max(0, cells - WORD)), "")))
    return tuple(rows)
