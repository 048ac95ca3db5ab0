"""The file of bookmarks: beside a recording, never in it; where its folder takes no file, among the account's data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from controlroom.core.bookmarks import Bookmark
from controlroom.core.clean import clean
from controlroom.core.hiding import Net
from controlroom.journal.folder import write_private

FILE, FORMAT = "bookmarks.json", 1


class BookmarksError(OSError):
    """They cannot be read or written; the message says why."""


class _File(msgspec.Struct):
    v: int = FORMAT
    bookmarks: tuple[Bookmark, ...] = ()


_decoder = msgspec.json.Decoder(_File)


class FileBookmarks:
    """Of one session's folder."""

    def __init__(self, folder: Path, elsewhere: Path | None = None) -> None:
        """`elsewhere`: the folder for those of sessions that take no file of ours; by default the account's data."""
        self._folder = folder
        self._elsewhere = elsewhere or _data() / "bookmarks"

    @property
    def path(self) -> Path:
        """Where they are kept."""
        beside = self._folder / FILE
        if beside.is_file() or (os.access(self._folder, os.W_OK) and not _shipped(self._folder)):
            return beside
        return self._elsewhere / f"{self._folder.name}.json"

    def read(self) -> tuple[Bookmark, ...]:
        """In the order of time. Raises :class:`BookmarksError`; no file is none."""
        try:
            found = _decoder.decode(self.path.read_bytes())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise BookmarksError(f"{self.path}: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BookmarksError(f"{self.path} cannot be read and is left as it is: {error}") from error
        if found.v > FORMAT:
            raise BookmarksError(f"{self.path}: format {found.v} is of a later version of the program")
        cleaned = (msgspec.structs.replace(own, text=clean(own.text)) for own in found.bookmarks)
        return tuple(sorted(cleaned, key=lambda own: own.t))

    def write(self, found: Sequence[Bookmark]) -> None:
        """All of them, in one step, without what looks like a secret. Raises :class:`BookmarksError`.

        A file that cannot be read is not written over: what it holds is somebody's.
        """
        self.read()
        path, net = self.path, Net()
        kept = tuple(msgspec.structs.replace(own, text=net.text(own.text)) for own in found)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, msgspec.json.encode(_File(bookmarks=kept)))
        except OSError as error:
            raise BookmarksError(f"{path}: {error.strerror}") from error


def _data() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "controlroom"


def _shipped(folder: Path) -> bool:
    """The recording that comes with the program stays as it came."""
    from controlroom.shipped import shipped

    example = shipped("sessions") / "example"
    return example.is_dir() and example.samefile(folder)
