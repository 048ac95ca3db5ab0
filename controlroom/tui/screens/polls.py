"""Go or no-go: each role is asked before an injection, and what it says is on record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from controlroom.core import intents as i
from controlroom.core.people import Said, said_key
from controlroom.core.plan import Experiment
from controlroom.tui.desk import Desk
from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Scroll, Sheet, Text
from controlroom.tui.screens.simple import Prompt
from controlroom.tui.text import Row, clock, fit


def roles(moment: Moment, experiment: str) -> list[str]:
    """Who is asked: the roles of the plan's participants, then any other that has had its say."""
    planned = [own.role for own in moment.plan.participants] if moment.plan else []
    others = [own.role for own in moment.state.polls.values() if own.experiment == experiment]
    return list(dict.fromkeys((*planned, *others)))


def said(moment: Moment, role: str, experiment: str) -> Said | None:
    """What the role said last; None: nothing."""
    return moment.state.polls.get(said_key(role, experiment))


def summary(moment: Moment, experiment: str) -> tuple[str, str]:
    """`2 go, 1 NO-GO, 1 not asked` with its tone."""
    found = [said(moment, role, experiment) for role in roles(moment, experiment)]
    go = sum(1 for own in found if own is not None and own.go)
    no = sum(1 for own in found if own is not None and not own.go)
    silent = len(found) - go - no
    parts = [f"{go} go", *([f"{no} NO-GO"] if no else []), *([f"{silent} not asked"] if silent else [])]
    return ", ".join(parts), "bad" if no else "good" if found and not silent else "dim"


def ask_around(desk: Desk) -> None:
    """For the chosen experiment; the ones that were injected are over."""
    plan = desk.now.plan
    chosen = desk.experiment()
    ahead = [own for own in plan.experiments if desk.now.state.latest_run(own.id) is None] if plan else []
    if chosen is None or (ahead and chosen not in ahead):
        chosen = ahead[0] if ahead else chosen
    if chosen is not None:
        desk.open(PollSheet(desk.now, desk, chosen))


class PollSheet(Sheet[None]):
    """A line for each role: `g` go, `x` no-go with its reason. Left and right: another experiment."""

    PURPOSE = "Asks each role for go or no-go; every answer is on record at once."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "say(True)", "go", show=False),
        Binding("x", "say(False)", "no-go", show=False),
        Binding("r", "role", "add a role, or leave one out", show=False),
        Binding("left", "other(-1)", "the poll before", show=False),
        Binding("right", "other(1)", "the next poll", show=False),
    ]
    HEADING = "go or no-go"

    def __init__(self, moment: Moment, desk: Desk, experiment: Experiment) -> None:
        super().__init__(moment)
        self._desk = desk
        self._experiment = experiment
        self._added: list[str] = []

    def parts(self) -> Iterable[Widget]:
        yield Text(self._head, id="head")
        listed = Scroll(self._rows, id="options")
        listed.styles.height = max(3, len(self._roles) + 2)
        yield listed
        yield Text(self._hint, id="hint")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Scroll).focus()

    @property
    def _roles(self) -> list[str]:
        return list(dict.fromkeys((*roles(self.now, self._experiment.id), *self._added)))

    @property
    def _may(self) -> bool:
        return self.now.live and self.now.info.seat in ("facilitator", "scribe")

    def _head(self, moment: Moment, width: int) -> tuple[Row, ...]:
        text, tone = summary(moment, self._experiment.id)
        return (((self._experiment.title, "strong"), (f"   {text}", tone)),)

    def _rows(self, moment: Moment, width: int) -> tuple[Row, ...]:
        found = self._roles
        if not found:
            return ((("The plan names no participants: r adds a role.", "dim"),),)
        return tuple(self._row(moment, role, width) for role in found)

    def _row(self, moment: Moment, role: str, width: int) -> Row:
        own = said(moment, role, self._experiment.id)
        names = ", ".join(p.name for p in moment.plan.participants if p.role == role) if moment.plan else ""
        word, tone = (
            ("○ not asked", "dim") if own is None else ("● GO", "good") if own.go else ("✗ NO-GO", "bad")
        )
        told = f"{own.reason + ' · ' if own.reason else ''}{own.by} T+{clock(own.t)}" if own else names
        return ((fit(word, 13), tone), (fit(role, 20) + " ", ""), (fit(told, max(0, width - 34)), "dim"))

    def _hint(self, moment: Moment, width: int) -> tuple[Row, ...]:
        keys = (("g", "go"), ("x", "no-go"), ("r", "another role")) if self._may else ()
        pairs = (*keys, ("← →", "experiment"), ("esc", "closes"))
        return (tuple(piece for key, what in pairs for piece in ((key, "key"), (f" {what}   ", "dim"))),)

    def _chosen(self) -> str | None:
        found, at = self._roles, self.query_one(Scroll).cursor
        return found[at] if at < len(found) else None

    def action_open_chosen(self) -> None:
        self.action_say(True)

    def action_say(self, go: bool) -> None:
        role = self._chosen()
        if role is None or not self._may:
            return
        experiment, seen = self._experiment.id, self.now.seen

        def record(reason: str | None) -> None:
            if reason is not None:
                intent = i.Poll(role=role, go=go, experiment=experiment, reason=reason)
                self._desk.ask(intent, f"{role}: {'go' if go else 'no-go'}", seen)

        if go:
            record("")
            self.query_one(Scroll).action_move(1)
        else:
            about = ("Why? An empty line records no reason.",)
            self.app.push_screen(Prompt(self.now, f"no-go of {role}", about), record)

    def action_role(self) -> None:
        if not self._may:
            return

        def add(role: str | None) -> None:
            if role:
                self._added.append(role)
                self.query_one(Scroll).redraw()

        self.app.push_screen(Prompt(self.now, "another role", ("Who is asked as well?",)), add)

    def action_other(self, by: int) -> None:
        known = self.now.plan.experiments if self.now.plan else ()
        if known:
            at = next((n for n, own in enumerate(known) if own.id == self._experiment.id), 0)
            self._experiment = known[(at + by) % len(known)]
            self.hand_down()
            for pane in self.query(Text):
                pane.redraw()
            self.query_one(Scroll).redraw()
