"""Samples for other tools: a table, plain columns, and text for a Prometheus to be filled with afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from controlroom.core.clean import clean
from controlroom.core.columns import Series, View
from controlroom.core.plan import Metric
from controlroom.journal.export.tables import table
from controlroom.journal.report.page import Page

PREFIX = "controlroom:"
"""Of series' names: the colon is Prometheus's sign for what a rule has computed."""


def _grid(page: Page, view: View) -> tuple[range, list[Series]]:
    """The steps (Unix seconds) from the first to the last sample of any metric, and the metrics' columns."""
    columns = [view.series(index) for index in range(len(page.plan.metrics))]
    firsts = [own.first for own in columns if own.first is not None]
    lasts = [own.last for own in columns if own.last is not None]
    step = view.columns.step
    return (range(min(firsts), max(lasts) + 1, step) if firsts else range(0)), columns


def _at(series: Series, at: int) -> float | None:
    """None: unknown."""
    if series.first is None or not series.first <= at <= (series.last or 0):
        return None
    value = series.value((at - series.first) // series.step)
    return None if math.isnan(value) else value


def as_table(page: Page, view: View) -> bytes:
    """`samples.csv`: a line a step, a column a metric; an empty cell is unknown."""
    steps, columns = _grid(page, view)
    opened = page.times.opened_at.timestamp()
    rows = ((_utc(at), round(at - opened, 3), *(_at(series, at) for series in columns)) for at in steps)
    return table(("time", "t", *(metric.id for metric in page.plan.metrics)), rows)


def _utc(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def as_columns(page: Page, view: View) -> bytes:
    """`columns.json`: an object of equally long arrays, as data frames are made of; null is unknown."""
    steps, columns = _grid(page, view)
    found: dict[str, list[float | None] | list[int]] = {"time": list(steps)}
    for metric, series in zip(page.plan.metrics, columns, strict=True):
        found[metric.id] = [_at(series, at) for at in steps]
    return msgspec.json.encode(found) + b"\n"


def as_openmetrics(page: Page, view: View) -> bytes:
    """`samples.om`: OpenMetrics 1.0 with timestamps, for `promtool tsdb create-blocks-from openmetrics`.

    A query between samples answers with the last one of five minutes. So that nothing unknown is answered as known,
    the first unknown step of a stretch, and the one after the last sample, are NaN.
    """
    lines: list[str] = []
    session = _label(page.state.opened.session if page.state.opened else "")
    for index, metric in enumerate(page.plan.metrics):
        series = view.series(index)
        if not series.known(range(series.length)):
            continue
        name = PREFIX + metric.id
        lines += [f"# HELP {name} {_help(metric)}", f"# TYPE {name} gauge"]
        lines += [f'{name}{{session="{session}"}} {value} {at}' for at, value in _points(series)]
    return ("\n".join([*lines, "# EOF"]) + "\n").encode()


def _points(series: Series) -> Iterator[tuple[int, str]]:
    known = False
    for at, value in series.items(range(series.length)):
        if not math.isnan(value):
            yield at, repr(value)
        elif known:
            yield at, "NaN"
        known = not math.isnan(value)
    if known and series.last is not None:
        yield series.last + series.step, "NaN"


def _help(metric: Metric) -> str:
    unit = f" ({metric.unit})" if metric.unit else ""
    return _label(clean(f"{metric.title}{unit}, as recorded"))


def _label(text: str) -> str:
    return clean(text).replace("\\", "\\\\").replace('"', '\\"')


def as_rules(page: Page) -> bytes:
    """`recording-rules.yaml`: the plan's queries under the names of the series in `samples.om`.

    A Prometheus that has these rules goes on with the very series that the backfill begins.
    """
    rules = [
        {"record": PREFIX + own.id, "expr": _Block(own.query.strip())}
        for own in page.plan.metrics
        if own.query
    ]
    group = {
        "name": f"controlroom-{page.plan.id}",
        "interval": f"{page.plan.sampling.step:g}s",
        "rules": rules,
    }
    return _yaml({"groups": [group]}).encode()


class _Block(str):
    """A query, as people write it: in lines."""


def _yaml(value: object) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def block(dumper: yaml.SafeDumper, text: _Block) -> yaml.ScalarNode:
        lines = "\n".join(line.rstrip().expandtabs(2) for line in text.splitlines())
        return dumper.represent_scalar("tag:yaml.org,2002:str", lines, style="|" if "\n" in lines else None)

    Dumper.add_representer(_Block, block)
    return str(yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000))
