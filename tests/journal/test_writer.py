"""The writer and a disk that misbehaves: nothing is lost, the order stays, it is told once."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controlroom.journal import tail, writer
from controlroom.journal.trouble import Trouble
from controlroom.journal.writer import JournalWriter

PATIENCE = 10.0
"""Real seconds after which a test gives up waiting for the writer's thread."""


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow one another quickly; batches stay as they are."""
    monkeypatch.setattr(writer, "AGAIN", 0.01)
    monkeypatch.setattr(writer, "LOOK", 0.2)


class Disk:
    """Stands between the writer and the system's calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room: int | None = None
        """Bytes that it still takes; None: any number."""
        self.sync_error: int | None = None
        self.hanging = threading.Event()
        self.hanging.set()
        self.written: list[int] = []
        self.syncs = 0
        self.synced = threading.Event()
        self._write, self._sync = os.write, os.fdatasync
        monkeypatch.setattr(tail.os, "write", self.write)
        monkeypatch.setattr(tail.os, "fdatasync", self.sync)

    def write(self, file: int, data: bytes) -> int:
        self.hanging.wait(PATIENCE)
        if self.room is not None:
            if not self.room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            data = data[: self.room]
            self.room -= len(data)
        self.written.append(len(data))
        return self._write(file, data)

    def sync(self, file: int) -> None:
        self.hanging.wait(PATIENCE)
        if self.sync_error is not None:
            raise OSError(self.sync_error, os.strerror(self.sync_error))
        self.syncs += 1
        self._sync(file)
        self.synced.set()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


class Told:
    """What the writer said of its troubles."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []
        self.wrong = threading.Event()
        self.back = threading.Event()

    @property
    def words(self) -> list[str]:
        return [own.error.partition(":")[0] for own in self.troubles]

    def __call__(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)
        (self.wrong if trouble.error else self.back).set()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    folder = tmp_path / "session"
    folder.mkdir(mode=0o700)
    return folder / "journal.jsonl"


@pytest.fixture
def book(journal: Path, told: Told) -> Iterator[JournalWriter]:
    book = JournalWriter(journal, told)
    yield book
    book.close(PATIENCE)


def durable(book: JournalWriter, line: bytes) -> bool:
    answer = book.append(line, durable=True)
    assert answer is not None
    return answer.result(PATIENCE)


def test_a_durable_line_is_synced_with_all_before_it_before_it_is_answered(
    disk: Disk, book: JournalWriter, journal: Path
) -> None:
    for number in range(5):
        assert book.append(b"%d" % number) is None
    assert durable(book, b"5")
    assert journal.read_bytes() == b"0\n1\n2\n3\n4\n5\n"
    assert disk.syncs == 1
    assert journal.stat().st_mode & 0o777 == 0o600


def test_lines_that_nobody_waits_for_go_out_in_batches(
    disk: Disk, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BATCH", 0.05)
    book = JournalWriter(journal)
    for number in range(50):
        book.append(b"%d" % number)
    assert disk.synced.wait(PATIENCE)
    assert len(disk.written) < 5
    assert journal.read_bytes().count(b"\n") == 50
    assert book.close()


def test_closing_writes_what_is_left(disk: Disk, journal: Path) -> None:
    book = JournalWriter(journal)
    book.append(b"the last")
    assert book.close(PATIENCE)
    assert journal.read_bytes() == b"the last\n"
    with pytest.raises(ValueError, match="closed"):
        book.append(b"too late")


def test_a_full_disk_is_told_once_and_loses_nothing(
    disk: Disk, book: JournalWriter, told: Told, journal: Path
) -> None:
    assert durable(book, b"before")
    disk.room = 3
    assert not durable(book, b"cut in the middle")
    for number in range(20):
        book.append(b"%d" % number)
    assert not durable(book, b"still full")
    disk.room = None
    assert told.back.wait(PATIENCE)
    assert durable(book, b"after")
    lines = [
        b"before",
        b"cut in the middle",
        *(b"%d" % number for number in range(20)),
        b"still full",
        b"after",
    ]
    assert journal.read_bytes().splitlines() == lines
    assert told.words == [os.strerror(errno.ENOSPC), ""]


def test_what_a_failed_sync_may_have_dropped_is_written_again(
    disk: Disk, book: JournalWriter, told: Told, journal: Path
) -> None:
    assert durable(book, b"one")
    disk.sync_error = errno.EIO
    assert not durable(book, b"two")
    before = sum(disk.written)
    disk.sync_error = None
    assert told.back.wait(PATIENCE)
    assert durable(book, b"three")
    assert journal.read_bytes() == b"one\ntwo\nthree\n"
    assert sum(disk.written) - before >= len(b"two\nthree\n")


def test_a_folder_that_vanished_is_made_again_with_the_whole_journal(
    disk: Disk, book: JournalWriter, told: Told, journal: Path
) -> None:
    assert durable(book, b"one")
    shutil.rmtree(journal.parent)
    assert not durable(book, b"two")
    assert told.back.wait(PATIENCE)
    assert durable(book, b"three")
    assert journal.read_bytes() == b"one\ntwo\nthree\n"
    assert [own.kept for own in told.troubles] == [1, 2]
    assert "is gone" in told.troubles[0].error and str(journal) in told.troubles[0].error
    assert told.troubles[1].seconds > 0
    assert journal.parent.stat().st_mode & 0o777 == 0o700
    assert journal.stat().st_mode & 0o777 == 0o600


def test_what_vanished_is_noticed_while_nothing_is_written(
    book: JournalWriter, told: Told, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert durable(book, b"one")
    journal.unlink()
    assert told.wrong.wait(PATIENCE)
    assert told.back.wait(PATIENCE)
    assert journal.read_bytes() == b"one\n"


def test_no_line_is_called_safe_in_a_file_that_lost_its_name_while_it_was_synced(
    disk: Disk, book: JournalWriter, told: Told, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sync of a file without a name succeeds, and tells nothing."""
    assert durable(book, b"one")

    def lose(file: int) -> None:
        monkeypatch.setattr(tail.os, "fdatasync", disk.sync)
        journal.unlink()
        disk.sync(file)

    monkeypatch.setattr(tail.os, "fdatasync", lose)
    assert not durable(book, b"two")
    assert told.back.wait(PATIENCE)
    assert journal.read_bytes() == b"one\ntwo\n"


