"""What the screen is shown on: how slow the line is, what the terminal has signs and a clipboard for."""

from __future__ import annotations

import os
from collections.abc import Mapping

BARE = frozenset({"linux", "vt100", "vt102", "vt220", "ansi", "dumb"})
"""Terminals, by the name in `TERM`, whose font has ASCII and little else, and which have no clipboard."""

ASCII = frozenset({"C", "POSIX"})
COERCED = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})


def over_ssh(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether each byte goes over a line."""
    return "SSH_CONNECTION" in environment or "SSH_TTY" in environment


def ascii_only(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the locale, or the font of a bare console, cannot show more than ASCII."""
    types = environment.get("LC_CTYPE") or ""
    if types in COERCED and environment.get("LANG") in ASCII:
        types = ""  # Python's own word, where it was told `LANG=C`: see PEP 538
    name = environment.get("LC_ALL") or types or environment.get("LANG") or ""
    return environment.get("TERM") in BARE or name in ASCII


def no_clipboard(environment: Mapping[str, str] = os.environ) -> str:
    """Why nothing can be put into a clipboard from here; empty: it may be possible."""
    term = environment.get("TERM", "")
    if term in BARE or not term:
        return f"this terminal ({term or 'TERM is not set'}) has no clipboard"
    if "STY" in environment and "TMUX" not in environment:
        return "GNU screen does not pass a clipboard on"
    return ""
