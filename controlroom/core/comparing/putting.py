"""Puts sessions side by side: rows by the names of criteria, signs, experiments and metrics, whatever the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from controlroom.core.assessment import CriterionResult, Degradation, RunFigures
from controlroom.core.comparing.actions import carried
from controlroom.core.comparing.changes import (
    NOT_PLANNED,
    by_count,
    by_ratio,
    by_status,
    by_time,
    entry_of,
)
from controlroom.core.comparing.plans import plan_changes
from controlroom.core.comparing.values import (
    FORMAT,
    Change,
    Comparison,
    Day,
    Entry,
    ExperimentRows,
    Row,
    Side,
)
from controlroom.core.plan import Metric
from controlroom.core.values import Value, changed

FIGURES = ("ttd", "tta", "tti", "ttm", "ttr")
VERDICTS = {"needs improvement": 0, "passed": 1}
CRITERIA = {"fail": 0, "pass": 1}
SIGNS = {"set": 0, "clear": 1}

Judge = Callable[[int, Entry, Entry], Change]
"""The change from session `index` to the next one."""


def compare(days: Iterable[Day]) -> Comparison:
    """All sessions, oldest first. At least one; with one alone nothing changes."""
    known = tuple(sorted(days, key=lambda day: (day.side.opened_at, day.side.session)))
    return Comparison(
        format=FORMAT,
        sessions=tuple(day.side for day in known),
        remarks=tuple(_remarks(tuple(day.side for day in known))),
        verdict=_verdict(known),
        criteria=tuple(_criterion(known, name) for name in _names(known, lambda day: day.plan.criteria)),
        signs=tuple(_sign(known, name) for name in _names(known, lambda day: day.plan.signs)),
        day=tuple(_day(known, name) for name in FIGURES),
        experiments=tuple(_experiment(known, run) for run in _runs(known)),
        counts=_counts(known),
        actions=carried(known),
        plans=plan_changes(known),
    )


def _remarks(sides: Sequence[Side]) -> Iterable[str]:
    if len({side.plan for side in sides}) > 1:
        names = ", ".join(dict.fromkeys(side.plan for side in sides))
        yield f"different plans ({names}): compared by the names of their parts"
    elif len({side.plan_hash for side in sides}) > 1:
        yield "the plan was changed in between"
    if len({side.session for side in sides}) < len(sides):
        yield "one session is there more than once"
    if len({side.lab for side in sides}) > 1:
        yield "rehearsals in the lab beside days on a cluster: the lab is a model"
    for number, side in enumerate(sides, 1):
        if not side.closed:
            yield f"session {number} was not closed: its figures are what was known last"


def _names(days: Sequence[Day], part: Callable[[Day], Iterable[Value]]) -> tuple[str, ...]:
    """Names of the newest plan first, in its order; then those that only earlier plans have."""
    return tuple(dict.fromkeys(str(getattr(own, "id")) for day in reversed(days) for own in part(day)))  # noqa: B009


def _row(id: str, title: str, unit: str, entries: Sequence[Entry], judge: Judge) -> Row:
    pairs = enumerate(pairwise(entries))
    return Row(
        id=id,
        title=title,
        unit=unit,
        entries=tuple(entries),
        changes=tuple(judge(index, earlier, later) for index, (earlier, later) in pairs),
    )


def _verdict(days: Sequence[Day]) -> Row:
    entries = [Entry(status=day.side.verdict, reason="; ".join(day.assessment.reasons[:3])) for day in days]
    return _row("verdict", "Verdict", "", entries, lambda _, a, b: by_status(a, b, VERDICTS))


def _criterion(days: Sequence[Day], name: str) -> Row:
    plans = [next((own for own in day.plan.criteria if own.id == name), None) for day in days]
    results = [next((own for own in day.assessment.criteria if own.id == name), None) for day in days]
    entries = [NOT_PLANNED if own is None else _result(own) for own in results]

    def judge(index: int, earlier: Entry, later: Entry) -> Change:
        found = by_status(earlier, later, CRITERIA)
        why = _redefined(plans[index], plans[index + 1])
        return changed(found, kind="different", why=why) if why else found

    newest = next((own for own in reversed(results) if own is not None), None)
    text, unit = (newest.text, newest.unit) if newest is not None else (name, "")
    return _row(f"criteria/{name}", text, unit, entries, judge)


def _result(own: CriterionResult) -> Entry:
    return Entry(status=own.status, value=own.value, limit=own.limit, reason=own.reason)


def _redefined(old: Value | None, new: Value | None) -> str:
    """What of a criterion or a metric is not as it was; empty: it judges the same thing."""
    if old is None or new is None:
        return ""
    if type(old) is not type(new):
        return "it is another kind of criterion"
    for field in old.__struct_fields__:
        before, after = getattr(old, field), getattr(new, field)
        if before != after and field not in ("text", "title", "short", "decimals", "table", "during"):
            if isinstance(before, int | float) and isinstance(after, int | float):
                return f"{field} {before:g} before, {after:g} now"
            return f"{field} is another"
    return ""


def _sign(days: Sequence[Day], name: str) -> Row:
    results = [next((own for own in day.assessment.signs if own.id == name), None) for day in days]
    entries = [NOT_PLANNED if own is None else Entry(status=own.status, reason=own.reason) for own in results]
    text = next((own.text for own in reversed(results) if own is not None), name)
    return _row(f"signs/{name}", text, "", entries, lambda _, a, b: by_status(a, b, SIGNS))


def _day(days: Sequence[Day], name: str) -> Row:
    entries = [entry_of(getattr(day.assessment.day, name)) for day in days]
    return _row(f"day/{name}", name.upper(), "s", entries, lambda _, a, b: by_time(a, b))


def _runs(days: Sequence[Day]) -> tuple[str, ...]:
    """The first injection of every planned experiment, and every further one that was made."""
    planned = [f"{own}#1" for own in _names(days, lambda day: day.plan.experiments)]
    made = sorted(run for day in days for run in day.assessment.runs)
    order = {run: index for index, run in enumerate(planned)}
    known = dict.fromkeys([*planned, *made])
    return tuple(sorted(known, key=lambda run: (order.get(f"{_experiment_of(run)}#1", len(order)), run)))


def _experiment_of(run: str) -> str:
    return run.rpartition("#")[0] or run


def _experiment(days: Sequence[Day], run: str) -> ExperimentRows:
    name, _, ordinal = run.rpartition("#")
    titles = [own.title for day in reversed(days) for own in day.plan.experiments if own.id == name]
    title = titles[0] if titles else name
    if ordinal != "1":
        title = f"{title} #{ordinal}"
    figures = tuple(
        _row(
            f"experiments/{run}/{figure}",
            f"{title} {figure.upper()}",
            "s",
            [_run_entry(day, run, name, figure) for day in days],
            lambda _, a, b: by_time(a, b),
        )
        for figure in FIGURES
    )
    metrics = dict.fromkeys(own.metric for day in reversed(days) for own in day.degradation if own.run == run)
    rows = tuple(_degradation(days, run, title, metric) for metric in metrics)
    return ExperimentRows(run=run, title=title, figures=figures, degradation=rows)


def _run_entry(day: Day, run: str, experiment: str, figure: str) -> Entry:
    own: RunFigures | None = day.assessment.runs.get(run)
    if own is not None:
        return entry_of(getattr(own, figure))
    return _not_run(day, experiment)


def _not_run(day: Day, experiment: str) -> Entry:
    if all(own.id != experiment for own in day.plan.experiments):
        return NOT_PLANNED
    return Entry(status="absent", reason="not injected")


def _degradation(days: Sequence[Day], run: str, title: str, metric: str) -> Row:
    found = [
        next((own for own in day.degradation if own.run == run and own.metric == metric), None)
        for day in days
    ]
    metrics = [next((own for own in day.plan.metrics if own.id == metric), None) for day in days]
    entries = [
        _degraded(day, own, planned, run) for day, own, planned in zip(days, found, metrics, strict=True)
    ]

    def judge(index: int, earlier: Entry, later: Entry) -> Change:
        before, after = metrics[index], metrics[index + 1]
        change = by_ratio(earlier, later, after is not None and after.worse == "lower")
        why = _redefined(_measured(before), _measured(after)) or _company(found[index], found[index + 1])
        return changed(change, kind="different", why=why) if why else change

    name = next((own.title for own in reversed(metrics) if own is not None), metric)
    return _row(f"experiments/{run}/{metric}", f"{title}: {name}", "ratio", entries, judge)


def _measured(metric: Metric | None) -> Metric | None:
    """A metric without what has no part in its worst sample."""
    if metric is None:
        return None
    return changed(metric, tolerance=0.0, k=0.0, floor=0.0, criterion=False, uninvolved=False)


def _company(old: Degradation | None, new: Degradation | None) -> str:
    """Whether other faults were at work beside it in one session, and not in the other."""
    if old is None or new is None or (old.beside, old.until) == (new.beside, new.until):
        return ""
    return "other faults were at work beside it"


def _degraded(day: Day, own: Degradation | None, metric: Metric | None, run: str) -> Entry:
    if metric is None:
        return NOT_PLANNED
    if own is None:
        made = day.assessment.runs.get(run)
        if made is None or made.injected.at is None:
            return _not_run(day, _experiment_of(run))
        return Entry(status="unknown", reason="it was not measured")
    status, reason = "known", own.reason
    if own.worst.value is None:
        status = "unknown"
    elif own.share < day.plan.sampling.present:
        status, reason = "partial", f"only {own.share:.0%} of the samples are known"
    if not reason and own.beside:
        reason = f"beside {', '.join(own.beside)}"
    return Entry(
        status=status,
        value=own.ratio,
        limit=own.limit,
        outside=own.outside,
        worst=own.worst.value,
        reason=reason,
    )


def _counts(days: Sequence[Day]) -> tuple[Row, ...]:
    """How much is left to do after each session, by its own record."""
    open_items = [
        Entry(
            status="known",
            value=float(sum(own.status == "open" for own in day.actions if not own.after_action)),
        )
        for day in days
    ]
    after = [
        Entry(
            status="known",
            value=float(sum(own.status == "open" for own in day.actions if own.after_action)),
        )
        for day in days
    ]
    return (
        _row("actions/open", "Actions open", "", open_items, lambda _, a, b: by_count(a, b)),
        _row("actions/after", "After-actions not ticked", "", after, lambda _, a, b: by_count(a, b)),
    )
