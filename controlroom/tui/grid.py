"""Arranges the panes by the areas of a layout."""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, WidgetPlacement
from textual.layout import Layout as TextualLayout
from textual.widget import Widget

from controlroom.tui import layouts


class AreaGrid(TextualLayout):
    """Places children, whose ids are names of panes, where the layout wants them."""

    name = "areas"

    def __init__(self, own: layouts.Layout, content: Mapping[str, int], in_front: frozenset[str]) -> None:
        self.own = own
        self.content = content
        self.in_front = in_front
        """Panes that have been chosen where several share an area."""

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        found = layouts.boxes(self.own, size.width, size.height, self.content)
        shown: dict[str, layouts.Box] = {}
        for area, box in found.items():
            panes = area.split("+")
            shown[next((pane for pane in panes if pane in self.in_front), panes[0])] = box
        return [
            WidgetPlacement(Region(own.x, own.y, own.width, own.height), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if (own := shown.get(child.id or "")) is not None and own.width and own.height
        ]


class Areas(Widget):
    """Holds the panes."""

    def __init__(self, *panes: Widget) -> None:
        super().__init__(*panes, id="areas")
        self._grid = AreaGrid(layouts.FACILITATOR, {}, frozenset())

    @property
    def layout(self) -> TextualLayout:
        return self._grid

    @property
    def content(self) -> Mapping[str, int]:
        """Rows that panes had asked for when they were last arranged."""
        return self._grid.content

    def rearrange(self, own: layouts.Layout, content: Mapping[str, int], in_front: frozenset[str]) -> None:
        """Puts the panes where that layout wants them."""
        self._grid = AreaGrid(own, content, in_front)
        # Asked of a child: that is what makes Textual forget the arrangement of its parent.
        self.children[0].refresh(layout=True)
