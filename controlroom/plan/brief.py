"""What a starter must know of a plan: told by a process that reads plans to one that must not load what reads them."""

from __future__ import annotations

from controlroom.core.values import Value

FLAWED, UNBOUND = 2, 3
"""Exit codes of :mod:`controlroom.plan.__main__`: the plan is wrong, or the environment lacks names that it takes."""


class Brief(Value):
    """A checked plan."""

    id: str
    title: str
