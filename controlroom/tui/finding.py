"""How well a text fits what somebody types to find it. Pure; texts from a cluster may be of any length."""

from __future__ import annotations

from typing import NamedTuple

SHORT = 60
"""Characters up to which letters may lie scattered: in a long text any letters would be found."""


class Fit(NamedTuple):
    """A text that fits. More is better."""

    score: float
    spans: tuple[tuple[int, int], ...]
    """Begin and end of what was found in it."""


def fit(query: str, text: str) -> Fit | None:
    """Every word of the query must be in the text, in any order: at the start of a word, within one, or scattered."""
    low = text.casefold()
    if len(low) != len(text):  # where the letters do not stand in the same places, only small letters count
        low = text.lower() if len(text.lower()) == len(text) else text
    words = query.casefold().split()
    found = [_word(word, low) for word in words]
    known = [own for own in found if own is not None]
    if not words or len(known) < len(words):
        return None
    spans = tuple(span for own in known for span in own.spans)
    # Of two texts that fit equally well the shorter says it more exactly.
    return Fit(sum(own.score for own in known) / len(known) - min(len(text), 200) / 100, spans)


def _word(word: str, text: str) -> Fit | None:
    at = text.find(word)
    starts = at
    while starts > 0 and text[starts - 1].isalnum():
        starts = text.find(word, starts + 1)
    if starts >= 0 and at >= 0:
        end = starts + len(word)
        whole = end == len(text) or not text[end].isalnum()
        return Fit((100.0 if starts == 0 else 80.0) + (10.0 if whole else 0.0), ((starts, end),))
    if at >= 0:
        return Fit(50.0, ((at, at + len(word)),))
    return _scattered(word, text) if len(text) <= SHORT and len(word) >= 2 else None


def _scattered(word: str, text: str) -> Fit | None:
    """The letters in their order with others between: `ntl` for *Network Latency*."""
    spans: list[tuple[int, int]] = []
    at = -1
    for letter in word:
        at = text.find(letter, at + 1)
        if at < 0:
            return None
        if spans and spans[-1][1] == at:
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
    return Fit(30.0 / len(spans), tuple(spans))
