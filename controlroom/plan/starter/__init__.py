"""A starting plan with its manifest and alert rules: ordinary files, in which NAME stands for the plan's name."""

from __future__ import annotations

from importlib import resources

PARTS = {"plan.yaml": "NAME.yaml", "pod-kill.yaml": "NAME-pod-kill.yaml", "alerts.yaml": "NAME-alerts.yaml"}
"""File here to file name to write."""


def files(name: str) -> dict[str, str]:
    """Texts of the starting files of a plan called `name`, by file name; the plan comes first."""
    folder = resources.files(__package__)
    return {
        target.replace("NAME", name): folder.joinpath(source).read_text("utf-8").replace("NAME", name)
        for source, target in PARTS.items()
    }
