"""A real OpenSSH server on loopback, with keys of its own, for the tests that come in over SSH."""

from __future__ import annotations

import os
import pwd
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.system import require

READY = 10.0
"""Most real seconds until it answers."""

CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {place}/host
AuthorizedKeysFile {place}/user.pub
PidFile {place}/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
PermitUserEnvironment no
AcceptEnv LC_ALL
"""


class Sshd:
    """One server, and the command lines that reach it."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._sshd = require("sshd", "openssh-server")
        self._ssh = require("ssh", "openssh-client")
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it listens."""
        keygen = str(require("ssh-keygen", "openssh-client"))
        for name in ("host", "user"):
            made = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(self._place / name)]
            subprocess.run(made, check=True)
        config = self._place / "sshd_config"
        config.write_text(CONFIG.format(port=self._port, place=self._place))
        with (self._place / "sshd.log").open("wb") as log:
            # In the foreground, and by its full path, without which it refuses to run.
            self._process = subprocess.Popen([str(self._sshd), "-D", "-e", "-f", str(config)], stderr=log)
        self._await()

    def _await(self) -> None:
        until = time.monotonic() + READY
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            assert time.monotonic() < until, (self._place / "sshd.log").read_text()
            assert self._process is not None
            assert self._process.poll() is None, (self._place / "sshd.log").read_text()

    def login(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> list[str]:
        """The command that runs `controlroom` with these arguments over a connection with a terminal."""
        told = {"LC_ALL": "C.UTF-8", **(environment or {})}
        program = shlex.join([sys.executable, "-m", "controlroom.cli", *arguments])
        settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in told.items())
        here = shlex.quote(str(Path.cwd()))
        options = [
            "BatchMode=yes",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
        ]
        flags = [part for option in options for part in ("-o", option)]
        user = pwd.getpwuid(os.getuid()).pw_name
        address = [
            "-tt",
            "-F",
            "none",
            "-i",
            str(self._place / "user"),
            "-p",
            str(self._port),
            f"{user}@127.0.0.1",
        ]
        return [str(self._ssh), *flags, *address, f"cd {here} && exec env {settings} {program}"]

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
