"""What each seat may ask of the room: the one table that the screen, the host and the conductor go by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from controlroom.core import intents as i
from controlroom.core.info import Seat
from controlroom.core.intents import Intent, IntentBase

_EVERYTHING: frozenset[type[IntentBase]] = frozenset(get_args(Intent))

MAY: Mapping[Seat, frozenset[type[IntentBase]]] = {
    "facilitator": _EVERYTHING,
    "scribe": frozenset(
        {
            i.HaltAll,
            i.WriteNote,
            i.EditNote,
            i.MakeMark,
            i.AmendMark,
            i.UndoMark,
            i.SetTick,
            i.GiveAnswer,
            i.SetAction,
            i.Poll,
        }
    ),
    "audience": frozenset(),
}
"""Intents by seat; what is not named here is refused. Halt is open to everybody who acts at all."""

OURS = frozenset({"host", "script"})
"""Roles of the program itself. No viewer can take them: a viewer's role is its seat."""


def may(seat: str, intent: IntentBase) -> bool:
    """Whether somebody on that seat may ask for it; a seat that is not known may nothing."""
    if seat in OURS:
        return True
    return any(own == seat and type(intent) in allowed for own, allowed in MAY.items())


def refusal(seat: str, intent: IntentBase) -> str:
    """The reason why it may not; empty: it may."""
    if may(seat, intent):
        return ""
    if seat == "audience":
        return "the seat audience only looks on"
    return f"the seat {seat} may not ask for {intent.__struct_config__.tag}"
