"""What a day amounts to: every figure and verdict, as values (computed in `controlroom.core.figures`).

Nothing here is guessed: a value that is not known has a status and a reason instead.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from controlroom.core.values import Value

FigureStatus = Literal["known", "provisional", "pending", "unknown", "absent", "censored", "masked"]
"""`pending`: may still come. `absent`: did not happen, with its reason. `censored`: cannot be told apart."""


class Evidence(Value):
    """What proves a figure."""

    source: str
    at: datetime | None = None
    text: str = ""
    """The query, the record or the mark, in words."""
    value: float | None = None
    uncertainty: float = 0.0
    """Seconds, where it is a moment."""


class Figure(Value):
    """One figure. Moments are in `at`; durations are seconds in `value`."""

    status: FigureStatus = "pending"
    value: float | None = None
    at: datetime | None = None
    reason: str = ""
    uncertainty: float = 0.0
    evidence: tuple[Evidence, ...] = ()


class Baseline(Value):
    """A metric at rest: samples of the baseline phase after the warm-up."""

    metric: str
    known: bool
    n: int = 0
    median: float = 0.0
    mad: float = 0.0
    p5: float = 0.0
    p95: float = 0.0
    reason: str = ""


class Limit(Value):
    """Where a metric stops being normal, in its worse direction; None: it has none, for `reason`."""

    metric: str
    worse: Literal["higher", "lower", "neither"]
    value: float | None = None
    reason: str = ""

    def outside(self, value: float) -> bool:
        """Whether a known sample is beyond the limit."""
        if self.value is None:
            return False
        return value > self.value if self.worse == "higher" else value < self.value


class Cell(Value):
    """A cell of the metrics table. None: unknown or not yet, see `reason`."""

    value: float | None = None
    statistic: str = ""
    at: datetime | None = None
    """Moment of the sample, where it is one."""
    reason: str = ""


class MetricRow(Value):
    metric: str
    now: Cell = Cell()
    age: float | None = None
    """Seconds since the last step that has a value; None: there is none."""
    pre: Cell = Cell()
    during: Cell = Cell()
    post: Cell = Cell()
    ratio: float | None = None
    """`during` over the baseline's median."""
    limit: Limit | None = None
    outside: bool | None = None
    """Whether `now` is beyond the limit; None: not known."""
    status: Literal["pass", "fail", "pending", "unknown", ""] = ""
    """Of the criterion that judges this metric; empty: none does."""


class RunFigures(Value):
    run: str
    experiment: str
    injected: Figure = Figure()
    alert: Figure = Figure()
    """The first start of firing of its alert, whoever was earlier."""
    detected: Figure = Figure()
    """The alert or a person's mark, whichever is earlier."""
    detected_by: str = ""
    """`alert`, `person`, or empty."""
    human: Figure = Figure()
    """A person's own detection, kept beside the alert's."""
    acknowledged: Figure = Figure()
    root_cause: Figure = Figure()
    mitigated: Figure = Figure()
    impacted: Figure = Figure()
    recovered: Figure = Figure()
    effect_end: Figure = Figure()
    object_end: Figure = Figure()
    ttd: Figure = Figure()
    tta: Figure = Figure()
    tti: Figure = Figure()
    ttm: Figure = Figure()
    ttr: Figure = Figure()


class Degradation(Value):
    """How far one metric was worst while one run acted; see :mod:`controlroom.core.figures.degradation`."""

    run: str
    experiment: str
    metric: str
    worst: Cell = Cell()
    ratio: float | None = None
    """`worst` over the baseline's median; None for `reason`."""
    limit: float | None = None
    outside: bool | None = None
    """Whether `worst` is beyond the limit; None: not known."""
    share: float = 0.0
    """Of the window's samples that are known, 0 to 1: what is missing may have been worse."""
    reason: str = ""
    beside: tuple[str, ...] = ()
    """Runs that may still have been at work: what they did cannot be told apart."""
    until: str = ""
    """The run whose injection ended the window; empty: none did."""


class DayFigures(Value):
    injected: Figure = Figure()
    """The first injection of the day."""
    recovered: Figure = Figure()
    """End of the last episode of impact; provisional until all clear."""
    all_clear: Figure = Figure()
    mitigated: Figure = Figure()
    """The last mitigation at or before the recovery."""
    ttd: Figure = Figure()
    tta: Figure = Figure()
    tti: Figure = Figure()
    ttm: Figure = Figure()
    ttr: Figure = Figure()


class CriterionResult(Value):
    id: str
    text: str
    status: Literal["pass", "fail", "pending", "unknown"]
    reason: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    evidence: tuple[Evidence, ...] = ()


class SignResult(Value):
    id: str
    text: str
    status: Literal["set", "clear", "pending", "unknown"]
    reason: str
    evidence: tuple[Evidence, ...] = ()


class Episode(Value):
    """A stretch in which the service was impacted; `end` None: not recovered."""

    start: datetime
    end: datetime | None = None
    metrics: tuple[str, ...] = ()
    censored: bool = False
    """Load stopped before it recovered."""


class Assessment(Value):
    baselines: dict[str, Baseline] = {}
    limits: dict[str, Limit] = {}
    runs: dict[str, RunFigures] = {}
    day: DayFigures = DayFigures()
    rows: tuple[MetricRow, ...] = ()
    episodes: tuple[Episode, ...] = ()
    cascades: tuple[str, ...] = ()
    """Metrics that left their limits beyond what any experiment was expected to do."""
    criteria: tuple[CriterionResult, ...] = ()
    signs: tuple[SignResult, ...] = ()
    verdict: Literal["passed", "needs improvement", "inconclusive", "pending"] = "pending"
    """`pending` while the day goes on."""
    reasons: tuple[str, ...] = ()
