"""The pages on keys and layouts say what the program does."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlroom.tui import keys_page, layouts
from controlroom.tui.actions import ACTIONS, Action

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_the_page_on_keys_is_written_from_the_registry() -> None:
    assert (DOCS / "keys.md").read_text(encoding="utf-8") == keys_page.page()


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_is_in_it(action: Action) -> None:
    assert f"| `{action.id}` | {action.help}" in keys_page.page()


@pytest.mark.parametrize("pane", layouts.PANES)
def test_every_pane_is_in_the_page_on_layouts(pane: str) -> None:
    assert f"| `{pane}` |" in (DOCS / "layouts.md").read_text(encoding="utf-8")
