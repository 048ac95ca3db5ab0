"""Who is at the other end of a socket, by the kernel's word, and which seats are open to them."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from collections.abc import Collection

from controlroom.core.clean import clean
from controlroom.core.info import Seat
from controlroom.core.plan import Access
from controlroom.core.values import Value
from controlroom.host.runtime import NoRuntimeFolder

_CREDENTIALS = struct.Struct("3i")
_PEER_GROUPS = 59
"""SO_PEERGROUPS of Linux (4.13), which the socket module does not name."""
_MOST_BYTES = 1024
"""As many as Python asks for: who is in more than 256 groups is looked up in the user database."""
LONGEST_NAME = 60
"""Characters of a name in the record."""


class NoSuchGroup(NoRuntimeFolder):
    """The group that the plan lets in cannot be let in; the message says why, and what would help."""


class Peer(Value):
    """The process at the other end."""

    uid: int
    groups: frozenset[int]
    """Its own group and the supplementary ones."""


def peer_of(connection: socket.socket) -> Peer:
    """Asks the kernel (SO_PEERCRED, SO_PEERGROUPS); the user database only where the kernel cannot say."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, gid = _CREDENTIALS.unpack(raw)
    try:
        found = connection.getsockopt(socket.SOL_SOCKET, _PEER_GROUPS, _MOST_BYTES)
        more: Collection[int] = struct.unpack(f"{len(found) // 4}I", found)
    except OSError:
        more = os.getgrouplist(account_of(uid), gid)
    return Peer(uid=uid, groups=frozenset({gid, *more}))


def account_of(uid: int) -> str:
    """The account's user name, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def group_of(access: Access) -> int:
    """Number of the group that the plan lets in. Raises :class:`NoSuchGroup` where the account could not let it in."""
    try:
        gid = grp.getgrnam(access.group).gr_gid
    except KeyError:
        raise NoSuchGroup(
            f"the plan's access names the group {access.group}, which this machine does not have: "
            "create it, or name another"
        ) from None
    if os.geteuid() != 0 and gid not in {os.getegid(), *os.getgroups()}:
        raise NoSuchGroup(
            f"the plan's access names the group {access.group}, of which {account_of(os.getuid())} is no member: "
            "join it and log in again, or name another"
        )
    return gid


class Door:
    """Lets in the account itself, and whom the plan lets in."""

    def __init__(self, access: Access | None = None) -> None:
        """Raises :class:`NoSuchGroup`."""
        self._account = account_of(os.getuid())
        self._seats: tuple[Seat, ...] = access.seats if access else ()
        self._group_name = access.group if access else ""
        self.group: int | None = group_of(access) if access else None
        """Number of the group that is let in; None: no other account is."""

    @staticmethod
    def own(peer: Peer) -> bool:
        """Whether it is the account that runs the host."""
        return peer.uid == os.getuid()

    def stranger(self, peer: Peer) -> str:
        """Why nothing at all is said to somebody; empty: it is somebody who may come in."""
        if self.own(peer):
            return ""
        if self.group is None:
            return "this session belongs to another account"
        if self.group not in peer.groups:
            return (
                f"this session belongs to another account, which lets in the group {self._group_name} alone"
            )
        return ""

    def barred(self, peer: Peer, seat: Seat) -> str:
        """Why somebody who may come in may not take that seat; empty: they may."""
        if self.own(peer) or seat in self._seats:
            return ""
        granted = " and ".join(self._seats)
        return f"the seat {seat} is not open to the group {self._group_name}: the plan grants it {granted}"

    def name(self, peer: Peer, given: str) -> str:
        """What the record calls them. Another account cannot hide behind a name of its choice.

        Of another account the user database is asked, which may take its time.
        """
        wanted = clean(given, LONGEST_NAME).strip()
        if self.own(peer):
            return wanted or self._account
        account = account_of(peer.uid)
        if wanted in ("", account):
            return account
        return f"{wanted} ({account})"
