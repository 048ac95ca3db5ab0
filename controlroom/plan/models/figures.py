"""What is measured and judged: metrics, sampling, criteria, signs, abort rules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from controlroom.plan.models.base import (
    Id,
    Length,
    MetricId,
    NotNegative,
    Positive,
    Share,
    Statistic,
    Strict,
    Text,
    Worse,
)


class Metric(Strict):
    """A figure of the system, by PromQL. Its limit is the widest of what tolerance, k and floor allow."""

    id: MetricId = Field(description="Name of the metric.")
    title: Text = Field(description="Title of its row.")
    short: str = Field(default="", description="Shorter title for a narrow screen; empty: the title, cut.")
    query: Text = Field(description="PromQL that yields one series or a scalar.")
    unit: str = Field(default="", description="Unit, shown behind the value.")
    worse: Worse = Field(default="neither", description="The direction that is bad; `neither` has no limit.")
    tolerance: NotNegative = Field(
        default=0.25, description="Share by which the baseline's p95 (p5 where lower is worse) may be passed."
    )
    k: NotNegative = Field(
        default=6.0,
        description="Median absolute deviations from the baseline's median that are still normal.",
    )
    floor: NotNegative = Field(
        default=0.0,
        description="Distance from the baseline's median, in the metric's unit, that is always normal.",
    )
    during: Statistic = Field(default="worst", description="Statistic of the column *during chaos*.")
    decimals: Annotated[int, Field(ge=0, le=6)] = Field(default=1, description="Decimals shown.")
    criterion: bool = Field(
        default=False,
        description="Its limit decides whether the service is impacted and when it has recovered.",
    )
    table: bool = Field(default=True, description="It has a row in the report's metrics table.")
    uninvolved: bool = Field(
        default=False, description="It belongs to a system that the scenario should not touch."
    )


class Sampling(Strict):
    """How often the metrics are read and how much data a figure needs."""

    step: Length = Field(default=2.0, description="Time between samples: one or two whole seconds.")
    warm_up: Length = Field(default=120.0, description="Start of the baseline phase that does not count.")
    least: Annotated[int, Field(ge=5)] = Field(
        default=30, description="With fewer baseline samples than this the baseline is unknown."
    )
    hold: Length = Field(
        default=30.0,
        description="How long a metric must stay inside (recovered) or outside (cascade) its limit.",
    )
    grace: Length = Field(
        default=60.0,
        description="Time after the end of an effect in which an alert or an impact still belongs to it.",
    )
    present: Share = Field(
        default=0.95, description="Share of a window's samples that must be there for a pass."
    )


class Judgement(Strict):
    """What criteria and signs have in common."""

    id: Id = Field(description="Name of it.")
    text: Text = Field(description="As it reads in the report.")


class AlertsWithin(Judgement):
    """Passed when every injected experiment that names an alert is detected by it in time."""

    type: Literal["alerts-within"] = Field(description="`alerts-within`.")
    limit: Length = Field(description="Longest time from injection to firing.")


class NoDataLoss(Judgement):
    """Passed when, after the load has stopped and the queues are empty, as much is stored as was accepted."""

    type: Literal["no-data-loss"] = Field(description="`no-data-loss`.")
    accepted: Text = Field(description="PromQL of a total that survives restarts: what was accepted.")
    stored: Text = Field(description="PromQL of a total that survives restarts: what arrived.")
    lag: MetricId = Field(description="The metric that tells when the queues have drained.")
    settle: Length = Field(
        default=60.0, description="Time after the load's stop before the two are compared."
    )
    tolerance: NotNegative = Field(default=0.0, description="How many may be missing.")


class RecoversWithin(Judgement):
    """Passed when the service has recovered in time after the last mitigation."""

    type: Literal["recovers-within"] = Field(description="`recovers-within`.")
    limit: Length = Field(description="Longest time from mitigation to recovery.")


class RatioBelow(Judgement):
    """Passed when the worst sample during chaos stays below so many times the baseline's median."""

    type: Literal["ratio-below"] = Field(description="`ratio-below`.")
    metric: MetricId = Field(description="The metric.")
    limit: Positive = Field(description="Times the baseline's median.")


class ValueBelow(Judgement):
    """Passed when the worst sample during chaos stays below a value."""

    type: Literal["value-below"] = Field(description="`value-below`.")
    metric: MetricId = Field(description="The metric.")
    limit: float = Field(description="In the metric's unit.")


Criterion = Annotated[
    AlertsWithin | NoDataLoss | RecoversWithin | RatioBelow | ValueBelow, Field(discriminator="type")
]


class AlertsDelayed(Judgement):
    """Set when an experiment's alert came later than its criterion allows, or never."""

    type: Literal["alerts-delayed"] = Field(description="`alerts-delayed`.")


class ManualIntervention(Judgement):
    """Set when the service recovered only after the facilitator's clean-up or a halt, or not at all."""

    type: Literal["manual-intervention"] = Field(description="`manual-intervention`.")


class Cascading(Judgement):
    """Set when a metric outside every experiment's expected impact stays outside its limit."""

    type: Literal["cascading"] = Field(description="`cascading`.")


class Judged(Judgement):
    """Set by a person: `yes` to a question."""

    type: Literal["judged"] = Field(description="`judged`.")
    question: Id = Field(description="An observation question of kind `yes-no`.")


Sign = Annotated[AlertsDelayed | ManualIntervention | Cascading | Judged, Field(discriminator="type")]


class AbortRule(Strict):
    """Halts everything when a metric stays beyond a bound, after a countdown that a person can stop."""

    id: Id = Field(description="Name of the rule.")
    text: Text = Field(description="Why the day is being halted, in plain words.")
    metric: MetricId = Field(description="The metric.")
    above: float | None = Field(
        default=None, description="Breached by a value above this. One of above and below."
    )
    below: float | None = Field(default=None, description="Breached by a value below this.")
    lasting: Length = Field(default=30.0, description="How long it must be breached without a break.")
    countdown: Length = Field(
        default=10.0, description="Time a person has to stop the halt; real time, also in a rehearsal."
    )
    no_data: Literal["breach", "ignore"] = Field(
        default="breach", description="What a missing value counts as."
    )
