"""The verdict of the day, from its criteria and signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from controlroom.core.assessment import CriterionResult, SignResult

Verdict = Literal["passed", "needs improvement", "inconclusive", "pending"]


def verdict_of(
    criteria: Sequence[CriterionResult], signs: Sequence[SignResult], *, closed: bool
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and what stands in the way of *passed*, in words.

    *Passed*: every criterion passes and every sign is clear. *Needs improvement*: any criterion fails or any
    sign is set. Else *inconclusive*: what is unknown, a sign included, never passes. While the session is open
    the verdict is pending, with the reasons known so far.
    """
    broken = [f"{own.text}: {own.reason}" for own in criteria if own.status == "fail"]
    broken += [f"{own.text}: {own.reason}" for own in signs if own.status == "set"]
    open_ones = [f"{own.text}: {own.reason}" for own in criteria if own.status in ("unknown", "pending")]
    open_ones += [f"{own.text}: {own.reason}" for own in signs if own.status in ("unknown", "pending")]
    if not closed:
        return "pending", tuple(broken)
    if broken:
        return "needs improvement", tuple(broken)
    if open_ones or not criteria:
        return "inconclusive", tuple(open_ones) or ("the plan has no success criterion",)
    return "passed", ()
