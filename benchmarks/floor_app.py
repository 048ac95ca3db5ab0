"""The floor of the first frame: a bare Textual app with a DataTable of 13 rows and 6 columns."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import DataTable


class Floor(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("metric", "now", "pre", "during", "post", "limit")
        for row in range(13):
            table.add_row(f"floor row {row}", "1", "2", "3", "4", "5")


if __name__ == "__main__":
    Floor().run()
