"""Silences: created, updated in place or replaced, expired; never deleted within a day."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from controlroom.lab.alertmanager.matchers import Matcher, MatcherError, all_match, compile_go

_ORDER = {"active": 0, "pending": 1, "expired": 2}


class SilenceError(ValueError):
    """A silence that is refused; the message is Alertmanager's."""


class NoSuchSilence(LookupError):
    """There is no silence of that id."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence; times are Unix seconds."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    updated_at: float
    created_by: str
    comment: str

    def state(self, now: float) -> str:
        if now < self.starts_at:
            return "pending"
        return "active" if now < self.ends_at else "expired"


@dataclass(frozen=True, slots=True)
class WantedSilence:
    """What a client asks for; `id` is empty for a new one."""

    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    created_by: str
    comment: str
    id: str = ""


class Silences:
    """All silences, ids drawn from `seed`."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"{seed}:silences")
        self._by_id: dict[str, Silence] = {}

    def get(self, silence_id: str) -> Silence:
        """Raises :class:`NoSuchSilence`."""
        try:
            return self._by_id[silence_id]
        except KeyError:
            raise NoSuchSilence(silence_id) from None

    def put(self, wanted: WantedSilence, now: float) -> Silence:
        """Creates or updates; raises :class:`SilenceError` or :class:`NoSuchSilence`.

        An update keeps the id only where start and matchers stay; otherwise the old silence is expired and
        a new one made.
        """
        if wanted.ends_at <= wanted.starts_at:
            raise SilenceError("Failed to create silence: start time must be before end time")
        if wanted.ends_at <= now:
            raise SilenceError("Failed to create silence: end time can't be in the past")
        _validate(wanted.matchers)
        if wanted.id:
            old = self.get(wanted.id)
            # Times pass through the API with three decimals.
            same_start = abs(old.starts_at - wanted.starts_at) < 0.001
            if same_start and old.matchers == wanted.matchers and old.state(now) != "expired":
                updated = replace(
                    old,
                    ends_at=wanted.ends_at,
                    updated_at=now,
                    created_by=wanted.created_by,
                    comment=wanted.comment,
                )
                self._by_id[old.id] = updated
                return updated
            self.expire(old.id, now)
        created = Silence(
            id=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            matchers=wanted.matchers,
            starts_at=max(wanted.starts_at, now),
            ends_at=wanted.ends_at,
            updated_at=now,
            created_by=wanted.created_by,
            comment=wanted.comment,
        )
        self._by_id[created.id] = created
        return created

    def expire(self, silence_id: str, now: float) -> None:
        """Ends a silence now, again without effect; raises :class:`NoSuchSilence`."""
        old = self.get(silence_id)
        if old.state(now) != "expired":
            starts_at = min(old.starts_at, now)
            self._by_id[silence_id] = replace(old, starts_at=starts_at, ends_at=now, updated_at=now)

    def listed(self, filters: Sequence[Matcher], now: float) -> list[Silence]:
        """Those whose matchers, read as labels, pass the filters; active first, then pending, expired."""
        found = [one for one in self._by_id.values() if _passes(one, filters)]

        def order(one: Silence) -> tuple[int, float]:
            state = one.state(now)
            when = {"active": one.ends_at, "pending": one.starts_at, "expired": -one.ends_at}[state]
            return _ORDER[state], when

        return sorted(found, key=order)

    def silencing(self, labels: Mapping[str, str], now: float) -> list[str]:
        """The ids of the active silences that cover an alert."""
        return sorted(
            one.id
            for one in self._by_id.values()
            if one.state(now) == "active" and all_match(one.matchers, labels)
        )


def _validate(matchers: Iterable[Matcher]) -> None:
    for index, matcher in enumerate(matchers):
        if not matcher.is_regex:
            continue
        try:
            compile_go(matcher.value)
        except MatcherError as error:
            where = f"silence invalid: invalid label matcher {index}"
            text = f'{where}: invalid regular expression "{matcher.value}": {error}'
            raise SilenceError(text) from error
    if all(matcher.matches_value("") for matcher in matchers):
        raise SilenceError("silence invalid: at least one matcher must not match the empty string")


def _passes(silence: Silence, filters: Sequence[Matcher]) -> bool:
    values = {matcher.name: matcher.value for matcher in silence.matchers}
    return all_match(filters, values)
