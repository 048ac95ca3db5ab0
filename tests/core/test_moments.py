"""Moments as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlroom.core.moments import BadMoment, Scene, completions, moment_of, scene_of
from controlroom.core.playhead import History
from tests.sessions import DAY, LATENCY, POD_KILL, synthetic_events

NOWHERE = Scene(now=2000.0, end=100 * 3600.0)


@pytest.fixture(scope="module")
def scene() -> Scene:
    history = History()
    history.extend(synthetic_events())
    return scene_of(history, now=0.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("T+27:30", 1650.0), ("t+27:30", 1650.0), ("27:30", 1650.0), ("1650", 1650.0), ("1:02:03", 3723.0),
        ("T+1:02:03", 3723.0), ("T+75:00", 4500.0), (" 0:05.5 ", 5.5), ("0", 0.0), ("12.25", 12.25),
        ("90s", 90.0), ("27m", 1620.0), ("1.5h", 5400.0), ("-2:30", 1850.0), ("+5m", 2300.0), ("-5", 1995.0),
        ("-9h", 0.0), ("start", 0.0), ("END", 360_000.0),
    ],
)  # fmt: skip
def test_a_moment_is_session_seconds(text: str, seconds: float) -> None:
    assert moment_of(text, NOWHERE) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "T+",
        "half past",
        "T-5",
        "1:2:3:4",
        "1e3",
        "nan",
        "0x10",
        "12:3",
        "1: 30",
        "-",
        "+ ",
        "noise:x",
        "12:",
    ],
)
def test_anything_else_is_refused_with_the_forms_that_are_taken(text: str) -> None:
    with pytest.raises(BadMoment, match=r"write T\+27:30"):
        moment_of(text, NOWHERE)


@pytest.mark.parametrize("text", ["1:60", "1:75:00", "T+0:99"])
def test_a_minute_has_sixty_seconds(text: str) -> None:
    with pytest.raises(BadMoment, match="60 seconds in a minute"):
        moment_of(text, NOWHERE)


@given(st.integers(0, 100 * 3600))
def test_every_way_to_write_a_second_means_the_same(seconds: int) -> None:
    minutes, rest = divmod(seconds, 60)
    ways = (
        f"{seconds}",
        f"{minutes}:{rest:02}",
        f"T+{minutes // 60}:{minutes % 60:02}:{rest:02}",
        f"{seconds}s",
    )
    assert {moment_of(way, NOWHERE) for way in ways} == {float(seconds)}


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_moment_or_refused(text: str) -> None:
    try:
        assert moment_of(text, NOWHERE) >= 0
    except BadMoment as error:
        assert str(error)


def test_a_time_of_day_is_that_of_the_plans_zone(scene: Scene) -> None:
    assert scene.plan is not None and scene.opened_at is not None
    local = scene.opened_at.hour  # the seed's zone is UTC
    assert moment_of(f"@{local}:27", scene) == 27 * 60
    assert moment_of(f"@{local}:27:30", scene) == 27 * 60 + 30
    assert moment_of("2026-11-22T13:27", scene) == 27 * 60
    with pytest.raises(BadMoment, match="outside the session: it lasts from 13:00 to 14:30"):
        moment_of("@05:00", scene)
    with pytest.raises(BadMoment, match="no time of day"):
        moment_of("@25:00", scene)


@pytest.mark.parametrize(
    ("text", "t"),
    [
        ("phase:incident", None), ("exp:pod-kill", POD_KILL - 1), ("exp:Network", LATENCY - 1),
        ("experiment:network-latency", LATENCY - 1), ("note:breaker", None), ("alert:InventoryReplicasLow", None),
    ],
)  # fmt: skip
def test_what_has_a_name_is_gone_to_by_it(scene: Scene, text: str, t: float | None) -> None:
    found = moment_of(text, scene)
    assert 0 < found < DAY
    if t is not None:
        assert found == t


def test_it_is_the_next_of_that_name_or_the_one_with_that_number(scene: Scene) -> None:
    phases = [stop.t for stop in scene.stops if stop.kind == "phase" and stop.text.endswith("began")]
    assert moment_of("phase:", scene) == phases[0]
    later = Scene(now=phases[0], end=scene.end, plan=scene.plan, stops=scene.stops)
    assert moment_of("phase:", later) == phases[1]
    assert moment_of("phase:#3", scene) == phases[2]
    with pytest.raises(BadMoment, match=f"was there {len(phases)} times"):
        moment_of("phase:#99", scene)


def test_a_name_that_is_not_there_says_which_are(scene: Scene) -> None:
    with pytest.raises(
        BadMoment, match="no alert 'Nothing' in this session; there are: InventoryReplicasLow"
    ):
        moment_of("alert:Nothing", scene)
    with pytest.raises(BadMoment, match="no gap"):
        moment_of("gap", scene)


def test_what_is_being_typed_can_be_completed(scene: Scene) -> None:
    assert completions("al", scene) == ["alert:"]
    assert "alert:InventoryReplicasLow" in completions("alert:inv", scene)
    assert completions("exp:net", scene) == ["exp:network-latency"]
    assert completions("27:30", scene) == []
    for text in ("alert:", "exp:", "phase:", "note:"):
        for whole in completions(text, scene):
            assert 0 <= moment_of(whole, scene) <= scene.end
