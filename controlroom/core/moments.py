"""A moment of a session as a person types it: one language for the room's `:`, for `replay --at` and `show --at`.

T+27:30  27:30  1:02:03   session time; minutes may go past 59
1650  1650s  27m  1.5h    session time in seconds, unless a unit says otherwise
-2:30  +5m                that long before or after where one stands (from a shell: before the end)
@15:41  @15:41:20         time of day in the plan's zone; 2026-11-23T15:41 with its day
alert:NAME  phase:NAME  exp:NAME  note:TEXT  mark:NAME  fault:NAME  inject:NAME  halt  gap
                          the next such moment after where one stands, else the first; `#2` is the second
start  end
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from controlroom.core.plan import Plan
from controlroom.core.playhead import History
from controlroom.core.stops import Stop
from controlroom.core.values import Value

HOW = "T+27:30, 27:30, 90s, -2:30, @15:41, alert:NAME, phase:NAME, exp:NAME, note:TEXT, start or end"

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{2}(?:\.\d+)?)")
_UNITS = re.compile(r"(\d+(?:\.\d+)?)\s*([smh]?)", re.I)
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_WALL = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?(Z?)", re.I)
WORDS = ("alert", "phase", "exp", "note", "mark", "fault", "inject", "halt", "gap", "bookmark")
"""What a moment may be named by."""
_SHORT = {"experiment": "exp", "bm": "bookmark", "annotation": "bookmark"}


class BadMoment(ValueError):
    """A text that is no moment of a session; the message says what would be one."""


class Scene(Value):
    """What a typed moment may refer to."""

    now: float
    """Session second at which one stands."""
    end: float
    opened_at: datetime | None = None
    plan: Plan | None = None
    stops: Sequence[Stop] = ()


def length(text: str) -> float | None:
    """Seconds of `27:30`, `1:02:03`, `90`, `90s`, `27m`, `1.5h`; None: it is none of these."""
    if found := _UNITS.fullmatch(text):
        return float(found[1]) * _SECONDS[found[2].lower()]
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    if float(found[3]) >= 60 or (found[1] is not None and int(found[2]) >= 60):
        raise BadMoment(f"{text}: there are 60 seconds in a minute, and 60 minutes in an hour")
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3])


def moment_of(text: str, scene: Scene) -> float:
    """Session seconds of what was typed. Raises :class:`BadMoment`."""
    bare = text.strip()
    if bare.lower() in ("start", "end"):
        return 0.0 if bare.lower() == "start" else scene.end
    word, colon, rest = bare.partition(":")
    word = _SHORT.get(word.lower(), word.lower())
    if (colon or "#" in word or word in ("halt", "gap")) and word.partition("#")[0] in WORDS:
        return _named(word, rest, scene)
    if bare[:1] in "+-" and bare[1:]:
        seconds = length(bare[1:].strip())
        if seconds is not None:
            return max(0.0, scene.now + (seconds if bare[0] == "+" else -seconds))
    elif bare.startswith("@") or re.match(r"\d{4}-\d", bare):
        return _wall(bare.removeprefix("@").strip(), scene)
    elif (seconds := length(re.sub(r"^[Tt]\+", "", bare))) is not None:
        return seconds
    raise BadMoment(f"{text!r} is no moment of a session: write {HOW}")


def _wall(text: str, scene: Scene) -> float:
    """A time of day; without its day the first such within the session, else on the day it began."""
    found, opened = _WALL.fullmatch(text), scene.opened_at
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:
        raise BadMoment(f"@{text} is no time of day: write @15:41, @15:41:20 or 2026-11-23T15:41")
    if opened is None:
        raise BadMoment("the session has not begun: it has no time of day yet")
    zone = _zone("UTC" if found[5] else scene.plan.zone if scene.plan else "UTC")
    local = opened.astimezone(zone)
    try:
        day = datetime.fromisoformat(found[1]) if found[1] else local
    except ValueError as error:
        raise BadMoment(f"{found[1]} is no day") from error
    second = float(found[4] or 0)
    at = datetime(
        day.year, day.month, day.day, int(found[2]), int(found[3]), int(second), int(second % 1 * 1e6), zone
    )
    t = (at - opened).total_seconds()
    if found[1] is None and t < -60 and t + 86400 <= scene.end:
        t = (at + timedelta(days=1) - opened).total_seconds()
    if t < -60 or t > scene.end + 60:
        last = (opened + timedelta(seconds=scene.end)).astimezone(zone)
        raise BadMoment(f"@{text} is outside the session: it lasts from {local:%H:%M} to {last:%H:%M}")
    return min(max(0.0, t), scene.end)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _named(word: str, rest: str, scene: Scene) -> float:
    """The next moment of that kind and name after where one stands, else the first."""
    word, _, number = word.partition("#")
    name, sharp, count = rest.rpartition("#")
    if sharp and count.strip().isdigit():
        rest, number = name, count
    found = matching(word, rest.strip(), scene)
    if not found:
        known = ", ".join(names(word, scene)[:6])
        what = f"no {word} {rest.strip()!r}" if rest.strip() else f"no {word}"
        raise BadMoment(f"{what} in this session" + (f"; there are: {known}" if known else ""))
    if number.strip().isdigit():
        place = int(number)
        if not 1 <= place <= len(found):
            raise BadMoment(f"{word}:{rest.strip()} was there {len(found)} times")
        return found[place - 1].t
    return next((stop.t for stop in found if stop.t > scene.now + 0.001), found[0].t)


def matching(word: str, name: str, scene: Scene) -> list[Stop]:
    """The moments that `word:name` may mean, in the order of time."""
    lower = name.lower()
    kind = {"exp": "fault"}.get(word, word)
    own = [stop for stop in scene.stops if stop.kind == kind]
    if word in ("note", "mark", "bookmark"):
        return [stop for stop in own if lower in stop.text.lower() or lower == stop.about.lower()]
    titles = _titles(word, scene.plan)
    exact = [stop for stop in own if lower in (stop.about.lower(), titles.get(stop.about, "").lower())]
    found = exact or [
        stop
        for stop in own
        if lower in stop.about.lower() or lower in titles.get(stop.about, stop.text).lower()
    ]
    sign = {"alert": " firing", "phase": " began", "exp": " requested"}.get(word)
    return [stop for stop in found if sign and stop.text.endswith(sign)] or found


def names(word: str, scene: Scene) -> list[str]:
    """What may stand behind `word:`, in the order in which it first happened."""
    kind = {"exp": "fault"}.get(word, word)
    named = word in ("note", "mark", "bookmark")
    found = (stop.text if named else stop.about for stop in scene.stops if stop.kind == kind)
    return [name for name in dict.fromkeys(found) if name]


def completions(text: str, scene: Scene) -> list[str]:
    """What a text that is being typed may become."""
    word, colon, rest = text.strip().partition(":")
    word = _SHORT.get(word.lower(), word.lower())
    if not colon:
        return [own + ":" for own in WORDS if word and own.startswith(word) and names(own, scene)]
    if word not in WORDS:
        return []
    lower = rest.strip().lower()
    found = [own for own in names(word, scene) if lower in own.lower()]
    found.sort(key=lambda own: not own.lower().startswith(lower))
    return [f"{word}:{own}" for own in found]


def _titles(word: str, plan: Plan | None) -> dict[str, str]:
    """Titles of what the plan names, by its id."""
    if plan is None:
        return {}
    if word == "phase":
        return {own.id: own.title for own in plan.phases}
    return {own.id: own.title for own in plan.experiments} if word in ("exp", "fault") else {}


def scene_of(history: History, now: float | None = None, further: Sequence[Stop] = ()) -> Scene:
    """A whole session, from where one stands in it (None: its end), with further moments to name."""
    state = history.head
    stops = sorted([*history.stops, *further], key=lambda stop: stop.t) if further else history.stops
    return Scene(
        now=state.t if now is None else now,
        end=state.t,
        opened_at=state.opened_at,
        plan=state.plan,
        stops=tuple(stops),
    )
