"""Programs that are not Python packages, for the tests that need them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

REQUIRE = "CONTROLROOM_REQUIRE_SYSTEM"
"""Set to 1, a missing program is a failure: what runs everything must not pass with half of it."""

_ADMIN_FOLDERS = ("/usr/sbin", "/sbin", "/usr/local/sbin")
"""Debian puts daemons here, outside an ordinary account's PATH."""


def require(program: str, package: str) -> Path:
    """The path of `program`; skips the test where it is absent, with the line that says how to get it.

    `package` is the Debian package that brings the program.
    """
    found = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), *_ADMIN_FOLDERS]))
    if found is not None:
        return Path(found)
    advice = f"{program} is not installed: apt-get install {package}"
    if must_not_skip():
        pytest.fail(advice, pytrace=False)
    pytest.skip(advice)


def must_not_skip() -> bool:
    """Whether every skipped test counts as a failure."""
    return os.environ.get(REQUIRE) == "1"
