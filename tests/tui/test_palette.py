"""The palette: what it finds, in which order, where it leads, and that no text in it does anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.command import CommandList, CommandPalette
from textual.widgets import Input

from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.tui.finding import fit
from controlroom.tui.palette import MOST, everything, search
from controlroom.tui.screens.happening import HappeningSheet
from tests.tui.desk import Desk, desk
from tests.tui.seats import AUDIENCE, told

HOSTILE = "[red]x[/red] [@click=app.do('halt')]go[/] [bold \x1b]52;c;eA==\x07 \\["


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("net lat", "experiment: Network Latency", True),
        ("lat net", "experiment: Network Latency", True),
        ("ntl", "experiment: Network Latency", True),
        ("ntl", "a note " * 20 + "with n, t and l", False),
        ("zz", "experiment: Network Latency", False),
        ("", "halt", False),
        ("STRASSE", "strasse", True),
    ],
)
def test_what_fits(query: str, text: str, found: bool) -> None:
    assert (fit(query, text) is not None) == found


@given(st.text(max_size=20), st.text(max_size=120))
def test_what_was_found_is_where_it_is_said_to_be(query: str, text: str) -> None:
    own = fit(query, text)
    for start, end in own.spans if own else ():
        assert 0 <= start < end <= len(text)


def test_the_start_of_a_word_is_worth_more_than_its_middle() -> None:
    texts = ("halt", "halting problem", "what halts", "asphalt", "have a late test")
    scores = [own.score if (own := fit("halt", text)) else 0.0 for text in texts]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("hal", "halt [!]"),
        ("note", "note [n]"),
        ("net lat", "experiment: Network Latency"),
        ("p95 order", "metric: Order creation p95 latency"),
        ("baseline", "phase: "),
        ("ReplicasLow", "alert: InventoryReplicasLow"),
        ("delete every fault", "halt [!]"),
    ],
)
async def test_the_best_comes_first(query: str, first: str) -> None:
    async with desk(1872) as room:
        hits = search(list(everything(room.app)), query)
        assert hits[0][1].name.startswith(first), [hit[1].name for hit in hits[:5]]
        assert len(hits) <= MOST


async def _choose(room: Desk, typed: str) -> None:
    await room.press("ctrl+p")
    await room.until(lambda: isinstance(room.app.screen, CommandPalette), "the palette is open")
    room.app.screen.query_one(Input).value = typed
    palette = room.app.screen
    assert isinstance(palette, CommandPalette)
    best = search(list(everything(room.app)), typed)[0][1].name
    shown = palette.query_one(CommandList)

    def on_top() -> bool:
        return bool(shown.option_count) and best in str(shown.get_option_at_index(0).prompt)

    await room.until(on_top, f"{best} is on top")
    await room.press("enter")
    await room.until(lambda: room.app.screen is not palette, "it is chosen")
    await room.pilot.pause()


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("network latency", "expected"),
        ("error rate", "baseline"),
        ("phase baseline", "what went on then"),
        ("alert replicaslow", "what went on then"),
        ("timeline page", "what went on then"),
    ],
)
async def test_what_is_chosen_leads_there(typed: str, seen: str) -> None:
    async with desk(1872) as room:
        await room.feed(e.NoteWritten(note="n9", type="note", text="timeline page was slow"))
        await _choose(room, typed)
        assert seen in room.sheet()


async def test_an_action_is_done_as_by_its_key() -> None:
    async with desk(1872) as room:
        await _choose(room, "halt")
        assert room.asked(i.HaltAll)


async def test_hostile_text_is_found_and_does_nothing() -> None:
    async with desk(1872) as room:
        await room.feed(e.NoteWritten(note="n9", type="note", text=HOSTILE))
        await _choose(room, "red click")
        assert isinstance(room.app.screen, HappeningSheet)
        assert "[red]x[/red]" in room.sheet()
        assert not room.room.asked


async def test_an_audience_finds_no_more_than_it_knows() -> None:
    async with desk(events=told(1872), info=AUDIENCE) as room:
        names = "\n".join(own.name for own in everything(room.app))
        assert "halt" not in names
        assert "Network Latency" not in names
        assert "metric: " in names


async def test_a_thousand_notes_do_not_slow_a_key() -> None:
    async with desk(1872) as room:
        notes = [e.NoteWritten(note=f"n{n}", type="note", text=f"{'word ' * 40}{n}") for n in range(1000)]
        await room.feed(*notes)
        found = list(everything(room.app))
        assert len(found) > 1000
        assert len(search(found, "word")) == MOST
