"""How a host lives with a disk that refuses, hangs or is gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

from controlroom.core.events import RecordTroubled
from controlroom.journal.trouble import Trouble

_log = logging.getLogger(__name__)

RETELL = 0.2
"""Real seconds before a trouble that came too early is told again."""
PATIENCE = 20.0
"""Real seconds that the end of a host waits for the disk, for each of its files."""


def troubled(trouble: Trouble) -> RecordTroubled:
    """The event of a trouble, or of its end (which alone has seconds)."""
    return RecordTroubled(
        error=trouble.error or "the disk takes everything again",
        seconds=0.0 if trouble.error else max(0.001, round(trouble.seconds, 3)),
        hint=trouble.hint,
        silent=round(trouble.silent, 3),
        kept=trouble.kept,
    )


async def patiently(work: Coroutine[None, None, None], failed: str) -> None:
    """Waits for work on the disk, not for ever; says in the log what became of it."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=PATIENCE)
    if not done:
        _log.error("%s: the disk did not answer for %g s", failed, PATIENCE)
    elif isinstance(error := task.exception(), OSError):
        _log.error("%s: %s", failed, error)
    elif error is not None:
        raise error
