"""One session as one file, to be kept or handed over: a gzipped tar with a list of what is in it.

The list is the archive's first member: every file with its size and SHA-256. What an archive holds besides, in another
order or of another kind than a plain file, is refused; nothing is ever unpacked by tarfile itself. So a made-up
archive can neither write outside the new folder, nor link, nor grow beyond what it says at its beginning.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import secrets
import shutil
import stat
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Self

import msgspec

import controlroom
from controlroom.core.values import Value
from controlroom.journal.checking import checked, first_trouble
from controlroom.journal.folder import JOURNAL, SessionFolder

FORMAT = 1
LIST = "archive.json"
BIGGEST = 4 * 1024**3
"""Bytes that a session may have in all; more is refused, whatever the disk holds."""
MOST_FILES = 10_000
LONGEST_LIST = 4 * 1024**2
"""Bytes of the list."""
DEEPEST = 4
PIECE = 1024 * 1024
STAYS = frozenset({"host.json", "host.lock", "order.json", "lab.json", "load.json"})
"""Files that are of this machine and its processes; they are not handed over."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class ArchiveError(Exception):
    """A session that cannot be packed, or a file that is no session's archive; the message says why."""


class _Member(Value):
    path: str
    size: int
    sha256: str


class _List(Value, omit_defaults=False):
    format: int
    session: str
    program: str
    files: tuple[_Member, ...]


_list = msgspec.json.Decoder(_List)