def test_a_folder_that_was_moved_away_leaves_a_copy_and_a_whole_journal(
    disk: Disk, book: JournalWriter, told: Told, journal: Path
) -> None:
    away = journal.parent.with_name("away")
    assert durable(book, b"one")
    journal.parent.rename(away)
    assert not durable(book, b"two")
    assert told.back.wait(PATIENCE)
    assert durable(book, b"three")
    assert journal.read_bytes() == b"one\ntwo\nthree\n"
    assert (away / journal.name).read_bytes() == b"one\n"


@pytest.mark.parametrize(("length", "what"), [(0, "emptied"), (5, "cut")])
def test_a_journal_that_another_program_cut_is_whole_again(
    length: int, what: str, book: JournalWriter, told: Told, journal: Path
) -> None:
    assert durable(book, b"one")
    assert durable(book, b"two")
    os.truncate(journal, length)
    assert not durable(book, b"three"), what
    assert told.back.wait(PATIENCE)
    assert journal.read_bytes() == b"one\ntwo\nthree\n"


def test_an_unreadable_folder_is_trouble_until_it_is_given_back(
    book: JournalWriter, told: Told, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permission bits do not stop root: the system's refusal is made here."""
    assert durable(book, b"one")
    real = Path.stat

    def denied(path: Path, **how: bool) -> os.stat_result:
        if path == journal:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, **how)

    monkeypatch.setattr(Path, "stat", denied)
    assert not durable(book, b"two")
    monkeypatch.setattr(Path, "stat", real)
    assert told.back.wait(PATIENCE)
    assert journal.read_bytes() == b"one\ntwo\n"
    assert told.words == [os.strerror(errno.EACCES), ""]
    assert "give the folder back" in told.troubles[0].hint


