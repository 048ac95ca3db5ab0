"""What each action does. Sheets are imported when they are opened, so that the first paint need not wait."""

from __future__ import annotations

from collections.abc import Callable

from controlroom.core import intents as i
from controlroom.core.events.people import Milestone
from controlroom.tui.desk import Desk
from controlroom.tui.travelling import TRAVELLING

RATES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)
"""Rates of a rehearsal that the keys step through."""


def halt(desk: Desk) -> None:
    desk.ask(i.HaltAll(), "halt: everything of ours is being deleted")


def unlock(desk: Desk) -> None:
    from controlroom.tui.screens.simple import Prompt

    seen = desk.now.seen
    desk.open(
        Prompt(
            desk.now,
            "unlock",
            ("Type unlock to allow starts again.",),
            wrong=lambda text: "" if text in ("", "unlock") else "type unlock",
            rests=i.Unlock(word=""),
        ),
        lambda word: desk.ask(i.Unlock(word=word), "unlocked", seen) if word else None,
    )


def hold_abort(desk: Desk) -> None:
    for abort in desk.now.state.aborts.values():
        if abort.status == "counting":
            desk.ask(i.HoldAbort(rule=abort.rule), "held: this breach will not halt the day")


def incident(desk: Desk) -> None:
    from controlroom.tui.screens.simple import Prompt

    about = ("This halts every fault of ours and locks the room. Say what is happening; esc drops it.",)
    desk.open(
        Prompt(
            desk.now, "a real incident", about, wrong=lambda text: "" if text else "say what is happening"
        ),
        lambda text: desk.ask(i.DeclareIncident(text=text), "declared") if text else None,
    )


def force(desk: Desk) -> None:
    from controlroom.tui.screens.force import force as ask

    ask(desk)


def mark(milestone: Milestone) -> Callable[[Desk], None]:
    """Marks that milestone now, for all experiments it may concern."""

    def handler(desk: Desk) -> None:
        word = milestone.replace("-", " ")
        desk.ask(
            i.MakeMark(milestone=milestone),
            f"marked: {word} ({desk.now.keys.shown('marks')} amends or undoes it)",
        )

    return handler


def note(desk: Desk) -> None:
    from controlroom.tui.screens.notes import write_note

    write_note(desk)


def notes(desk: Desk) -> None:
    from controlroom.tui.screens.notes import NotesSheet

    desk.open(NotesSheet(desk.now, desk))


def action_items(desk: Desk) -> None:
    from controlroom.tui.screens.action_items import ActionsSheet

    desk.open(ActionsSheet(desk.now, desk))


def go_no_go(desk: Desk) -> None:
    from controlroom.tui.screens.polls import ask_around

    ask_around(desk)


def edit_note(desk: Desk) -> None:
    from controlroom.tui.screens.notes import edit_chosen

    edit_chosen(desk)


def marks(desk: Desk) -> None:
    from controlroom.tui.screens.marks import MarksSheet

    desk.open(MarksSheet(desk.now, desk))


def observations(desk: Desk) -> None:
    from controlroom.tui.screens.questions import QuestionSheet

    desk.open(QuestionSheet(desk.now, desk, "observations"))


def debrief(desk: Desk) -> None:
    from controlroom.tui.screens.questions import QuestionSheet

    desk.open(QuestionSheet(desk.now, desk, "debrief"))


def experiments(desk: Desk) -> None:
    desk.choose("experiments")


def start_stop(desk: Desk) -> None:
    if not desk.now.info.live:
        if desk.follower is not None:
            desk.follower.play_or_pause()
            desk.moved()
        return
    from controlroom.tui.screens.start import start_or_stop

    start_or_stop(desk)


def clean_up(desk: Desk) -> None:
    from controlroom.tui.screens.start import confirm

    running = ", ".join(run.id for run in desk.now.state.running)
    confirm(
        desk,
        "clean up",
        (f"Stops every fault of ours: {running}.",),
        i.CleanUp(),
        "stopping everything of ours",
    )


def reveal(desk: Desk) -> None:
    from controlroom.tui.screens.day import reveal as choose

    choose(desk)


def inject(desk: Desk) -> None:
    from controlroom.tui.screens.day import inject as choose

    choose(desk)


def load(desk: Desk) -> None:
    from controlroom.tui.load_output import what_drives
    from controlroom.tui.screens.start import confirm

    plan = desk.now.plan
    if desk.now.state.load_running and desk.now.state.load_stop is not None:
        desk.say("the load is being deleted: it counts as running until its pods are gone")
    elif desk.now.state.load_running:
        confirm(desk, "stop the load", ("The load is running.",), i.StopLoad(), "load stopped")
    elif plan is not None and plan.load is not None:
        confirm(desk, "start the load", (what_drives(plan.load),), i.StartLoad(), "load started")


