"""docs/protocol.md: every message and intent is on it, and its example client works."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from controlroom.core.events import NoteWritten
from controlroom.core.intents import Intent
from controlroom.core.seats import MAY
from controlroom.host import grumbles, outlet, server, viewer
from controlroom.wire.messages import LONGEST_DOWN, LONGEST_UP, VERSION, FromHost, FromViewer
from tests.room.conftest import House

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
MESSAGES = (*get_args(FromViewer), *get_args(FromHost))


def rows(*sections: str) -> dict[str, set[str]]:
    """Names in the second column of the sections' tables, by the name in the first; it may be left out."""
    found: dict[str, set[str]] = {}
    last = ""
    for section in sections:
        for line in PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0].splitlines():
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            if len(cells) < 3 or not cells[1] + cells[0].strip("- ") or cells[0] in ("`msg`", "Name"):
                continue
            last = cells[0].strip("`") or last
            found.setdefault(last, set()).update(re.findall(r"`(\w+)`", cells[1]))
    found.pop("---", None)
    return found


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_every_message_is_told_with_its_fields(message: type[msgspec.Struct]) -> None:
    told = rows("From a viewer", "From the host")
    assert told[str(message.__struct_config__.tag)] == {
        field.name for field in msgspec.structs.fields(message)
    }
    assert len(told) == len(MESSAGES)


def test_every_intent_is_told_with_its_fields_and_no_other() -> None:
    assert rows("Intents") == {
        str(kind.__struct_config__.tag): {field.name for field in msgspec.structs.fields(kind)}
        for kind in get_args(Intent)
    }


def test_the_seats_are_those_of_the_code() -> None:
    table = PAGE.partition("| Seat |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == set(MAY)
    names = {seat: {str(kind.__struct_config__.tag) for kind in kinds} for seat, kinds in MAY.items()}
    section = PAGE.partition("| `scribe` |")[2].partition("\n")[0]
    assert set(re.findall(r"`([\w-]+)`", section)) == names["scribe"]
    assert names["audience"] == set()


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{server.MOST_GUESTS} at a time, and {server.GUESTS_A_MINUTE} seats" in PAGE
    assert f"Intents without an answer | {viewer.AT_ONCE} |" in PAGE
    assert (
        f"Nothing taken of what waits | {outlet.SLOW:g} s | `goodbye`, and {outlet.GRACE:g} s later" in PAGE
    )
    assert f"at most {grumbles.MOST} lines of the log in a minute" in PAGE
    assert f"gathered for {viewer.CALM * 1000:g} ms" in PAGE
    assert f"says `hello` within {server.GREETING:g} seconds" in PAGE
    assert (LONGEST_UP // 1024, LONGEST_DOWN // 1024**2, VERSION) == (256, 64, 1)
    assert "256 KiB" in PAGE and "64 MiB" in PAGE


async def test_the_example_client_watches_and_writes_a_note(house: House) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert len(code.splitlines()) <= 32
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(house.socket),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(30):
        await house.conductor.arrived.get()
        house.note("the last")
        house.recorder.close()
        out, err = await client.communicate()
    assert err == b""
    lines = out.decode().splitlines()
    assert lines[0] == "in the room of A day"
    assert [line.split()[-1] for line in lines if "  " in line] == [
        "session.opened",
        "seat.taken",
        "note.written",
        "note.written",
    ]
    assert "answered: {'type': 'accepted', 'seq': 3}" in lines
    assert lines[-1] == "goodbye closed"
    body = house.recorder.events[2].body
    assert isinstance(body, NoteWritten) and body.text == "hello from outside"
