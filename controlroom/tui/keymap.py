"""Which keys do what: those of the registry, with a person's own in their place."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from textual import keys as known

from controlroom.tui.actions import ACTIONS, BY_ID, Action

FIXED = frozenset(
    {"enter", "escape", "up", "down", "left", "right", "pageup", "pagedown", "backspace", "delete", "ctrl+q"}
)
"""Keys that lists, text fields and questions need; `ctrl+q` always leaves."""
ALIKE = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+j": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
    "ctrl+c": "a key that ends programs",
    "ctrl+z": "a key that suspends programs",
}
"""Keys that a terminal cannot tell from another one, or takes for itself."""
NEVER_WITHOUT = frozenset({"halt", "halt_typing", "help"})
"""Actions that always have a key."""
YES = "y"
"""The key that answers questions: no action that asks may have it, or one key pressed twice would be a yes."""
_NAMED = frozenset(
    str(key.value) for key in known.Keys if not str(key.value).startswith("<") and len(str(key.value)) > 1
)
_SHOWN = {"plus": "+", "minus": "-", "slash": "/", "at": "@", "backslash": "\\", "underscore": "_"}
"""Characters whose names Textual cuts short."""
_SHORT = {"escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "delete": "del", "up": "↑", "down": "↓",
          "left": "←", "right": "→"}  # fmt: skip
"""What long names are called on screen; none of them can be had by an action."""


@dataclass(frozen=True)
class Keys:
    """Keys of the actions, as this viewer has them."""

    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys of one's own by action, as Textual names them; an empty tuple: it has none any more."""

    def of(self, action: Action) -> tuple[str, ...]:
        """All keys of an action."""
        found = self.own.get(action.id)
        return tuple(own for own in action.key.split(",") if own) if found is None else found

    def shown(self, name: str) -> str:
        """The first key of that action as people read it; empty: it has none."""
        found = self.own.get(name)
        if found is None:
            return BY_ID[name].shown
        if not found:
            return "^q" if name == "quit" else ""  # which always leaves
        return shown_key(found[0])

    def all_shown(self, name: str) -> str:
        """All keys of that action as people read them; empty: it has none."""
        action = BY_ID[name]
        return " ".join(map(shown_key, self.of(action))) if action.key else action.shown


def shown_key(key: str) -> str:
    """`question_mark` is `?`, `ctrl+x` is `^x`, `f5` is `f5`."""
    if key.startswith("ctrl+"):
        return f"^{shown_key(key.removeprefix('ctrl+'))}"
    char = _character(key)
    return _SHORT.get(key, key) if char is None or char == " " else char


def _character(key: str) -> str | None:
    """What a text field takes the key for; None: for nothing."""
    if "+" in key:
        return None
    char = _SHOWN.get(key) or known.key_to_character(key)
    return char if char is not None and char.isprintable() else None


def key_named(text: str) -> str:
    """Textual's name of a key as people write it: `?`, `N`, `ctrl+x`, `f5`. Raises `ValueError` with what is wrong."""
    modifiers, plus, last = text.rpartition("+")
    if not last:  # the plus sign itself
        modifiers, plus, last = modifiers.removesuffix("+"), "+" if len(text) > 1 else "", "+"
    name = known._character_to_key(last) if len(last) == 1 else last.lower()
    key = f"{modifiers.lower()}{plus}{name}"
    if key in ALIKE:
        raise ValueError(f"`{text}` cannot be had: a terminal takes it for {ALIKE[key]}")
    if key in FIXED:
        raise ValueError(f"`{text}` cannot be had: lists, questions and text fields need it")
    char = _character(name)
    if key in _NAMED or (char is not None and modifiers.lower() in ("", "ctrl", "alt")):
        return key
    near = difflib.get_close_matches(key, _NAMED, 1)
    raise ValueError(f"there is no key `{text}`" + (f" (did you mean `{near[0]}`?)" if near else ""))


def types_text(key: str) -> bool:
    """Whether a text field takes the key as a character."""
    return _character(key) is not None


def wrong_with(action: Action, own: tuple[str, ...]) -> str:
    """Why the action cannot have those keys; empty: it can."""
    if not action.key:
        return f"`{action.id}` has no key of its own: it is what {action.shown} does in its pane"
    if not own and action.id in NEVER_WITHOUT:
        return f"`{action.id}` always has a key"
    if action.id == "halt_typing" and any(types_text(key) for key in own):
        return "`halt_typing` halts while a text is typed: it needs a key that types nothing, as ctrl+x"
    if action.dangerous and not action.id.startswith("halt") and YES in own:
        return f"`{YES}` answers questions: `{action.id}`, which asks one, cannot have it"
    return ""


def clashes(own: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Why actions cannot have their keys beside all others; only actions that were given keys of one's own."""
    keys = Keys(own)
    holders: dict[str, list[str]] = {}
    for action in ACTIONS:
        for key in dict.fromkeys(keys.of(action)):
            holders.setdefault(key, []).append(action.id)
    found: dict[str, str] = {}
    for key, names in holders.items():
        for name in names if len(names) > 1 else ():
            if name in own:
                others = ", ".join(f"`{other}`" for other in names if other != name)
                found[name] = (
                    f"`{shown_key(key)}` is the key of {others} already: give that another one as well"
                )
    return found


DEFAULT = Keys()
