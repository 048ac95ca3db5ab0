"""Saved sessions: searched, opened, tagged, verified, handed over and cleared out.

Whatever reads or writes on disk does so in a thread: the room behind goes on, and so do the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Scroll, Sheet, Text
from controlroom.tui.screens.simple import Line, Prompt, Reader, plain
from controlroom.tui.shelf import ORDERS, Order, Prunable, SavedSession, Shelf, ShelfError
from controlroom.tui.text import Row, fit

if TYPE_CHECKING:
    from controlroom.tui.desk import Desk

T = TypeVar("T")
WORD = "prune"
"""What is typed before sessions are removed for good."""
TONES = {
    "passed": "good",
    "needs improvement": "bad",
    "broken": "warn",
    "unfinished": "warn",
    "live": "accent",
}


class SessionsSheet(Sheet[str]):
    """Its result is the path of the chosen session."""

    PURPOSE = "Saved sessions: search them, open one in its room as a recording, keep them in order."
    ENTERS = "leave this room and open it as a recording"
    HEADING = "saved sessions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "search as you type; #word is a tag", show=False),
        Binding("s", "next_order", "in another order", show=False),
        Binding("space", "mark", "mark it for a comparison, or no more", show=False),
        Binding(
            "c", "compare", "compare those that are marked; none: this one and those before it", show=False
        ),
        Binding("t", "tag", "its tags", show=False),
        Binding("v", "verify", "verify that it is as it was written", show=False),
        Binding("e", "export", "export it into one file", show=False),
        Binding("i", "take_in", "import such a file", show=False),
        Binding("p", "prune", "prune old ones, after a typed word", show=False),
        Binding("down", "to_list", "from the search to the list", show=False),
    ]

    def __init__(self, moment: Moment, shelf: Shelf, desk: Desk) -> None:
        super().__init__(moment, tall=True)
        self._shelf = shelf
        self._desk = desk
        self._found: tuple[SavedSession, ...] = ()
        self._marked: frozenset[Path] = frozenset()
        self._words = ""
        self._order: Order = "when"
        self._busy = "reading the sessions …"
        """What goes on in the thread; empty: nothing."""

    def parts(self) -> Iterable[Widget]:
        yield Text(self._summary, id="summary")
        yield Line(placeholder="words that it must have; #word is a tag")
        yield Scroll(self._rows)
        yield Text(self._hint, id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Line).display = False
        self.query_one(Scroll).focus()
        self._read()

    def _summary(self, moment: Moment, width: int) -> tuple[Row, ...]:
        found: list[tuple[str, str]] = [(self._busy or self._shelf.total(self._found), "strong")]
        if self._words:
            found += [("   with ", "dim"), (self._words, "accent")]
        if self._order != "when":
            found += [("   by ", "dim"), (self._order, "accent")]
        return (tuple(found),)

    def _rows(self, moment: Moment, width: int) -> tuple[Row, ...]:
        if not self._found:
            nothing = "No session has all of these words." if self._words else "No saved session so far."
            return (((nothing if not self._busy else "", "dim"),),)
        wide = width >= 90
        return tuple(
            (
                ("* " if own.path in self._marked else "  ", "key"),
                *_row(own, width - 2, wide, self._shelf.total((own,)).partition(", ")[2]),
            )
            for own in self._found
        )

    def _hint(self, moment: Moment, width: int) -> tuple[Row, ...]:
        pairs = (
            ("enter", "opens"), ("/", "search"), ("s", "order"), ("space", "marks"), ("c", "compare"), ("t", "tags"),
            ("v", "verify"), ("e", "export"), ("i", "import"), ("p", "prune"), ("esc", "closes"),
        )  # fmt: skip
        rows: list[Row] = [()]
        for key, what in pairs:
            if rows[-1] and sum(len(text) for text, _ in rows[-1]) + len(key) + len(what) + 1 > width:
                rows.append(())
            rows[-1] = (*rows[-1], (key, "key"), (f" {what}  ", "dim"))
        return tuple(rows)

    def chosen(self) -> SavedSession | None:
        at = self.query_one(Scroll).cursor
        return self._found[at] if at < len(self._found) else None

    @work(thread=True, exclusive=True, group="reading")
    def _read(self) -> None:
        words, order = self._words, self._order
        try:
            found = tuple(self._shelf.listed(words, order))
        except (ShelfError, OSError) as error:
            self.app.call_from_thread(self._desk.say, f"the sessions cannot be read: {error}", wrong=True)
            found = ()
        if (words, order) == (self._words, self._order):
            self.app.call_from_thread(self._show, found)

    def _show(self, found: tuple[SavedSession, ...]) -> None:
        """The cursor stays on the session that it was on, where that is still there."""
        before = self.chosen()
        self._found, self._busy = found, ""
        if not self.is_mounted:
            return
        same = (at for at, own in enumerate(found) if before is not None and own.path == before.path)
        self.query_one(Scroll).cursor = next(same, 0)
        self._redraw()

    def _redraw(self) -> None:
        self.query_one(Scroll).redraw()
        for text in self.query(Text):
            text.redraw()

    @work(thread=True, group="shelf")
    def _do(self, what: str, act: Callable[[], T], then: Callable[[T], None]) -> None:
        """Does what may take long, says so meanwhile, and reads the sessions again."""
        self.app.call_from_thread(self._begin, what)
        try:
            result = act()
        except ShelfError as error:
            self.app.call_from_thread(self._desk.say, str(error), wrong=True)
        else:
            self.app.call_from_thread(then, result)
        self.app.call_from_thread(self._read)

    def _begin(self, what: str) -> None:
        self._busy = what
        if self.is_mounted:
            self._redraw()

    @on(Input.Changed)
    def search_for(self, event: Input.Changed) -> None:
        self._words = event.value.strip()
        self._read()

    @on(Input.Submitted)
    def found(self) -> None:
        self.action_to_list()

    def action_search(self) -> None:
        self.query_one(Line).display = True
        self.query_one(Line).focus()

    def action_to_list(self) -> None:
        if self.query_one(Line).has_focus:
            self.query_one(Scroll).focus()

    def action_close(self) -> None:
        """Escape takes the search away first."""
        line = self.query_one(Line)
        if line.display:
            line.value, line.display = "", False
            self.query_one(Scroll).focus()
        else:
            self.dismiss(None)

    def action_next_order(self) -> None:
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self._read()

    def action_open_chosen(self) -> None:
        if (own := self.chosen()) is not None:
            self.dismiss(str(own.path))

    def action_mark(self) -> None:
        if (own := self.chosen()) is not None:
            self._marked ^= {own.path}
            self._redraw()

    def action_compare(self) -> None:
        if (own := self.chosen()) is not None:
            marked = [one.path for one in self._found if one.path in self._marked]
            self._desk.compare(marked or [own.path])

    def action_tag(self) -> None:
        if (own := self.chosen()) is None:
            return

        def then(words: str | None) -> None:
            if words is not None:
                self._do("writing the tags …", lambda: self._shelf.tag(own.name, words), self._desk.say)

        about = (
            "Words, apart by spaces; `keep`: it is never pruned. They stand beside the recording, not in it.",
        )
        self._desk.open(Prompt(self.now, f"tags of {own.name}", about, " ".join(own.tags)), then)

    def action_verify(self) -> None:
        if (own := self.chosen()) is None:
            return

        def then(lines: tuple[str, ...]) -> None:
            self._desk.open(Reader(self.now, f"verified: {own.name}", plain(lines)))

        self._do("verifying …", lambda: self._shelf.verify(own.name), then)

    def action_export(self) -> None:
        if (own := self.chosen()) is not None:
            self._do("exporting …", lambda: self._shelf.export(own.name), self._desk.say)

    def action_take_in(self) -> None:
        def then(file: str | None) -> None:
            if file:
                taken = f"importing {file} …"
                self._do(
                    taken, lambda: self._shelf.take_in(file), lambda name: self._desk.say(f"imported {name}")
                )

        about = ("The file that an export wrote: every digest in it is looked at first.",)
        self._desk.open(Prompt(self.now, "import which file?", about), then)

    def action_prune(self) -> None:
        def then(age: str | None) -> None:
            if age:
                self._do("looking …", lambda: self._shelf.prunable(age), self._confirm)

        about = ("90d, 12w or 1y. What would go is named first.",)
        self._desk.open(Prompt(self.now, "prune sessions older than …", about), then)

    def _confirm(self, found: Prunable) -> None:
        if not found.gone:
            self._desk.say("; ".join(("nothing that is older may go", *found.told[:3])))
            return

        def then(word: str | None) -> None:
            if word == WORD:
                told = "removing …"
                self._do(
                    told,
                    lambda: self._shelf.remove(found.gone),
                    lambda lines: self._desk.say("\n".join(lines)),
                )

        more = [f"… and {len(found.told) - 12} more"] if len(found.told) > 12 else []
        about = (*found.told[:12], *more, f"{found.total} would be removed for good.")
        wrong = lambda text: "" if text == WORD else f"type {WORD}, or esc"  # noqa: E731
        self._desk.open(Prompt(self.now, f"type {WORD} to remove them", about, wrong=wrong), then)


def _row(own: SavedSession, width: int, wide: bool, size: str) -> Row:
    """`2026-11-23 13:00  Game Day  #q4   1:30:00  4.2 MB  passed`."""
    tags = "".join(f" #{tag}" for tag in own.tags)
    fixed = 18 + 18 + (18 if wide else 0)
    text = max(8, width - fixed)
    title = fit(own.title, max(4, text - min(len(tags), text // 2) - 1))
    cells: list[tuple[str, str]] = [
        (fit(own.day, 18), "dim"),
        (title.rstrip(), ""),
        (fit(tags, max(0, text - len(title.rstrip()))), "accent"),
    ]
    if wide:
        cells += [(fit(own.length, 9, ">"), "dim"), (fit(size, 9, ">"), "dim")]
    return (*cells, (" " + fit(own.verdict, 17), TONES.get(own.verdict, "dim")))
