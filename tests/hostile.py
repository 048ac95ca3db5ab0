"""Texts that mean harm, and events all of whose texts are such."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec

from controlroom.core.events import Body, Event
from controlroom.core.events.envelope import kinds
from controlroom.core.values import Value, changed

COUNT = 500

_PIECES: tuple[str, ...] = (
    # Markup of the libraries that paint, and of the pages that are written.
    "[red on blue]", "[/]", "[@click=app.quit]go[/]", "[link=https://example.org]", "[", "\\[", "]]", "[/none]",
    ":bomb:", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "](javascript:alert(1))", "```", "| a | b |",
    "&lt;", "\"'", "$(reboot)", "=1+1", "{{7*7}}", "%s%n",
    # What a terminal obeys: CSI, OSC, DCS, SOS, PM and APC, in both forms, whole, cut off and nested.
    "\x1b[7777m", "\x1b[777;777H", "\x1b[2J", "\x1b[?47h", "\x1b[?1049l", "\x1b[3g", "\x1b[5n", "\x1b[21t", "\x1bc",
    "\x1b]0;owned\x07", "\x1b]2;owned\x1b\\", "\x1b]8;;https://example.org\x1b\\", "\x1b]52;c;cm0gLXJm\x07",
    "\x1b]10;?\x07", "\x1bP$qm\x1b\\", "\x1bX sos\x1b\\", "\x1b^ pm\x1b\\", "\x1b_ apc\x1b\\", "\x1b(0", "\x1b#8",
    "\x1b[77", "\x1b]0;never ended", "\x1bP", "\x1b", "\x1b\x1b[[7777mm", "\x1b[\x1b[7777m7777m", "\x9b7777m",
    "\x9b2J", "\x9d0;owned\x9c", "\x90q\x9c", "\x84", "\x85", "\x8d", "\x98", "\x9e", "\x9f",
    # Other controls and what ends a line.
    "\x00", "\x07", "\x08\x08\x08\x08", "\x0b", "\x0c", "\r", "\n", "\r\n", "\t", "\x0e", "\x0f", "\x11", "\x13",
    "\x18", "\x1a", "\x7f", "\u2028", "\u2029",
    # Direction of writing, and what cannot be seen.
    "\u202e", "\u202d", "\u202a", "\u202b", "\u202c", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f",
    "\u061c", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e", "\ufff9", "\U000e0041", "\u3164",
    # What has no code, or no width that all agree on.
    "\ud800", "\udfff", "\ud83d", "\ufdd0", "\ufffe", "\U0010ffff", "\ue000", "\u0378", "👩\u200d🚀",
    "👨🏾\u200d🤝\u200d👨🏼", "❤\ufe0f", "🇩🇪", "👍🏽", "1\ufe0f\u20e3", "🏴\U000e0067\U000e0062\U000e007f", "漢字", "ｶﾞ",
    "한", "\u1112\u1161\u11ab", "שלום", "مرحبا", "e\u0301", "\u0301", "a" + "\u0300\u0316" * 40, "Z\u0334\u0317", "ﷺ",
)  # fmt: skip


@cache
def hostile(seed: int = 20261122) -> tuple[str, ...]:
    """500 of them; each holds a word of its own, as `h123q`, by which it is known again."""
    chance = random.Random(seed)
    found = []
    for number in range(COUNT):
        around = [_PIECES[number % len(_PIECES)], *chance.choices(_PIECES, k=chance.randrange(4))]
        chance.shuffle(around)
        cut = chance.randrange(len(around) + 1)
        text = "".join(around[:cut]) + f"h{number}q" + "".join(around[cut:])
        found.append(text + "x" * 5000 if number % 100 == 99 else text)
    return tuple(found)


class Sully:
    """Puts a hostile text into every text of a value; the same text gets the same, so that names still match."""

    def __init__(self, texts: Sequence[str] | None = None, kept: Iterable[str] = ()) -> None:
        self._texts = hostile() if texts is None else texts
        self._kept = frozenset(kept)
        """Texts that stay as they are."""
        self._known: dict[str, str] = {}

    def give(self, text: str, number: int) -> str:
        """The text with the hostile one of that number before it."""
        self._known[text] = f"{self._texts[number % len(self._texts)]}{text}"
        return text

    def text(self, text: str) -> str:
        if not text or text in self._kept:
            return text
        if text not in self._known:
            number = len(self._known)
            own = self._texts[number % len(self._texts)]
            self._known[text] = f"{own}{text}" if number % 2 else f"{text}{own}"
        return self._known[text]

    def event(self, event: Event) -> Event:
        actor = changed(event.actor, name=self.text(event.actor.name))
        return changed(event, actor=actor, body=self.value(event.body))

    def value(self, value: Any) -> Any:
        """The same value with hostile texts; what may only be one of a few words stays."""
        if not isinstance(value, Value):
            return value
        return changed(value, **{
            field.name: self._of(field.type, getattr(value, field.name)) for field in _fields(type(value))
        })  # fmt: skip

    def _of(self, kind: msgspec.inspect.Type, value: Any) -> Any:
        if isinstance(value, Value):
            return self.value(value)
        if isinstance(value, str):
            return self.text(value) if _free(kind) else value
        if isinstance(value, tuple):
            return tuple(
                self._of(inner, one) for inner, one in zip(_items(kind, len(value)), value, strict=True)
            )
        if isinstance(value, dict):
            keys, values = _dict(kind)
            return {self._of(keys, key): self._of(values, one) for key, one in value.items()}
        return value


@cache
def _fields(kind: type[Value]) -> tuple[msgspec.inspect.Field, ...]:
    found = msgspec.inspect.type_info(kind)
    assert isinstance(found, msgspec.inspect.StructType)
    return found.fields


def _parts(kind: msgspec.inspect.Type) -> tuple[msgspec.inspect.Type, ...]:
    return kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)


def _free(kind: msgspec.inspect.Type) -> bool:
    return any(isinstance(own, msgspec.inspect.StrType) for own in _parts(kind))


def _items(kind: msgspec.inspect.Type, count: int) -> list[msgspec.inspect.Type]:
    for own in _parts(kind):
        if isinstance(own, msgspec.inspect.VarTupleType):
            return [own.item_type] * count
        if isinstance(own, msgspec.inspect.TupleType):
            return list(own.item_types)
    raise TypeError(f"{kind} is no tuple")


def _dict(kind: msgspec.inspect.Type) -> tuple[msgspec.inspect.Type, msgspec.inspect.Type]:
    for own in _parts(kind):
        if isinstance(own, msgspec.inspect.DictType):
            return own.key_type, own.value_type
    raise TypeError(f"{kind} is no dictionary")


B = TypeVar("B", bound=Body)


def with_texts() -> list[type[Body]]:
    """Kinds of events that carry a text which is not one of a few words."""
    return [kind for kind in kinds() if any(_free(field.type) for field in _fields(kind))]
