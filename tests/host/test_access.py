"""Accounts: the host's own may take any seat, a granted group only its seats, everybody else none."""

from __future__ import annotations

import asyncio
import grp
import json
import os
import pwd
import shutil
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from controlroom.core.plan import Access
from controlroom.host import access, runtime
from controlroom.host.access import Door, NoSuchGroup, Peer
from controlroom.host.runtime import NoRuntimeFolder, SharedFolder
from controlroom.host.server import GUESTS_A_MINUTE
from controlroom.shipped import shipped
from tests.cli.calling import spawn
from tests.host.place import PATIENCE, Place, opened

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="another account can only be tried by root")

STRANGER = pwd.getpwnam("nobody")
GROUP = grp.getgrnam("users")
ACCESS = Access(group=GROUP.gr_name, seats=("scribe", "audience"))


def _speak(socket_path: Path, seat: str, name: str) -> dict[str, Any]:
    """The first word of the host, over a bare socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(str(socket_path))
        except OSError as error:
            return {"msg": "no way in", "reason": error.strerror}
        hello = {"msg": "hello", "version": 1, "seat": seat, "name": name}
        connection.sendall(json.dumps(hello).encode() + b"\n")
        with connection.makefile() as stream:
            return dict(json.loads(stream.readline()))


async def told(
    socket_path: Path, seat: str, *, groups: tuple[int, ...] = (), name: str = ""
) -> dict[str, Any]:
    """What the host says first to a process that has become one of the account `nobody`, for good."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(groups)
            os.setgid(STRANGER.pw_gid)
            os.setuid(STRANGER.pw_uid)
            os.write(theirs, json.dumps(_speak(socket_path, seat, name)).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as answer:
        found: dict[str, Any] = json.loads(await asyncio.to_thread(answer.read))
    await asyncio.to_thread(os.waitpid, child, 0)
    return found


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with opened(ACCESS) as found:
        yield found


@as_root
async def test_a_stranger_does_not_reach_the_socket_at_all(place: Place) -> None:
    shared = place.server.shared
    assert shared is not None
    assert await told(shared, "audience") == {"msg": "no way in", "reason": "Permission denied"}
    assert await told(place.socket, "audience") == {"msg": "no way in", "reason": "Permission denied"}
    assert place.seats() == []


@as_root
async def test_a_stranger_who_reaches_it_is_refused_by_the_kernels_word(place: Place) -> None:
    shared = place.server.shared
    assert shared is not None
    shared.parent.chmod(0o777)
    shared.chmod(0o666)
    for seat in ("facilitator", "scribe", "audience"):
        answer = await told(shared, seat)
        assert answer["msg"] == "goodbye"
        assert (
            answer["reason"] == "this session belongs to another account, which lets in the group users alone"
        )
    assert place.seats() == []


@as_root
async def test_a_member_of_the_group_gets_the_granted_seats_and_no_other(place: Place) -> None:
    shared = place.server.shared
    assert shared is not None
    members = (GROUP.gr_gid,)
    refused = await told(shared, "facilitator", groups=members)
    assert refused == {
        "msg": "goodbye",
        "reason": "the seat facilitator is not open to the group users: the plan grants it scribe and audience",
    }
    welcome = await told(shared, "scribe", groups=members)
    info = welcome["info"]
    assert (welcome["msg"], info["seat"], info["name"]) == ("welcome", "scribe", "nobody")
    assert "folder" not in info
    masked = await told(shared, "audience", groups=members, name="ann")
    assert masked["info"]["name"] == "ann (nobody)"
    assert (await place.room(name="ann")).info.name == "ann"
    # The group's members have their own way in only.
    assert (await told(place.socket, "scribe", groups=members))["msg"] == "no way in"


@as_root
async def test_without_a_grant_nobody_else_comes_in() -> None:
    async with opened() as place:
        assert place.server.shared is None
        place.socket.parent.chmod(0o755)
        place.socket.chmod(0o666)
        answer = await told(place.socket, "audience", groups=(GROUP.gr_gid,))
        assert answer == {"msg": "goodbye", "reason": "this session belongs to another account"}


@as_root
async def test_what_lies_where_and_who_may_enter_it() -> None:
    async with opened(ACCESS) as place:
        shared = place.server.shared
        assert shared is not None
        folder = shared.parent.stat()
        assert (stat.S_IMODE(folder.st_mode), folder.st_gid) == (0o750, GROUP.gr_gid)
        found = shared.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o660, GROUP.gr_gid)
        assert stat.S_IMODE(place.socket.stat().st_mode) == 0o600
        assert len(os.fsencode(shared)) < 60
    assert not shared.parent.exists()


@as_root
async def test_members_cannot_fill_the_record_with_comings_and_goings(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = Peer(uid=STRANGER.pw_uid, groups=frozenset({GROUP.gr_gid}))
    monkeypatch.setattr("controlroom.host.server.peer_of", lambda _connection: guest)
    for number in range(GUESTS_A_MINUTE):
        await (await place.room("audience")).close()
        await place.until(lambda: len(place.seats()) == 2 * (number + 1))  # noqa: B023 (asked at once)
    with pytest.raises(Exception, match="too many seats were taken"):
        await place.room("audience")
    monkeypatch.undo()
    await place.room("facilitator")


def test_a_group_that_is_not_there_is_said() -> None:
    with pytest.raises(NoSuchGroup, match="group no-such-group, which this machine does not have: create it"):
        Door(Access(group="no-such-group", seats=("audience",)))


def test_a_group_that_one_is_no_member_of_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.os, "geteuid", lambda: 12345)
    monkeypatch.setattr(access.os, "getegid", lambda: 12345)
    monkeypatch.setattr(access.os, "getgroups", list)
    with pytest.raises(NoSuchGroup, match="is no member: join it and log in again"):
        Door(ACCESS)
    monkeypatch.setattr(access.os, "getgroups", lambda: [GROUP.gr_gid])
    assert Door(ACCESS).group == GROUP.gr_gid


def test_a_day_whose_group_is_not_there_does_not_begin(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    shutil.copytree(shipped("experiments"), plans)
    plan = plans / "inventory-service-failure.yaml"
    plan.write_text(plan.read_text() + "\naccess:\n  group: no-such-group\n  seats: [scribe]\n")
    done = spawn("rehearse", plan, "--headless", "--sessions", tmp_path / "sessions")
    assert (done.code, done.err.count("\n")) == (4, 1)
    assert "group no-such-group, which this machine does not have" in done.err


def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "SHARED", tmp_path)
    ours = SharedFolder("20260302-day-ab12", os.getgid())
    # What a host left behind that died is taken up again.
    again = SharedFolder("20260302-day-ab12", os.getgid())
    assert again.path == ours.path
    assert SharedFolder("20260302-day-ab13", os.getgid()).path != ours.path
    again.close()
    again.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NoRuntimeFolder, match="belongs to somebody else"):
        SharedFolder("20260302-day-ab12", os.getgid())
