"""Label sets and the matchers that choose among them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

METRIC_NAME = "__name__"
BUCKET_LABEL = "le"

Operator = Literal["=", "!=", "=~", "!~"]

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def is_label_name(text: str) -> bool:
    """Whether `text` may name a label."""
    return _LABEL_NAME.fullmatch(text) is not None


class Labels:
    """A frozen set of labels, sorted by name; an empty value is the same as no label."""

    __slots__ = ("_hash", "_values", "pairs")

    def __init__(self, values: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        kept = {name: value for name, value in dict(values).items() if value}
        self.pairs: tuple[tuple[str, str], ...] = tuple(sorted(kept.items()))
        self._values = kept
        self._hash = hash(self.pairs)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Labels) and self.pairs == other.pairs)

    def __lt__(self, other: Labels) -> bool:
        return self.pairs < other.pairs

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __repr__(self) -> str:
        return f"Labels({self})"

    def __str__(self) -> str:
        """The notation of error messages: {__name__="up", job="pods"}."""
        quoted = (f'{name}="{_escape(value)}"' for name, value in self.pairs)
        return "{" + ", ".join(quoted) + "}"

    def get(self, name: str) -> str:
        """The value of a label, "" where there is none."""
        return self._values.get(name, "")

    def as_dict(self) -> dict[str, str]:
        """A new dictionary, names in order."""
        return dict(self.pairs)

    def without(self, names: Collection[str]) -> Labels:
        """All labels but those named."""
        return Labels(pair for pair in self.pairs if pair[0] not in names)

    def only(self, names: Collection[str]) -> Labels:
        """Those labels that are named."""
        return Labels(pair for pair in self.pairs if pair[0] in names)

    def replaced(self, changes: Mapping[str, str]) -> Labels:
        """With some labels set; an empty value removes one."""
        return Labels({**self._values, **changes})

    def nameless(self) -> Labels:
        """Without the metric name."""
        return self.without((METRIC_NAME,)) if METRIC_NAME in self._values else self


NO_LABELS = Labels()


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def metric(name: str, labels: Mapping[str, str] | None = None) -> Labels:
    """The labels of a series named `name`."""
    return Labels({**(labels or {}), METRIC_NAME: name})


@lru_cache(maxsize=1024)
def anchored(pattern: str) -> re.Pattern[str]:
    """A regular expression that must match the whole value, as in a matcher; raises `re.error`."""
    return re.compile(f"^(?:{pattern})\\Z", re.DOTALL)


@dataclass(frozen=True)
class Matcher:
    """One condition of a selector."""

    name: str
    operator: Operator
    value: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return anchored(self.value)

    def matches(self, value: str) -> bool:
        """Whether a label with this value ("" for a missing label) fulfils the condition."""
        if self.operator == "=":
            return value == self.value
        if self.operator == "!=":
            return value != self.value
        found = self._pattern.match(value) is not None
        return found if self.operator == "=~" else not found
