"""What a comparison consists of. Nothing that is not known is compared: it keeps its status and its reason."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from controlroom.core.action_items import ActionItem
from controlroom.core.assessment import Assessment, Degradation
from controlroom.core.plan import Plan
from controlroom.core.values import Value

FORMAT = 1
"""Version of the JSON of a comparison; raised when a reader of the version before would misread it."""

Unit = str
"""`s`: seconds; `ratio`: times the baseline's median; else the unit of the plan's metric; empty: a count or none."""


class Side(Value, omit_defaults=False):
    """One of the sessions. `length` in seconds."""

    session: str
    title: str
    plan: str
    """Id of its plan."""
    plan_hash: str
    opened_at: datetime
    length: float
    lab: bool
    context: str
    """Of the plan's cluster; in a rehearsal the lab stood for it."""
    closed: bool
    verdict: Literal["passed", "needs improvement", "inconclusive", "pending"]
    zone: str = "UTC"


class Day(Value):
    """All that is compared of one session."""

    side: Side
    plan: Plan
    """As it was at the end."""
    files: dict[str, str]
    """Manifests and rules, by the path that the plan names."""
    assessment: Assessment
    degradation: tuple[Degradation, ...]
    actions: tuple[ActionItem, ...]


class Entry(Value, omit_defaults=False):
    """One figure in one session."""

    status: str
    """Of a figure, a criterion or a sign, as everywhere; `partial`: samples are missing, so it may have been worse;
    `not planned`: that session's plan has no such thing."""
    value: float | None = None
    """None: there is none, see `status` and `reason`."""
    uncertainty: float = 0.0
    limit: float | None = None
    outside: bool | None = None
    """Of a metric: whether it was beyond its limit; None: not known."""
    worst: float | None = None
    """Of a metric: its worst sample, in the metric's unit."""
    reason: str = ""


class Change(Value, omit_defaults=False):
    """From one session to the next.

    `different`: what was measured is not the same thing, for `why`. `not comparable`: one of the two is not known.
    """

    kind: Literal["better", "worse", "same", "different", "not comparable"]
    by: float | None = None
    """The later value less the earlier one, in the row's unit."""
    why: str = ""


class Row(Value, omit_defaults=False):
    """One figure over all sessions: an entry for each, and a change from each to the next."""

    id: str
    title: str
    unit: Unit
    entries: tuple[Entry, ...]
    changes: tuple[Change, ...]


class ExperimentRows(Value, omit_defaults=False):
    """One injection of an experiment, over all sessions that had it."""

    run: str
    title: str
    figures: tuple[Row, ...]
    """TTD, TTA, TTI, TTM, TTR."""
    degradation: tuple[Row, ...]
    """One a metric, in times of the baseline."""


class Carried(Value, omit_defaults=False):
    """An action item over all sessions; the same text is the same item."""

    title: str
    owner: str
    """As it was said last."""
    due: str
    states: tuple[str, ...]
    """In each session `open`, `done` or `dropped`; empty: that record does not have it."""
    standing: Literal["open", "done", "dropped", "not told"]
    """`not told`: it was open when it was told last, and the newest record does not have it."""
    carried: bool
    """It was open in an earlier session, and still is in the newest."""


class PlanChange(Value, omit_defaults=False):
    """What the plan of session number `session` (from 0) has other than that of the one before."""

    session: int
    part: str
    """`experiments`, `metrics`, `criteria`, `files`, …; `plan` for what it has but once."""
    name: str
    what: Literal["added", "removed", "changed"]
    field: str = ""
    old: str = ""
    new: str = ""


class Comparison(Value, omit_defaults=False):
    """Sessions, oldest first. docs/compare.md explains every field."""

    format: int
    sessions: tuple[Side, ...]
    remarks: tuple[str, ...]
    """What to bear in mind: other plans, rehearsals beside days on a cluster, sessions that go on."""
    verdict: Row
    criteria: tuple[Row, ...]
    signs: tuple[Row, ...]
    day: tuple[Row, ...]
    """TTD, TTA, TTI, TTM, TTR of the day."""
    experiments: tuple[ExperimentRows, ...]
    counts: tuple[Row, ...]
    """Actions that are open, and after-actions of the plan that are not ticked."""
    actions: tuple[Carried, ...]
    plans: tuple[PlanChange, ...]

    def rows(self) -> tuple[Row, ...]:
        """All of them, in the order in which they are read."""
        experiments = (row for own in self.experiments for row in (*own.figures, *own.degradation))
        return (self.verdict, *self.criteria, *self.signs, *self.day, *experiments, *self.counts)
