"""The credential plug-in of a kubeconfig: a program that prints an ExecCredential.

It belongs to somebody else and may do anything: ask on a terminal that is not there, wait for a browser, hang,
print megabytes. So it runs without a terminal, in a session of its own, for a limited time, and what it started is
killed with it. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from controlroom.core.clean import clean
from controlroom.sources.errors import SOURCE
from controlroom.sources.kubernetes_token import Credential
from controlroom.sources.ports import SourceError

LIMIT = 120.0
"""Real seconds that a run may take; a login in a browser takes a while."""
GRACE = 1.0
"""Real seconds between asking it to end and killing it."""
MOST = 1024 * 1024
"""Bytes of output that are read."""


class _Status(msgspec.Struct, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: datetime | None = None


class _Answer(msgspec.Struct, rename="camel"):
    api_version: str
    status: _Status


class PlugIn:
    """One `exec` entry of a kubeconfig; `base` is the folder of that file, `cluster` what it is told of the cluster."""

    def __init__(
        self,
        entry: Mapping[str, Any],
        base: str,
        *,
        limit: float = LIMIT,
        cluster: Mapping[str, Any] | None = None,
    ) -> None:
        self._entry = entry
        self._base = base
        self._limit = limit
        self._cluster = cluster

    @property
    def name(self) -> str:
        """The program's name, without its folder."""
        program = clean(Path(str(self._entry.get("command", ""))).name, 80) or "without a name"
        return f"the credential plug-in {program}"

    async def run(self) -> Credential:
        """One run. Raises SourceError; cancelled, it kills what it started."""
        if self._entry.get("interactiveMode") == "Always":
            raise self._failed(
                "asks on a terminal, which the host has not",
                "log in beforehand and use a kubeconfig whose credential needs no question",
            )
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command(),
                env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                limit=MOST,
            )
        except OSError as error:
            hint = clean(str(self._entry.get("installHint") or ""), 200)
            raise self._failed(
                f"gave no credential: {error.strerror}", hint or "is it installed, and in the host's PATH?"
            ) from error
        try:
            async with asyncio.timeout(self._limit):
                said, complained = await asyncio.gather(_read(process.stdout), _read(process.stderr))
                code = await process.wait()
        except TimeoutError as error:
            await asyncio.shield(_end(process))
            raise self._failed(
                f"gave no credential within {self._limit:g} s and was ended",
                "run it by hand: it may wait for an answer, a browser or the network",
            ) from error
        except BaseException:
            await asyncio.shield(_end(process))
            raise
        return self._credential(code, said, complained)

    def _command(self) -> list[str]:
        """As kubectl does: a path with a separator counts from the kubeconfig's folder."""
        command = str(self._entry.get("command", ""))
        if os.sep in command and not Path(command).is_absolute():
            command = str(Path(self._base) / command)
        return [command, *(str(own) for own in self._entry.get("args") or ())]

    def _environment(self) -> dict[str, str]:
        found = dict(os.environ)
        for own in self._entry.get("env") or ():
            found[str(own["name"])] = str(own["value"])
        spec: dict[str, Any] = {"interactive": False}
        if self._cluster is not None:
            spec["cluster"] = self._cluster
        asked = {"apiVersion": self._entry.get("apiVersion", ""), "kind": "ExecCredential", "spec": spec}
        found["KUBERNETES_EXEC_INFO"] = msgspec.json.encode(asked).decode()
        return found

    def _credential(self, code: int, said: bytes, complained: bytes) -> Credential:
        if code:
            words = _last_line(complained)
            raise self._failed(
                f"gave no credential: it ended with exit code {code}" + (f": {words}" if words else ""),
                "run it by hand, or any kubectl command, to see why",
            )
        try:
            answer = msgspec.json.decode(said, type=_Answer)
        except msgspec.MsgspecError as error:
            raise self._failed(
                "gave no credential: what it printed is no ExecCredential",
                "run it by hand to see what it prints",
            ) from error
        if answer.api_version != self._entry.get("apiVersion"):
            raise self._failed(
                f"gave no credential: it speaks {clean(answer.api_version, 80)}",
                f"the kubeconfig asks for {clean(str(self._entry.get('apiVersion')), 80)}",
            )
        status = answer.status
        if not status.token and not (status.client_certificate_data and status.client_key_data):
            raise self._failed(
                "gave no credential: neither a token nor a certificate with its key",
                "run it by hand to see why",
            )
        return Credential(
            token=status.token,
            certificate=status.client_certificate_data,
            key=status.client_key_data,
            expiry=status.expiration_timestamp,
        )

    def _failed(self, what: str, hint: str) -> SourceError:
        return SourceError(SOURCE, f"{self.name} {what}", hint=hint)


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    """To the end; what is more than :data:`MOST` bytes is read and forgotten, so that nobody waits for us."""
    assert stream is not None
    found = b""
    while piece := await stream.read(65536):
        found = (found + piece)[:MOST]
    return found


def _last_line(raw: bytes) -> str:
    lines = raw.decode("utf-8", "replace").strip().splitlines()
    return clean(lines[-1], 200) if lines else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends it with all that it started and that did not leave its group: politely, then not."""
    for name in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, name)
        if process.returncode is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await process.wait()
