"""Each recorded life of a chaos object, write by write, with the states that are to be shown of it."""

from __future__ import annotations

import pytest

from tests.core.lives import LIVES, Life

STATES = {
    "apply-fails-deleted": ["requested", "injecting", "inject-failing", "recovering", "ended"],
    "apply-fails-then-works": [
        "requested",
        "injecting",
        "inject-failing",
        "active",
        "recovering",
        "ended",
    ],
    # Nothing is injected, and nothing is ever shown as such.
    "duration-already-over": ["requested", "recovering", "ended"],
    "empty-selection-pod-kill": ["requested", "injecting", "recovering", "ended"],
    "empty-selection": ["requested", "injecting", "no-target", "recovering", "ended"],
    "network-delay-15s": ["requested", "injecting", "active", "recovering", "ended"],
    "network-delay-deleted-early": ["requested", "injecting", "active", "recovering", "ended"],
    "network-delay-target-gone": ["requested", "injecting", "active", "recovering", "ended"],
    "pod-failure-20s": ["requested", "injecting", "active", "recovering", "ended"],
    "pod-failure-paused-resumed": [
        "requested",
        "injecting",
        "active",
        "recovering",
        "paused",
        "injecting",
        "active",
        "recovering",
        "ended",
    ],
    "pod-kill": ["requested", "injecting", "fired", "recovering", "ended"],
    "stress-memory-15s": ["requested", "injecting", "active", "recovering", "ended"],
}

HOW = {
    "apply-fails-deleted": "ended before injection",
    "apply-fails-then-works": "recovered 2/2",
    "duration-already-over": "ended before injection",
    "empty-selection-pod-kill": "ended before injection",
    "empty-selection": "ended before injection",
    "network-delay-15s": "recovered 3/3",
    "network-delay-deleted-early": "recovered 1/1",
    "network-delay-target-gone": "recovered 0/1 · lost 1",
    "pod-failure-20s": "recovered 3/3",
    "pod-failure-paused-resumed": "recovered 1/1",
    "pod-kill": "fired 1/1",
    "stress-memory-15s": "recovered 1/1",
}


def test_every_recorded_life_has_its_states_written_down() -> None:
    assert {path.stem for path in LIVES.glob("*.json")} == set(STATES) == set(HOW)


@pytest.mark.parametrize("name", sorted(STATES))
def test_states(name: str) -> None:
    life = Life(name).play()
    assert life.states == STATES[name]
    assert life.run.how == HOW[name]
    assert life.run.object_end is not None


@pytest.mark.parametrize(
    ("name", "second", "n"),
    [
        ("apply-fails-then-works", 14, 2),
        ("network-delay-15s", 0, 3),
        ("network-delay-target-gone", 1, 1),
        ("pod-failure-20s", 0, 3),
        ("pod-kill", 0, 1),
        ("stress-memory-15s", 0, 1),
    ],
)
def test_injected_is_the_first_success_of_apply(name: str, second: int, n: int) -> None:
    life = Life(name).play()
    assert life.run.injection is not None
    assert life.run.injection.first == life.at(second)
    assert (life.run.injection.n, life.run.injection.uncertainty) == (n, 1.0)
    assert life.run.injection.proven


@pytest.mark.parametrize("name", ["apply-fails-deleted", "duration-already-over", "empty-selection"])
def test_what_never_applied_was_never_injected_though_all_recovered_is_true(name: str) -> None:
    life = Life(name).play()
    assert life.run.injection is None
    assert life.run.effect_end is None


def test_a_failing_injection_names_its_reason_and_every_target() -> None:
    said = Life("apply-fails-then-works").play().last("inject-failing")
    assert "Unavailable" in said.message
    assert [target.state for target in said.targets] == ["failed", "failed"]


def test_the_end_is_counted_from_creation_not_from_injection() -> None:
    life = Life("pod-failure-20s").play()
    assert life.last("active").ends_at == life.at(20)
    assert life.run.effect_end == life.at(20)
    assert life.run.object_end == life.at(26.069)


def test_recovered_targets_are_not_the_end_of_the_object() -> None:
    said = Life("stress-memory-15s").play().last("recovering")
    assert [target.state for target in said.targets] == ["recovered"]
    assert said.effect_end is not None
    assert said.object_end is None


def test_a_one_shot_has_its_effect_until_the_replacement_is_ready() -> None:
    life = Life("pod-kill").play()
    fired = [(seconds, said) for seconds, said in life.told if said.state == "fired"]
    assert fired[0][1].effect_end is None
    assert fired[-1][1].effect_end == life.at(3.722)
    assert fired[-1][1].ends_at is None  # its duration of 3 s is ignored
    assert life.run.effect_end == life.at(3.722)


def test_a_target_whose_pod_went_is_lost_and_never_recovered() -> None:
    life = Life("network-delay-target-gone").play()
    lost = life.last("active").targets[0]
    assert lost.state == "lost"
    assert lost.uid.startswith("uid-inventory-service")
    assert life.run.targets[0].state == "lost"  # Recover succeeds for the pod that is gone
    assert life.run.effect_end == lost.recovered_at


def test_a_second_injection_after_a_pause_keeps_the_first_and_moves_the_last() -> None:
    life = Life("pod-failure-paused-resumed").play()
    assert life.run.injection is not None
    assert life.run.injection.first == life.at(0)
    assert life.run.injection.last == life.at(12)
    assert life.last("paused").effect_end == life.at(5)
    assert life.last("active").effect_end is None
    assert life.last("active").message == "injected 2 times"