def test_a_disk_that_does_not_answer_is_told_and_how_long_it_took(
    disk: Disk, book: JournalWriter, told: Told, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SILENT", 0.05)
    monkeypatch.setattr(writer, "WATCH", 0.01)
    assert durable(book, b"one")
    disk.hanging.clear()
    answer = book.append(b"two", durable=True)
    assert answer is not None
    assert told.wrong.wait(PATIENCE)
    assert not answer.done()
    disk.hanging.set()
    assert answer.result(PATIENCE)
    assert told.back.wait(PATIENCE)
    assert told.words == ["the disk does not answer", ""]
    assert told.troubles[0].silent > 0.05 and told.troubles[0].kept == 1
    assert told.troubles[1].seconds >= told.troubles[0].silent and told.troubles[1].kept == 2


def test_a_disk_that_hangs_and_then_fails_tells_both(
    disk: Disk, book: JournalWriter, told: Told, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SILENT", 0.05)
    monkeypatch.setattr(writer, "WATCH", 0.01)
    disk.hanging.clear()
    answer = book.append(b"one", durable=True)
    assert answer is not None
    assert told.wrong.wait(PATIENCE)
    disk.sync_error = errno.EIO
    disk.hanging.set()
    assert not answer.result(PATIENCE)
    disk.sync_error = None
    assert told.back.wait(PATIENCE)
    assert told.words == ["the disk does not answer", os.strerror(errno.EIO), ""]
    assert journal.read_bytes() == b"one\n"


def test_a_line_that_nobody_waits_for_is_synced_within_a_second(disk: Disk, book: JournalWriter) -> None:
    book.append(b"a sample")
    began = time.monotonic()
    assert disk.synced.wait(PATIENCE)
    assert time.monotonic() - began < writer.BATCH + 0.5


def test_another_journal_in_its_place_is_left_alone(disk: Disk, told: Told, journal: Path) -> None:
    book = JournalWriter(journal, told)
    assert durable(book, b"ours")
    journal.unlink()
    journal.write_bytes(b"theirs\n")
    assert not durable(book, b"more of ours")
    assert not book.close(0.1)
    assert journal.read_bytes() == b"theirs\n"


def test_a_disk_that_hangs_keeps_neither_the_caller_nor_the_closing(
    disk: Disk, told: Told, journal: Path
) -> None:
    book = JournalWriter(journal, told)
    disk.hanging.clear()
    answer = book.append(b"halt", durable=True)
    assert answer is not None
    assert not answer.done()
    began = time.monotonic()
    assert not book.close(0.05)
    assert time.monotonic() - began < PATIENCE / 2
    disk.hanging.set()
    assert answer.result(PATIENCE)
    assert journal.read_bytes() == b"halt\n"


def test_a_disk_that_is_full_to_the_end_is_reported_on_closing(disk: Disk, told: Told, journal: Path) -> None:
    book = JournalWriter(journal, told)
    disk.room = 0
    assert not durable(book, b"lost")
    assert not book.close(0.05)


def test_a_disk_that_recovers_while_closing_gets_everything(disk: Disk, told: Told, journal: Path) -> None:
    book = JournalWriter(journal, told)
    disk.room = 0
    assert not durable(book, b"nearly lost")
    threading.Timer(0.05, setattr, (disk, "room", None)).start()
    assert book.close(PATIENCE)
    assert journal.read_bytes() == b"nearly lost\n"


def test_an_unfinished_line_of_an_earlier_writer_is_cut_off(journal: Path) -> None:
    journal.write_bytes(b"whole\nhalf a li")
    book = JournalWriter(journal)
    assert durable(book, b"next")
    assert book.close(PATIENCE)
    assert journal.read_bytes() == b"whole\nnext\n"


LIMITED = """
import resource, signal, sys
from pathlib import Path
from controlroom.journal.writer import JournalWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
told = []
book = JournalWriter(Path(sys.argv[1]), told.append)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
answers = [book.append(b"x" * 39, durable=True).result(10) for _ in range(4)]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(answers, book.close(10), len(told))
"""


def test_a_limit_of_the_real_system_loses_nothing(journal: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(journal)], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() == "[True, True, False, False] True 2"
    assert journal.read_bytes() == (b"x" * 39 + b"\n") * 4


def _kept(change: Callable[[bytes], bytes], journal: Path) -> bytes:
    """What is at the path after the disk failed, `change` was made to the file, and the disk came back."""
    journal.write_bytes(b"one\n")
    kept = tail.Tail(journal)
    kept.add(b"two")
    kept.write()
    fresh = journal.with_name("fresh")
    fresh.write_bytes(change(journal.read_bytes()))
    fresh.replace(journal)
    kept.reopen()
    kept.write()
    kept.sync()
    kept.close()
    return journal.read_bytes()


@pytest.mark.parametrize(
    "change",
    [lambda data: data, lambda data: data[:-2], lambda data: data[:2], lambda data: b""],
    ids=["as it was", "without its end", "within what was safe", "empty"],
)
def test_an_older_copy_that_came_back_is_completed(change: Callable[[bytes], bytes], journal: Path) -> None:
    assert _kept(change, journal) == b"one\ntwo\n"
