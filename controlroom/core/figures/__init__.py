"""Figures and verdicts: the definitions of a game day's numbers, each in one place. See docs/figures.md."""

from controlroom.core.figures.assessing import assess

__all__ = ["assess"]
