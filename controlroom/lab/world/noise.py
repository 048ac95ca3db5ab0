"""Seeded, stationary, light-tailed noise, and the cutting of rates into whole events."""

from __future__ import annotations

import math
import random


class Noise:
    """An AR(1) process around zero with bounded innovations: it wanders, but neither drifts nor jumps.

    `sigma` is its standard deviation, `memory` the correlation of one second with the next.
    """

    __slots__ = ("_memory", "_random", "_scale", "_value")

    def __init__(self, seed: int, name: str, sigma: float, memory: float = 0.9) -> None:
        self._random = random.Random(f"{seed}:{name}")
        self._memory = memory
        self._scale = sigma * math.sqrt(3.0 * (1.0 - memory * memory))
        self._value = self._random.uniform(-sigma, sigma)

    def step(self) -> float:
        """The value of the next second."""
        self._value = self._memory * self._value + self._scale * self._random.uniform(-1.0, 1.0)
        return self._value

    def factor(self) -> float:
        """The next value as a factor around 1."""
        return math.exp(self.step())


class Carry:
    """Cuts a rate into whole events; what is left over counts towards the next second."""

    __slots__ = ("_left",)

    def __init__(self, left: float = 0.5) -> None:
        self._left = left

    def take(self, amount: float) -> int:
        """The whole events among `amount` and what was left before."""
        whole = math.floor(self._left + amount)
        self._left += amount - whole
        return whole
