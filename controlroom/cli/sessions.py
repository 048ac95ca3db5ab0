"""`controlroom sessions`: the list, and what can be done with saved sessions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.cli.codes import BROKEN, DONE, INCONCLUSIVE, NEEDS_IMPROVEMENT, Stop
from controlroom.cli.places import find_session, sessions_folder
from controlroom.journal.folder import sessions_in

if TYPE_CHECKING:
    from controlroom.journal.checking import Checked
    from controlroom.journal.listing import Listed
    from controlroom.journal.pruning import Pruning

WORD = "prune"
"""What a person types before anything is removed."""


def sessions(chosen: argparse.Namespace) -> int:
    """A line for each session."""
    from controlroom.journal.listing import all_listed, listing, matching, ordered

    place = sessions_folder(chosen.sessions)
    found = ordered(matching(all_listed(place), chosen.search, chosen.tag), chosen.sort)
    nothing = f"no sessions in {place}" + (" that match" if chosen.search or chosen.tag else "")
    print(listing(found, as_json=chosen.json, nothing=nothing), end="")
    return DONE


def verify(chosen: argparse.Namespace) -> int:
    """Whether sessions are as they were written: 0 all are, 1 one is not, 3 one could not be read."""
    import msgspec

    from controlroom.journal.checking import checked

    place = sessions_folder(chosen.sessions)
    named = [find_session(name, place) for name in chosen.session]
    found = [checked(folder) for folder in (named or sessions_in(place))]
    if chosen.json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        print("\n".join(_verified(found)) if found else f"no sessions in {place}")
    states = {own.state for own in found}
    return NEEDS_IMPROVEMENT if "changed" in states else INCONCLUSIVE if "unreadable" in states else DONE


def _verified(found: list[Checked]) -> list[str]:
    from controlroom.core.clean import clean

    lines = []
    for own in found:
        count = f"{own.events} event{'s' if own.events != 1 else ''}"
        lines.append(
            f"{own.state.upper() if own.state != 'whole' else own.state:<10}  {clean(own.session)}  {count}"
        )
        lines += [f"            line {line.line}: {line.why}" for line in own.broken]
        if more := own.broken_lines - len(own.broken):
            lines.append(f"            and {more} more lines")
        lines += [f"            {why}" for why in own.wrong]
        lines += [f"            note: {why}" for why in own.remarks]
    return lines


def tag(chosen: argparse.Namespace) -> int:
    """Adds tags to a session, or takes them away; prints those that it has then."""
    from controlroom.journal.tags import BadTag, change_tags

    folder = find_session(chosen.session, sessions_folder(chosen.sessions))
    try:
        print(" ".join(change_tags(folder, chosen.tags, chosen.remove)) or "no tags")
    except BadTag as error:
        raise Stop(str(error)) from error
    return DONE


def export(chosen: argparse.Namespace) -> int:
    """Writes a session into one file."""
    from controlroom.journal.archive import ArchiveError
    from controlroom.journal.archive import export as write
    from controlroom.journal.listing import size_of

    folder = find_session(chosen.session, sessions_folder(chosen.sessions))
    target: Path = chosen.to or Path(f"{folder.name}.tar.gz")
    if target.is_dir():
        target = target / f"{folder.name}.tar.gz"
    try:
        size = write(folder, target)
    except ArchiveError as error:
        raise Stop(str(error), BROKEN) from error
    print(f"{target} ({size_of(size)})")
    return DONE


def take_in(chosen: argparse.Namespace) -> int:
    """Puts the session of an archive among the others."""
    from controlroom.journal.archive import ArchiveError, unpack

    try:
        print(unpack(chosen.file, sessions_folder(chosen.sessions), chosen.name or "").path)
    except ArchiveError as error:
        raise Stop(str(error), BROKEN) from error
    return DONE


def prune(chosen: argparse.Namespace) -> int:
    """Names sessions that are older than asked, and removes them after a typed word."""
    from controlroom.journal.listing import size_of, total
    from controlroom.journal.pruning import BadAge, age_of, prunable

    place = sessions_folder(chosen.sessions)
    try:
        found = prunable(place, age_of(chosen.older_than))
    except BadAge as error:
        raise Stop(str(error)) from error
    if chosen.json:
        return _pruned_as_json(chosen, place, found)
    for kept in found.kept:
        print(f"stays  {_line(kept.session)}: {kept.why}")
    for own in found.gone:
        print(f"goes   {_line(own)}")
    if not found.gone:
        print(f"nothing in {place} that is older and may go")
        return DONE
    if not chosen.yes and not sys.stdin.isatty():
        print(f"nothing was removed ({total(found.gone)} would go); --yes removes without a question")
        return DONE
    if not chosen.yes and not _typed(f"{total(found.gone)} would be removed for good."):
        raise Stop("nothing was removed", NEEDS_IMPROVEMENT)
    gone, stayed = _removed(place, found)
    for name, why in stayed.items():
        print(f"controlroom: {name} stays: {why}", file=sys.stderr)
    freed = size_of(sum(own.size for own in found.gone if own.name in gone))
    print(f"{len(gone)} removed, {freed} freed")
    return BROKEN if stayed else DONE


def _pruned_as_json(chosen: argparse.Namespace, place: Path, found: Pruning) -> int:
    """One object; with `--yes` they are removed."""
    import msgspec

    gone, stayed = _removed(place, found) if chosen.yes else ([], {})
    shape = {
        "candidates": found.gone,
        "kept": found.kept,
        "removed": gone,
        "failed": stayed,
        "size": found.size,
    }
    print(msgspec.json.format(msgspec.json.encode(shape), indent=2).decode())
    return BROKEN if stayed else DONE


def _removed(place: Path, found: Pruning) -> tuple[list[str], dict[str, str]]:
    """Names that are gone, and why the others are not."""
    from controlroom.journal.pruning import remove

    gone: list[str] = []
    stayed: dict[str, str] = {}
    for own in found.gone:
        try:
            why = remove(place, own.name)
        except OSError as error:
            why = error.strerror or str(error)
        if why:
            stayed[own.name] = why
        else:
            gone.append(own.name)
    return gone, stayed


def _line(own: Listed) -> str:
    from controlroom.core.clean import clean
    from controlroom.journal.listing import size_of

    when = f"{own.when:%Y-%m-%d}" if own.when is not None else "-"
    return f"{clean(own.name)}  {when}  {size_of(own.size)}  {clean(own.title, 60)}".rstrip()


def _typed(about: str) -> bool:
    print(about, file=sys.stderr)
    try:
        return input(f"Type {WORD} to go on: ").strip() == WORD
    except EOFError:
        return False
