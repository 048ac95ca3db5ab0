"""Nothing that is shipped tells of the machine it was written on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent

# Written in pieces, so that this file may itself be searched.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"(?<![\w.~-])/" + r"(?:work|root|home/\w+|opt/pypi\S*|opt/wheels)(?=[/\s'\"`:)]|$)",
            r"\.py" + r"env/",
            r"/tmp/" + r"(?:brief|bash_jobs|ground)",
            r"(?:files\.)?python" + r"hosted\.org|\bpypi" + r"\.org",
            r"--(?:extra-)?index" + r"-url[ =]http|--find" + r"-links[ =]",
            r"(?i:proxy\.golang" + r"\.org|registry\.npmjs" + r"\.org)",
        ]
    )
)
"""Folders of one machine, and hosts that packages came from."""

RECORDED = ("tests/recordings/",)
"""Answers of real servers are kept as they came, their paths and image names included."""


def shipped_files() -> list[str]:
    """Paths, relative to the checkout, of what is under version control or about to be."""
    listed = subprocess.run(
        # A checkout may belong to another account than the one that tests it.
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def findings(name: str, text: str) -> list[str]:
    """`file:line: what was found`, for each line of `text` that says too much."""
    return [
        f"{name}:{number}: {found[0]}"
        for number, line in enumerate(text.splitlines(), 1)
        if (found := FORBIDDEN.search(line)) is not None
    ]


def test_no_file_names_a_folder_of_one_machine_or_where_packages_came_from() -> None:
    names = [name for name in shipped_files() if not name.startswith(RECORDED)]
    assert "README.md" in names
    found: list[str] = []
    for name in names:
        found += findings(name, (ROOT / name).read_text(encoding="utf-8", errors="replace"))
    assert found == []


def test_the_search_finds_what_it_is_for() -> None:
    telling = [
        "see /" + "work/main",
        "HOME=/" + "root",
        "https://pypi" + ".org/simple",
        "~/.py" + "env/versions",
    ]
    assert [len(findings("x", line)) for line in telling] == [1, 1, 1, 1]
    plain = ["network/root-cause", "the work/life of a pod", "chroot /rootfs", "homework", "~/work/notes.md"]
    assert [findings("x", line) for line in plain] == [[], [], [], [], []]
