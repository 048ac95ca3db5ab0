"""The metrics table: numbers below each other, one's own order, and no breach out of sight in silence."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from controlroom.core.values import changed
from controlroom.tui.draw.metrics import Column, column, columns, header, metric_row, split
from controlroom.tui.table import Metrics
from controlroom.tui.text import row_width
from tests.sessions import synthetic_events
from tests.tui.desk import Desk, desk


def _table(own: Desk) -> Metrics:
    return own.app.room_screen.query_one("#metrics", Metrics)


def _names(own: Desk) -> list[str]:
    return [line[1:13].strip() for line in own.pane("metrics").split("\n")[1:-1] if line[1:2].strip()]


def _title(own: Desk) -> str:
    return str(_table(own).border_title)


def test_numbers_stand_below_each_other_by_their_points() -> None:
    own = column("now", ("138", "0.20", "12.3k", "94.2", "–"))
    shown = [own.text(text) for text in ("138", "0.20", "12.3k", "94.2", "–")]
    assert {len(text) for text in shown} == {own.cells}
    assert len({text.index(".") for text in shown if "." in text}) == 1
    assert shown[0].rstrip().endswith("138") and shown[0].index("8") + 1 == shown[1].index(".")


def test_a_number_is_parted_at_its_point_or_before_its_letter() -> None:
    assert [split(text) for text in ("138", "0.20", "4k", "1.5M", "2.8×", "127×")] == [
        ("138", ""), ("0", ".20"), ("4", "k"), ("1", ".5M"), ("2", ".8×"), ("127", "×"),
    ]  # fmt: skip


def test_a_number_that_is_too_long_keeps_the_column() -> None:
    assert len(Column("now", 3, 2).text("123456")) == 7


@pytest.mark.parametrize("t", [0.4, 2900.0, 5300.0])
async def test_every_row_is_as_wide_as_the_head(t: float) -> None:
    async with desk(t) as room:
        moment = room.app.now
        for cells in (20, 30, 46, 60, 75, 110, 160, 220):
            own = columns(moment, cells)
            widths = {row_width(metric_row(moment, own, index)) for index in range(13)}
            assert widths == {row_width(header(own))}, cells
            assert widths.pop() <= max(cells, 23)


async def test_a_wide_table_says_the_limits_and_what_is_judged() -> None:
    async with desk(2900.0, (200, 50), layout="facilitator") as room:
        shown = room.pane("metrics")
    assert re.search(r"Order creation p95 latency.*2\.8×\s+17\d\s+open\s+< 3×", shown)


async def test_the_worst_come_first_and_the_chosen_metric_stays_chosen() -> None:
    async with desk(2900.0, (120, 36)) as room:
        room.app.choose("metrics")
        await room.press("down", "down")
        assert room.app.metric() is not None and room.app.metric().id == "inventory_availability"  # type: ignore[union-attr]
        await room.press("s")
        assert room.app.metric().id == "inventory_availability"  # type: ignore[union-attr]
        assert "worst first" in _title(room)
        inside = [index for index, name in enumerate(_names(room)) if name in ("Payment p95", "Inventory av")]
        assert all(index >= 8 for index in inside)
        await room.press("s")
        assert _names(room) == sorted(_names(room), key=str.casefold)
        await room.press("s")
        assert _names(room)[0] == "Order p95"


async def test_a_hidden_metric_outside_its_limit_is_told_in_the_title() -> None:
    async with desk(2900.0, (120, 50)) as room:
        room.app.choose("metrics")
        await room.press("z")
        assert "Order p95" not in room.pane("metrics")
        assert "▲ 1 outside, unseen: Order p95" in _title(room) and "1 hidden" in _title(room)
        await room.press("Z")
        assert "hidden" not in _title(room) and "Order p95" in room.pane("metrics")


async def test_so_is_one_below_the_edge() -> None:
    async with desk(2900.0, (80, 24)) as room:
        assert "outside, unseen" in _title(room) and "5 more" in _title(room)
        room.app.choose("metrics")
        await room.press(*["down"] * 12)
        assert "Order p95" in _title(room), "what went out at the top"


async def test_a_pinned_metric_stays_on_top() -> None:
    async with desk(2900.0, (120, 50)) as room:
        room.app.choose("metrics")
        await room.press("down", "down", "down", "*")
        assert _names(room)[0] == "Cache hit ra"
        await room.press("s")
        assert _names(room)[0] == "Cache hit ra" and "1 pinned" in _title(room)
        await room.press("*")
        assert "pinned" not in _title(room)


async def test_a_filter_is_typed_and_taken_back() -> None:
    async with desk(2900.0, (120, 50)) as room:
        await room.press("/")
        await room.type("cache")
        await room.press("enter")
        assert {name[:5] for name in _names(room)} == {"Cache"}
        assert "/cache" in _title(room) and "filtered out" in _title(room)
        await room.press("/")
        await room.type("zzz")
        await room.press("enter")
        assert "No metric is shown" in room.pane("metrics")


async def test_hiding_wants_the_cursor_there_first() -> None:
    async with desk(2900.0, (120, 50)) as room:
        await room.press("z")
        assert "Order p95" in room.pane("metrics"), "nobody saw which one was meant"
        assert any("choose a metric" in said for said in room.said)
        assert _table(room).has_focus


async def test_a_metric_that_went_over_its_limit_is_marked_for_a_while() -> None:
    async with desk(1480.0, (120, 50)) as room:
        assert "»" not in room.pane("metrics"), "what is known for the first time did not turn"
        events = [event for event in synthetic_events(1600.0) if event.t > 1480.0]
        await room.room.feed(*events)
        follower = room.app.follower
        assert follower is not None
        await room.until(lambda: follower.history.head.seq == events[-1].seq, "they arrive")
        await room.show()
        marked = [line for line in room.pane("metrics").split("\n") if line.startswith("»")]
        assert any("Order p95" in line for line in marked)
        table = _table(room)
        table.calm(set(table._turned))
        assert "»" not in room.pane("metrics")


async def test_a_failed_criterion_is_told_where_there_is_no_column_for_it() -> None:
    async with desk(2900.0) as room:
        moment = room.app.now
        first, *others = moment.figures.rows
        rows = (changed(first, status="fail"), *others)
        failed = replace(moment, figures=changed(moment.figures, rows=rows))
        own = columns(failed, 48)
        assert not own.verdict
        assert "✗" in "".join(text for text, _ in metric_row(failed, own, 0))
        assert "✗" not in "".join(text for text, _ in metric_row(failed, own, 1))
