"""The sheets: what they ask of the room, by keys alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual import events

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.values import changed
from controlroom.tui.actions import ACTIONS, BY_ID, Action, possible
from controlroom.tui.handlers import HANDLERS, next_rate
from controlroom.tui.screens.questions import parse_answer
from tests.sessions import DAY, OPENED, seed_plan
from tests.tui.desk import Desk, desk
from tests.tui.fake_room import recorded

GUARDS = (
    e.GuardResult(guard="context", outcome="ok", message="staging-bookstore"),
    e.GuardResult(guard="blast-radius", outcome="refused", message="all 3 of 3 pods", typed="all pods"),
)


async def _preview(room: Desk, *guards: e.GuardResult) -> int:
    """Asks for memory stress, and answers with a preview; its seq."""
    await room.press("x", "down", "down", "space")
    assert room.asked(i.Preview).experiment == "memory-stress"
    assert "Asking the cluster" in room.sheet()
    await room.feed(
        e.ExperimentChecked(
            experiment="memory-stress",
            targets=("bookstore/inventory-a", "bookstore/inventory-b"),
            mode="fixed 2",
            guards=guards,
            manifest="kind: StressChaos\n",
        )
    )
    assert room.app.follower is not None
    return room.app.follower.history.head.seq


async def test_a_start_shows_targets_and_guards_and_wants_another_key() -> None:
    async with desk(1872) as room:
        seq = await _preview(room, GUARDS[0])
        sheet = room.sheet()
        assert "2 targets, fixed 2" in sheet
        assert "bookstore/inventory-a" in sheet
        assert "kind: StressChaos" in sheet
        await room.press("space", "enter", "x")
        assert not any(isinstance(own, i.Start) for own in room.room.asked)
        await room.press("y")
        assert room.asked(i.Start) == i.Start(experiment="memory-stress", checked=seq)
        assert room.app.screen is room.app.room_screen


async def test_a_refusing_guard_wants_its_word() -> None:
    async with desk(1872) as room:
        seq = await _preview(room, *GUARDS)
        assert "REFUSED" in room.sheet()
        assert "type all pods and enter to override blast-radius" in room.sheet()
        await room.type("y")
        await room.press("enter")
        assert not any(isinstance(own, i.Start) for own in room.room.asked)
        assert "type all pods" in room.said
        await room.press("backspace")
        await room.type("all pods")
        await room.press("enter")
        assert "say why blast-radius may be overridden" in room.sheet()
        await room.press("enter")
        assert "a few words on why: they go on record" in room.said
        await room.type("agreed with the team")
        await room.press("enter")
        assert "(overridden: agreed with the team)" in room.sheet()
        await room.press("y")
        assert room.asked(i.Start) == i.Start(
            experiment="memory-stress",
            checked=seq,
            typed={"blast-radius": "all pods"},
            reason="agreed with the team",
        )


async def test_what_no_word_overrides_cannot_be_started() -> None:
    async with desk(1872) as room:
        await _preview(room, e.GuardResult(guard="context", outcome="refused", message="this is production"))
        assert "It cannot be started: this is production" in room.sheet()
        await room.press("y")
        assert not any(isinstance(own, i.Start) for own in room.room.asked)


async def test_a_running_experiment_is_stopped_after_a_yes() -> None:
    async with desk(1872) as room:
        await room.press("x", "down", "space")
        assert "network-latency#1 is active" in room.sheet()
        await room.press("enter")
        assert room.room.asked == [], "enter alone leaves it"
        await room.press("space", "y")
        assert room.asked(i.Stop).run == "network-latency#1"


async def test_a_stuck_fault_is_forced_away_by_a_word_after_its_consequence_is_told() -> None:
    async with desk(1872) as room:
        before = room.app.now.state.runs["network-latency#1"]
        held = tuple(changed(target, state="recovering") for target in before.targets)
        await room.feed(e.FaultObserved(run=before.id, state="stuck", targets=held, message="daemon away"))
        assert "[F] force away" in room.pane("banner")
        await room.press("x", "down", "d")
        assert "F removes its finalizers" in room.sheet()
        await room.press("escape", "F")
        told = " ".join(room.sheet().split())
        assert "It is stuck: daemon away" in told
        assert "may stay in bookstore/" in told
        await room.type("yes")
        await room.press("enter")
        assert room.room.asked == []
        await room.press("backspace", "backspace", "backspace")
        await room.type("release")
        await room.press("enter")
        assert room.asked(i.Release) == i.Release(run="network-latency#1", word="release")


async def test_nothing_starts_while_the_room_is_locked() -> None:
    async with desk(1872) as room:
        await room.feed(e.HaltRequested(), e.HaltFinished(seconds=1.0, proofs=()))
        await room.press("x", "down", "down", "space")
        assert room.room.asked == []
        assert "locked after a halt: u unlocks" in room.said


async def test_a_note_bears_the_moment_of_its_first_key() -> None:
    async with desk(1872) as room:
        await room.press("n")
        began = room.app.now.head
        room.real += 20
        await room.type("todo: mend it")
        await room.press("enter")
        note = room.asked(i.WriteNote)
        assert (note.type, note.text, note.private) == ("todo", "mend it", False)
        assert note.began_at == OPENED + timedelta(seconds=began)


async def test_a_note_is_edited_where_it_stands() -> None:
    async with desk(1872) as room:
        room.app.choose("notes")
        await room.press("enter")
        await room.until(lambda: room.app.screen is not room.app.room_screen, "the sheet opens")
        await room.type(" now")
        await room.press("enter")
        assert room.asked(i.EditNote) == i.EditNote(
            note="note-4", type="todo", text="runbook link in the alert is dead now"
        )


async def test_marks_are_made_amended_and_undone() -> None:
    async with desk(3300) as room:
        await room.press("M", "n", "r")
        await room.type("-2:30 all green")
        await room.press("enter")
        made = room.asked(i.MakeMark)
        assert (made.milestone, made.text) == ("recovered", "all green")
        assert made.at == OPENED + timedelta(seconds=room.app.now.head - 150)
        await room.press("enter")
        assert "Time, then text." in room.sheet()
        await room.press("ctrl+u")
        await room.type("T+53:00 earlier")
        await room.press("enter")
        amended = room.asked(i.AmendMark)
        assert (amended.mark, amended.text) == ("mark-4", "earlier")
        assert amended.at == OPENED + timedelta(minutes=53)
        await room.press("u")
        assert room.asked(i.UndoMark).mark == "mark-4"


@pytest.mark.parametrize(
    ("key", "milestone"), [("a", "acknowledged"), ("c", "root-cause"), ("m", "mitigated")]
)
async def test_a_milestone_is_one_key(key: str, milestone: str) -> None:
    async with desk(1872) as room:
        await room.press(key)
        assert room.asked(i.MakeMark) == i.MakeMark(milestone=milestone)


async def test_a_step_is_ticked_in_the_checklist() -> None:
    async with desk(1872) as room:
        await room.press("k")
        assert "[x]" in room.sheet()
        await room.press("space")
        assert room.asked(i.SetTick) == i.SetTick(list="step", item="inject-memory-stress", ticked=True)


async def test_observations_go_one_by_one_and_check_what_is_typed() -> None:
    async with desk(4850) as room:
        await room.press("o")
        assert "1 of 6" in room.sheet()
        assert "measured: 1:01" in room.sheet()
        await room.press("down", "down")
        await room.type("9")
        await room.press("enter")
        assert "begin with a number from 1 to 5" in room.said
        await room.press("backspace")
        await room.type("4 good ones")
        await room.press("enter")
        answer = room.asked(i.GiveAnswer)
        assert (answer.question, answer.score, answer.text) == ("runbooks", 4, "good ones")
        assert "4 of 6" in room.sheet()


def test_a_yes_or_no_question_keeps_the_word_it_is_judged_by() -> None:
    question = next(own for own in seed_plan().plan.observations if own.kind == "yes-no")
    assert parse_answer(question, "Y, they shouted") == ("yes, they shouted", None)
    assert parse_answer(question, "no") == ("no", None)
    with pytest.raises(ValueError, match="yes or no"):
        parse_answer(question, "perhaps")


@pytest.mark.parametrize(
    ("keys", "intent"),
    [
        (("p", "n"), i.NextPhase()),
        (("p", "5"), i.ExtendPhase(seconds=300.0)),
        (("p", "h"), i.HoldClock()),
        (("p", *["down"] * 5, "enter"), i.SkipPhase(phase="respond")),
        (("p", *["down"] * 7, "enter"), i.ReopenPhase(phase="baseline", seconds=300.0)),
        (("v", "2", "y"), i.Reveal(experiment="network-latency")),
        (("i", "1", "y"), i.GiveInject(inject="support-call")),
        (("i", "1", "s"), i.GiveInject(inject="support-call", skipped=True)),
        (("L", "y"), i.StopLoad()),
        (("C", "y"), i.CleanUp()),
        ((">",), i.SetRate(rate=2.0)),
        (("h",), i.HoldClock()),
        (("q", "h"), i.End(how="halt")),
    ],
)
async def test_the_day_is_moved_by_keys(keys: tuple[str, ...], intent: i.Intent) -> None:
    async with desk(1872) as room:
        await room.press(*keys)
        await room.until(lambda: bool(room.room.asked), "the room is asked")
        assert room.room.asked == [intent]


async def test_a_real_incident_is_declared_with_its_words() -> None:
    async with desk(1872) as room:
        await room.press("I")
        await room.type("payments fail")
        await room.press("enter")
        assert room.asked(i.DeclareIncident).text == "payments fail"


async def test_faults_are_left_behind_only_with_the_typed_words() -> None:
    async with desk(1872) as room:
        await room.press("q", "f")
        await room.type("leave faults")
        await room.press("enter")
        assert room.asked(i.End) == i.End(how="leave", typed="leave faults")


async def test_a_plot_opens_zooms_and_reads_off() -> None:
    async with desk(1872) as room:
        await room.press("t")
        assert "baseline 138" in room.sheet()
        await room.press("plus", "left")
        assert "31:" in room.sheet().split("baseline")[0]
        await room.press("escape")
        assert room.app.screen is room.app.room_screen


async def test_figures_are_shown_with_their_evidence() -> None:
    async with desk(3300) as room:
        await room.press("f")
        assert "Alerts fire within 2 minutes of failure" in room.sheet()
        assert "fired after 22 s" in room.sheet()


async def test_the_palette_finds_actions_experiments_metrics_and_moments() -> None:
    from controlroom.tui.palette import everything

    async with desk(1872) as room:
        names = [own.name for own in everything(room.app)]
        assert "halt [!]" in names
        assert "experiment: Pod Kill" in names
        assert "metric: Error rate" in names
        assert any("InventoryReplicasLow firing" in name for name in names)
        assert "unlock [u]" not in names, "what is not possible is not offered"


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
async def test_every_action_does_something_where_it_is_possible(action: Action) -> None:
    ahead = ("to_end", "seek_on", "stop_after", "phase_after")
    of_recordings = (
        "fine_back",
        "fine_on",
        "loop_from",
        "loop_to",
        "end_loop",
        "bookmark",
        "bookmarks",
        "beside",
    )
    t, info = (DAY, recorded()) if action.id in ahead + of_recordings else (1872.0, None)
    async with desk(t, info=info) as room:
        if action.id == "unlock":
            await room.feed(e.HaltRequested(), e.HaltFinished(seconds=1.0, proofs=()))
        elif action.id == "force":
            await room.feed(e.FaultObserved(run="network-latency#1", state="stuck", message="no daemon"))
        elif action.id == "hold_abort":
            await room.feed(e.AbortBreached(rule="blind", value=None, countdown=10.0))
        elif info is not None:
            await room.press("home", "full_stop")
            if action.id == "end_loop":
                await room.press("(")
        assert possible(action, room.app.now)
        before = (room.screen_lines(), len(room.room.asked), len(room.said), room.app.screen, room.app.theme)
        room.app.action_do(action.id)
        await room.pilot.pause()
        await room.pilot.pause()
        after = (room.screen_lines(), len(room.room.asked), len(room.said), room.app.screen, room.app.theme)
        # Nothing is chosen for two of them; what is painted anew is the same.
        unseen = action.id in ("edit_note", "stop_here", "paint_anew")
        assert unseen or room.app.return_value is not None or after != before


@pytest.mark.parametrize("action", [own for own in ACTIONS if own.dangerous], ids=lambda action: action.id)
async def test_a_dangerous_key_alone_does_nothing_but_halt(action: Action) -> None:
    async with desk(1872) as room:
        if action.id == "unlock":
            await room.feed(e.HaltRequested(), e.HaltFinished(seconds=1.0, proofs=()))
        elif action.id == "force":
            await room.feed(e.FaultObserved(run="network-latency#1", state="stuck", message="no daemon"))
        await room.press(action.key)
        await room.pilot.pause()
        acted = [own for own in room.room.asked if not isinstance(own, i.Preview)]
        assert acted == ([i.HaltAll()] if action.id.startswith("halt") else [])


def test_no_two_actions_share_a_key() -> None:
    keys = [key for own in ACTIONS if own.key for key in own.key.split(",")]
    assert len(keys) == len(set(keys))
    assert HANDLERS.keys() == BY_ID.keys()


def test_rates_go_up_and_down_by_steps() -> None:
    assert next_rate(1.0, 1) == 2.0
    assert next_rate(20.0, -1) == 10.0
    assert next_rate(120.0, 1) == 120.0
    assert next_rate(0.5, -1) == 1.0


@pytest.mark.parametrize("pane", ["", "experiments"])
async def test_a_burst_of_keys_reaches_what_its_first_key_opens(pane: str) -> None:
    """As a slow line, or fast fingers, bring them: all at once, before the sheet is there."""
    async with desk(1872) as room:
        if pane:
            room.app.choose(pane)
            await room.pilot.pause()
        for char in ("n", *"obs: it is slow", "\r", "h"):
            key = {" ": "space", ":": "colon", "\r": "enter"}.get(char, char)
            room.app.post_message(events.Key(key, char))
        await room.until(lambda: len(room.room.asked) == 2, "the note is sent, and the key after it acts")
        assert isinstance(room.room.asked[1], i.HoldClock)
        assert (room.asked(i.WriteNote).type, room.asked(i.WriteNote).text) == ("observation", "it is slow")
