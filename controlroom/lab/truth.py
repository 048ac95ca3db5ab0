"""Ground truth: what physically happened in the lab, written apart from all that its servers tell.

Tests compute the figures they expect from this, never from what the control room shows. All times are
Unix seconds of virtual time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from controlroom.lab.prometheus.storage import Storage


class FaultMoment(msgspec.Struct, frozen=True):
    """A fault began or ended in one target; `change` is applied, recovered or lost."""

    t: float
    kind: str
    namespace: str
    name: str
    action: str
    target: str
    pod: str
    pod_uid: str
    change: str


class PodMoment(msgspec.Struct, frozen=True):
    """A pod became ready, stopped being ready, or went; `change` is ready, unready or gone."""

    t: float
    pod: str
    uid: str
    app: str
    change: str


class RuleMoment(msgspec.Struct, frozen=True):
    """An alert changed its state at an evaluation: inactive, pending or firing."""

    t: float
    alert: str
    labels: Mapping[str, str]
    before: str
    after: str
    value: float


class ActMoment(msgspec.Struct, frozen=True):
    """Something the scripted on-call did: acknowledged, escalated, named the cause, mitigated."""

    t: float
    act: str
    about: str


class LoadMoment(msgspec.Struct, frozen=True):
    """The load test was switched."""

    t: float
    running: bool


class Orders(msgspec.Struct, frozen=True):
    """The ledger's totals."""

    accepted: int
    stored: int


class Truth(msgspec.Struct, frozen=True):
    """All of it, as GET /truth and the truth file give it."""

    seed: int
    defect: str | None
    started_at: float
    now: float
    orders: Orders
    faults: list[FaultMoment]
    pods: list[PodMoment]
    rules: list[RuleMoment]
    acts: list[ActMoment]
    load: list[LoadMoment]


class SampledSeries(msgspec.Struct, frozen=True):
    """One scraped series as it was stored: Unix milliseconds and values; null is a staleness marker."""

    labels: Mapping[str, str]
    t_ms: list[int]
    values: list[float]


class Chronicle:
    """Collects the moments while the lab lives."""

    def __init__(self, seed: int, defect: str | None, started_at: float) -> None:
        self._seed = seed
        self._defect = defect
        self._started_at = started_at
        self.faults: list[FaultMoment] = []
        self.pods: list[PodMoment] = []
        self.rules: list[RuleMoment] = []
        self.acts: list[ActMoment] = []
        self.load: list[LoadMoment] = []

    def truth(self, now: float, orders: Orders) -> Truth:
        """What has happened up to `now`."""
        return Truth(
            seed=self._seed,
            defect=self._defect,
            started_at=self._started_at,
            now=now,
            orders=orders,
            faults=list(self.faults),
            pods=list(self.pods),
            rules=list(self.rules),
            acts=list(self.acts),
            load=list(self.load),
        )


def samples_file(path: Path) -> Path:
    """Where the raw samples go that belong to the truth file `path`."""
    return path.with_suffix(".samples.jsonl")


def write_truth(path: Path, truth: Truth, storage: Storage) -> None:
    """Writes the truth as JSON, and every stored series as a line of JSON into :func:`samples_file`."""
    path.write_bytes(msgspec.json.encode(truth) + b"\n")
    with samples_file(path).open("wb") as out:
        out.writelines(encode_samples(storage))


def encode_samples(storage: Storage) -> Iterator[bytes]:
    """Every stored series as a line of JSON, a :class:`SampledSeries`."""
    encoder = msgspec.json.Encoder()
    for series in storage.all_series():
        line = SampledSeries(series.labels.as_dict(), series.times.tolist(), series.values.tolist())
        yield encoder.encode(line) + b"\n"
