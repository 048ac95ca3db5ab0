"""Text from outside made harmless for a terminal and for a line of text.

A name, a message or a query answer may carry whatever its author put there: escape sequences that move the
cursor or set the window's title, control characters, marks that turn the direction of writing. The grammar
of the sequences is that of ECMA-48 (CSI, OSC, DCS, SOS, PM, APC) in its 7-bit and 8-bit forms.
"""

from __future__ import annotations

import re

ELLIPSIS = "…"

_SEQUENCE = re.compile(
    r"""
    (?: \x1b \[ | \x9b ) [0-?]* [ -/]* [@-~]?                          # CSI … final byte
  | (?: \x1b [\]PX^_] | [\x9d\x90\x98\x9e\x9f] )                       # OSC, DCS, SOS, PM, APC …
    [^\x07\x1b\x9c]* (?: \x07 | \x9c | \x1b \\ )?                      # … up to BEL or ST
  | \x1b [ -/]* [0-~]?                                                 # other escapes
    """,
    re.VERBOSE,
)

_SPACE = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]")

_HARMFUL = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn the direction of writing
    "\ufeff"  # byte order mark
    "\ufff9-\ufffb"  # interlinear annotation
    "\U000e0000-\U000e007f"  # tags: invisible text
    "\ud800-\udfff"  # lone surrogates: not encodable
    "]"
)


def clean(text: str, most: int = 500) -> str:
    """`text` as one line without controls, sequences or direction marks, of at most `most` characters.

    A sequence is taken out whole; a line break or tab becomes a space; what is too long ends in an
    ellipsis. Cleaning what is clean changes nothing.
    """
    if len(text) <= most and text.isascii() and text.isprintable():
        return text  # as nearly all is, thousands of times a second
    harmless = _HARMFUL.sub("", _SPACE.sub(" ", _SEQUENCE.sub("", text)))
    return _bounded(harmless, most)


def _bounded(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return text[: max(most - 1, 0)] + ELLIPSIS[:most]
