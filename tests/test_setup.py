"""What a newcomer types: set-up names what is missing, and the pages name commands that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.system import require

ROOT = Path(__file__).parent.parent

PYTHONS = {
    "too old": 'case "$*" in *version_info*) exit 1;; --version) echo "Python 3.9.2";; esac',
    "without venv": 'case "$*" in *ensurepip*) exit 1;; esac',
}
"""Stand-ins for python3: shell scripts that answer the questions of the set-up and do nothing else."""

ADVICE = {
    "absent": "is missing: sudo apt-get install python3",
    "too old": "Python 3.9.2 is too old, 3.11 or later is needed: make PYTHON=/path/to/python3.11",
    "without venv": "python3-venv is missing: sudo apt-get install python3-venv",
}


@pytest.mark.system
@pytest.mark.parametrize("what", ADVICE)
def test_set_up_says_in_one_line_what_to_install(what: str, tmp_path: Path) -> None:
    make = require("make", "make")
    python = tmp_path / "python3"
    if what in PYTHONS:
        python.write_text(f"#!/bin/sh\n{PYTHONS[what]}\n")
        python.chmod(0o755)
    out = subprocess.run(
        [make, "rehearse", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    said = [line for line in (out.stdout + out.stderr).splitlines() if not line.startswith("make")]
    assert len(said) == 1
    assert said[0].endswith(ADVICE[what])
    assert out.returncode != 0
    assert not (tmp_path / "venv").exists()


def test_every_command_in_the_pages_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").glob("*.md"),
    ]
    named = {(page.name, target) for page in pages for target in targets_in(page.read_text())}
    assert ("README.md", "rehearse") in named
    assert sorted((page, target) for page, target in named if target not in targets) == []


def targets_in(page: str) -> list[str]:
    """Targets of make in what a Markdown `page` sets as code: in prose, "make" is an English word."""
    code = re.findall(r"```.*?```|`[^`\n]+`", page, re.DOTALL)
    return re.findall(r"^`*make ([a-z]+)", "\n".join(code), re.MULTILINE)
