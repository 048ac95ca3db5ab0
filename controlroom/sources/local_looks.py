"""What a check looks at on this machine, and whether an address answers at all."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from controlroom.core.check_facts import AnswerFact, CommandFact, ProgramFact
from controlroom.core.clean import clean
from controlroom.sources.http import JsonClient, shown

KEPT = 4096
"""Bytes of a command's output that are kept, from its end."""


def look_for_program(
    words: Sequence[str], directory: str | None, base: Path, environ: Mapping[str, str]
) -> ProgramFact:
    """The program of a command, found as starting it would find it: from its own directory, or on PATH."""
    name = clean(words[0], 120)
    folder = base / (directory or ".")
    if not folder.is_dir():
        there = f"its directory {clean(str(folder), 200)} is not there"
        return ProgramFact(name=name, problem=there, next="correct `load.directory` in the plan")
    if "/" not in words[0]:
        found = shutil.which(words[0], path=environ.get("PATH", os.defpath))
        if found is None:
            lacking = f"{name} is not on PATH"
            return ProgramFact(name=name, problem=lacking, next="install it, or correct `load.command`")
        return ProgramFact(name=name, path=clean(found, 200))
    return look_for_script(words[0], folder)


def look_for_script(name: str, folder: Path) -> ProgramFact:
    """A file that is to be run."""
    path = folder / name
    told = clean(str(path), 200)
    short = clean(name, 120)
    if not path.exists():
        return ProgramFact(name=short, problem=f"{told} is not there", next="write it, or correct its name")
    if not path.is_file() or not os.access(path, os.X_OK):
        return ProgramFact(name=short, problem=f"{told} cannot be run", next=f"chmod +x {shlex.quote(told)}")
    return ProgramFact(name=short, path=told)


async def run_command(
    words: Sequence[str], base: Path, environ: Mapping[str, str], limit: float
) -> CommandFact:
    """Runs a check command without a shell, in a process group of its own that is ended after `limit` seconds."""
    written = clean(shlex.join(words), 200)
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=base,
            env=dict(environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return CommandFact(command=written, ended="not started", said=clean(str(error), 200))
    assert process.stdout is not None
    kept = bytearray()
    try:
        async with asyncio.timeout(limit):
            while piece := await process.stdout.read(KEPT):
                kept[:] = (kept + piece)[-KEPT:]
            code = await process.wait()
    except TimeoutError:
        return CommandFact(command=written, ended="time", said=_last(kept))
    finally:
        # Whatever it left running goes with it; a group that is empty is none.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if code < 0:
        return CommandFact(command=written, ended="signal", code=-code, said=_last(kept))
    return CommandFact(command=written, ended="exit", code=code, said=_last(kept))


def _last(output: bytes | bytearray) -> str:
    """The last line that says something."""
    lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
    return clean(lines[-1].strip(), 200) if lines else ""


def is_http(url: str) -> bool:
    """Whether an address can be asked without sending anything. Other schemes belong to chat services."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


async def answers(source: str, url: str, path: str, timeout: float) -> AnswerFact:
    """Whether a server answers, whatever it says.

    Only its root is asked for, and `path` below that: the address itself may be a secret, and a chat's would post.
    """
    parts = urlsplit(url)
    root = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
    http = JsonClient(source, root, timeout=timeout)
    try:
        answer = await http.request("GET", path)
    finally:
        await http.close()
    return AnswerFact(where=shown(root), status=answer.status)
