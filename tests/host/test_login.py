"""A login manager that ends what its accounts leave behind is told of before the day starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlroom.host.login import warning


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "proc/self/cgroup", "0::/user.slice/user-1000.slice/session-3.scope\n")
    write(tmp_path, "etc/systemd/logind.conf", "[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n")
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_it_says_what_happens_and_what_helps(root: Path) -> None:
    found = warning(root, "ada")
    assert "KillUserProcesses=yes" in found
    assert "loginctl enable-linger" in found


def test_an_account_that_lingers_is_spared(root: Path) -> None:
    write(root, "var/lib/systemd/linger/ada", "")
    assert warning(root, "ada") == ""
    assert warning(root, "bob") != ""


def test_outside_a_login_nothing_is_ended(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/system.slice/controlroom.service\n")
    assert warning(root, "ada") == ""


def test_a_drop_in_wins_over_the_main_file_and_a_comment_is_none(root: Path) -> None:
    write(root, "etc/systemd/logind.conf.d/90-keep.conf", "[Login]\nKillUserProcesses = no\n")
    assert warning(root, "ada") == ""
    write(root, "usr/lib/systemd/logind.conf.d/95-kill.conf", "[Login]\nKillUserProcesses=true\n")
    assert warning(root, "ada") != ""
    write(root, "etc/systemd/logind.conf.d/99-none.conf", "[Login]\n# KillUserProcesses=no\n")
    assert warning(root, "ada") != ""


def test_a_machine_without_systemd_says_nothing(tmp_path: Path) -> None:
    assert warning(tmp_path, "ada") == ""
