"""A missing program is named with the package that brings it; a full run does not pass without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.system import REQUIRE, require

ADVICE = "no-such-program is not installed: apt-get install some-package"

pytest_plugins = ["pytester"]


def test_a_program_that_is_there_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "there"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert require("there", "some-package") == program


def test_without_its_program_a_test_is_skipped_with_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRE, raising=False)
    with pytest.raises(pytest.skip.Exception) as skipped:
        require("no-such-program", "some-package")
    assert str(skipped.value) == ADVICE


def test_a_full_run_fails_without_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRE, "1")
    with pytest.raises(pytest.fail.Exception) as failed:
        require("no-such-program", "some-package")
    assert str(failed.value) == ADVICE


@pytest.mark.parametrize(("full_run", "outcome"), [("1", "failed"), ("", "skipped")])
def test_no_skip_passes_a_full_run(pytester: pytest.Pytester, full_run: str, outcome: str) -> None:
    root = Path(__file__).parent.parent
    pytester.makeconftest((root / "tests" / "conftest.py").read_text())
    pytester.makepyfile('import pytest\ndef test_idle():\n    pytest.skip("for no good reason")\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(REQUIRE, full_run)
        patch.setenv("PYTHONPATH", str(root))
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(**{outcome: 1})


def test_the_developers_own_settings_are_hidden() -> None:
    shown = {
        "KUBECONFIG",
        "PROMETHEUS_URL",
        "SSH_CONNECTION",
        "NO_COLOR",
        "TEXTUAL_THEME",
    } & os.environ.keys()
    assert shown == set()
    assert Path.home().parts[:2] == ("/", "tmp")
    assert not list((Path.home() / ".config").iterdir())


def test_a_socket_in_the_runtime_folder_has_room_for_its_name() -> None:
    assert len(os.environ["XDG_RUNTIME_DIR"]) < 60
