"""Episodes by the raw samples of real alerts, whole and in overlapping pieces."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from aiohttp import web

from controlroom.clock import HeldClock
from controlroom.core.events import AlertObserved
from controlroom.sources.http import Answer
from controlroom.sources.ports import SourceError
from controlroom.sources.prometheus import PrometheusSource
from controlroom.sources.prometheus_alerts import AlertTracker, Key, Rules, key_of
from controlroom.sources.prometheus_answers import Series, data, series_of
from tests.sources.loopback import Asked, fixed, recorded, stub, success

SERIES = "prometheus/alerts-series"


class Recording(msgspec.Struct):
    t0_unix: float
    request: dict[str, object]
    response: dict[str, object]


def load(name: str) -> tuple[tuple[Series, ...], float, float]:
    """Series of a recording, the moment of its query, and its time zero, in Unix seconds."""
    recording = msgspec.convert(recorded(f"{SERIES}/{name}"), Recording)
    query = parse_qs(urlsplit(str(recording.request["path"])).query)
    body = msgspec.convert(recording.response["body"], dict[str, object])
    result = msgspec.convert(body["data"], dict[str, object])["result"]
    return series_of("Prometheus", result), float(query["time"][0]), recording.t0_unix


def until(series: tuple[Series, ...], start: float, end: float) -> tuple[Series, ...]:
    """What a range of samples from `start` to `end` would have shown."""
    cut = (
        msgspec.structs.replace(one, values=tuple(pair for pair in one.values if start <= pair[0] <= end))
        for one in series
    )
    return tuple(one for one in cut if one.values)


def present(alerts: tuple[Series, ...], at: float, interval: float = 2.0) -> set[Key]:
    """What an instant query shows: a series until the evaluation after its last sample marks it stale."""
    return {key_of(one.metric) for one in alerts if one.values[0][0] <= at < one.values[-1][0] + interval}


def unix(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


# the recording of the whole exchange, the alert, and the name of its samples' recording
RECORDED = [
    ("inventory-down", "InventoryServiceDown"),
    ("inventory-down", "OrderErrorRateHigh"),
    ("chaos-pod-failure", "InventoryServiceDown"),
    ("chaos-network-delay", "OrderLatencyHigh"),
    ("silenced", "HeapNearLimit"),
    ("pending-only", "InventoryServiceDown"),
]
NAMES = [f"{scene}-{alert.lower()}" for scene, alert in RECORDED]


def whole(name: str) -> tuple[AlertObserved, float]:
    alerts, at, zero = load(f"{name}-alerts")
    for_state, _, _ = load(f"{name}-alerts_for_state")
    tracker = AlertTracker()
    tracker.learn(alerts, for_state, present(alerts, at), at, {"InventoryServiceDown": 2.0})
    (episode,) = tracker.observed(zero)
    return episode, zero


@pytest.mark.parametrize(("scene", "alert"), RECORDED, ids=NAMES)
def test_recorded_episodes_say_what_was_measured_beside_them(scene: str, alert: str) -> None:
    episode, zero = whole(f"{scene}-{alert.lower()}")
    summaries = msgspec.convert(recorded(f"alerts/{scene}")["summary"], dict[str, dict[str, object]])
    summary = summaries[alert]
    active = datetime.fromisoformat(str(summary["activeAt"])[:19] + "+00:00")
    fired = summary.get("ALERTS_firing_first_sample_s")
    last = summary.get("ALERTS_firing_last_sample_s") or summary["ALERTS_pending_last_sample_s"]
    assert (episode.name, episode.state, episode.active_at) == (alert, "resolved", active)
    assert unix(episode.resolved_at) == pytest.approx(zero + msgspec.convert(last, float) + 2.0, abs=0.002)
    if fired is None:
        assert episode.firing_at is None
        return
    assert unix(episode.firing_at) == pytest.approx(zero + msgspec.convert(fired, float), abs=0.002)
    assert episode.firing_at == datetime.fromisoformat(str(summary["alertmanager_startsAt"]))
    assert episode.uncertainty == 0.001


def test_firing_is_the_first_firing_sample_to_the_millisecond() -> None:
    episode, _ = whole("inventory-down-inventoryservicedown")
    assert episode.firing_at == datetime(2026, 11, 23, 19, 19, 10, 54_000, UTC)
    assert episode.active_at == datetime(2026, 11, 23, 19, 19, 6, tzinfo=UTC)
    assert episode.resolved_at == datetime(2026, 11, 23, 19, 19, 32, 54_000, UTC)
    assert (episode.name, episode.labels) == (
        "InventoryServiceDown",
        {"service": "inventory-service", "severity": "critical"},
    )


def test_an_alert_that_was_only_pending_never_fired() -> None:
    episode, _ = whole("pending-only-inventoryservicedown")
    assert episode.state == "resolved"
    assert episode.firing_at is None


@pytest.mark.parametrize("tick", [1.0, 2.0, 7.0])
@pytest.mark.parametrize("name", NAMES)
def test_in_pieces_as_in_one(name: str, tick: float) -> None:
    alerts, at, zero = load(f"{name}-alerts")
    for_state, _, _ = load(f"{name}-alerts_for_state")
    tracker = AlertTracker()
    states: list[str] = []
    now = zero
    while now < at:
        now = min(now + tick, at)
        start = now - tick - 5.0
        seen = until(alerts, start, now)
        tracker.learn(
            seen, until(for_state, start, now), present(alerts, now), now, {"InventoryServiceDown": 2.0}
        )
        found = tracker.observed(now - tick)
        states += [one.state for one in found if not states or states[-1] != one.state]
    expected, _ = whole(name)
    assert tracker.observed(zero)[-1] == expected
    assert states[-1] == "resolved"
    assert states == sorted(states, key=["pending", "firing", "resolved"].index)


def series(state: str, times: list[float], name: str = "A", **labels: str) -> Series:
    metric = {"__name__": "ALERTS", "alertname": name, "alertstate": state, **labels}
    return Series(metric=metric, values=tuple((at, "1") for at in times))


def starts(pairs: list[tuple[float, int]], name: str = "A", **labels: str) -> Series:
    metric = {"__name__": "ALERTS_FOR_STATE", "alertname": name, **labels}
    return Series(metric=metric, values=tuple((at, str(active)) for at, active in pairs))


def follow(
    alerts: list[Series],
    for_state: list[Series],
    at: float,
    *,
    shown: Collection[Key] = (),
    intervals: Mapping[str, float] | None = None,
) -> list[AlertObserved]:
    tracker = AlertTracker()
    tracker.learn(alerts, for_state, shown, at, intervals or {"A": 5.0})
    return tracker.observed(0.0)


def test_two_episodes_in_one_stretch_are_told_apart_by_the_start_of_pending() -> None:
    first, second = follow(
        [series("firing", [100.0, 105.0, 115.0, 120.0])],
        [starts([(100.0, 100), (105.0, 100), (115.0, 115), (120.0, 115)])],
        122.0,
        shown={(("alertname", "A"),)},
    )
    assert (first.state, unix(first.firing_at), unix(first.resolved_at)) == ("resolved", 100.0, 110.0)
    assert (second.state, unix(second.firing_at), second.resolved_at) == ("firing", 115.0, None)


def test_an_alert_is_over_only_when_its_next_evaluation_is_due() -> None:
    alerts, for_state = [series("firing", [100.0])], [starts([(100.0, 100)])]
    assert follow(alerts, for_state, 104.9)[0].state == "firing"
    assert follow(alerts, for_state, 105.0)[0].state == "resolved"
    assert follow(alerts, for_state, 200.0, shown={(("alertname", "A"),)})[0].state == "firing"


def test_an_alert_that_fired_before_we_looked_is_uncertain_by_that_much() -> None:
    (episode,) = follow(
        [series("firing", [500.0, 505.0])],
        [starts([(500.0, 100), (505.0, 100)])],
        506.0,
        shown={(("alertname", "A"),)},
    )
    assert unix(episode.active_at) == 100.0
    assert episode.uncertainty == pytest.approx(399.0)


def test_a_hole_between_pending_and_firing_is_uncertainty() -> None:
    alerts = [series("pending", [100.0, 105.0]), series("firing", [140.0])]
    (episode,) = follow(alerts, [starts([(100.0, 100), (105.0, 100), (140.0, 100)])], 141.0)
    assert unix(episode.firing_at) == 140.0
    assert episode.uncertainty == pytest.approx(30.0)


def test_samples_that_go_on_after_all_take_the_end_back() -> None:
    tracker = AlertTracker()
    tracker.learn([series("firing", [100.0])], [starts([(100.0, 100)])], (), 105.0, {"A": 5.0})
    assert tracker.observed(0.0)[0].state == "resolved"
    tracker.learn([series("firing", [110.0])], [starts([(110.0, 100)])], (), 111.0, {"A": 5.0})
    (episode,) = tracker.observed(0.0)
    assert (episode.state, episode.resolved_at) == ("firing", None)


def test_without_the_start_of_pending_a_gap_ends_an_episode() -> None:
    found = follow([series("pending", [100.0, 105.0, 110.0, 160.0])], [], 161.0)
    assert [unix(one.active_at) for one in found] == [100.0, 160.0]


def test_a_start_of_pending_that_is_no_number_changes_nothing() -> None:
    tracker = AlertTracker()
    tracker.learn([series("pending", [100.0])], [starts([(100.0, 98)])], (), 101.0, {"A": 5.0})
    odd = Series(metric={"alertname": "A"}, values=((105.0, "NaN"),))
    tracker.learn([series("firing", [105.0])], [odd], (), 106.0, {"A": 5.0})
    (episode,) = tracker.observed(0.0)
    assert (unix(episode.active_at), unix(episode.firing_at)) == (98.0, 105.0)


def test_what_is_long_over_is_forgotten() -> None:
    tracker = AlertTracker()
    tracker.learn([series("firing", [100.0])], [starts([(100.0, 100)])], (), 105.0, {"A": 5.0})
    tracker.forget(105.0)
    assert tracker.observed(0.0)
    tracker.forget(106.0)
    assert tracker.observed(0.0) == []


def test_recorded_rules_tell_intervals_and_annotations() -> None:
    response = recorded("prometheus/alerts-rules/rules-firing")["response"]
    body = msgspec.json.encode(msgspec.convert(response, dict[str, object])["body"])
    rules = data(Answer(source="Prometheus", url="http://x", status=200, body=body), Rules)
    assert rules.intervals()["InventoryServiceDown"] == 2.0
    key = key_of(
        {"alertname": "InventoryServiceDegraded", "service": "inventory-service", "severity": "warning"}
    )
    assert rules.annotations()[key]["summary"] == "Only 0 of 3 inventory-service pods answer"


class Server:
    """Prometheus with one alert that fires from 110 on, and rules that can be taken away."""

    def __init__(self) -> None:
        self.rules = web.json_response
        self.has_rules = True
        self.times = [100.0, 105.0, 110.0, 115.0, 120.0]
        self.stale_from = 1e9

    async def __call__(self, asked: Asked) -> web.StreamResponse:
        if asked.path == "/api/v1/rules":
            return await (
                self._rules(asked) if self.has_rules else fixed(404, "not found", "text/plain")(asked)
            )
        query, at = asked.query["query"], float(asked.query["time"])
        span = re.fullmatch(r"(\w+)\[(\d+)ms\]", query)
        labels = {"alertname": "Down\x1b[31m", "service": "s"}
        if span is None:
            shown = any(time <= at for time in self.times) and at < self.stale_from
            result = [{"metric": labels | {"alertstate": "firing"}, "value": [at, "1"]}] if shown else []
            return success("vector", result)
        seen = [time for time in self.times if at - int(span[2]) / 1000 <= time <= at]
        if span[1] == "ALERTS_FOR_STATE":
            return success("matrix", [{"metric": labels, "values": [[time, "100"] for time in seen]}])
        by_state = {"pending": [t for t in seen if t < 110], "firing": [t for t in seen if t >= 110]}
        return success(
            "matrix",
            [
                {"metric": labels | {"alertstate": state}, "values": [[time, "1"] for time in times]}
                for state, times in by_state.items()
                if times
            ],
        )

    async def _rules(self, asked: Asked) -> web.StreamResponse:
        alert = {
            "labels": {"alertname": "Down\x1b[31m", "service": "s"},
            "annotations": {"summary": "It\nis"},
        }
        rule = {"name": "Down\x1b[31m", "type": "alerting", "alerts": [alert]}
        groups = {"groups": [{"name": "g", "interval": 5, "rules": [rule]}]}
        return web.json_response({"status": "success", "data": groups})


@pytest.mark.parametrize("has_rules", [True, False])
async def test_an_episode_followed_over_http(has_rules: bool) -> None:
    server = Server()
    server.has_rules = has_rules
    async with stub(server) as prometheus:
        source = PrometheusSource(prometheus.url, [], HeldClock())
        assert await source.alerts(90.0, 99.0) == []
        (pending,) = await source.alerts(99.0, 106.0)
        (firing,) = await source.alerts(106.0, 121.0)
        server.stale_from = 125.0
        (ended,) = await source.alerts(121.0, 126.0)
        assert await source.alerts(140.0, 150.0) == []
        await source.close()
    assert (pending.name, pending.state, unix(pending.active_at)) == ("Down", "pending", 100.0)
    assert pending.annotations == ({"summary": "It is"} if has_rules else {})
    assert (firing.state, unix(firing.firing_at), firing.uncertainty) == ("firing", 110.0, 0.001)
    assert (ended.state, unix(ended.resolved_at), unix(ended.firing_at)) == ("resolved", 125.0, 110.0)
    asked = [one.query["query"] for one in prometheus.asked if "query" in one.query]
    assert f"ALERTS[{3609_000}ms]" in asked, "the first reading looks an hour back"


async def test_a_stretch_that_failed_is_read_again() -> None:
    server = Server()
    async with stub(server) as prometheus:
        source = PrometheusSource(prometheus.url, [], HeldClock())
        prometheus.reply = fixed(500, "broken", "text/plain")
        with pytest.raises(SourceError, match="HTTP 500: broken"):
            await source.alerts(90.0, 121.0)
        prometheus.reply = server
        (firing,) = await source.alerts(90.0, 121.0)
        await source.close()
    assert unix(firing.firing_at) == 110.0
