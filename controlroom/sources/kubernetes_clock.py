"""The API server's clock against ours, from the Date header of its answers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from controlroom.clock import Clock, utc
from controlroom.sources.ports import ClockReading

#: A Date header is cut to whole seconds.
PRECISION = 1.0
#: Bounds older than this many seconds of session time are forgotten: clocks drift.
FORGOTTEN = 120.0


class ServerClock:
    """Narrows the offset with each answer: every one gives bounds, and the true offset lies in all of them."""

    def __init__(self, session: Clock) -> None:
        self._session = session
        self._low = self._high = 0.0
        self._noted: float | None = None

    def now(self) -> float:
        """Session time, Unix seconds."""
        return self._session.time()

    def note(self, date: str, sent: float) -> None:
        """An answer with this Date header came just now to a request that was sent at `sent` (session time)."""
        if not date:
            return
        try:
            told = parsedate_to_datetime(date)
        except ValueError:
            return  # a header that is no date tells nothing
        if told.tzinfo is None:
            told = told.replace(tzinfo=UTC)
        arrived = self.now()
        low, high = told.timestamp() - arrived, told.timestamp() + PRECISION - sent
        fresh = self._noted is not None and arrived - self._noted < FORGOTTEN
        if fresh and max(low, self._low) <= min(high, self._high):
            low, high = max(low, self._low), min(high, self._high)
        else:
            self._noted = arrived
        self._low, self._high = low, high

    @property
    def known(self) -> bool:
        return self._noted is not None

    def reading(self) -> ClockReading:
        """The offset, 0 where the clocks cannot be told apart, and how uncertain it is."""
        if self._low <= 0.0 <= self._high:
            return ClockReading(offset=0.0, uncertainty=max(-self._low, self._high))
        return ClockReading(offset=(self._low + self._high) / 2, uncertainty=(self._high - self._low) / 2)

    def server_now(self) -> datetime:
        """The API server's time, as well as it is known."""
        return utc(self.now() + self.reading().offset)
