"""The time of the house: asked here, never of `datetime.now()`.

Two kinds of time go through the program. *Session time* is what the day is told in: the wall clock in a
run on a cluster, the lab's virtual time in a rehearsal. *Real time* is what a waiting person or a network
time-out feels. A :class:`Clock` gives the first; `time.monotonic` and `asyncio.timeout` remain the second.
"""

from controlroom.clock.clocks import Clock, HeldClock, ScaledClock, WallClock, day_in, utc

__all__ = ["Clock", "HeldClock", "ScaledClock", "WallClock", "day_in", "utc"]
