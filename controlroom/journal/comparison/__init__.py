"""Saved sessions compared: read from their folders, told on a terminal, as JSON, as Markdown."""

from controlroom.journal.comparison.days import day_of, days_of

__all__ = ["day_of", "days_of"]
