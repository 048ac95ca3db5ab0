"""What drives load at the system: a command of the plan, the lab's own, or nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from controlroom.core.clean import clean
from controlroom.core.hiding import Net, secret_values
from controlroom.core.plan import Load
from controlroom.sources.lab import LabControl
from controlroom.sources.load_log import LoadLog
from controlroom.sources.orphan import Orphan, identify, read_identity
from controlroom.sources.ports import SourceError

SOURCE = "load"

GRACE = 10.0
"""Real seconds that a load has to end after SIGTERM."""

LAST_WORDS = 1.0
"""Real seconds for output that is still in the pipe when the command has ended."""


UNKNOWN = 255
"""Stands for the exit status of a command that another host started: only its parent is told."""


@dataclass(slots=True)
class _Run:
    """One run of the command; `group` is its process group."""

    group: int
    code: asyncio.Task[int]
    """Its exit status, once nothing of it is left."""
    stopped: bool = False
    adopted: bool = False


class CommandLoad:
    """Implements `LoadDriver` by one command, without a shell, in a process group of its own.

    `variables`: the plan's environment for the command with its names looked up; they are added to our own.
    `log`: file for its output, 0600. `base`: folder that a relative directory of the plan counts from.
    `grace`: real seconds between SIGTERM and SIGKILL.
    """

    def __init__(
        self,
        load: Load,
        variables: Mapping[str, str],
        log: Path,
        *,
        base: Path | None = None,
        grace: float = GRACE,
    ) -> None:
        self._load = load
        self._variables = dict(variables)
        self._log = LoadLog(log, net=Net(secret_values(variables)))
        self._file = log.with_name("load.json")
        """Which process runs, for the host that comes after one that died."""
        self._base = base or Path.cwd()
        self._grace = grace
        self._run: _Run | None = None
        self._started = asyncio.Event()

    async def start(self) -> None:
        """Returns when the command runs; raises SourceError where it cannot."""
        if self._run is not None and not self._run.code.done():
            raise SourceError(SOURCE, "the load is running already")
        reading, writing = os.pipe()
        try:
            process = await self._spawn(writing)
        except SourceError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        code = asyncio.create_task(self._follow(process, reading), name="load")
        self._run = _Run(process.pid, code)
        self._remember(process.pid)
        self._started.set()

    def _remember(self, pid: int) -> None:
        """A load that cannot be remembered runs all the same: only a host that dies could miss it."""
        if (identity := identify(pid)) is not None:
            with suppress(OSError):
                handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.encode(identity))

    async def take_up(self) -> bool:
        """A command that the host before us left running is followed on; its output has nobody to read it, so it
        may well end at the next line that it writes."""
        identity = read_identity(self._file)
        found = Orphan.find(identity) if identity is not None else None
        if found is None:
            return False
        code = asyncio.create_task(_until_gone(found), name="load")
        self._run = _Run(found.pid, code, adopted=True)
        self._started.set()
        return True

    async def _spawn(self, output: int) -> asyncio.subprocess.Process:
        folder = self._base / (self._load.directory or ".")
        program = clean(self._load.command[0], 120)
        if not folder.is_dir():
            raise SourceError(
                SOURCE,
                f"the load's directory {clean(str(folder), 200)} is not there",
                hint="Correct `load.directory` in the plan.",
            )
        try:
            return await asyncio.create_subprocess_exec(
                *self._load.command,
                cwd=folder,
                env={**os.environ, **self._variables},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except FileNotFoundError:
            hint = "Install it, or correct `load.command` in the plan."
            raise SourceError(SOURCE, f"there is no program {program} here", hint=hint) from None
        except PermissionError:
            raise SourceError(SOURCE, f"{program} may not be executed", hint="Check its file mode.") from None
        except OSError as error:
            raise SourceError(SOURCE, f"{program} does not start: {error.strerror}") from error

    async def _follow(self, process: asyncio.subprocess.Process, reading: int) -> int:
        """Keeps the output; when the command has ended, ends what it left running in its group.

        The pipe is ours, not the subprocess's: asyncio's `wait` would wait for whoever else holds its end.
        """
        output = asyncio.create_task(self._keep_output(reading), name="load output")
        try:
            code = await process.wait()
            _signal(process.pid, signal.SIGKILL)
            await asyncio.wait([output], timeout=LAST_WORDS)
        finally:
            output.cancel()
        return code

    async def _keep_output(self, reading: int) -> None:
        stream = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(reading, "rb", buffering=0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
        try:
            await self._log.follow(stream)
        finally:
            transport.close()

    async def stop(self) -> None:
        """SIGTERM to the whole group, SIGKILL to what is left after the grace; returns once it is gone."""
        run = self._run
        if run is None or run.code.done():
            return
        run.stopped = True
        _signal(run.group, signal.SIGTERM)
        done, _ = await asyncio.wait([run.code], timeout=self._grace)
        if not done:
            _signal(run.group, signal.SIGKILL)
            await asyncio.wait([run.code])

    async def ended(self) -> str:
        """Waits for the present run's end, or the next one's; returns why, empty where it was stopped."""
        await self._started.wait()
        run = self._run
        assert run is not None
        code = await asyncio.shield(run.code)
        if self._run is run:
            self._started.clear()
        if run.stopped:
            return ""
        if run.adopted:
            return "the load ended; how, only the host that started it could have told"
        if code < 0:
            return f"the load was ended by signal {signal.Signals(-code).name}"
        return "the load ended by itself" if code == 0 else f"the load failed with exit status {code}"


async def _until_gone(process: Orphan) -> int:
    """Waits for a command that is not our child, and ends what it left running in its group."""
    await process.wait()
    process.send_to_group(signal.SIGKILL)
    process.close()
    return UNKNOWN


def _signal(group: int, number: signal.Signals) -> None:
    """To every process of the group; nothing to do where none is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)


class LabLoad:
    """Implements `LoadDriver` by the lab's own load, which never ends by itself."""

    def __init__(self, control: LabControl) -> None:
        self._control = control

    async def start(self) -> None:
        await self._control.set_load(True)

    async def stop(self) -> None:
        await self._control.set_load(False)

    async def take_up(self) -> bool:
        return await self._control.load()

    async def ended(self) -> str:
        await asyncio.Event().wait()
        return ""


class NoLoad:
    """Implements `LoadDriver` for a plan without load."""

    async def start(self) -> None:
        """There is nothing to start."""

    async def stop(self) -> None:
        """There is nothing to stop."""

    async def take_up(self) -> bool:
        return False

    async def ended(self) -> str:
        await asyncio.Event().wait()
        return ""
