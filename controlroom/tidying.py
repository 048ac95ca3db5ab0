"""When a process that people wait for looks for garbage: while nobody waits for a frame, or for an answer."""

from __future__ import annotations

import asyncio
import gc


class Tidying:
    """Puts off the look through everything that is held until there is a pause in what people ask for.

    Python has that look whenever enough was made since the last: a sheet that was opened and closed is enough.
    It takes as long as several frames, and a key press, or a halt, would wait for it. The quick looks at what is new
    stay.
    """

    PAUSE = 0.5
    """Real seconds without a key after which nobody waits for a frame."""
    EVERY = 10.0
    """Least real seconds between two looks."""
    AT_LAST = 300
    """Looks at what is middle-aged after which Python does not wait for a pause any more; it is 10 elsewhere."""

    def __init__(self) -> None:
        self._key_at = 0.0
        self._looked_at = 0.0
        self._before: tuple[int, int, int] | None = None

    def begin(self) -> None:
        """Everything that is there stays for good: it need never be looked at again."""
        gc.freeze()
        self._before = gc.get_threshold()
        gc.set_threshold(self._before[0], self._before[1], self.AT_LAST)
        gc.enable()

    def end(self) -> None:
        """As it was before :meth:`begin`; without one, nothing."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            self._before = None

    def pressed(self, real: float) -> None:
        """A key was pressed at `real` (monotonic seconds)."""
        self._key_at = real

    def look(self, real: float) -> bool:
        """Looks, if now is a time for it; tells whether it was."""
        quiet = real - self._key_at >= self.PAUSE and real - self._looked_at >= self.EVERY
        if self._before is None or not quiet:
            return False
        self._looked_at = real
        gc.collect()
        return True


def put_off(seconds: float) -> None:
    """No look, not even a quick one, for so many real seconds: what is on its way must not wait for it.

    To be called in a running loop. Where nobody looks by themselves (:func:`gc.disable`) it stays so.
    """
    if gc.isenabled():
        gc.disable()
        asyncio.get_running_loop().call_later(seconds, gc.enable)
