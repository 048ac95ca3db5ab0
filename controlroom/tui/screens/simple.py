"""Three sheets that most questions need: a typed answer, a choice by key, a text to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from controlroom.core.intents import Intent
from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Scroll, Sheet, Text, Write
from controlroom.tui.text import Row, fit, wrapped


def plain(lines: Iterable[str], tone: str = "") -> Write:
    """Writes those lines, wrapped to the width."""
    kept = tuple(lines)

    def write(moment: Moment, width: int) -> tuple[Row, ...]:
        return tuple(((part, tone),) for line in kept for part in wrapped(line, max(1, width)))

    return write


class Line(Input):
    """A text field that keeps still: no blinking over a slow line."""

    def __init__(self, value: str = "", placeholder: str = "") -> None:
        super().__init__(value, placeholder=placeholder, select_on_focus=False, compact=True)
        self.cursor_blink = False


class Prompt(Sheet[str]):
    """One typed line. `wrong` says what is wrong with a text; empty: nothing."""

    PURPOSE = "Wants one line of text. Enter keeps it; escape drops it, and nothing has happened."

    def __init__(
        self,
        moment: Moment,
        heading: str,
        about: Iterable[str] = (),
        value: str = "",
        wrong: Callable[[str], str] = lambda text: "",
        rests: Intent | None = None,
    ) -> None:
        super().__init__(moment, heading, rests=rests)
        self._about = tuple(about)
        self._value = value
        self._wrong = wrong
        self._early: list[str] = []

    def parts(self) -> Iterable[Widget]:
        if self._about:
            yield Text(plain(self._about, "dim"), id="about")
        yield Line(self._value)
        yield Text(self.hint("enter keeps it, esc drops it, ^x halts"), id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self._pour()

    def on_key(self, event: events.Key) -> None:
        """Keys that came before the field had the focus belong into it: a slow line brings several at once.

        The focused field lets neither of these through, so any that arrives here came early.
        """
        if event.is_printable and event.character is not None:
            self._early.append(event.character)
        elif event.key == "enter":
            self._early.append("\n")
        else:
            return
        event.stop()
        self._pour()

    def _pour(self) -> None:
        """Gives the field what came early, once it is there to take it."""
        field = next(iter(self.query(Line)), None)
        if field is None or not field.is_mounted:
            self.call_later(self._pour)
            return
        early, self._early = "".join(self._early), []
        text, entered, _ = early.partition("\n")
        field.insert_text_at_cursor(text)
        field.focus()
        if entered:  # at once: a key that comes next is none of this text
            self._kept(field.value)

    @on(Input.Submitted)
    def submit(self, event: Input.Submitted) -> None:
        self._kept(event.value)

    def _kept(self, typed: str) -> None:
        text = typed.strip()
        if problem := self._wrong(text) or self.overtaken:
            self.notify(problem, severity="warning", markup=False)
            return
        self.dismiss(text)


@dataclass(frozen=True)
class Option:
    """Something to choose: by its key, or by cursor and enter."""

    key: str
    label: str
    value: str
    detail: str = ""
    harmless: bool = False
    """Enter alone may choose it, whatever is asked."""


class Choice(Sheet[str]):
    """One of several; `about` stands above them."""

    PURPOSE = "Choose one: by its key, or with up and down and then enter. Escape drops it, and nothing has happened."

    def __init__(
        self,
        moment: Moment,
        heading: str,
        options: Iterable[Option],
        about: Iterable[str] = (),
        rests: Intent | None = None,
        careful: bool = False,
    ) -> None:
        super().__init__(moment, heading, rests=rests)
        self._options = tuple(options)
        self._about = tuple(about)
        self._careful = careful
        """It moves the day or touches the cluster: no key pressed twice, and no enter by reflex, decides it."""
        self._looked = False
        """The cursor was moved: what enter chooses has been looked at."""

    def parts(self) -> Iterable[Widget]:
        if self._about:
            yield Text(plain(self._about), id="about")
        options = Scroll(self._rows, id="options")
        options.styles.height = max(1, len(self._options))
        yield options
        chooses = "a key chooses, or up and down and enter" if self._careful else "a key or enter chooses"
        yield Text(self.hint(f"{chooses}; esc drops it"), id="hint")

    def help_keys(self) -> Iterable[tuple[str, str]]:
        yield from ((option.key, option.label) for option in self._options if option.key)
        yield "enter", "choose the marked one"
        yield from super().help_keys()

    def _rows(self, moment: Moment, width: int) -> tuple[Row, ...]:
        label = max((len(option.label) for option in self._options), default=0) + 2
        return tuple(
            (
                (fit(option.key, 3), "key"),
                (fit(option.label, min(label, width - 3)), ""),
                (fit(option.detail, max(0, width - 3 - label)), "dim"),
            )
            for option in self._options
        )

    def on_mount(self) -> None:
        super().on_mount()
        options = self.query_one(Scroll)
        options.focus()
        self.watch(options, "cursor", self._cursor_moved, init=False)

    def _cursor_moved(self) -> None:
        self._looked = True

    def on_key(self, event: events.Key) -> None:
        self._looked = self._looked or event.key in ("up", "down", "pageup", "pagedown")
        if self._careful and self.opener and event.character == self.opener:
            event.stop()
            self.notify("another key than the one that opened this", severity="warning", markup=False)
            return
        for option in self._options:
            if option.key and event.character == option.key:
                event.stop()
                self._choose(option)
                return

    def action_open_chosen(self) -> None:
        if not self._options:
            return
        option = self._options[self.query_one(Scroll).cursor]
        if self._careful and not self._looked and not option.harmless:
            self.notify("a key, or up and down before enter", severity="warning", markup=False)
        else:
            self._choose(option)

    def _choose(self, option: Option) -> None:
        """What somebody else has decided meanwhile is not decided again."""
        if self.overtaken:
            self.notify(self.overtaken, severity="warning", markup=False)
            return
        self.dismiss(option.value)


class Reader(Sheet[None]):
    """A text to scroll through, written anew at each moment."""

    PURPOSE = "A page to read. It goes on with the day while it is open."

    def __init__(self, moment: Moment, heading: str, write: Write) -> None:
        super().__init__(moment, heading, tall=True)
        self._write = write

    def parts(self) -> Iterable[Widget]:
        yield Scroll(self._write, paged=True)
        yield Text(plain(("up and down scroll, esc closes",), "dim"), id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Scroll).focus()

    def action_open_chosen(self) -> None:
        self.dismiss(None)
