"""`ls -l` of a session: the folder 0700 and every file 0600, whatever the account's umask."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlroom.core import intents as i
from controlroom.core.columns import Columns, View
from controlroom.core.figures import assess
from controlroom.core.info import RoomInfo
from controlroom.core.playhead import Playhead
from controlroom.core.state import State
from controlroom.core.values import changed
from controlroom.host.launch import await_host, launch
from controlroom.journal.folder import SessionFolder
from controlroom.sources.load_log import LoadLog
from controlroom.tui import pictures
from controlroom.tui.moment import Moment
from tests.host.live import LiveHost, fresh_folder, order_for


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """What lies in the folder, itself included, with type and mode."""
    found = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder)): stat.filemode(path.lstat().st_mode) for path in found}


def open_to_others(folder: Path) -> dict[str, str]:
    allowed = {"drwx------", "-rw-------"}
    return {name: mode for name, mode in modes(folder).items() if mode not in allowed}


async def live(folder: SessionFolder) -> LiveHost:
    order = order_for(folder)
    assert order.lab is not None
    order = changed(order, lab=changed(order.lab, truth=str(folder.path / "truth.json")))
    process = launch(order)
    found = await asyncio.to_thread(await_host, process, folder)
    return LiveHost(folder, process, Path(found.socket))


async def load_says(folder: SessionFolder) -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"10 requests\n")
    stream.feed_eof()
    await LoadLog(folder.path / "load.log").follow(stream)


def picture(folder: SessionFolder, state: State, columns: Columns) -> None:
    view = View(state, columns)
    info = RoomInfo(session=folder.name, title="", folder=str(folder.path))
    moment = Moment(info=info, view=view, figures=assess(view), playhead=Playhead(), t=state.t, head=state.t)
    pictures.save("<svg/>", moment, "metrics")


@pytest.mark.parametrize("mask", [0o000, 0o077], ids=["umask 0", "umask 077"])
async def test_a_session_is_its_owners_alone(mask: int, tmp_path: Path) -> None:
    with umask(mask):
        folder = fresh_folder(tmp_path)
        host = await live(folder)
        try:
            viewer = await host.viewer()
            await viewer.do(i.WriteNote(type="observation", text="for us alone"))
            await load_says(folder)
            assert viewer.columns is not None
            picture(folder, viewer.state, viewer.columns)
            assert {"host.json", "host.log", "kubeconfig"} <= modes(folder.path).keys()
            assert open_to_others(folder.path) == {}
            assert stat.S_IMODE(host.socket.stat().st_mode) == 0o600
            await viewer.do(i.End())
            await viewer.over()
            assert await host.ended() == 0
        finally:
            await host.close()
    there = modes(folder.path)
    files = {"journal.jsonl", "session.json", "session.md", "host.log", "lab.log", "load.log"}
    assert files | {"kubeconfig", "truth.json", "pictures"} <= there.keys()
    assert open_to_others(folder.path) == {}