def load_output(desk: Desk) -> None:
    from controlroom.tui.screens.load_output import LoadSheet

    desk.open(LoadSheet(desk.now))


def checklist(desk: Desk) -> None:
    from controlroom.tui.screens.checklist import ChecklistSheet

    desk.open(ChecklistSheet(desk.now, desk))


def phases(desk: Desk) -> None:
    from controlroom.tui.screens.day import phase_menu

    phase_menu(desk)


def hold_clock(desk: Desk) -> None:
    if desk.now.state.held_since is None:
        desk.ask(i.HoldClock(), "the plan's clock is held; faults and samples go on")
    else:
        desk.ask(i.ResumeClock(), "the plan's clock goes on")


def slower(desk: Desk) -> None:
    _speed(desk, -1)


def faster(desk: Desk) -> None:
    _speed(desk, 1)


def _speed(desk: Desk, by: int) -> None:
    if desk.now.info.live:
        desk.ask(i.SetRate(rate=next_rate(desk.now.state.rate, by)))
    elif desk.follower is not None:
        if by > 0:
            desk.follower.faster()
        else:
            desk.follower.slower()
        desk.moved()


def next_rate(rate: float, by: int) -> float:
    """The next faster (by 1) or slower (by -1) of :data:`RATES`."""
    if by > 0:
        return next((own for own in RATES if own > rate), RATES[-1])
    return next((own for own in reversed(RATES) if own < rate), RATES[0])


def details(desk: Desk) -> None:
    from controlroom.tui.screens.details import experiment_details

    experiment_details(desk)


def plot(desk: Desk) -> None:
    from controlroom.tui.screens.plot import PlotSheet

    if (metric := desk.metric()) is not None:
        table = desk.metrics()
        desk.open(PlotSheet(desk.now, metric, table.listed_metrics() if table is not None else ()))


def arrange(what: str) -> Callable[[Desk], None]:
    """Another view of the metrics table."""

    def handler(desk: Desk) -> None:
        from controlroom.tui.arranging import arrange as do

        do(desk, what)

    return handler


def verdict(desk: Desk) -> None:
    from controlroom.tui.screens.details import figures_page
    from controlroom.tui.screens.simple import Reader

    desk.open(Reader(desk.now, "figures so far", figures_page))


def who(desk: Desk) -> None:
    from controlroom.tui.screens.simple import Reader
    from controlroom.tui.screens.who import who_page

    desk.open(Reader(desk.now, "who is here", who_page))


def help_page(desk: Desk) -> None:
    from controlroom.tui.screens.help import show_help

    show_help(desk)


def copy(desk: Desk) -> None:
    from controlroom.tui.screens.copy import copy_chosen

    copy_chosen(desk)


def copy_what(desk: Desk) -> None:
    from controlroom.tui.screens.copy import copy_menu

    copy_menu(desk)


def quit_or_ask(desk: Desk) -> None:
    from controlroom.tui.screens.day import leave

    leave(desk)


def stop_here(desk: Desk) -> None:
    from controlroom.tui.screens.happening import stop_here as show

    show(desk)


HANDLERS: dict[str, Callable[[Desk], None]] = {
    "halt": halt,
    "halt_typing": halt,
    "unlock": unlock,
    "hold_abort": hold_abort,
    "incident": incident,
    "force": force,
    "note": note,
    "note_typing": note,
    "notes": notes,
    "edit_note": edit_note,
    "mark_acknowledged": mark("acknowledged"),
    "mark_cause": mark("root-cause"),
    "mark_mitigated": mark("mitigated"),
    "marks": marks,
    "observations": observations,
    "debrief": debrief,
    "action_items": action_items,
    "go_no_go": go_no_go,
    "experiments": experiments,
    "start_stop": start_stop,
    "clean_up": clean_up,
    "reveal": reveal,
    "inject": inject,
    "load": load,
    "load_output": load_output,
    "checklist": checklist,
    "phases": phases,
    "hold_clock": hold_clock,
    "slower": slower,
    "faster": faster,
    "details": details,
    "plot": plot,
    "sort_metrics": arrange("sort"),
    "pin_metric": arrange("pin"),
    "hide_metric": arrange("hide"),
    "filter_metrics": arrange("filter"),
    "all_metrics": arrange("all"),
    "verdict": verdict,
    "who": who,
    "layout": lambda desk: desk.next_layout(),
    "theme": lambda desk: desk.next_theme(),
    "paint_anew": lambda desk: desk.paint_anew(),
    "picture": lambda desk: desk.picture(),
    "copy": copy,
    "copy_what": copy_what,
    "sessions": lambda desk: desk.sessions(),
    "compare": lambda desk: desk.compare(),
    "stop_here": stop_here,
    **TRAVELLING,
    "help": help_page,
    "commands": lambda desk: desk.commands(),
    "next_pane": lambda desk: desk.next_pane(),
    "quit": quit_or_ask,
}
