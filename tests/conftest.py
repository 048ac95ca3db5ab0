"""What holds for every test: no trace of the developer's own settings, and no silent skip in a full run."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.system import REQUIRE, must_not_skip

pytest_plugins = ("tests.soak",)

HIDDEN = frozenset(
    {"KUBECONFIG", "PROMETHEUS_URL", "ALERTMANAGER_URL", "GRAFANA_URL", "GRAFANA_TOKEN"}
    | {"SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "SSH_AUTH_SOCK", "TMUX", "TMUX_PANE"}
    | {"NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "COLORFGBG", "COLUMNS", "LINES"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}
)
"""Variables that would make a test depend on whose machine it runs on."""

HIDDEN_PREFIXES = ("CONTROLROOM_", "TEXTUAL", "KUBERNETES_")
KEPT = frozenset({REQUIRE, "TEXTUAL_SNAPSHOT_TEMPDIR"})
"""What the tests themselves say to their workers."""

settings.register_profile(
    "fast",
    max_examples=50,
    deadline=None,
    derandomize=True,  # the same run gives the same verdict; new examples are the soak's task
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "soak",
    max_examples=1000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)

_homes: list[Path] = []


def pytest_configure(config: pytest.Config) -> None:
    """Puts an empty home in place of the developer's before any test module is imported."""
    _hide_environment()
    marked = str(config.option.markexpr)
    settings.load_profile("soak" if marked.strip() == "soak" else "fast")


def pytest_unconfigure() -> None:
    while _homes:
        shutil.rmtree(_homes.pop(), ignore_errors=True)


def _hide_environment() -> None:
    for name in list(os.environ):
        if name not in KEPT and (name in HIDDEN or name.startswith(HIDDEN_PREFIXES)):
            del os.environ[name]
    # Short: the path of a Unix socket has at most 107 bytes, and sockets of the tests live below.
    home = Path(tempfile.mkdtemp(prefix="cr-", dir="/tmp"))
    _homes.append(home)
    for variable, folder in {
        "HOME": "home",
        "XDG_CONFIG_HOME": "home/.config",
        "XDG_CACHE_HOME": "home/.cache",
        "XDG_DATA_HOME": "home/.local/share",
        "XDG_STATE_HOME": "home/.local/state",
        "XDG_RUNTIME_DIR": "run",
    }.items():
        (home / folder).mkdir(parents=True, mode=0o700, exist_ok=True)
        os.environ[variable] = str(home / folder)
    os.environ.update(TZ="UTC", TERM="xterm-256color", LC_ALL="C.UTF-8", LANG="C.UTF-8")
    time.tzset()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns a skip into a failure where every program is said to be there."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and must_not_skip():
        report.outcome = "failed"
        report.longrepr = f"skipped although {REQUIRE}=1: {report.longrepr}"
    return report
