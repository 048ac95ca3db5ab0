"""Tags of a session: words of one's own, in a small file beside the journal and never in the recording."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from controlroom.journal.folder import SessionFolder, write_private

TAGS = "tags.json"
KEEP = "keep"
"""A session with this tag is never pruned."""
LONGEST, MOST = 40, 50

_TAG = re.compile(r"[a-z0-9][a-z0-9._-]*")


class BadTag(ValueError):
    """A word that cannot be a tag; the message says what can."""


class _File(msgspec.Struct):
    tags: tuple[str, ...] = ()


_decoder = msgspec.json.Decoder(_File)


def tag_of(text: str) -> str:
    """The tag that a person means. Raises :class:`BadTag`."""
    word = text.strip().lstrip("#").casefold()
    if len(word) > LONGEST or not _TAG.fullmatch(word):
        raise BadTag(f"{text!r} is no tag: small letters, digits, `.`, `_` and `-`, at most {LONGEST}")
    return word


def read_tags(folder: SessionFolder) -> tuple[str, ...]:
    """In order of the alphabet. A file that cannot be read has none: tags are a help, not the record."""
    try:
        found = _decoder.decode((folder.path / TAGS).read_bytes()).tags
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ()
    return tuple(sorted({own for own in found if len(own) <= LONGEST and _TAG.fullmatch(own)})[:MOST])


def change_tags(folder: SessionFolder, add: Iterable[str], remove: Iterable[str] = ()) -> tuple[str, ...]:
    """Adds and takes away; answers with what there is then. Raises :class:`BadTag` and OSError."""
    found = {*read_tags(folder), *map(tag_of, add)} - set(map(tag_of, remove))
    if len(found) > MOST:
        raise BadTag(f"a session has at most {MOST} tags")
    kept = tuple(sorted(found))
    if kept:
        write_private(folder.path / TAGS, msgspec.json.encode(_File(tags=kept)))
    else:
        (folder.path / TAGS).unlink(missing_ok=True)
    return kept
