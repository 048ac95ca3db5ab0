"""What a soak runs, and what it prints so that it can be quoted: commit, seed, and what was counted.

Beside the tests that are marked for it, every property-based test runs on new examples, as many as its profile
says. A test that counts records a number with `record_property`. Numbers of one test are added up over its
parameters; of one whose name begins with `most` the greatest is kept.
"""

from __future__ import annotations

import random
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test

ROOT = Path(__file__).parents[1]


def soaking(config: pytest.Config) -> bool:
    """Whether this is `make soak`."""
    return str(config.option.markexpr).strip() == "soak"


def pytest_configure(config: pytest.Config) -> None:
    """Chooses the seed of Hypothesis here, before its own plugin reads it: only so can it be told."""
    if soaking(config) and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before the marks select: a property-based test is a soak's own as well."""
    if not soaking(config):
        return
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.function):
            item.add_marker("soak")


def pytest_report_header(config: pytest.Config) -> list[str]:
    if not soaking(config):
        return []
    seed = config.option.hypothesis_seed
    return [f"commit: {_commit()}", f"seed: {seed} (again: --hypothesis-seed={seed})"]


def _commit() -> str:
    try:
        head = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no").splitlines()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"unknown ({error})"
    return f"{head}, {len(changed)} files changed since" if changed else head


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    passed = [report for report in terminalreporter.getreports("passed") if report.when == "call"]
    if not soaking(config) or not passed:
        return
    terminalreporter.section("passed")
    for line in summary(passed):
        terminalreporter.line(line)


def summary(reports: list[pytest.TestReport]) -> list[str]:
    """One line for each test function: how many of its cases passed, in what time, and what they counted."""
    cases: Counter[str] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    counted: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for report in reports:
        name = report.nodeid.partition("[")[0]
        cases[name] += 1
        seconds[name] += report.duration
        sums = counted[name]
        for what, value in report.user_properties:
            if isinstance(value, int | float):
                known = sums.get(what, 0)
                sums[what] = max(known, value) if what.startswith("most ") else known + value
    lines = []
    for name in sorted(cases):
        numbers = [f"{what} {value:,}" for what, value in counted[name].items()]
        lines.append(f"{name}: {', '.join([f'{cases[name]} passed', *numbers])} ({seconds[name]:.0f} s)")
    return lines
