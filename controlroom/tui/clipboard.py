"""Puts text into the clipboard of the terminal that a person sits at, also over SSH.

By the escape sequence OSC 52, which the terminal takes or ignores without a word; so nothing here says *copied*.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from collections.abc import Mapping

from controlroom.tui.copying import LONGEST, as_line

PATIENCE = 2.0
"""Real seconds that tmux has."""


def sequence(text: str) -> str:
    """OSC 52 with the text as one clean line; its payload is base64, so nothing in it can end the sequence."""
    line = as_line(text)[:LONGEST]
    return f"\x1b]52;c;{base64.b64encode(line.encode('utf-8', 'replace')).decode('ascii')}\x07"


async def through_tmux(text: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Hands the text to the tmux around this screen, which tells the terminal. False: there is none, or it would not.

    tmux takes OSC 52 from programs only where it is configured so; asked itself, it passes the text on anyhow.
    """
    if not environment.get("TMUX"):
        return False
    pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        tmux = await asyncio.create_subprocess_exec(
            "tmux",
            "load-buffer",
            "-w",
            "-",
            stdin=pipe,
            stdout=nowhere,
            stderr=nowhere,
            env=dict(environment),
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(PATIENCE):
            await tmux.communicate(as_line(text)[:LONGEST].encode("utf-8", "replace"))
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            tmux.kill()
        return False
    return tmux.returncode == 0
