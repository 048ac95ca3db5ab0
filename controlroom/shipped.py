"""Where the files are that ship with the program: plans, layouts and the recorded example session.

In a checkout they are the top-level folders; the wheel carries the same folders inside the package
(`[tool.hatch.build.targets.wheel.sources]` in pyproject.toml).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

Folder: TypeAlias = Literal["experiments", "layouts", "sessions"]

_PACKAGE = Path(__file__).resolve().parent


def shipped(folder: Folder) -> Path:
    """The folder of that name; `FileNotFoundError` names both places that were looked at."""
    places = (_PACKAGE / "_shipped" / folder, _PACKAGE.parent / folder)
    for place in places:
        if place.is_dir():
            return place
    raise FileNotFoundError(f"{folder}/ is missing: neither {places[0]} nor {places[1]} is a folder")
