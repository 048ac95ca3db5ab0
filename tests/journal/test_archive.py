"""A session as one file: there and back unchanged; a made-up file writes nothing anywhere."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from controlroom.journal.archive import ArchiveError, export, unpack
from controlroom.journal.folder import HostFile, SessionFolder
from controlroom.journal.tags import change_tags
from tests.journal.books import day, written
from tests.journal.shelf import NAME, put, recorded


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    folder = recorded(put(tmp_path / "here"))
    change_tags(folder, ["q4"])
    folder.log.write_text("what the host said\n")
    target = tmp_path / "day.tar.gz"
    assert export(folder, target) == target.stat().st_size
    return target


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_there_and_back(tmp_path: Path, packed: Path) -> None:
    assert packed.stat().st_mode & 0o777 == 0o600
    taken = unpack(packed, tmp_path / "there")
    assert taken.name == NAME
    assert contents(taken.path) == contents(tmp_path / "here" / NAME)
    modes = {path.stat().st_mode & 0o777 for path in taken.path.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {taken.path.stat().st_mode & 0o777, taken.pictures.stat().st_mode & 0o777} == {0o700}


def test_what_is_of_this_machine_stays(tmp_path: Path) -> None:
    folder = put(tmp_path / "here")
    for name in ("host.lock", "order.json", ".hidden"):
        (folder.path / name).write_text("{}")
    (folder.path / "link").symlink_to("/etc/hostname")
    export(folder, tmp_path / "day.tar.gz")
    assert set(contents(unpack(tmp_path / "day.tar.gz", tmp_path / "there").path)) == {"journal.jsonl"}


def test_twice_is_told_and_another_name_helps(tmp_path: Path, packed: Path) -> None:
    unpack(packed, tmp_path)
    with pytest.raises(ArchiveError, match="there already, and is the same"):
        unpack(packed, tmp_path)
    (tmp_path / NAME / "journal.jsonl").write_bytes(written(day(900.0)))
    with pytest.raises(ArchiveError, match="--name"):
        unpack(packed, tmp_path)
    assert unpack(packed, tmp_path, "second").name == "second"
    for name in ("../up", ".hidden", "a/b", "x\n"):
        with pytest.raises(ArchiveError, match="cannot be a session's name"):
            unpack(packed, tmp_path, name)


def test_only_a_whole_session_that_has_ended_is_packed(tmp_path: Path) -> None:
    live = put(tmp_path, "live")
    live.set_host(HostFile(pid=os.getpid(), socket="/nowhere"))
    edited = put(tmp_path, "edited", written(day()).replace(b"bookstore", b"bookshops"))
    for folder, why in ((live, "goes on"), (edited, "not whole")):
        with pytest.raises(ArchiveError, match=why):
            export(folder, tmp_path / "out.tar.gz")
    (tmp_path / "out.tar.gz").write_text("mine")
    with pytest.raises(ArchiveError, match="there already"):
        export(put(tmp_path, "fine"), tmp_path / "out.tar.gz")
    assert (tmp_path / "out.tar.gz").read_text() == "mine"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


Members = list[tuple[tarfile.TarInfo, bytes]]


def members(packed: Path) -> Members:
    with tarfile.open(packed) as tar:
        found = []
        for own in tar:
            source = tar.extractfile(own)
            found.append((own, source.read() if source is not None else b""))
        return found


def repacked(target: Path, own: Members) -> Path:
    with tarfile.open(target, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for info, data in own:
            if info.isreg():
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return target


def listed(own: Members, change: Callable[[dict[str, object]], None]) -> Members:
    """With another list in front."""
    found = msgspec.json.decode(own[0][1])
    change(found)
    return [(own[0][0], msgspec.json.encode(found)), *own[1:]]


def _link(own: Members) -> Members:
    info = own[1][0]
    info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0
    return own


def _outside(own: Members) -> Members:
    own[-1][0].name = "../../escaped"
    return own


def _absolute(own: Members) -> Members:
    found = listed(own, lambda made: made["files"][-1].update(path="/tmp/escaped"))  # type: ignore[index]
    own[-1][0].name = "/tmp/escaped"
    return found


def _edited_journal(own: Members) -> Members:
    data = own[1][1].replace(b"bookstore", b"bookshops")
    digest = hashlib.sha256(data).hexdigest()
    found = listed(own, lambda made: made["files"][0].update(sha256=digest))  # type: ignore[index]
    return [found[0], (own[1][0], data), *own[2:]]


MADE_UP: dict[str, tuple[Callable[[Members], Members], str]] = {
    "a link": (_link, "not the plain file"),
    "a path that leads out": (_outside, "not next in its list"),
    "an absolute path": (_absolute, "cannot be a name"),
    "a byte changed": (lambda own: [*own[:-1], (own[-1][0], own[-1][1] + b"x")], "not the plain file"),
    "a journal that was edited": (_edited_journal, "not whole"),
    "a file too few": (lambda own: own[:-1], "is not there"),
    "a file too many": (lambda own: [*own, own[-1]], "not next in its list"),
    "another order": (lambda own: [own[0], *reversed(own[1:])], "not next in its list"),
    "no list": (lambda own: own[1:], "export"),
    "a later format": (lambda own: listed(own, lambda made: made.update(format=9)), "later version"),
    "a name that leads out": (lambda own: listed(own, lambda made: made.update(session="../x")), "name"),
    "more than a session may have": (
        lambda own: listed(own, lambda made: made["files"][0].update(size=10**15)),  # type: ignore[index]
        "larger",
    ),
    "sizes below nothing": (
        lambda own: listed(own, lambda made: made["files"][0].update(size=-1)),  # type: ignore[index]
        "larger",
    ),
    "a file of another machine": (
        lambda own: listed(own, lambda made: made["files"][-1].update(path="host.json")),  # type: ignore[index]
        "another machine",
    ),
    "nothing": (lambda own: [], "export"),
}


@pytest.mark.parametrize("kind", MADE_UP)
def test_a_made_up_archive_leaves_nothing_behind(tmp_path: Path, packed: Path, kind: str) -> None:
    change, said = MADE_UP[kind]
    sessions = tmp_path / "there"
    with pytest.raises(ArchiveError, match=said):
        unpack(repacked(tmp_path / "made-up.tar.gz", change(members(packed))), sessions)
    assert list(sessions.iterdir()) == []
    assert not (tmp_path / "escaped").exists()
    assert not Path("/tmp/escaped").exists()


NOT_ARCHIVES = {
    "empty": b"",
    "words": b"hello",
    "packed words": gzip.compress(b"hello" * 1000, mtime=0),
    "an empty archive": gzip.compress(bytes(10_240), mtime=0),
}


@pytest.mark.parametrize("data", NOT_ARCHIVES.values(), ids=NOT_ARCHIVES)
def test_what_is_no_archive_says_so(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.tar.gz").write_bytes(data)
    with pytest.raises(ArchiveError, match=r"x\.tar\.gz"):
        unpack(tmp_path / "x.tar.gz", tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_an_archive_that_was_cut_off_leaves_nothing_behind(tmp_path: Path, packed: Path, part: float) -> None:
    whole = packed.read_bytes()
    packed.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ArchiveError):
        unpack(packed, tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


def test_what_it_says_it_holds_is_the_most_that_is_written(tmp_path: Path, packed: Path) -> None:
    with pytest.raises(ArchiveError, match="larger than the 1000 bytes"):
        unpack(packed, tmp_path / "there", biggest=1000)


def test_a_session_stays_readable_by_its_name(tmp_path: Path, packed: Path) -> None:
    taken = SessionFolder(unpack(packed, tmp_path / "there").path)
    assert taken.journal.read_bytes() == written(day())
