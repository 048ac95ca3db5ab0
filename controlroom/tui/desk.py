"""What handlers of actions may do: ask the room, open a sheet, look around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from textual.screen import Screen

from controlroom.core.bookmarks import Bookmark
from controlroom.core.intents import Intent
from controlroom.core.plan import Experiment, Metric
from controlroom.core.state import Note
from controlroom.core.stops import Stop
from controlroom.tui.follower import Follower
from controlroom.tui.moment import Moment
from controlroom.tui.pane import Pane
from controlroom.tui.table import Metrics

if TYPE_CHECKING:
    from controlroom.tui.copying import Copied

T = TypeVar("T")


class Desk(Protocol):
    """The facilitator's desk, as the screen of the room offers it."""

    @property
    def now(self) -> Moment: ...

    @property
    def follower(self) -> Follower | None: ...

    @property
    def screen(self) -> Screen[Any]:
        """What lies on top: the room, or the sheet that was opened last."""
        ...

    def action_do(self, name: str) -> None:
        """Does an action of the registry, if it is possible now."""
        ...

    def ask(self, intent: Intent, done: str = "", seen: int | None = None) -> None:
        """Sends an intent; a refusal is said with its reason, `done` once it is on disk.

        `seen`: seq of the newest event that was shown when the question was opened; None: what is shown now.
        """
        ...

    def say(self, text: str, *, wrong: bool = False) -> None:
        """A short message that goes away by itself."""
        ...

    def open(self, sheet: Screen[T], then: Callable[[T | None], None] | None = None) -> None:
        """Opens a sheet; `then` gets its result."""
        ...

    def moved(self) -> None:
        """The playhead was moved: show it at once."""
        ...

    def beside(self) -> None:
        """Shows the other recording beside this one."""
        ...

    def keep_bookmarks(self, found: Sequence[Bookmark]) -> bool:
        """Writes the bookmarks of this recording; False: it was said why they cannot be kept."""
        ...

    def sought(self) -> None:
        """The playhead was moved by a key that may be held down: show it with what else has been pressed by then."""
        ...

    def choose(self, pane: str) -> None:
        """Puts the cursor into a pane."""
        ...

    def shows(self, pane: str) -> bool:
        """Whether that pane is in sight."""
        ...

    def experiment(self) -> Experiment | None:
        """The chosen experiment."""
        ...

    def metric(self) -> Metric | None:
        """The chosen metric."""
        ...

    def metrics(self) -> Metrics | None:
        """The metrics table, where the layout shows it."""
        ...

    def note(self) -> Note | None:
        """The chosen note."""
        ...

    def stop(self) -> Stop | None:
        """The moment that is chosen on the timeline."""
        ...

    def next_pane(self) -> None: ...

    def next_layout(self) -> None: ...

    def next_theme(self) -> None: ...

    def paint_anew(self) -> None:
        """The whole screen again, whatever the terminal shows by now."""
        ...

    def picture(self) -> None:
        """Saves what is on the screen."""
        ...

    def pane(self) -> Pane | None:
        """The pane with the cursor."""
        ...

    def copy(self, what: Copied) -> None:
        """Sends a text to the clipboard, and says so."""
        ...

    def sessions(self) -> None: ...

    def compare(self, paths: Sequence[Path] = ()) -> None:
        """Puts sessions side by side; one alone, or none: this one, with those before it on the same plan."""
        ...

    def commands(self) -> None: ...

    def leave(self, word: str) -> None:
        """Leaves the screen; the session goes on."""
        ...
