"""Moving the day: phases, reveals, injects, going to a time, leaving."""

from __future__ import annotations

from controlroom.core import intents as i
from controlroom.core import timeline
from controlroom.tui.desk import Desk
from controlroom.tui.draw.head import me, phase_title
from controlroom.tui.draw.revealed import began
from controlroom.tui.moment import Moment
from controlroom.tui.outcome import come_back
from controlroom.tui.screens.simple import Choice, Option, Prompt
from controlroom.tui.screens.start import confirm
from controlroom.tui.screens.who import vanished
from controlroom.tui.text import clock, span

EXTENSIONS = (("2", 120.0), ("5", 300.0), ("0", 600.0))


def phase_menu(desk: Desk) -> None:
    """Next, extend, hold, skip, reopen: what is possible now."""
    plan, state = desk.now.plan, desk.now.state
    if plan is None:
        return
    options: list[Option] = []
    coming = next((own for own in state.phases if own.status == "planned"), None)
    if coming is not None:
        options.append(Option("n", f"begin {phase_title(plan, coming.id)}", "next"))
    elif state.phase is not None:
        options.append(Option("n", "close this phase; it is the last", "next"))
    if state.phase is not None:
        options += [
            Option(key, f"extend by {seconds / 60:g} min", f"extend {seconds}") for key, seconds in EXTENSIONS
        ]
        held = state.held_since is not None
        options.append(Option("h", "let the plan's clock go on" if held else "hold the plan's clock", "hold"))
    options += [
        Option("", f"skip {phase_title(plan, own.id)}", f"skip {own.id}")
        for own in state.phases
        if own.status == "planned"
    ]
    options += [
        Option("", f"reopen {phase_title(plan, own.id)} for 5 min", f"reopen {own.id}")
        for own in state.phases
        if own.status == "done"
    ]
    left = timeline.left(state, desk.now.t)
    about = (f"{span(left)} left in this phase." if left is not None and left >= 0 else "",)
    seen, held_then = desk.now.seen, state.held_since is not None
    desk.open(
        Choice(desk.now, "phases", options, tuple(filter(None, about)), rests=i.NextPhase(), careful=True),
        lambda word: _phase(desk, word, seen, held_then),
    )


def _phase(desk: Desk, choice: str | None, seen: int, held: bool) -> None:
    word, _, rest = (choice or "").partition(" ")
    if word == "next":
        desk.ask(i.NextPhase(), "phase changed", seen)
    elif word == "extend":
        desk.ask(i.ExtendPhase(seconds=float(rest)), f"extended by {float(rest) / 60:g} min", seen)
    elif word == "hold":
        desk.ask(i.ResumeClock() if held else i.HoldClock(), seen=seen)
    elif word == "skip":
        desk.ask(i.SkipPhase(phase=rest), "skipped", seen)
    elif word == "reopen":
        desk.ask(i.ReopenPhase(phase=rest, seconds=300.0), "open again for 5 min", seen)


def reveal(desk: Desk) -> None:
    """Which experiment the audience may know of from now on, and what it will then see."""
    plan, state = desk.now.plan, desk.now.state
    hidden = [own for own in plan.experiments if own.id not in state.revealed] if plan else []
    if not hidden:
        desk.say("every experiment has been revealed")
        return
    options = [
        Option(str(number), own.title, own.id, began(desk.now, own)) for number, own in enumerate(hidden, 1)
    ]
    desk.open(Choice(desk.now, "reveal to the audience", options), lambda chosen: _reveal(desk, chosen))


def _reveal(desk: Desk, chosen: str | None) -> None:
    if chosen is None or desk.now.plan is None:
        return
    own = desk.now.plan.experiment(chosen)
    when = began(desk.now, own)
    expected = f"; expected: {', '.join(own.expected)}" if own.expected else ""
    about = [f"The audience will read: {own.title}: {when}{expected}"]
    about.append("It then sees its targets and its whole history, from the start on. There is no way back.")
    if "not begun" in when:
        about.append("It has not begun yet: they will know before it does.")
    confirm(desk, f"reveal {own.title}?", about, i.Reveal(experiment=chosen), "revealed, and on record")


def inject(desk: Desk) -> None:
    """Gives or skips an inject or a hint."""
    plan, state, t = desk.now.plan, desk.now.state, desk.now.t
    left = [own for own in plan.injects if own.id not in state.injects] if plan else []
    if not left:
        desk.say("no inject is left")
        return
    options = [
        Option(
            str(number) if number < 10 else "",
            f"{'hint' if own.hint else 'inject'} {clock(timeline.moment(state, own.phase, own.at, t))}",
            own.id,
            own.text,
        )
        for number, own in enumerate(left, 1)
    ]
    desk.open(Choice(desk.now, "injects and hints", options), lambda chosen: _give(desk, chosen))


def _give(desk: Desk, chosen: str | None) -> None:
    if chosen is None or desk.now.plan is None:
        return
    own = next(inject for inject in desk.now.plan.injects if inject.id == chosen)
    options = (Option("y", "it has been given", "given"), Option("s", "skip it", "skip"))
    seen = desk.now.seen

    def give(word: str | None) -> None:
        if word:
            desk.ask(i.GiveInject(inject=chosen, skipped=word == "skip"), "on record", seen)

    rests = i.GiveInject(inject=chosen)
    desk.open(Choice(desk.now, "read it out", options, (own.text,), rests=rests, careful=True), give)


def leave(desk: Desk) -> None:
    """A facilitator is asked what becomes of a session that goes on; everybody else just leaves."""
    moment = desk.now
    closed = moment.state.status == "closed"
    if not moment.reachable or closed or moment.info.seat != "facilitator":
        desk.leave("ended" if moment.info.live and closed else "left")
        return
    options = [
        Option("d", "detach: the session goes on", "detach"),
        Option("e", "end the day: stop what runs, wait for all clear", "wait"),
        Option("h", "halt everything, then end the day", "halt"),
    ]
    if moment.state.running:
        options.append(Option("f", "end the day and leave faults behind (typed)", "leave faults"))
    seen = moment.seen
    desk.open(
        Choice(moment, "quit", options, about_leaving(moment), careful=True),
        lambda word: _quit(desk, word, seen),
    )


def about_leaving(moment: Moment) -> list[str]:
    """What runs, who stays, what happens where nobody does, and how to come back."""
    count = len(moment.state.running)
    found = [f"{count} fault{'s are' if count != 1 else ' is'} active."] if count else []
    found.append(f"To come back after detaching: {come_back(moment)}")
    others = [own for key, own in moment.state.viewers.items() if key != me(moment)]
    facilitators = [own.name or "another one" for own in others if own.seat == "facilitator"]
    if facilitators:
        found.append(f"{', '.join(facilitators)} stays as facilitator.")
        return found
    found.append(f"No facilitator will be in the room: {vanished(moment)}")
    return found


def _quit(desk: Desk, word: str | None, seen: int) -> None:
    if word == "detach":
        desk.leave("left")
    elif word == "wait":
        desk.ask(i.End(how="wait"), "ending: waiting for all clear", seen)
    elif word == "halt":
        desk.ask(i.End(how="halt"), "halting, then ending", seen)
    elif word == "leave faults":
        about = ("Faults stay in the cluster, labelled controlroom.dev/session. Type leave faults.",)
        rests = i.End(how="leave")
        desk.open(
            Prompt(desk.now, "leave faults behind", about, rests=rests),
            lambda typed: desk.ask(i.End(how="leave", typed=typed), seen=seen) if typed else None,
        )
