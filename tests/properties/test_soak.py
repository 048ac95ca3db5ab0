"""What a soak tells of itself."""

from __future__ import annotations

import pytest

from tests.soak import pytest_report_header, summary


def report(name: str, **counted: object) -> pytest.TestReport:
    return pytest.TestReport(
        name, ("file", 0, name), {}, "passed", None, "call", duration=1.5, user_properties=[*counted.items()]
    )


def test_counts_are_added_up_and_the_most_is_kept() -> None:
    reports = [
        report("a.py::limit[seeds 0-24]", **{"seeds": 25, "most samples waited": 2}),
        report("a.py::limit[seeds 25-49]", **{"seeds": 1_234_567, "most samples waited": 1}),
        report("a.py::day"),
    ]
    assert summary(reports) == [
        "a.py::day: 1 passed (2 s)",
        "a.py::limit: 2 passed, seeds 1,234,592, most samples waited 2 (3 s)",
    ]


def test_only_a_soak_tells_its_commit_and_seed(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytestconfig.option, "markexpr", "not soak")
    assert pytest_report_header(pytestconfig) == []
    monkeypatch.setattr(pytestconfig.option, "markexpr", "soak")
    monkeypatch.setattr(pytestconfig.option, "hypothesis_seed", "42")
    commit, seed = pytest_report_header(pytestconfig)
    assert commit.startswith("commit: ")
    assert seed == "seed: 42 (again: --hypothesis-seed=42)"
