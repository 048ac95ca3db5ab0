"""The program on screen: enters a room after its first paint, follows it, and hands moments down."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from controlroom.core import intents as i
from controlroom.core.assessment import Assessment
from controlroom.core.columns import View
from controlroom.core.events import Event
from controlroom.core.intents import Intent, Refused
from controlroom.core.plan import Experiment, Metric, Step
from controlroom.core.state import Note
from controlroom.core.stops import Stop
from controlroom.room import RoomClosed
from controlroom.tidying import Tidying
from controlroom.tui import layouts, pictures
from controlroom.tui.actions import ACTIONS, BY_ID, possible, why_not
from controlroom.tui.follower import Assess, Follower
from controlroom.tui.library import Library
from controlroom.tui.moment import Moment, before_entering
from controlroom.tui.outcome import Enter, Outcome, Settings, farewell
from controlroom.tui.painting import Sparing
from controlroom.tui.pane import Pane
from controlroom.tui.safety import AsciiFilter, ControlFilter
from controlroom.tui.screens.room import RoomScreen
from controlroom.tui.screens.sheet import Sheet
from controlroom.tui.surroundings import ascii_only, over_ssh
from controlroom.tui.table import Metrics
from controlroom.tui.terminal import Terminal
from controlroom.tui.tones import DEFAULT_THEME, PALETTES, SIXTEEN, called, named, themes

if TYPE_CHECKING:
    from controlroom.tui.copying import Copied

__all__ = ["ControlRoomApp", "Outcome", "Settings", "run"]

T = TypeVar("T")
SEEKING = frozenset({"seek_back", "seek_on"})
"""Actions whose keys are held down."""
TURN = 0.001
"""Real seconds that a thread may go on while another waits."""
DEFAULTS = Settings()
LAYOUTS_EVERY = 1.0
"""Real seconds between two looks at layouts of one's own."""


class StateChanged(Message):
    """Something new is known. Only the newest is worth painting."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, StateChanged)


def figures(view: View, t: float) -> Assessment:
    """The house's figures, loaded when they are first needed."""
    from controlroom.core.figures import assess

    return assess(view, t)


def everything_provider() -> type[Provider]:
    """The palette's provider, loaded when the palette opens."""
    from controlroom.tui.palette import Everything

    return Everything


