"""The figures of a day by the definitions alone: slow, obvious, and without a line of the program's own code.

Input are plain values: what physically happened (the lab's ground truth), every metric at each second (None: no
value), the plan, and what only the session can tell: when the baseline phase was open, and which experiment each
chaos object stands for. All times are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
Samples = Mapping[str, Sequence[tuple[float, float | None]]]

ONE_SHOT = ("pod-kill", "container-kill")


def reference_figures(truth: Json, samples: Samples, plan: Json, session: Json) -> dict[str, Any]:
    """Injected, TTD and TTR of each run and of the day.

    `session`: `baseline` (start and end of that phase) and `runs` (run to `{"object", "experiment"}`). Answers
    `{"runs": {run: {...}}, "day": {...}, "limits": {metric: limit}}`; a figure that is not there is None, and
    `censored` says why a TTR is not.
    """
    runs = {name: _run(truth, plan, own) for name, own in session["runs"].items()}
    runs = {name: run for name, run in runs.items() if run["injected"] is not None}
    if not runs:
        return {"runs": {}, "day": {}, "limits": {}}
    first = min(run["injected"] for run in runs.values())
    limits = _limits(samples, plan, session["baseline"], first)
    load_stop = _load_stop(truth)
    service = _service(samples, plan, limits, first, load_stop)
    found = _episodes(service, plan)
    for name, run in runs.items():
        others = {other: own["injected"] for other, own in runs.items() if other != name}
        run.update(_ttr(run, others, found))
    leading = min(runs.values(), key=lambda run: run["injected"])
    recovered = found[-1][1] if found else None
    day = {
        "injected": first,
        "ttd": leading["ttd"],
        "recovered": recovered,
        "ttr": None if recovered is None else recovered - first,
    }
    return {"runs": runs, "day": day, "limits": limits}


# A run: when it was injected, when its effect ended, when its alert fired


def _run(truth: Json, plan: Json, own: Json) -> dict[str, Any]:
    experiment = next(one for one in plan["experiments"] if one["id"] == own["experiment"])
    changes = [one for one in truth["faults"] if one["name"] == own["object"]]
    applied = [one["t"] for one in changes if one["change"] == "applied"]
    if not applied:
        return {"injected": None}
    injected = min(applied)
    effect_end = _effect_end(truth, changes)
    until = float("inf") if effect_end is None else effect_end + plan["sampling"]["grace"]
    detected = _detected(truth, experiment["alert"], injected, until)
    ttd = detected - injected if isinstance(detected, float) else None
    return {
        "experiment": own["experiment"],
        "injected": injected,
        "until": until,
        "masked": detected == "masked",
        "ttd": ttd,
    }


def _effect_end(truth: Json, changes: Sequence[Json]) -> float | None:
    """One-shot: as many replacements Ready as pods were hit; others: the last target recovered or lost."""
    hit = {one["pod_uid"]: one["t"] for one in changes if one["change"] == "applied"}
    if changes[0]["action"] in ONE_SHOT:
        app = next(one["app"] for one in truth["pods"] if one["uid"] in hit)
        killed = min(hit.values())
        ready = sorted(
            one["t"]
            for one in truth["pods"]
            if one["app"] == app and one["change"] == "ready" and one["t"] > killed
        )
        return ready[len(hit) - 1] if len(ready) >= len(hit) else None
    over = {one["pod_uid"]: one["t"] for one in changes if one["change"] in ("recovered", "lost")}
    return max(over.values()) if set(over) >= set(hit) else None


def _detected(truth: Json, alert: Json | None, injected: float, until: float) -> float | str | None:
    """The first start of firing in the window; `masked` where it was firing already."""
    if alert is None:
        return None
    own = [
        one
        for one in truth["rules"]
        if one["alert"] == alert["name"]
        and all(one["labels"].get(key) == value for key, value in alert["labels"].items())
    ]
    firing_before = [one for one in own if one["t"] < injected - 1]
    if firing_before and firing_before[-1]["after"] == "firing":
        return "masked"
    starts = [float(one["t"]) for one in own if one["after"] == "firing"]
    return min((t for t in starts if injected - 1 <= t < until), default=None)


# The service: limits from the baseline, then each second inside (True), outside (False) or unknown (None)


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    below = int((len(ordered) - 1) * share)
    above = min(below + 1, len(ordered) - 1)
    part = (len(ordered) - 1) * share - below
    return ordered[below] * (1 - part) + ordered[above] * part


def _limits(samples: Samples, plan: Json, baseline: Sequence[float], first: float) -> dict[str, float | None]:
    sampling = plan["sampling"]
    start, end = baseline[0] + sampling["warm_up"], min(baseline[1], first)
    limits: dict[str, float | None] = {}
    for metric in plan["metrics"]:
        values = [
            value
            for t, value in samples[metric["id"]]
            if start <= t <= end and t % sampling["step"] == 0 and value is not None
        ]
        limits[metric["id"]] = None if len(values) < sampling["least"] else _limit(values, metric)
    return limits


def _limit(values: Sequence[float], metric: Json) -> float | None:
    middle = _quantile(values, 0.5)
    spread = float(metric["k"]) * _quantile([abs(value - middle) for value in values], 0.5)
    tolerance, floor = float(metric["tolerance"]), float(metric["floor"])
    if metric["worse"] == "higher":
        return max(_quantile(values, 0.95) * (1 + tolerance), middle + spread, middle + floor)
    if metric["worse"] == "lower":
        return min(_quantile(values, 0.05) * (1 - tolerance), middle - spread, middle - floor)
    return None


def _service(
    samples: Samples, plan: Json, limits: Mapping[str, float | None], first: float, load_stop: float
) -> dict[float, bool | None]:
    deciding = [one for one in plan["metrics"] if one["criterion"] and one["worse"] != "neither"]
    seconds: dict[float, bool | None] = {}
    for metric in deciding:
        limit = limits[metric["id"]]
        for t, value in samples[metric["id"]]:
            if not first <= t <= load_stop:
                continue
            inside: bool | None = None
            if value is not None and limit is not None:
                inside = value <= limit if metric["worse"] == "higher" else value >= limit
            before = seconds.get(t, True)
            # One metric outside is outside; else one unknown is unknown.
            seconds[t] = False if False in (before, inside) else None if None in (before, inside) else True
    return seconds


def _episodes(service: Mapping[float, bool | None], plan: Json) -> list[tuple[float, float | None]]:
    """Starts and ends of impact; an end None was never proven."""
    step, hold = plan["sampling"]["step"], plan["sampling"]["hold"]
    times = sorted(service)
    found: list[tuple[float, float | None]] = []
    at = times[0] if times else 0.0

    def first(after: float, wanted: Callable[[float], bool]) -> float | None:
        return next((t for t in times if t >= after and wanted(t)), None)

    def impacted(t: float) -> bool:
        return service[t] is False and service.get(t + step) is False

    def calm(t: float) -> bool:
        return all(service.get(t + later) is True for later in range(int(hold) + 1))

    while (start := first(at, impacted)) is not None:
        end = first(start + 1, calm)
        found.append((start, end))
        if end is None:
            break
        at = end
    return found


def _ttr(
    run: Json, others: Mapping[str, float], episodes: Sequence[tuple[float, float | None]]
) -> dict[str, Any]:
    """The run's TTR, or why there is none: `no impact`, `not recovered`, or `overlapped`."""
    injected = run["injected"]
    for start, end in episodes:
        if start < injected and (end is None or end > injected):
            return {"ttr": None, "censored": "overlapped"}
        if injected <= start <= run["until"]:
            if any(injected <= other and (end is None or other <= end) for other in others.values()):
                return {"ttr": None, "censored": "overlapped"}
            if end is None:
                return {"ttr": None, "censored": "not recovered"}
            return {"ttr": end - injected, "censored": None}
    return {"ttr": None, "censored": "no impact"}


def _load_stop(truth: Json) -> float:
    stops = [one["t"] for one in truth["load"] if not one["running"]]
    return float(stops[-1]) if stops else float(truth["now"])
