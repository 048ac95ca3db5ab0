"""A session for other tools: each form is a module, and :mod:`.results` puts them into a folder."""

from controlroom.journal.export.results import FORMS, ExportError, export

__all__ = ["FORMS", "ExportError", "export"]