class _Info(tarfile.TarInfo):
    """Refuses the headers that carry text of any length: tarfile reads those into memory as a whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        found = super().frombuf(buf, encoding, errors)
        long = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
        if found.type in (*long, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK) and found.size > PIECE:
            raise ArchiveError("it holds a header that is far too long")
        return found


def export(folder: SessionFolder, target: Path) -> int:
    """Writes the archive of a session, 0600, and answers with its size in bytes.

    Raises :class:`ArchiveError`: the session goes on, is not whole, or there is a file of that name.
    """
    if not _NAME.fullmatch(folder.name):
        raise ArchiveError(f"{folder.name!r} cannot be a session's name in an archive")
    if folder.host() is not None:
        raise ArchiveError(f"{folder.name} goes on: end it first")
    if target.exists():
        raise ArchiveError(f"{target} is there already")
    found = checked(folder)
    if found.state != "whole":
        raise ArchiveError(f"{folder.name} is not whole: {first_trouble(found)}")
    members = tuple(_measured(folder.path, path) for path in _files(folder.path))
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            _pack(folder, members, file)
            file.flush()
            os.fdatasync(file.fileno())
        _settle(fresh, target)
    except FileExistsError as error:
        raise ArchiveError(f"{target} is there already") from error
    finally:
        fresh.unlink(missing_ok=True)
    return target.stat().st_size


def _settle(fresh: Path, target: Path) -> None:
    """Gives the file its name; unlike a rename a link replaces nothing, but not every file system has it."""
    try:
        os.link(fresh, target)
    except FileExistsError:
        raise
    except OSError:
        fresh.rename(target)


def _pack(folder: SessionFolder, members: tuple[_Member, ...], file: BinaryIO) -> None:
    listed = _List(format=FORMAT, session=folder.name, program=controlroom.__version__, files=members)
    with (
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        text = msgspec.json.format(msgspec.json.encode(listed), indent=1)
        tar.addfile(_info(folder.name, LIST, len(text), 0), io.BytesIO(text))
        for own in members:
            with _opened(folder.path / own.path) as source:
                mtime = int(os.fstat(source.fileno()).st_mtime)
                tar.addfile(_info(folder.name, own.path, own.size, mtime), source)


def _info(session: str, path: str, size: int, mtime: int) -> tarfile.TarInfo:
    found = tarfile.TarInfo(f"{session}/{path}")
    found.size, found.mode, found.mtime = size, 0o600, mtime
    return found


def _files(folder: Path) -> Iterator[str]:
    """Plain files by their paths below the folder, the journal first; links, sockets and hidden ones stay."""
    found = []
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(base) / name
            below = path.relative_to(folder).as_posix()
            if name.startswith(".") or below in STAYS or not stat.S_ISREG(path.lstat().st_mode):
                continue
            if (why := _bad_path(below)) is not None:
                raise ArchiveError(f"{path}: {why}")
            found.append(below)
    yield from sorted(found, key=lambda own: (own != JOURNAL, own))


def _measured(folder: Path, path: str) -> _Member:
    size, summed = 0, hashlib.sha256()
    with _opened(folder / path) as file:
        while piece := file.read(PIECE):
            size += len(piece)
            summed.update(piece)
    return _Member(path=path, size=size, sha256=summed.hexdigest())


def _opened(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def _bad_path(path: str) -> str | None:
    """Why a path cannot be in an archive; None: it can."""
    parts = path.split("/")
    if len(parts) > DEEPEST:
        return "it lies too deep"
    for part in parts:
        if not part or part.startswith(".") or len(part) > 200 or "\\" in part or not part.isprintable():
            return f"{part!r} cannot be a name in an archive"
    if str(PurePosixPath(path)) != path:
        return "it is no plain path"
    return None


def unpack(archive: Path, sessions: Path, name: str = "", biggest: int = BIGGEST) -> SessionFolder:
    """Puts the session of an archive into the folder of the sessions, folders 0700 and files 0600.

    `name`: another one than its own. Raises :class:`ArchiveError`; nothing is left behind then.
    """
    if name and not _NAME.fullmatch(name):
        raise ArchiveError(f"{name!r} cannot be a session's name: letters, digits, `.`, `_` and `-`")
    sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = sessions / f".import-{secrets.token_hex(4)}"
    aside.mkdir(mode=0o700)
    try:
        fresh = _unpacked(archive, aside, biggest)
        target = sessions / (name or fresh.name)
        if target.exists() or target.is_symlink():
            raise ArchiveError(_there_already(fresh, SessionFolder(target)))
        found = checked(fresh)
        if found.state != "whole":
            raise ArchiveError(f"its session is not whole: {first_trouble(found)}")
        fresh.path.rename(target)
        return SessionFolder(target)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ArchiveError(f"{archive} is no session's archive: {error}") from error
    except ArchiveError as error:
        raise ArchiveError(f"{archive}: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _there_already(fresh: SessionFolder, there: SessionFolder) -> str:
    try:
        same = there.journal.read_bytes() == fresh.journal.read_bytes()
    except OSError:
        same = False
    if same:
        return f"{there.name} is there already, and is the same"
    return f"there is another session {there.name} already: --name gives this one another name"


def _unpacked(archive: Path, aside: Path, biggest: int) -> SessionFolder:
    """The session in a folder of its own in `aside`."""
    with archive.open("rb") as file, tarfile.open(fileobj=file, mode="r|gz", tarinfo=_Info) as tar:
        listed = _list_of(tar, biggest)
        if sum(own.size for own in listed.files) > shutil.disk_usage(aside).free:
            raise ArchiveError("the disk has not that much room")
        folder = SessionFolder(aside / listed.session)
        folder.path.mkdir(mode=0o700)
        wanted = iter(listed.files)
        # Not `for member in tar`: that begins with the list again.
        while (member := tar.next()) is not None:
            own = next(wanted, None)
            if own is None or member.name != f"{listed.session}/{own.path}":
                raise ArchiveError(f"it holds {member.name!r}, which is not next in its list")
            _take(tar, member, own, folder.path)
        if (lost := next(wanted, None)) is not None:
            raise ArchiveError(f"{lost.path} is in its list, and is not there")
    return folder


def _list_of(tar: tarfile.TarFile, biggest: int) -> _List:
    """The first member, of which nothing is believed that was not looked at. Raises :class:`ArchiveError`."""
    first = tar.next()
    if first is None or PurePosixPath(first.name).name != LIST or not first.isreg():
        raise ArchiveError("it is not one that `controlroom sessions export` wrote")
    if first.size > LONGEST_LIST:
        raise ArchiveError("its list is far too long")
    source = tar.extractfile(first)
    try:
        found = _list.decode(source.read() if source is not None else b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArchiveError(f"its list cannot be read: {error}") from error
    if found.format > FORMAT:
        raise ArchiveError(f"format {found.format} is of a later version of the program")
    if not _NAME.fullmatch(found.session) or first.name != f"{found.session}/{LIST}":
        raise ArchiveError(f"{found.session!r} cannot be a session's name")
    paths = [own.path for own in found.files]
    if len(paths) > MOST_FILES or len(set(paths)) != len(paths) or JOURNAL not in paths:
        raise ArchiveError("its list is not that of a session")
    for path in paths:
        if path in STAYS or (why := _bad_path(path)) is not None:
            raise ArchiveError(f"{path!r}: {'a file of another machine' if path in STAYS else why}")
    if any(own.size < 0 for own in found.files) or sum(own.size for own in found.files) > biggest:
        raise ArchiveError(f"it would be larger than the {biggest} bytes that a session may have")
    return found


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, own: _Member, folder: Path) -> None:
    """Writes one file as it is listed. Raises :class:`ArchiveError` where it is not."""
    if not member.isreg() or member.issparse() or member.size != own.size:
        raise ArchiveError(f"{own.path} is not the plain file that its list names")
    source = tar.extractfile(member)
    assert source is not None, "a plain file has content"
    target = folder / own.path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        if _copied(source, file) != own.sha256:
            raise ArchiveError(f"{own.path} is damaged: it is not as it was packed")
        file.flush()
        os.fdatasync(file.fileno())
    stamp = max(0, min(int(member.mtime), 2**33))
    os.utime(target, (stamp, stamp))


def _copied(source: IO[bytes], file: IO[bytes]) -> str:
    summed = hashlib.sha256()
    while piece := source.read(PIECE):
        summed.update(piece)
        file.write(piece)
    return summed.hexdigest()
