"""The seed's day, headless at ×60: in time, passed, and as the separate reference computes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlroom.core.state import State
from tests.acceptance.days import LONGEST, Lived, live, verdicts
from tests.reference.comparison import compare, session_of
from tests.reference.figures import reference_figures
from tests.reference.lab_samples import each_second, plain, read_storage, read_truth


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return live(tmp_path_factory.mktemp("day"))


def differences(day: Lived) -> list[str]:
    view = day.view
    plan = view.state.plan
    assert plan is not None
    assert view.state.opened_at is not None
    start = view.state.opened_at.timestamp()
    samples = each_second(read_storage(day.truth), plan, start, start + view.state.t)
    expected = reference_figures(read_truth(day.truth), samples, plain(plan), session_of(view.state))
    assert len(expected["runs"]) == 3
    return compare(day.assessment, expected)


def test_the_day_passes_in_time(day: Lived) -> None:
    assert day.code == 0, day.output + day.errors
    assert day.assessment.verdict == "passed"
    assert day.seconds <= LONGEST
    assert day.folder.is_dir()
    assert day.errors == ""


def test_every_experiment_was_injected_and_ended(day: Lived) -> None:
    runs = {run.experiment: run for run in day.view.state.runs.values()}
    assert set(runs) == {"pod-kill", "network-latency", "memory-stress"}
    for run in runs.values():
        assert run.state == "ended"
        assert run.injection is not None
        assert run.injection.proven
        assert run.effect_end is not None
        assert run.object_end is not None
    assert runs["pod-kill"].one_shot
    assert runs["pod-kill"].how.startswith("fired 2/2")


def test_every_cell_of_the_seeds_table_is_filled(day: Lived) -> None:
    plan = day.view.state.plan
    assert plan is not None
    rows = {row.metric: row for row in day.assessment.rows}
    for metric in plan.metrics:
        row = rows[metric.id]
        for cell in (row.pre, row.during, row.post):
            assert cell.value is not None, (metric.id, cell.reason)
    assert day.assessment.day.ttd.value is not None
    assert day.assessment.day.ttr.value is not None


def test_the_figures_are_the_references(day: Lived) -> None:
    assert differences(day) == []


def test_the_record_is_private_and_complete(day: Lived) -> None:
    assert day.folder.stat().st_mode & 0o777 == 0o700
    names = {path.name for path in day.folder.iterdir()}
    assert {"journal.jsonl", "session.json", "session.md", "host.log"} <= names
    assert "host.json" not in names
    for path in day.folder.iterdir():
        if path.is_file():
            assert path.stat().st_mode & 0o777 == 0o600, path.name
    state: State = day.view.state
    assert state.status == "closed"
    assert not any(Path(f"/proc/{pid}").exists() for pid in _labs(day.folder))


def _labs(folder: Path) -> list[int]:
    """Processes that still name this session's kubeconfig: its lab, if it were left over."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes()
        except OSError:
            continue  # it ended while we looked
        if str(folder / "kubeconfig").encode() in command:
            found.append(int(process.parent.name))
    return found


@pytest.mark.soak
@pytest.mark.parametrize("time", range(3))
def test_the_same_verdict_three_times_in_a_row(tmp_path: Path, time: int) -> None:
    day = live(tmp_path)
    assert (day.code, day.assessment.verdict, differences(day)) == (0, "passed", [])


#: What each planted defect flips, and nothing else: criterion or sign, to its status.
FLIPS = {
    "late-alert": {"alerts": "fail", "alerts-delayed": "set"},
    "lost-order": {"data-loss": "fail"},
    "slow-recovery": {"recovery": "fail"},
    "cascade": {"cascading": "set"},
    "alert-masked": {"alerts": "unknown", "alerts-delayed": "unknown"},
    "p95": {"latency": "fail"},
    "errors": {"errors": "fail"},
}
CALM = {
    "alerts": "pass",
    "data-loss": "pass",
    "recovery": "pass",
    "latency": "pass",
    "errors": "pass",
    "alerts-delayed": "clear",
    "manual-intervention": "clear",
    "cascading": "clear",
    "communication": "clear",
}
CODES = {"alert-masked": 3}


@pytest.mark.soak
@pytest.mark.parametrize("defect", sorted(FLIPS))
def test_each_defect_flips_what_it_should_and_nothing_else(tmp_path: Path, defect: str) -> None:
    day = live(tmp_path, defect=defect)
    assert verdicts(day.assessment) == CALM | FLIPS[defect]
    assert day.code == CODES.get(defect, 1)
    assert differences(day) == []


@pytest.mark.soak
def test_without_a_responder_only_the_clean_up_helps(tmp_path: Path) -> None:
    day = live(tmp_path, responder="off")
    assert day.code == 1
    assert verdicts(day.assessment) == CALM | {"recovery": "fail", "manual-intervention": "set"}
    figures = day.assessment.day
    for figure in (figures.tta, figures.tti, figures.ttm):
        assert figure.status == "absent"
        assert figure.reason
    assert differences(day) == []
