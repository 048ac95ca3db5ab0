"""`controlroom`: builds the objects, owns the exit codes. Errors are one clear line, never a traceback."""

from controlroom.cli.main import main

__all__ = ["main"]
