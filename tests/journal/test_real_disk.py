"""A small disk of the real system, full and given room again; a stand-in where the machine allows no mounts."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from controlroom.journal import tail, writer
from controlroom.journal.trouble import Trouble
from controlroom.journal.writer import JournalWriter

PATIENCE = 10.0


class SmallDisk(Protocol):
    path: Path

    def fill(self) -> None: ...

    def empty(self) -> None: ...


class Tmpfs:
    """128 KiB of memory, mounted."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self) -> None:
        with (self.path / "filler").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 1024)
            except OSError as error:
                assert error.errno == errno.ENOSPC

    def empty(self) -> None:
        (self.path / "filler").unlink()


class StandIn:
    """Refuses every write to the journal while it is full."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self._full = False
        self._write = os.write
        monkeypatch.setattr(tail.os, "write", self._guarded)

    def _guarded(self, file: int, data: bytes) -> int:
        if self._full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(file, data)

    def fill(self) -> None:
        self._full = True

    def empty(self) -> None:
        self._full = False


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDisk]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k,mode=0700", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, timeout=10, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        yield StandIn(place, monkeypatch)
        return
    yield Tmpfs(place)
    subprocess.run(["umount", "-l", str(place)], check=True, timeout=10)


def test_a_disk_that_fills_up_loses_nothing(disk: SmallDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "AGAIN", 0.02)
    folder = disk.path / "session"
    folder.mkdir(mode=0o700)
    told: list[Trouble] = []
    back = threading.Event()

    def tell(trouble: Trouble) -> None:
        told.append(trouble)
        if not trouble.error:
            back.set()

    book = JournalWriter(folder / "journal.jsonl", tell)
    lines = [b"%04d " % number + b"x" * 900 for number in range(20)]

    def durably(line: bytes) -> bool:
        answer = book.append(line, durable=True)
        assert answer is not None
        return answer.result(PATIENCE)

    assert durably(lines[0])
    disk.fill()
    answers = [durably(line) for line in lines[1:]]
    assert not answers[-1]
    disk.empty()
    assert back.wait(PATIENCE)
    assert book.close(PATIENCE)
    assert (folder / "journal.jsonl").read_bytes() == b"".join(line + b"\n" for line in lines)
    assert os.strerror(errno.ENOSPC) in told[0].error
    assert "make room" in told[0].hint
