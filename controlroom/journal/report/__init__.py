"""The record of a session for people and programs: `session.json` and `session.md`, made from its journal."""

from controlroom.journal.report.making import assess_folder, summary, view_of, write

__all__ = ["assess_folder", "summary", "view_of", "write"]
