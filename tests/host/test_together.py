"""Several people on one real host: one confirmation suffices, each sees what the others do, leaving is noticed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from controlroom.core import intents as i
from controlroom.core.intents import Accepted, Refused
from controlroom.room.attached import attach
from tests.host.live import Viewer, live_host


async def seated(socket: Path, seat: str, name: str) -> Viewer:
    viewer = Viewer(await attach(socket, seat=seat, name=name))  # type: ignore[arg-type]
    viewer.follow()
    await viewer.until(lambda: viewer.state.status == "open")
    return viewer


async def test_two_facilitators_a_scribe_and_an_audience(tmp_path: Path) -> None:
    async with live_host(tmp_path) as host:
        ann, ben = [await seated(host.socket, "facilitator", name) for name in ("ann", "ben")]
        sam, screen = await seated(host.socket, "scribe", "sam"), await seated(host.socket, "audience", "")
        try:
            await ann.until(lambda: len(ann.state.viewers) == 4 and ann.state.phase is not None)
            await ben.until(lambda: ben.state.seq >= ann.state.seq)
            # Both look at the open phase, and both say next.
            seen = min(ann.state.seq, ben.state.seq)
            first, second = await asyncio.gather(
                ann.room.submit(i.NextPhase(), seen), ben.room.submit(i.NextPhase(), seen)
            )
            done, refused = (first, second) if isinstance(first, Accepted) else (second, first)
            assert isinstance(done, Accepted)
            assert isinstance(refused, Refused)
            assert refused.reason.split()[0] in ("ann", "ben")
            await ben.until(lambda: ben.state.phases[1].status == "open")
            assert [phase.status for phase in ben.state.phases[:3]] == ["done", "open", "planned"]
            # The scribe writes, and may not act; the audience sees the phase, and nobody's seat.
            assert isinstance(await sam.ask(i.NextPhase()), Refused)
            await sam.do(i.WriteNote(type="observation", text="on the second phase"))
            await ben.until(lambda: any(note.by == "sam" for note in ben.state.notes.values()))
            await screen.until(lambda: bool(screen.state.notes))
            assert screen.state.phases[1].status == "open"
            assert screen.state.viewers == {}
            await sam.leave()
            await ann.until(lambda: len(ann.state.viewers) == 3)
        finally:
            for viewer in (ann, ben, sam, screen):
                await viewer.leave()
