"""Whole days of the lab, judged by the program and by the separate reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controlroom.core.assessment import Assessment
from controlroom.core.figures import assess
from controlroom.core.values import changed
from controlroom.lab.defects import Defect
from tests.lab.staging_day import START, seed_day
from tests.reference.comparison import compare, session_of
from tests.reference.figures import reference_figures
from tests.reference.lab_samples import each_second, plain, read_storage, read_truth
from tests.reference.lived_day import LivedDay, seed_plan

PLAN = seed_plan()
NOT_PASSED: dict[Defect | None, set[str]] = {
    Defect.LATE_ALERT: {"alerts", "alerts-delayed"},
    Defect.LOST_ORDER: {"data-loss"},
    Defect.SLOW_RECOVERY: {"recovery"},
    Defect.CASCADE: {"cascading"},
    Defect.ALERT_MASKED: {"alerts", "alerts-delayed"},
    Defect.P95: {"latency"},
    Defect.ERRORS: {"errors"},
}
"""What each planted defect flips, and nothing else."""


def judged(day: LivedDay) -> tuple[Assessment, dict[str, Any]]:
    view = day.view()
    return assess(view), reference_figures(day.truth, day.samples, plain(PLAN), session_of(view.state))


def not_passed(found: Assessment) -> set[str]:
    criteria = {own.id for own in found.criteria if own.status != "pass"}
    return criteria | {own.id for own in found.signs if own.status != "clear"}


@pytest.fixture(scope="module")
def passed_day() -> LivedDay:
    return LivedDay(seed_day(7), PLAN)


def test_the_seeds_day_passes_and_agrees_with_the_reference(passed_day: LivedDay) -> None:
    found, reference = judged(passed_day)
    assert compare(found, reference) == []
    assert found.verdict == "passed", found.reasons
    assert reference["runs"]["network-latency#1"]["censored"] == "overlapped"
    assert found.day.tta.value is not None and found.day.tti.value is not None
    rows = [row for row, metric in zip(found.rows, PLAN.metrics, strict=True) if metric.table]
    assert all(cell.value is not None for row in rows for cell in (row.pre, row.during, row.post))


def test_the_comparison_sees_what_differs(passed_day: LivedDay) -> None:
    found, reference = judged(passed_day)
    late = changed(found.day.ttd, value=(found.day.ttd.value or 0) + 3)
    wrong = changed(found, day=changed(found.day, ttd=late), runs={})
    assert compare(wrong, reference) == [
        "pod-kill#1: is missing",
        "network-latency#1: is missing",
        "memory-stress#1: is missing",
        "day TTD: 18.0 s, +3.3 s",
    ]


def test_without_a_responder_only_the_clean_up_helps() -> None:
    found, reference = judged(LivedDay(seed_day(7, responder=False), PLAN))
    assert compare(found, reference) == []
    assert not_passed(found) == {"recovery", "manual-intervention"}
    assert found.verdict == "needs improvement"
    for figure in (found.day.tta, found.day.tti, found.day.ttm):
        assert figure.status == "absent" and figure.reason


@pytest.mark.parametrize(
    "defect",
    [Defect.CASCADE]
    + [pytest.param(own, marks=pytest.mark.soak) for own in Defect if own is not Defect.CASCADE],
)
def test_each_defect_flips_what_it_should_and_nothing_else(defect: Defect) -> None:
    found, reference = judged(LivedDay(seed_day(7, defect=defect), PLAN))
    assert compare(found, reference) == []
    assert not_passed(found) == NOT_PASSED[defect]
    expected = "inconclusive" if defect is Defect.ALERT_MASKED else "needs improvement"
    assert found.verdict == expected


def test_the_reference_reads_what_a_lab_wrote(tmp_path: Path) -> None:
    day = seed_day(3)
    day.staging.write_truth(tmp_path / "truth.json")
    assert read_truth(tmp_path / "truth.json")["seed"] == 3
    storage = read_storage(tmp_path / "truth.json")
    window = (START + 900, START + 960)
    assert each_second(storage, PLAN, *window) == each_second(day.staging.prometheus.storage, PLAN, *window)
