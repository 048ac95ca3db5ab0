"""docs/figures.md says what every figure is."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from controlroom.core import plan as p
from controlroom.core.assessment import Assessment, DayFigures, FigureStatus, MetricRow, RunFigures
from controlroom.core.values import Value

TEXT = (Path(__file__).parents[2] / "docs" / "figures.md").read_text(encoding="utf-8")
NAMES = {
    *RunFigures.__struct_fields__,
    *DayFigures.__struct_fields__,
    *MetricRow.__struct_fields__,
    *Assessment.__struct_fields__,
} - {"run", "experiment", "metric"}
"""Every figure; the three that are left out are names of other things."""


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_figure_is_explained(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("status", get_args(FigureStatus))
def test_every_status_is_explained(status: str) -> None:
    assert f"| `{status}` |" in TEXT


@pytest.mark.parametrize("kind", [*get_args(p.Criterion), *get_args(p.Sign)])
def test_every_criterion_and_sign_is_explained(kind: type[Value]) -> None:
    assert f"`{kind.__struct_config__.tag}`" in TEXT
