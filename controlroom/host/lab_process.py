"""The lab of a rehearsal, as a process of its own that ends with its session.

It outlives a host that dies, for a while: the next one finds it by what is written of it in the session's folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import msgspec

from controlroom.core.clean import clean
from controlroom.core.plan import Bindings, Login
from controlroom.core.values import Value, changed
from controlroom.host.order import LabOrder
from controlroom.journal.folder import write_private
from controlroom.sources.orphan import Identity, Orphan, identify

READY = 30.0
"""Most real seconds until the lab answers."""
GRACE = 5.0
"""Real seconds that the lab has to end by itself (it writes its ground truth then)."""


LAB = "lab.json"


class LabFailed(Exception):
    """The lab did not start; the message says why."""


class LabLost(Exception):
    """The lab of a session that is taken up again is gone."""


class Addresses(Value):
    """Where the lab's servers are, as it prints them."""

    kubeconfig: str
    prometheus: str
    alertmanager: str
    control: str
    context: str
    namespace: str


def in_the_lab(bindings: Bindings, addresses: Addresses) -> Bindings:
    """The plan's own names, at the lab's addresses; what the lab has not is off."""
    return changed(
        bindings,
        prometheus=addresses.prometheus,
        alertmanager=addresses.alertmanager,
        kubeconfig=addresses.kubeconfig,
        lab=addresses.control,
        grafana=None,
        chat=None,
        clusters={},
        prometheus_login=Login(),
        alertmanager_login=Login(),
    )


class LabFile(Value):
    """Which process the lab of a session is, and where it can be reached."""

    process: Identity
    addresses: Addresses


class LabProcess:
    """Starts `python -m controlroom.lab` and ends it."""

    def __init__(
        self, folder: Path, order: LabOrder, rules: Path | None, context: str, namespace: str
    ) -> None:
        self._folder = folder
        self._order = order
        self._rules = rules
        self._context = context
        self._namespace = namespace
        self._process: asyncio.subprocess.Process | None = None
        self._draining: asyncio.Task[None] | None = None

    async def start(self) -> Addresses:
        """Returns when all its servers answer; raises :class:`LabFailed`."""
        log = (self._folder / "lab.log").open("ab")
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "controlroom.lab",
                *self._arguments(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                umask=0o077,  # its ground truth is nobody else's, either
            )
        finally:
            log.close()
        (self._folder / "lab.log").chmod(0o600)
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(READY):
                line = await self._process.stdout.readline()
            addresses = msgspec.json.decode(line, type=Addresses)
        except (TimeoutError, msgspec.DecodeError) as error:
            await self.stop()
            raise LabFailed(f"the lab did not start: {self._last_word()}") from error
        self._draining = asyncio.create_task(self._drain(self._process.stdout))
        if (identity := identify(self._process.pid)) is not None:
            found = msgspec.json.encode(LabFile(process=identity, addresses=addresses))
            await asyncio.to_thread(write_private, self._folder / LAB, found)
        return addresses

    def _last_word(self) -> str:
        log = self._folder / "lab.log"
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if not lines:
            return f"it said nothing for {READY:g} s (its log would be {log})"
        return f"{clean(lines[-1], 300)} (all of it in {log})"

    async def ended(self) -> str:
        """Waits until the lab ends, whoever ended it; returns how, to follow "the lab"."""
        assert self._process is not None, "the lab has not been started"
        code = await self._process.wait()
        return f"was killed (signal {-code})" if code < 0 else f"ended with exit code {code}"

    def _arguments(self) -> list[str]:
        order = self._order
        found = ["--seed", str(order.seed), "--rate", str(order.rate)]
        found += ["--responder", "on" if order.responder else "off"]
        for defect in order.defects:
            found += ["--defect", defect]
        found += ["--kubeconfig", str(self._folder / "kubeconfig")]
        if self._rules is not None:
            found += ["--rules", str(self._rules)]
        found += ["--context", self._context, "--namespace", self._namespace]
        found += ["--hosted", "--idle-timeout", str(order.idle)]
        if order.truth:
            found += ["--truth", order.truth]
        return found

    @staticmethod
    async def _drain(stream: asyncio.StreamReader) -> None:
        while await stream.read(65536):
            pass

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL; returns once it is gone."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(GRACE):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._draining is not None:
            self._draining.cancel()
        with contextlib.suppress(OSError):
            (self._folder / LAB).unlink()


class FoundLab:
    """The lab that a host which died left running."""

    def __init__(self, folder: Path, process: Orphan, addresses: Addresses) -> None:
        self._folder = folder
        self._process = process
        self.addresses = addresses

    @classmethod
    def find(cls, folder: Path) -> FoundLab:
        """Raises :class:`LabLost` where it has ended."""
        try:
            written = msgspec.json.decode((folder / LAB).read_bytes(), type=LabFile)
        except (OSError, msgspec.DecodeError) as error:
            raise LabLost("nothing is known of its lab") from error
        process = Orphan.find(written.process)
        if process is None:
            raise LabLost("its lab has ended")
        return cls(folder, process, written.addresses)

    async def ended(self) -> str:
        """Waits until the lab ends; how, only the host that started it could tell."""
        await self._process.wait()
        return "ended"

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL; returns once it is gone."""
        self._process.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(GRACE):
                await self._process.wait()
        except TimeoutError:
            self._process.send(signal.SIGKILL)
            await self._process.wait()
        with contextlib.suppress(OSError):
            (self._folder / LAB).unlink()
