"""The three stretches of the day that the metrics table compares: pre, during, post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controlroom.core.assessment import DayFigures
from controlroom.core.figures.context import Context, seconds
from controlroom.core.figures.impact import Impact, end_of
from controlroom.core.figures.runs import Harm


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end`, both included, in Unix seconds; without them there is none, for `reason`."""

    start: float = 0.0
    end: float = -1.0
    reason: str = ""

    @property
    def exists(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Windows:
    pre: Window
    during: Window
    post: Window


def windows_of(
    context: Context,
    baseline: tuple[float, float] | None,
    impact: Impact,
    harms: Sequence[Harm],
    day: DayFigures,
) -> Windows:
    pre = Window(reason="the baseline phase has not begun") if baseline is None else Window(*baseline)
    return Windows(pre, during_window(context, impact, harms), post_window(context, harms, day))


def during_window(context: Context, impact: Impact, harms: Sequence[Harm]) -> Window:
    """First injection to the day's service recovered.

    It runs on to the newest sample while an episode lasts, and while a run may still have an impact. Where no
    run ever had one, it ends with the last effect's grace.
    """
    if not harms:
        return Window(reason="nothing was injected")
    start = harms[0].own.at
    if any(harm.impacted.status == "pending" for harm in harms):
        return Window(start, context.end)
    if impact.stretches:
        end = end_of(context, impact, impact.stretches[-1])
        return Window(start, context.end if end is None else end)
    return Window(start, min(context.end, max(harm.own.window_end for harm in harms)))


def post_window(context: Context, harms: Sequence[Harm], day: DayFigures) -> Window:
    """From the later of all clear and the day's service recovered to load stop."""
    if not harms:
        return Window(reason="nothing was injected")
    clear = seconds(day.all_clear)
    if clear is None:
        return Window(reason=f"not all clear: {day.all_clear.reason}")
    recovered = seconds(day.recovered)
    if recovered is None and day.recovered.status != "absent":
        return Window(reason=day.recovered.reason)
    start = clear if recovered is None else max(clear, recovered)
    if start > context.end:
        return Window(reason="no sample after all clear" if context.settled else "no sample yet")
    return Window(start, context.end)