class ControlRoomApp(Sparing[Outcome], Library):
    CSS_PATH = "room.tcss"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {everything_provider}
    AUTO_FOCUS = None
    ENABLE_COMMAND_PALETTE = False
    """Textual's own key for it is not bound: the registry's is."""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "do('quit')", show=False, priority=True)]

    TICK = 0.25
    """Real seconds between two looks at the clock."""
    HELD = 0.1
    """Real seconds after which a playhead that is moved is shown although further keys wait."""
    SLOW_TICK = 1.0
    """The same with low motion, and least time between two repaints that no key asked for."""
    ALLOW_SELECT = False
    """Marking text is left to the terminal: with shift, or without the mouse."""

    def __init__(
        self,
        enter: Enter,
        title: str = "Control Room",
        settings: Settings = DEFAULTS,
        opening: Event | None = None,
        assess: Assess = figures,
        real: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(driver_class=Terminal)
        self.title = title
        self.settings = settings
        self.follower: Follower | None = None
        self._enter = enter
        self._assess = assess
        self._real = real
        self._now = before_entering(title, opening, settings.seat, settings.keys)
        self._bind()
        self._dirty = False
        self._sought = False
        """The playhead was moved, and it is not shown yet."""
        self._shown_at = -1.0
        self._pictured: frozenset[str] = frozenset()
        self._tidying = Tidying()
        low = settings.low_motion
        self.every = self.SLOW_TICK if (over_ssh() if low is None else low) else self.TICK
        """Real seconds between two looks at the clock, of this screen."""
        self.layouts_read = False
        """The layout files have been looked at."""
        self._layout_stamps: frozenset[tuple[str, int, int]] | None = None
        self.animation_level = "none"
        self.palettes = {**PALETTES, **settings.palettes}
        for theme in themes(self.palettes):
            self.register_theme(theme)
        chosen = named(settings.theme, self.palettes) if settings.theme else None
        self.theme = chosen or (SIXTEEN if self.console.color_system == "standard" else DEFAULT_THEME)
        self._filters.append(ControlFilter())
        if settings.ascii or ascii_only():
            self._filters.append(AsciiFilter())

    def _bind(self) -> None:
        """Keys that act everywhere. A text field keeps what is typed into it, so `!` halts everywhere but there."""
        for own in ACTIONS:
            for key in self.settings.keys.of(own) if own.everywhere or own.id == "commands" else ():
                self._bindings._add_binding(
                    Binding(key, f"do('{own.id}')", own.label, show=False, priority=True)
                )

    def get_default_screen(self) -> Screen[None]:
        return RoomScreen(self._now, layouts.COMPILED_IN, self.settings.layout)

    def on_mount(self) -> None:
        self._after_paint(self._begin)

    LATEST = 0.3
    """Real seconds after which what waits for a paint begins without it: one that is covered by a sheet, which an
    early key opened, is not painted before the sheet is closed."""

    def _after_paint(self, what: Callable[[], None]) -> None:
        """Does it once, after the next paint."""
        waiting = [what]

        def do() -> None:
            while waiting:
                waiting.pop()()

        self.call_after_refresh(do)
        self.set_timer(self.LATEST, do)

    def _begin(self) -> None:
        """Runs after the first paint."""
        self.follow_room()
        self.set_interval(self.every, self._tick)

    @work(group="room", exit_on_error=False)
    async def follow_room(self) -> None:
        """Enters the room and takes in its events until it is closed."""
        try:
            room = await self._enter()
        except RoomClosed as closed:
            self.exit(Outcome("failed", str(closed)))
            return
        self.follower = Follower(room, self._assess, self._real)
        self._read_bookmarks(room)
        if self.settings.beside is not None:
            self.enter_beside(self.settings.beside)
        await self.follower.follow(self._arrived)

    def _room_shown(self) -> None:
        """Runs after the first paint with the room in it: the time for what could wait."""
        if not gc.isenabled():
            self._tidying.begin()
        self.read_layouts()
        self._say_troubles()
        if self.settings.compared:
            self.compare(self.settings.compared)

    def _say_troubles(self) -> None:
        """What of the configuration could not be used: all of it in one message, which stays while it is read."""
        troubles = self.settings.troubles
        if troubles:
            more = [f"and {len(troubles) - 4} more"] if len(troubles) > 4 else []
            text = "\n".join(("configuration (controlroom config checks it):", *troubles[:4], *more))
            self.notify(text, severity="warning", timeout=20, markup=False)

    def _arrived(self) -> None:
        if not self._dirty:  # what comes on top of it is shown with it
            self.post_message(StateChanged())

    @work(group="layouts", thread=True, exclusive=True, exit_on_error=False)
    def read_layouts(self) -> None:
        """Reads the layout files, once the room has been shown: those that it needs first are compiled in.

        Where they are a person's own they are read again when one has changed.
        """
        from controlroom.shipped import shipped

        folder = self.settings.layouts or shipped("layouts")
        stamps = layouts.stamps(folder)
        if stamps != self._layout_stamps:
            self.call_from_thread(self._take_layouts, stamps, *layouts.read_layouts(folder))

    def _take_layouts(
        self, stamps: frozenset[tuple[str, int, int]], found: dict[str, layouts.Layout], troubles: list[str]
    ) -> None:
        if self._layout_stamps is None and self.settings.layouts is not None:
            self.set_interval(LAYOUTS_EVERY, self.read_layouts)
        self._layout_stamps = stamps
        self.layouts_read = True
        known = {**layouts.COMPILED_IN, **found}
        if known != self.room_screen.known:
            self.room_screen.known = known
            self.room_screen.lay_out()
        for trouble in troubles:
            self.say(f"layout left out: {trouble}", wrong=True)

    @on(Worker.StateChanged)
    def report_dead_worker(self, event: Worker.StateChanged) -> None:
        """No worker dies unseen."""
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            if self.follower is None and event.worker.group == "room":
                self.exit(Outcome("failed", f"the room could not be entered: {error}"))
                return
            self.say(f"{event.worker.group} failed: {type(error).__name__}: {error}", wrong=True)
            if event.worker.group == "room" and self.follower is not None:
                self.follower.trouble = f"{type(error).__name__}: {error}"
                self.moved()

    @on(StateChanged)
    def _state_changed(self) -> None:
        self._dirty = True
        if self.follower is not None and self.follower.urgent and self._real() - self._shown_at >= self.every:
            self.moved()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            self._tidying.pressed(self._real())
        await super().on_event(event)

    def _tick(self) -> None:
        self._tidying.look(self._real())
        follower = self.follower
        if follower is None:
            return
        moving = follower.playhead.playing or int(follower.head) != int(self._now.head)
        came = self._dirty and (follower.urgent or self._real() - self._shown_at >= self.SLOW_TICK)
        if (
            came
            or moving
            or self._sought
            or follower.due
            or _seconds(follower.lost) != _seconds(self._now.lost)
        ):
            self.moved()

    def moved(self) -> None:
        if self.follower is None:
            return
        if self._shown_at < 0:
            self._after_paint(self._room_shown)
        self._dirty = self._sought = False
        self._shown_at = self._real()
        self._now = replace(self.follower.moment(), keys=self.settings.keys, stop_kind=self.follower.kind)
        for screen in self.screen_stack:
            if isinstance(screen, RoomScreen | Sheet):
                screen.moment = self._now
        # One seat takes the plan's pictures: the others would only take them again.
        mine = self._now.info.seat == "facilitator"
        if mine and len(self.screen_stack) == 1 and (wanted := pictures.due(self._now, self._pictured)):
            self._pictured |= {step.id for step in wanted}
            self.call_after_refresh(self._picture_steps, wanted)

    def sought(self) -> None:
        """The playhead was moved by a key: shown once for all keys that wait by now, or none of them is in time."""
        self._sought = True
        self.call_later(self._show_sought)

    def _show_sought(self) -> None:
        if self._sought and (not self._keys or self._real() - self._shown_at >= self.HELD):
            self.moved()

    def _picture_steps(self, steps: Sequence[Step]) -> None:
        """The plan asks for pictures: the room's own panes are what there is to picture, and the step is done."""
        for step in steps:
            if (path := self._save_picture(step.id)) is not None:
                self.ask(i.SetTick(list="step", item=step.id, ticked=True, detail=f"pictures/{path.name}"))

    def picture(self) -> None:
        if (path := self._save_picture("screen")) is not None:
            self.say(f"saved: {path}")

    def _save_picture(self, name: str) -> Path | None:
        try:
            return pictures.save(self.export_screenshot(), self._now, name)
        except OSError as error:
            self.say(f"the picture could not be saved: {error.strerror}", wrong=True)
            return None

    @property
    def now(self) -> Moment:
        return self._now

    @property
    def room_screen(self) -> RoomScreen:
        found = self.screen_stack[0]
        assert isinstance(found, RoomScreen)
        return found

    # Actions ------------------------------------------------------------------------------------------------

    def action_do(self, name: str) -> None:
        """Runs an action of the registry, if it is possible now."""
        from controlroom.tui.handlers import HANDLERS

        action = BY_ID[name]
        self._look_at_the_line()
        if self._sought and name not in SEEKING:
            self.moved()  # it acts on what is there, which is about to be shown
        if not possible(action, self._now) and self._sought:
            self.moved()
        if not possible(action, self._now):
            self.say(f"{action.label}: {why_not(action, self._now)}", wrong=self._now.lost is not None)
            return
        HANDLERS[name](self)

    def _look_at_the_line(self) -> None:
        """A connection that was lost since the last paint is known before a key acts on what was painted."""
        if self.follower is not None and (self.follower.lost is None) != (self._now.lost is None):
            self.moved()

    def ask(self, intent: Intent, done: str = "", seen: int | None = None) -> None:
        self._look_at_the_line()
        if self._now.lost is not None and isinstance(intent, i.HaltAll):
            done = f"{done} (sent when the line was back)"
            self.say("the line is lost: the halt goes out as soon as it is back", wrong=True)
        elif self._now.lost is not None:
            self.say(
                f"not sent: the connection to the host is lost, trying again ({self._now.lost:.0f} s)",
                wrong=True,
            )
            return
        self.submit_intent(intent, done, self._now.seen if seen is None else seen)

    @work(group="intents", exit_on_error=False)
    async def submit_intent(self, intent: Intent, done: str, seen: int) -> None:
        """Sends an intent and says what became of it."""
        if self.follower is None:
            return
        try:
            answer = await self.follower.submit(intent, seen)
        except RoomClosed as closed:
            self.say(f"not sent: {closed}", wrong=True)
            return
        if isinstance(answer, Refused):
            self.say(f"refused: {answer.reason}" + (f". {answer.hint}" if answer.hint else ""), wrong=True)
        elif done or answer.note:
            self.say(" · ".join(part for part in (done, answer.note) if part))

    def say(self, text: str, *, wrong: bool = False) -> None:
        self.notify(text, severity="warning" if wrong else "information", timeout=6, markup=False)

    def open(self, sheet: Screen[T], then: Callable[[T | None], None] | None = None) -> None:
        if isinstance(sheet, Sheet):
            sheet.opener = self.last_character
        self.push_screen(sheet, then)

    def choose(self, pane: str) -> None:
        self.room_screen.choose(pane)

    def shows(self, pane: str) -> bool:
        return self.room_screen.shows(pane)

    def experiment(self) -> Experiment | None:
        return self.room_screen.experiment()

    def metric(self) -> Metric | None:
        return self.room_screen.metric()

    def metrics(self) -> Metrics | None:
        return self.room_screen.metrics()

    def note(self) -> Note | None:
        return self.room_screen.note()

    def stop(self) -> Stop | None:
        return self.room_screen.stop()

    def next_pane(self) -> None:
        if self.screen is self.room_screen:
            self.room_screen.next_pane()
        else:
            self.screen.focus_next()

    def next_layout(self) -> None:
        self.say(f"layout: {self.room_screen.next_layout()}")

    def next_theme(self) -> None:
        names = list(self.palettes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self.say(f"theme: {called(self.theme)}")

    def pane(self) -> Pane | None:
        return self.room_screen.pane()

    def copy(self, what: Copied) -> None:
        from controlroom.tui.screens.copy import send

        self.run_worker(send(self, what, self._driver), group="clipboard", exit_on_error=False)

    def commands(self) -> None:
        from textual.command import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="an action, an experiment, a metric, a moment …"))

    def leave(self, word: str) -> None:
        self.exit(Outcome(word, farewell=farewell(self._now, self.settings.socket)))

    def ended_by(self, signal: int) -> None:
        """The terminal is gone, or somebody asked this process to end: the screen alone does, at once."""
        self.exit(Outcome("signalled", signal=signal, farewell=farewell(self._now, self.settings.socket)))

    async def on_unmount(self) -> None:
        self._tidying.end()
        if self.follower is not None:
            await self.follower.room.close()


def _seconds(lost: float | None) -> int:
    return -1 if lost is None else int(lost)


def run(
    enter: Enter,
    title: str = "Control Room",
    settings: Settings = DEFAULTS,
    opening: Event | None = None,
) -> Outcome:
    """Shows a room until it is left. `enter` is awaited after the first paint; raises what the terminal raises.

    `enter` may raise :class:`RoomClosed`: the screen closes, and the outcome tells why. `opening` is the
    session's first event, where it is at hand: the first paint then shows the plan's timeline already.
    """
    # Searching for garbage among all that a start allocates, and keeps, is a fifth of the time to the first frame.
    gc.disable()
    # Figures of a long session are computed in a thread: a key press waits no longer than this for its turn.
    sys.setswitchinterval(TURN)
    try:
        app = ControlRoomApp(enter, title, settings, opening)
        return app.run(mouse=settings.mouse) or Outcome("left")
    finally:
        gc.enable()
