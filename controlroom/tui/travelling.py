"""Going through a session's time: what the keys of the group *Time travel* do. No key of these asks the room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from controlroom.core.bookmarks import added, here, renamed
from controlroom.core.moments import BadMoment, Scene, completions, moment_of
from controlroom.core.stops import PLURALS
from controlroom.tui.desk import Desk
from controlroom.tui.text import clock

STEP, FINE = 30.0, 5.0
"""Session seconds that one key press seeks."""
KEYS = {"alert": "a", "fault": "f", "mark": "m", "note": "n", "phase": "p", "inject": "i", "halt": "h", "gap": "g",
        "bookmark": "b"}  # fmt: skip
"""The key that chooses each kind of moments."""
WHERE_BOOKMARKS_ARE = (
    "Never in the recording: in a file beside it or, where its folder",
    "is not to be written to, among this account's data.",
)


def seek(by: float) -> Callable[[Desk], None]:
    def handler(desk: Desk) -> None:
        if desk.follower is not None:
            desk.follower.seek_by(by)
            desk.sought()

    return handler


def to_stop(forward: bool) -> Callable[[Desk], None]:
    def handler(desk: Desk) -> None:
        if desk.follower is None:
            return
        if not desk.follower.to_stop(forward):
            where = "after" if forward else "before"
            desk.say(f"no {desk.follower.kind or 'moment'} {where} this")
        desk.moved()

    return handler


def stop_kind(desk: Desk) -> None:
    """Which moments the two keys go to."""
    from controlroom.tui.screens.simple import Choice, Option

    follower = desk.follower
    if follower is None:
        return
    counts = Counter(own.kind for own in follower.stops)
    options = [Option("e", "everything", "", str(len(follower.stops)))]
    options += [Option(key, PLURALS[kind], kind, str(counts[kind])) for kind, key in KEYS.items()]

    def then(kind: str | None) -> None:
        if kind is not None:
            follower.kind = kind
            desk.moved()

    before, after = desk.now.keys.shown("stop_before"), desk.now.keys.shown("stop_after")
    desk.open(Choice(desk.now, f"{before} and {after} go to …", options), then)


def to_phase(forward: bool) -> Callable[[Desk], None]:
    def handler(desk: Desk) -> None:
        if desk.follower is not None:
            desk.follower.to_phase(forward)
            desk.moved()

    return handler


def to_start(desk: Desk) -> None:
    if desk.follower is not None:
        desk.follower.seek(0.0)
        desk.moved()


def to_end(desk: Desk) -> None:
    if desk.follower is not None:
        desk.follower.to_head()
        desk.moved()


def loop_from(desk: Desk) -> None:
    if desk.follower is not None:
        desk.follower.loop_from()
        desk.say(f"loop from {clock(desk.follower.playhead.t)}: {desk.now.keys.shown('loop_to')} ends it")
        desk.moved()


def loop_to(desk: Desk) -> None:
    if desk.follower is None:
        return
    if not desk.follower.loop_to():
        desk.say(f"a loop begins first, before its end: {desk.now.keys.shown('loop_from')}", wrong=True)
    desk.moved()


def end_loop(desk: Desk) -> None:
    if desk.follower is not None:
        desk.follower.end_loop()
        desk.moved()


def scene(desk: Desk) -> Scene:
    """What a typed moment may refer to: no more than is known at the newest moment of this viewer."""
    now, follower = desk.now, desk.follower
    state = follower.history.head if follower is not None else now.state
    return Scene(
        now=now.t,
        end=now.head,
        opened_at=state.opened_at,
        plan=state.plan,
        stops=tuple(follower.stops if follower is not None else now.stops),
    )


def go_to(desk: Desk) -> None:
    """To a moment as it is typed, with what it may become."""
    from controlroom.tui.screens.moments import MomentPrompt

    def go(text: str | None) -> None:
        if text and desk.follower is not None:
            desk.follower.seek(moment_of(text, scene(desk)))
            desk.moved()

    def wrong(text: str) -> str:
        try:
            moment_of(text, scene(desk))
        except BadMoment as error:
            return str(error)
        return ""

    desk.open(MomentPrompt(desk.now, wrong, lambda text: completions(text, scene(desk))), go)


def bookmark(desk: Desk) -> None:
    """Names this moment; where one stands here already, changes its text or takes it away."""
    from controlroom.tui.screens.simple import Prompt

    follower = desk.follower
    if follower is None:
        return
    t = follower.playhead.t
    there = here(follower.bookmarks, t)

    def then(text: str | None) -> None:
        if text is None:
            return
        found = follower.bookmarks
        try:
            changed = renamed(found, there.id, text) if there is not None else added(found, t, text)
        except ValueError as error:
            desk.say(str(error), wrong=True)
            return
        if desk.keep_bookmarks(changed):
            follower.bookmarks = changed
            desk.moved()

    about = ("Nothing typed takes it away.",) if there is not None else WHERE_BOOKMARKS_ARE
    heading = f"bookmark at {clock(t)}"
    desk.open(Prompt(desk.now, heading, about, there.text if there is not None else ""), then)


def bookmarks(desk: Desk) -> None:
    """All of them, to go to one."""
    from controlroom.tui.screens.simple import Choice, Option

    follower = desk.follower
    if follower is None:
        return
    if not follower.bookmarks:
        desk.say(f"no bookmark so far: {desk.now.keys.shown('bookmark')} names this moment")
        return
    options = [
        Option("", f"{clock(own.t)}  {own.text or 'bookmark'}", str(own.t)) for own in follower.bookmarks
    ]

    def then(t: str | None) -> None:
        if t is not None:
            follower.seek(float(t))
            desk.moved()

    desk.open(Choice(desk.now, "bookmarks", options), then)


TRAVELLING: Mapping[str, Callable[[Desk], None]] = {
    "seek_back": seek(-STEP),
    "seek_on": seek(STEP),
    "fine_back": seek(-FINE),
    "fine_on": seek(FINE),
    "stop_before": to_stop(False),
    "stop_after": to_stop(True),
    "stop_kind": stop_kind,
    "phase_before": to_phase(False),
    "phase_after": to_phase(True),
    "go_to": go_to,
    "to_start": to_start,
    "to_end": to_end,
    "loop_from": loop_from,
    "loop_to": loop_to,
    "end_loop": end_loop,
    "bookmark": bookmark,
    "bookmarks": bookmarks,
    "beside": lambda desk: desk.beside(),
}
