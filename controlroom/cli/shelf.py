"""The saved sessions of a folder, as the sessions sheet handles them. What it takes is imported when it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.core.clean import clean
from controlroom.journal.folder import SessionFolder
from controlroom.tui.shelf import Order, Prunable, SavedSession, ShelfError

if TYPE_CHECKING:
    from controlroom.core.comparing import Comparison
    from controlroom.journal.listing import Listed


class FolderShelf:
    """Implements :class:`~controlroom.tui.shelf.Shelf`."""

    def __init__(self, sessions: Path) -> None:
        self._sessions = sessions

    def listed(self, text: str = "", order: Order = "when") -> Sequence[SavedSession]:
        from controlroom.journal import listing

        found = listing.matching(listing.all_listed(self._sessions), text)
        return [self._saved(own) for own in listing.ordered(found, order)]

    def _saved(self, own: Listed) -> SavedSession:
        from controlroom.journal.report.words import span

        return SavedSession(
            path=self._sessions / own.name,
            title=clean(own.problem or own.title, 200),
            day=f"{own.when:%Y-%m-%d %H:%M}" if own.when else "",
            verdict=own.verdict or own.status,
            length=span(own.length) if own.length is not None else "",
            size=own.size,
            tags=own.tags,
        )

    def total(self, found: Sequence[SavedSession]) -> str:
        from controlroom.journal.listing import size_of

        count = len(found)
        return f"{count} session{'s' if count != 1 else ''}, {size_of(sum(own.size for own in found))}"

    def compare(self, paths: Sequence[Path]) -> Comparison:
        from controlroom.cli.codes import Stop
        from controlroom.cli.compare import beside

        try:
            return beside([SessionFolder(path) for path in paths], self._sessions)
        except Stop as error:
            raise ShelfError(str(error)) from error

    def tag(self, name: str, words: str) -> str:
        from controlroom.journal import tags

        folder = self._folder(name)
        try:
            now = {tags.tag_of(word) for word in words.split()}
            found = tags.change_tags(folder, now, set(tags.read_tags(folder)) - now)
        except tags.BadTag as error:
            raise ShelfError(str(error)) from error
        except OSError as error:
            raise ShelfError(f"the tags cannot be written: {error.strerror}") from error
        return f"tagged {' '.join(found)}" if found else "no tags"

    def verify(self, name: str) -> tuple[str, ...]:
        from controlroom.journal.checking import checked

        found = checked(self._folder(name))
        said = {
            "whole": f"As it was written: {found.events} events, their chain unbroken.",
            "changed": "CHANGED since it was written:",
            "unreadable": "It cannot be read:",
        }[found.state]
        lines = [f"line {own.line}: {own.why}" for own in found.broken]
        if more := found.broken_lines - len(found.broken):
            lines.append(f"and {more} more lines")
        return (said, *lines, *found.wrong, *(f"note: {why}" for why in found.remarks))

    def export(self, name: str) -> str:
        from controlroom.journal.archive import ArchiveError, export
        from controlroom.journal.listing import size_of

        target = self._sessions / f"{name}.tar.gz"
        try:
            size = export(self._folder(name), target)
        except ArchiveError as error:
            raise ShelfError(str(error)) from error
        except OSError as error:
            raise ShelfError(f"{target}: {error.strerror}") from error
        return f"{target} ({size_of(size)})"

    def take_in(self, file: str) -> str:
        from controlroom.journal.archive import ArchiveError, unpack

        try:
            return unpack(Path(file).expanduser(), self._sessions).name
        except ArchiveError as error:
            raise ShelfError(str(error)) from error
        except OSError as error:
            raise ShelfError(f"{file}: {error.strerror}") from error

    def prunable(self, age: str) -> Prunable:
        from controlroom.journal import listing, pruning

        try:
            found = pruning.prunable(self._sessions, pruning.age_of(age))
        except pruning.BadAge as error:
            raise ShelfError(str(error)) from error
        told = [f"goes   {_line(own)}" for own in found.gone]
        told += [f"stays  {_line(own.session)}: {own.why}" for own in found.kept]
        return Prunable(tuple(own.name for own in found.gone), tuple(told), listing.total(found.gone))

    def remove(self, names: Sequence[str]) -> tuple[str, ...]:
        from controlroom.journal import pruning

        gone, stayed = 0, []
        for name in names:
            try:
                why = pruning.remove(self._sessions, name)
            except OSError as error:
                why = error.strerror or str(error)
            gone += not why
            if why:
                stayed.append(f"{clean(name)} stays: {why}")
        return (f"{gone} removed", *stayed)

    def _folder(self, name: str) -> SessionFolder:
        folder = SessionFolder(self._sessions / name)
        if not folder.journal.is_file():
            raise ShelfError(f"{name} is not there any more")
        return folder


def _line(own: Listed) -> str:
    from controlroom.journal.listing import size_of

    when = f"{own.when:%Y-%m-%d}" if own.when is not None else "-"
    return f"{clean(own.name)}  {when}  {size_of(own.size)}"
