"""Everything a person can do, once: keys, key line, palette, help, docs and what a seat may do come from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from controlroom.core import intents as i
from controlroom.core.intents import IntentBase

if TYPE_CHECKING:
    from controlroom.tui.moment import Moment

Group = Literal["Safety", "Record", "Experiments", "The day", "Look", "Time travel", "Program"]
When: TypeAlias = "Callable[[Moment], bool]"


def always(moment: Moment) -> bool:
    return True


def live(moment: Moment) -> bool:
    """Acting is possible: a session that goes on, at its newest moment."""
    return moment.live and moment.state.status in ("open", "ending")


def session_goes_on(moment: Moment) -> bool:
    """Acting is possible from wherever one looks."""
    return moment.reachable and moment.state.status in ("open", "ending")


def can_halt(moment: Moment) -> bool:
    """As long as there is a host: one that cannot be reached now hears of it as soon as it can be."""
    there = moment.info.live and moment.entered and not moment.trouble
    return there and moment.state.status in ("open", "ending")


def has_plan(moment: Moment) -> bool:
    return moment.plan is not None


@dataclass(frozen=True)
class Action:
    id: str
    key: str
    """As Textual names it; several are joined by commas. What a person has instead: :mod:`controlroom.tui.keymap`."""
    shown: str
    """The key as people read it, where they have no other; `Moment.keys` knows."""
    label: str
    help: str
    group: Group
    when: When = always
    dangerous: bool = False
    """Touches the cluster or the end of the day; it asks, with another key, before it does (halt excepted)."""
    seats: tuple[str, ...] = ("facilitator",)
    """Who has the key; no wider than what :mod:`controlroom.core.seats` lets them ask."""
    asks: tuple[type[IntentBase], ...] = ()
    """What it may ask of the room."""
    everywhere: bool = False
    """Also while a question or a text field is open."""
    in_sheets: bool = False
    """Also in every sheet, where that has no other use for the key and no text is typed."""
    rank: int = 0
    """Place in the key line; 0: not in it."""


ALL = ("facilitator", "scribe", "audience")
WRITERS = ("facilitator", "scribe")


def _locked(moment: Moment) -> bool:
    return session_goes_on(moment) and moment.state.locked


def _counting(moment: Moment) -> bool:
    return live(moment) and any(abort.status == "counting" for abort in moment.state.aborts.values())


def _phase_open(moment: Moment) -> bool:
    return live(moment) and moment.state.phase is not None


def _lab(moment: Moment) -> bool:
    return live(moment) and moment.state.opened is not None and moment.state.opened.lab


def _something_runs(moment: Moment) -> bool:
    return live(moment) and bool(moment.state.running)


def _something_is_stuck(moment: Moment) -> bool:
    return session_goes_on(moment) and any(run.state == "stuck" for run in moment.state.runs.values())


def _plan_has_load(moment: Moment) -> bool:
    return live(moment) and moment.plan is not None and moment.plan.load is not None


def _has_load(moment: Moment) -> bool:
    return moment.plan is not None and moment.plan.load is not None


def _recorded(moment: Moment) -> bool:
    return not moment.info.live and has_plan(moment)


def _answers(moment: Moment) -> bool:
    """While a session goes on; in a recording to read them. Closed on screen, an answer would be lost."""
    return has_plan(moment) and (not moment.info.live or session_goes_on(moment))


def _has_experiments(moment: Moment) -> bool:
    return moment.plan is not None and bool(moment.plan.experiments)


def _may_start(moment: Moment) -> bool:
    """At the newest moment: what runs now is not what ran at the one that is looked back at."""
    return has_plan(moment) and (not moment.info.live or live(moment))


def _people(moment: Moment) -> bool:
    return moment.info.live and moment.entered


def _looping(moment: Moment) -> bool:
    return _recorded(moment) and moment.playhead.loop is not None


def _not_at_head(moment: Moment) -> bool:
    return has_plan(moment) and (not moment.playhead.pinned or not moment.info.live)


ACTIONS = (
    Action("halt", "exclamation_mark", "!", "halt",
           "Delete every fault of ours at once, without a question; then lock.", "Safety", when=can_halt,
           dangerous=True, seats=WRITERS, everywhere=True, asks=(i.HaltAll,)),
    Action("halt_typing", "ctrl+x", "^x", "halt",
           "Halt, also while a text is being typed.", "Safety", when=can_halt, dangerous=True, seats=WRITERS,
           everywhere=True, asks=(i.HaltAll,)),
    Action("unlock", "u", "u", "unlock",
           "After a halt: allow starts again, by typing `unlock`.", "Safety", when=_locked, dangerous=True, rank=1,
           asks=(i.Unlock,)),
    Action("hold_abort", "b", "b", "hold abort",
           "Hold an abort rule whose countdown runs: it will not halt the day.", "Safety", when=_counting,
           rank=1, asks=(i.HoldAbort,)),
    Action("incident", "I", "I", "real incident",
           "Something real is happening: say so, halt and lock.", "Safety", when=session_goes_on, dangerous=True,
           asks=(i.DeclareIncident,)),
    Action("force", "F", "F", "force away",
           "Remove the finalizers of a stuck fault, by typing `release`: it goes, and may act on in its pods.",
           "Safety", when=_something_is_stuck, dangerous=True, asks=(i.Release,)),
    Action("note", "n", "n", "note",
           "Write a note, stamped with this key; begin with todo: obs: decide: park: or private:.", "Record",
           when=session_goes_on, seats=WRITERS, in_sheets=True, rank=2, asks=(i.WriteNote,)),
    Action("note_typing", "ctrl+n", "^n", "note",
           "Write a note, also while a text is being typed or a question is open; it is still there after it.",
           "Record", when=session_goes_on, seats=WRITERS, everywhere=True, asks=(i.WriteNote,)),
    Action("notes", "N", "N", "all notes",
           "All notes: search, filter by type and author, edit, and what they said before.", "Record", when=has_plan,
           seats=ALL),
    Action("edit_note", "", "enter", "edit note",
           "In the notes: edit the chosen one; the record keeps both.", "Record", when=session_goes_on,
           seats=WRITERS, asks=(i.EditNote,)),
    Action("mark_acknowledged", "a", "a", "acknowledged",
           "Mark: the alert was acknowledged now.", "Record", when=live, seats=WRITERS, rank=3, asks=(i.MakeMark,)),
    Action("mark_cause", "c", "c", "cause",
           "Mark: the root cause was named now.", "Record", when=live, seats=WRITERS, rank=3, asks=(i.MakeMark,)),
    Action("mark_mitigated", "m", "m", "mitigated",
           "Mark: the mitigation was applied now.", "Record", when=live, seats=WRITERS, rank=3, asks=(i.MakeMark,)),
    Action("marks", "M", "M", "marks",
           "Any other mark; amend a mark's time or text, or undo it.", "Record", when=has_plan, seats=WRITERS,
           rank=9, asks=(i.MakeMark, i.AmendMark, i.UndoMark)),
    Action("observations", "o", "o", "observations",
           "Answer the facilitator's observation questions.", "Record", when=_answers, seats=WRITERS, rank=8,
           asks=(i.GiveAnswer,)),
    Action("debrief", "g", "g", "debrief",
           "Debrief: one question at a time, with a time box.", "Record", when=_answers, seats=WRITERS, rank=7,
           asks=(i.GiveAnswer,)),
    Action("action_items", "A", "A", "action items",
           "Action items and after-actions: owner, date, state; todo: in a note makes one.", "Record", when=_answers,
           seats=WRITERS, asks=(i.SetAction,)),
    Action("go_no_go", "G", "G", "go / no-go",
           "Ask each role for its go or no-go before an injection; what it says is on record.", "Experiments",
           when=_has_experiments, seats=WRITERS, asks=(i.Poll,)),
    Action("experiments", "x", "x", "experiments",
           "Go to the experiments; there space starts or stops the chosen one.", "Experiments", when=has_plan,
           rank=5),
    Action("start_stop", "space", "space", "start/stop",
           "Preview and start the chosen experiment, or stop it. In a recording: play or pause.", "Experiments",
           when=_may_start, dangerous=True, rank=6, asks=(i.Preview, i.Start, i.Stop)),
    Action("clean_up", "C", "C", "clean up",
           "Stop every fault of ours, as the plan's clean-up step does.", "Experiments", when=_something_runs,
           dangerous=True, asks=(i.CleanUp,)),
    Action("reveal", "v", "v", "reveal", "Tell the audience about an experiment.", "Experiments", when=live, rank=6,
           asks=(i.Reveal,)),
    Action("inject", "i", "i", "inject", "Give or skip the next planned inject or a hint.", "Experiments", when=live,
           asks=(i.GiveInject,)),
    Action("load", "L", "L", "load", "Start or stop the load.", "Experiments", when=_plan_has_load, dangerous=True,
           asks=(i.StartLoad, i.StopLoad)),
    Action("checklist", "k", "k", "checklist",
           "Checklist, steps and after-actions: tick them.", "The day", when=has_plan, seats=WRITERS, rank=6,
           asks=(i.SetTick,)),
    Action("phases", "p", "p", "phases",
           "Next, extend, skip or reopen a phase.", "The day", when=live, dangerous=True, rank=4,
           asks=(i.NextPhase, i.ExtendPhase, i.SkipPhase, i.ReopenPhase, i.HoldClock, i.ResumeClock)),
    Action("hold_clock", "h", "h", "hold clock",
           "Hold the plan's clock, or let it go on; faults and samples go on.", "The day", when=_phase_open,
           asks=(i.HoldClock, i.ResumeClock)),
    Action("slower", "less_than_sign", "<", "slower",
           "Run the rehearsal (or the recording) slower.", "The day",
           when=lambda moment: _lab(moment) or _recorded(moment), asks=(i.SetRate,)),
    Action("faster", "greater_than_sign", ">", "faster",
           "Run the rehearsal (or the recording) faster.", "The day",
           when=lambda moment: _lab(moment) or _recorded(moment), asks=(i.SetRate,)),
    Action("details", "d", "d", "details",
           "Targets, manifest, events and guards of the chosen experiment.", "Look", when=_has_experiments, seats=ALL),
    Action("plot", "t", "t", "plot",
           "A plot of the chosen metric with baseline, limit and faults.", "Look", when=has_plan, seats=ALL),
    Action("sort_metrics", "s", "s", "sort metrics",
           "The metrics table in the plan's order, the worst first, or by name: on this screen alone.", "Look",
           when=has_plan, seats=WRITERS),
    Action("pin_metric", "asterisk", "*", "pin metric",
           "In the metrics: keep the chosen row on top, or let go of it.", "Look", when=has_plan, seats=WRITERS),
    Action("hide_metric", "z", "z", "hide metric",
           "In the metrics: hide the chosen row; the title tells when a hidden metric is outside its limit.", "Look",
           when=has_plan, seats=WRITERS),
    Action("filter_metrics", "slash", "/", "filter metrics",
           "Only metrics whose name holds what is typed; nothing typed shows all.", "Look", when=has_plan,
           seats=WRITERS),
    Action("all_metrics", "Z", "Z", "all metrics",
           "Every metric again, in the plan's order: no filter, nothing hidden or pinned.", "Look", when=has_plan,
           seats=WRITERS),
    Action("verdict", "f", "f", "figures",
           "Criteria, signs and figures so far, with their evidence.", "Look", when=has_plan, seats=WRITERS),
    Action("who", "w", "w", "who",
           "Who is in the room, and how others come in.", "Look", when=_people, seats=WRITERS),
    Action("load_output", "O", "O", "load output",
           "The load: since when it runs or how it ended, and the last of what it said.", "Look",
           when=_has_load, seats=WRITERS),
    Action("layout", "l", "l", "layout", "The next layout.", "Look", seats=ALL),
    Action("theme", "T", "T", "theme",
           "The next theme: dark, light, high contrast, colour-blind-safe, sixteen colours; then one's own.", "Look",
           seats=ALL),
    Action("paint_anew", "ctrl+l", "^l", "paint anew",
           "Paint the whole screen again, where something else has written on the terminal.", "Look", seats=ALL,
           everywhere=True),
    Action("picture", "P", "P", "picture",
           "Save a picture of the screen into the session's folder.", "Look", when=live, seats=WRITERS),
    Action("copy", "y", "y", "copy",
           "Copy what is chosen in the pane with the cursor, as one line of text; with nothing chosen it asks.",
           "Look", seats=ALL),
    Action("copy_what", "Y", "Y", "copy …",
           "Copy the status line, the figures or what is chosen: each is shown before.", "Look", when=has_plan,
           seats=ALL),
    Action("sessions", "S", "S", "sessions", "Saved sessions: open one, or compare some.", "Look", seats=WRITERS),
    Action("compare", "D", "D", "compare",
           "This session beside those before it on the same plan: the trend of each figure, what became better or "
           "worse, what is still open.", "Look", when=has_plan, seats=WRITERS),
    Action("seek_back", "comma", ",", "back",
           "30 seconds back; a live session goes on meanwhile.", "Time travel", when=has_plan, seats=ALL),
    Action("seek_on", "full_stop", ".", "on", "30 seconds on.", "Time travel", when=_not_at_head, seats=ALL),
    Action("fine_back", "shift+left", "⇧←", "a little back", "5 seconds back.", "Time travel",
           when=_recorded, seats=ALL),
    Action("fine_on", "shift+right", "⇧→", "a little on", "5 seconds on.", "Time travel", when=_recorded, seats=ALL),
    Action("stop_before", "left_square_bracket", "[", "mark before",
           "To the moment before that is worth seeing: an alert, a fault, a mark, a note …", "Time travel",
           when=has_plan, seats=ALL),
    Action("stop_after", "right_square_bracket", "]", "next mark",
           "To the next moment that is worth seeing.", "Time travel", when=_not_at_head, seats=ALL),
    Action("stop_kind", "J", "J", "which moments",
           "Which moments these two keys go to: all, or only alerts, edges of faults, marks, notes, bookmarks …",
           "Time travel", when=has_plan, seats=ALL),
    Action("stop_here", "", "enter", "see it",
           "On the timeline: what happened there, when and by whom; enter again shows the room as it was.",
           "Time travel", when=has_plan, seats=ALL),
    Action("phase_before", "left_curly_bracket", "{", "phase before",
           "To the start of the phase before.", "Time travel", when=has_plan, seats=ALL),
    Action("phase_after", "right_curly_bracket", "}", "next phase",
           "To the start of the next phase.", "Time travel", when=_not_at_head, seats=ALL),
    Action("go_to", "colon", ":", "go to",
           "To a time or a moment by its name: 26:40, @15:41, -2:30, alert:, phase:, note:; tab completes.",
           "Time travel", when=has_plan, seats=ALL),
    Action("loop_from", "left_parenthesis", "(", "loop from here",
           "A stretch to be played again and again begins here.", "Time travel", when=_recorded, seats=ALL),
    Action("loop_to", "right_parenthesis", ")", "loop to here",
           "The stretch ends here, and is played until the loop is ended.", "Time travel", when=_recorded, seats=ALL),
    Action("end_loop", "backslash", "\\", "end the loop",
           "Play on past the end of the stretch.", "Time travel", when=_looping, seats=ALL),
    Action("bookmark", "B", "B", "bookmark",
           "Name this moment of a recording, change the name, or take it away: in a file beside it, never in it.",
           "Time travel", when=_recorded, seats=ALL),
    Action("bookmarks", "apostrophe", "'", "bookmarks",
           "All bookmarks of the recording, to go to one.", "Time travel", when=_recorded, seats=ALL),
    Action("to_start", "home", "home", "start",
           "To the start of the session.", "Time travel", when=has_plan, seats=ALL),
    Action("to_end", "end", "end", "newest",
           "To the newest moment; in a live session, back to now.", "Time travel", when=_not_at_head, seats=ALL),
    Action("beside", "V", "V", "two beside",
           "Two recordings beside each other, aligned by an injection, moved by one playhead.", "Time travel",
           when=_recorded, seats=ALL),
    Action("help", "question_mark,f1", "?", "help",
           "Explain the screen in view: the room, or the sheet that is open (f1 while a text is typed).", "Program",
           seats=ALL, in_sheets=True, rank=10),
    Action("commands", "ctrl+p", "^p", "commands",
           "Find any action, experiment or metric by its name.", "Program", seats=ALL, rank=11),
    Action("next_pane", "tab", "tab", "next pane",
           "Choose the next pane; up, down and enter work in it.", "Program", seats=ALL),
    Action("quit", "q,ctrl+q", "q", "quit", "Leave: detach and come back, or end the day.", "Program", seats=ALL),
)  # fmt: skip

BY_ID = {action.id: action for action in ACTIONS}


def why_not(action: Action, moment: Moment) -> str:
    """Why that seat cannot do it at that moment, for those who pressed its key."""
    if moment.info.seat not in action.seats:
        return f"not possible for this seat ({moment.info.seat})"
    if moment.lost is not None:
        return f"not sent: the connection to the host is lost, trying again ({moment.lost:.0f} s)"
    if moment.trouble and moment.info.live:
        return f"not possible: {moment.trouble}"
    if moment.info.live and not moment.playhead.pinned and moment.state.status != "closed":
        return f"not from the past: {moment.keys.shown('to_end')} goes back to now"
    return "not possible now"


def possible(action: Action, moment: Moment) -> bool:
    """Whether that seat may do it, at that moment."""
    return moment.info.seat in action.seats and action.when(moment)


def key_line(moment: Moment) -> tuple[Action, ...]:
    """What the key line names at that moment, most important first."""
    return tuple(
        sorted((own for own in ACTIONS if own.rank and possible(own, moment)), key=lambda own: own.rank)
    )
