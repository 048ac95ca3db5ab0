"""Starting and stopping experiments: a preview with targets and guards, and a yes with another key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from controlroom.core import intents as i
from controlroom.core.events.faults import GuardResult
from controlroom.core.intents import Intent
from controlroom.core.plan import Experiment
from controlroom.core.state import Check
from controlroom.tui.desk import Desk
from controlroom.tui.draw.runs import experiment_state
from controlroom.tui.moment import Moment
from controlroom.tui.screens.sheet import Scroll, Sheet, Text
from controlroom.tui.screens.simple import Choice, Line, Option
from controlroom.tui.text import Row, fit, wrapped

OUTCOMES = {
    "ok": ("ok", "good"),
    "warning": ("warning", "warn"),
    "refused": ("REFUSED", "bad"),
    "unknown": ("unknown", "warn"),
}


def confirm(desk: Desk, heading: str, about: Iterable[str], intent: Intent, done: str) -> None:
    """Asks for a `y`, then sends the intent."""
    options = (Option("", "no, leave it", "no", harmless=True), Option("y", "yes", "yes"))
    seen = desk.now.seen
    desk.open(
        Choice(desk.now, heading, options, about, rests=intent, careful=True),
        lambda answer: desk.ask(intent, done, seen) if answer == "yes" else None,
    )


def start_or_stop(desk: Desk) -> None:
    """The chosen experiment; where it is not in sight, it is asked which."""
    experiment, plan = desk.experiment(), desk.now.plan
    if experiment is None or plan is None:
        return
    if desk.shows("experiments"):
        start_or_stop_that(desk, experiment)
        return
    options = [
        Option(
            str(number) if number < 10 else "",
            own.title,
            own.id,
            " ".join(experiment_state(desk.now, own)[:2]),
        )
        for number, own in enumerate(plan.experiments, 1)
    ]
    desk.open(
        Choice(desk.now, "start or stop which one?", options),
        lambda name: start_or_stop_that(desk, plan.experiment(name)) if name else None,
    )


def start_or_stop_that(desk: Desk, experiment: Experiment) -> None:
    """Stops the experiment if it runs; else previews it."""
    run = desk.now.state.latest_run(experiment.id)
    if run is not None and run.running:
        about = (
            f"{run.id} is {run.state}. Its object is deleted, and its targets are followed until recovered.",
        )
        confirm(desk, f"stop {experiment.title}", about, i.Stop(run=run.id), f"stopping {experiment.title}")
    elif desk.now.state.locked:
        desk.say(f"locked after a halt: {desk.now.keys.shown('unlock')} unlocks", wrong=True)
    else:
        seq = desk.now.state.seq
        desk.ask(i.Preview(experiment=experiment.id))
        desk.open(StartSheet(desk.now, desk, experiment, seq))


def to_type(check: Check) -> list[GuardResult]:
    """Guards that a typed word overrides, and for which none is approved in the plan."""
    return [guard for guard in check.refused if guard.typed]


def final(check: Check) -> list[GuardResult]:
    """Guards that nothing overrides."""
    return [guard for guard in check.refused if not guard.typed]


class StartSheet(Sheet[None]):
    """What would be hit and what the guards say. `y` starts; where a guard refuses, its word is typed first."""

    PURPOSE = "Before anything is injected: who would be hit, what the guards say, and the very object that is sent."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "start it, where the guards let it", show=False),
        Binding("up", "scroll(-1)", "scroll", show=False),
        Binding("down", "scroll(1)", "scroll", show=False),
    ]

    def __init__(self, moment: Moment, desk: Desk, experiment: Experiment, asked_at: int) -> None:
        super().__init__(
            moment, f"start {experiment.title}?", tall=True, rests=i.Start(experiment=experiment.id)
        )
        self._desk = desk
        self._experiment = experiment
        self._asked_at = asked_at
        self._typed: dict[str, str] = {}
        self._reason = ""

    @property
    def check(self) -> Check | None:
        """The preview that was asked for; None until it is there."""
        found = self.now.state.checks.get(self._experiment.id)
        return found if found is not None and found.seq > self._asked_at else None

    def parts(self) -> Iterable[Widget]:
        yield Scroll(self._rows, paged=True)
        word = Line(placeholder="the word that overrides the guard")
        word.display = False
        yield word
        yield Text(self._hint, id="hint")

    def hand_down(self) -> None:
        super().hand_down()
        field, word = self.query_one(Line), self._next_word()
        wanted = word is not None or self._lacks_reason()
        field.display = wanted
        field.placeholder = "the word that overrides the guard" if word else "why it is all right this time"
        if wanted and not field.has_focus:
            field.focus()

    def _next_word(self) -> GuardResult | None:
        """The guard whose word is to be typed next."""
        check = self.check
        if check is None or final(check) or self.overtaken:
            return None
        return next((guard for guard in to_type(check) if guard.guard not in self._typed), None)

    def _lacks_reason(self) -> bool:
        """Whether every word is typed, and why is not said yet."""
        if self._reason or not self._typed or self._next_word() is not None:
            return False
        check = self.check
        return check is not None and not final(check) and not self.overtaken

    def _rows(self, moment: Moment, width: int) -> tuple[Row, ...]:
        check = self.check
        if check is None:
            return ((("Asking the cluster who would be hit, and the guards whether it may be …", "dim"),),)
        rows: list[Row] = [
            (
                (f"{len(check.targets)} target{'s' if len(check.targets) != 1 else ''}", "strong"),
                (f", {check.mode}", "dim"),
            )
        ]
        rows += [(("  " + target, ""),) for target in check.targets]
        rows.append((("", ""),))
        for guard in check.guards:
            rows += _guard_rows(guard, self._typed, self._reason, width)
        rows += [(("", ""),), (("as it will be sent", "dim"),)]
        rows += [(("  " + line, "dim"),) for line in check.manifest.splitlines()]
        return tuple(rows)

    def _hint(self, moment: Moment, width: int) -> tuple[Row, ...]:
        check = self.check
        if self.overtaken:
            return self.hint("")(moment, width)
        if check is None:
            return ((("esc drops it", "dim"),),)
        if final(check):
            return ((("It cannot be started: ", "bad"), (final(check)[0].message, ""), ("   esc", "key")),)
        word = self._next_word()
        if word is not None:
            return (
                (
                    ("type ", ""),
                    (word.typed, "key"),
                    (f" and enter to override {word.guard}; esc drops it", "dim"),
                ),
            )
        if self._lacks_reason():
            guards = ", ".join(self._typed)
            return ((("say why ", ""), (f"{guards} may be overridden, and enter; esc drops it", "dim")),)
        return ((("y", "key"), (" starts it now   ", ""), ("esc", "key"), (" drops it", "dim")),)

    @on(Input.Submitted)
    def take_word(self, event: Input.Submitted) -> None:
        guard = self._next_word()
        if guard is None:
            self._take_reason(event.value.strip())
            return
        if event.value.strip() != guard.typed:
            self.notify(f"type {guard.typed}", severity="warning", markup=False)
            return
        self._typed[guard.guard] = event.value.strip()
        self._taken()

    def _take_reason(self, text: str) -> None:
        if not text:
            self.notify("a few words on why: they go on record", severity="warning", markup=False)
        elif self._lacks_reason():
            self._reason = text
            self._taken()

    def _taken(self) -> None:
        self.query_one(Line).value = ""
        if self._next_word() is None and not self._lacks_reason():
            self.set_focus(None)
        self.hand_down()
        self.query_one(Scroll).redraw()
        self.query_one("#hint", Text).redraw()

    def action_scroll(self, by: int) -> None:
        self.query_one(Scroll).action_move(by)

    def action_yes(self) -> None:
        check = self.check
        if self.overtaken or check is None or final(check) or self._next_word() is not None:
            return
        if self._lacks_reason():
            return
        intent = i.Start(
            experiment=self._experiment.id, checked=check.seq, typed=self._typed, reason=self._reason
        )
        self._desk.ask(intent, f"{self._experiment.title}: requested", self.seen)
        self.dismiss(None)


def _guard_rows(guard: GuardResult, typed: dict[str, str], reason: str, width: int) -> list[Row]:
    word, tone = OUTCOMES[guard.outcome]
    if guard.outcome == "refused" and guard.approved:
        word, tone = "approved", "warn"
    elif guard.guard in typed:
        word, tone = "overridden", "warn"
    text = guard.message + (f" (approved in the plan: {guard.approved})" if guard.approved else "")
    if guard.guard in typed and reason:
        text += f" (overridden: {reason})"
    rows: list[Row] = []
    name = 20 if width >= 90 else 16
    for number, line in enumerate(wrapped(text, max(10, width - name - 14))):
        head: Row = ((fit(word, 11), tone), (fit(guard.guard, name) + " ", "dim"))
        rows.append((*head, (line, "")) if number == 0 else ((" " * (name + 12), ""), (line, "")))
    return rows
