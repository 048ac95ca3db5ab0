"""What was last read of each object of each run, and what it amounts to.

A run has one object, or as many as its manifest has documents. Each is read and observed by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from controlroom.core.events import FaultObserved
from controlroom.core.faults import ChaosReading, combined, decode, observe
from controlroom.core.faults.children import Child, by_children
from controlroom.core.faults.reading import ONE_SHOT
from controlroom.core.faults.targets import Pods
from controlroom.core.state import Run
from controlroom.core.values import changed

Part = tuple[str, int]
"""Name of the run, and place of the object in it from 0."""

_SECOND = re.compile(r"(.+#\d+)\.(\d+)")


def part_of(noted: str) -> Part:
    """The part that an object's note names: `kill#1` is the first of its run, `kill#1.2` the second."""
    if found := _SECOND.fullmatch(noted):
        return found[1], int(found[2]) - 1
    return noted, 0


def noted(run: str, index: int) -> str:
    """What stands on the object at that place: the reverse of :func:`part_of`."""
    return run if index == 0 else f"{run}.{index + 1}"


class Parts:
    """Readings of objects; nothing here asks the cluster."""

    def __init__(self) -> None:
        self._readings: dict[Part, ChaosReading] = {}
        self._gone: set[Part] = set()
        self._observed: dict[Part, FaultObserved] = {}
        self._made: dict[Part, dict[str, _Made]] = {}
        """What a Schedule or Workflow has made, by name."""

    def read(self, part: Part, raw: bytes) -> None:
        """The object as it is, JSON. Raises NotAnObject."""
        self._readings[part] = decode(raw)

    def child(self, part: Part, name: str, raw: bytes, *, gone: bool) -> None:
        """A fault that the part has made, as it is; gone without `raw`: its last state was not seen."""
        made = self._made.setdefault(part, {}).setdefault(name, _Made())
        made.gone = gone
        if raw:
            made.reading = decode(raw)
            made.one_shot = made.reading.spec.action in ONE_SHOT
            made.created = made.reading.metadata.creation_timestamp or made.created
        elif gone:
            made.reading = None

    def known(self, part: Part) -> bool:
        return part in self._readings

    def gone(self, part: Part, *, seen: bool) -> None:
        """The object is not there any more; `seen`: its last state was read. An earlier one would be taken for it."""
        if not seen:
            self._readings.pop(part, None)
        self._gone.add(part)

    def amount(self, run: Run, pods: Pods, now: datetime) -> FaultObserved | None:
        """What is known of the run; None: of none of its objects anything was read."""
        parts = [(run.id, index) for index in range(len(run.objects))]
        if not any(part in self._readings or part in self._gone for part in parts):
            return None
        if len(parts) == 1:
            return self._observe(parts[0], run, pods, now)
        for part in parts:
            self._observed[part] = self._observe(part, self._alone(run, part), pods, now)
        return combined([self._observed[part] for part in parts])

    def _observe(self, part: Part, run: Run, pods: Pods, now: datetime) -> FaultObserved:
        reading, gone = self._readings.get(part), part in self._gone
        if not (made := self._made.get(part)):
            return observe(run, reading, gone=gone, pods=pods, now=now)
        alone = changed(run, targets=(), injection=None, effect_end=None)
        said = observe(alone, reading, gone=gone, pods=pods, now=now)
        for own in made.values():
            fault = _as_run(run, own)
            own.said = observe(fault, own.reading, gone=own.gone, pods=pods, now=now)
        order = sorted(made.items(), key=lambda item: (item[1].created or now, item[0]))
        children = [
            Child(name=name, said=own.said, one_shot=own.one_shot)
            for name, own in order
            if own.said is not None
        ]
        return by_children(said, children)

    def _alone(self, run: Run, part: Part) -> Run:
        """The run as if the part were all of it: with what was observed of that part before."""
        before = self._observed.get(part)
        reading = self._readings.get(part)
        return changed(
            run,
            object=run.objects[part[1]],
            others=(),
            one_shot=reading.spec.action in ONE_SHOT if reading is not None else run.one_shot,
            state=before.state if before else "requested",
            targets=before.targets if before else (),
            injection=before.injection if before else None,
            effect_end=before.effect_end if before else None,
            object_end=before.object_end if before else None,
            ends_at=before.ends_at if before else None,
        )


@dataclass
class _Made:
    """One fault that was made, and what was observed of it last."""

    reading: ChaosReading | None = None
    gone: bool = False
    one_shot: bool = False
    created: datetime | None = None
    said: FaultObserved | None = None


def _as_run(run: Run, made: _Made) -> Run:
    """The run as if that fault were all of it."""
    before = made.said
    return changed(
        run,
        others=(),
        one_shot=made.one_shot,
        state=before.state if before else "requested",
        targets=before.targets if before else (),
        injection=before.injection if before else None,
        effect_end=before.effect_end if before else None,
        object_end=before.object_end if before else None,
        ends_at=before.ends_at if before else None,
    )
