"""Action items over several sessions: what was carried over, what was done, of what nothing is told any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from controlroom.core.action_items import ActionItem, action_items
from controlroom.core.comparing.values import Carried, Day
from controlroom.core.state import State

Standing = Literal["open", "done", "dropped", "not told"]


def items_of(state: State) -> tuple[ActionItem, ...]:
    """Action items of a session, and its todo notes that nobody made one of. Private notes stay private."""
    found = action_items(state)
    taken = {own.note for own in found}
    todos = (
        ActionItem(id=note.id, title=note.text, note=note.id)
        for note in state.notes.values()
        if note.type == "todo" and not note.private and note.id not in taken
    )
    return (*found, *todos)


def carried(days: Sequence[Day]) -> tuple[Carried, ...]:
    """Every item that any session had, in the order in which they came up; after-actions of the plan are none.

    The same text is the same item, whatever its case and spaces. Two of one text in one session are told apart by
    their owners.
    """
    found: dict[str, list[ActionItem | None]] = {}
    for index, day in enumerate(days):
        items = [own for own in day.actions if not own.after_action]
        for item in sorted(items, key=lambda own: _key(own) not in found):
            row = _row_of(found, item, index)
            row += [None] * (index + 1 - len(row))
            row[index] = item
    return tuple(_carried(row, len(days)) for row in found.values())


def _key(item: ActionItem) -> str:
    return f"{' '.join(item.title.casefold().split())}\n{item.owner.casefold()}"


def _row_of(
    found: dict[str, list[ActionItem | None]], item: ActionItem, index: int
) -> list[ActionItem | None]:
    """Where an item belongs: to one of its text and owner, else to the only one of its text."""
    own = _key(item)
    text = own.partition("\n")[0]
    if own in found and len(found[own]) <= index:
        return found[own]
    rows = [
        row
        for key, row in found.items()
        if key.partition("\n")[0] == text and len(row) <= index and key != own
    ]
    if len(rows) == 1:
        return rows[0]
    while own in found:
        own += "\n"
    return found.setdefault(own, [])


def _carried(row: list[ActionItem | None], count: int) -> Carried:
    row = row + [None] * (count - len(row))
    told = [own for own in row if own is not None]
    last, newest = told[-1], row[-1]
    standing: Standing = last.status
    if newest is None and standing == "open":
        standing = "not told"
    owner = next((own.owner for own in reversed(told) if own.owner), "")
    before = [own for own in row[:-1] if own is not None]
    return Carried(
        title=last.title,
        owner=owner,
        due=next((own.due for own in reversed(told) if own.due), ""),
        states=tuple("" if own is None else own.status for own in row),
        standing=standing,
        carried=standing == "open" and any(own.status == "open" for own in before),
    )
