"""A day of the lab, lived in virtual time, as a room that misses nothing would have recorded it."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import msgspec

from controlroom.core import events as e
from controlroom.core.columns import Columns, View
from controlroom.core.events import Actor, Event
from controlroom.core.events.people import Milestone
from controlroom.core.fold import fold
from controlroom.core.plan import NoDataLoss, Plan
from controlroom.plan.load import load_plan
from tests.lab.staging_day import EXPERIMENTS, START, Day
from tests.reference.lab_samples import each_second

MILESTONES: dict[str, Milestone] = {
    "Escalated": "escalated",
    "RootCauseNamed": "root-cause",
    "MitigationStarted": "mitigation-started",
    "Mitigated": "mitigated",
}
BATCH = 30
"""Steps in one event of samples."""


def seed_plan() -> Plan:
    return load_plan(EXPERIMENTS / "inventory-service-failure.yaml").plan


def utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


class LivedDay:
    """The events of a lived day, and what the reference needs of it."""

    def __init__(self, day: Day, plan: Plan) -> None:
        self.plan = plan
        self.truth: dict[str, Any] = _json(day)
        self.end = math.floor(day.staging.position) - 2.0
        self.samples = each_second(day.staging.prometheus.storage, plan, START, self.end)
        self._told: list[tuple[float, e.Body, float, str]] = []
        self._open()
        self._faults()
        self._alerts()
        self._people(day)
        self._samples()
        self._close()
        self._told.sort(key=lambda own: own[0])
        self.events = [
            Event(seq=seq, t=t - START, at=utc(at), actor=Actor(role="host"), body=body, clock=clock)
            for seq, (t, body, at, clock) in enumerate(self._told, 1)
        ]

    def view(self) -> View:
        columns = Columns(len(self.plan.metrics), round(self.plan.sampling.step))
        for event in self.events:
            if isinstance(event.body, e.Samples):
                columns.absorb(event.body)
        return View(fold(self.events), columns)

    def _say(self, t: float, body: e.Body, *, at: float | None = None, clock: str = "host") -> None:
        self._told.append((t, body, t if at is None else at, clock))

    def _open(self) -> None:
        opened = e.SessionOpened(
            session="lived",
            program="0",
            plan=self.plan,
            plan_text="",
            plan_hash="",
            files={},
            bindings=self.plan.bindings,
        )
        self._say(START, opened)
        for moment in self.truth["load"]:
            body = e.LoadStarted() if moment["running"] else e.LoadStopped()
            self._say(moment["t"], body)
        starts = self.plan.starts()
        for phase in self.plan.phases:
            self._say(START + starts[phase.id], e.PhaseStarted(phase=phase.id))
            self._say(min(START + starts[phase.id] + phase.duration, self.end), e.PhaseEnded(phase=phase.id))

    def _faults(self) -> None:
        names = {one["name"]: one["kind"] for one in self.truth["faults"]}
        by_kind = {"PodChaos": "pod-kill", "NetworkChaos": "network-latency", "StressChaos": "memory-stress"}
        for name, kind in names.items():
            self._fault(name, kind, by_kind[kind])

    def _fault(self, name: str, kind: str, experiment: str) -> None:
        run, one_shot = f"{experiment}#1", experiment == "pod-kill"
        changes = [one for one in self.truth["faults"] if one["name"] == name]
        applied = [one["t"] for one in changes if one["change"] == "applied"]
        over = [one["t"] for one in changes if one["change"] in ("recovered", "lost")]
        ref = e.ObjectRef(api_version="chaos-mesh.org/v1alpha1", kind=kind, namespace="bookstore", name=name)
        first, last = math.floor(min(applied)), math.floor(max(applied))
        request = e.FaultRequested(experiment=experiment, run=run, object=ref, manifest="", one_shot=one_shot)
        self._say(min(applied) - 1, request)
        injection = e.Injection(first=utc(first), last=utc(last), n=len(applied), uncertainty=1.0)
        active = e.FaultObserved(run=run, state="fired" if one_shot else "active", injection=injection)
        self._say(max(applied), active, clock="apiserver")
        effect_end = utc(math.floor(self._ready_again(changes) if one_shot else max(over)))
        clean_up = START + 75 * 60
        self._say(clean_up, e.StopRequested(run=run, why="clean-up"))
        ended = e.FaultObserved(
            run=run,
            state="ended",
            injection=injection,
            effect_end=effect_end,
            object_end=utc(clean_up + 2),
            how="recovered",
        )
        self._say(clean_up + 2, ended, clock="apiserver")

    def _ready_again(self, changes: list[dict[str, Any]]) -> float:
        """When as many inventory pods as were killed had become Ready."""
        killed = [one["t"] for one in changes if one["change"] == "applied"]
        ready = sorted(
            float(one["t"])
            for one in self.truth["pods"]
            if one["app"] == "inventory-service" and one["change"] == "ready" and one["t"] > min(killed)
        )
        return ready[len(killed) - 1]

    def _alerts(self) -> None:
        open_ones: dict[tuple[str, str], e.AlertObserved] = {}
        for moment in self.truth["rules"]:
            key = (moment["alert"], str(sorted(moment["labels"].items())))
            at, known = utc(moment["t"]), open_ones.get(key)
            if moment["after"] == "inactive":
                if known is None:
                    continue
                values = {name: getattr(known, name) for name in known.__struct_fields__}
                seen = e.AlertObserved(**{**values, "state": "resolved", "resolved_at": at})
            else:
                firing = at if moment["after"] == "firing" else None
                seen = e.AlertObserved(
                    name=moment["alert"],
                    labels=dict(moment["labels"]),
                    state=moment["after"],
                    active_at=known.active_at if known else at,
                    firing_at=firing,
                )
            open_ones[key] = seen
            if moment["after"] == "inactive":
                del open_ones[key]
            self._say(moment["t"], seen, clock="prometheus")

    def _people(self, day: Day) -> None:
        for silence in day.staging.alertmanager.silences.listed((), day.staging.position):
            body = e.SilenceObserved(
                silence=silence.id,
                matchers=tuple((own.name, own.value, own.is_regex, own.is_equal) for own in silence.matchers),
                by=silence.created_by,
                comment=silence.comment,
                starts_at=utc(silence.starts_at),
                ends_at=utc(silence.ends_at),
                state="active",
            )
            self._say(silence.starts_at, body, clock="alertmanager")
        for index, act in enumerate(self.truth["acts"]):
            milestone = MILESTONES.get(act["act"])
            if milestone is not None:
                mark = e.MarkMade(mark=f"mark-{index}", milestone=milestone, source="script")
                self._say(act["t"], mark)

    def _samples(self) -> None:
        step = round(self.plan.sampling.step)
        for start in range(int(START), int(self.end), BATCH * step):
            until = min(start + BATCH * step, int(self.end) + 1)
            columns = tuple(
                tuple(self.samples[metric.id][t - int(START)][1] for t in range(start, until, step))
                for metric in self.plan.metrics
            )
            self._say(min(until, self.end), e.Samples(start=start, step=step, columns=columns))

    def _close(self) -> None:
        orders = self.truth["orders"]
        for criterion in self.plan.criteria:
            if isinstance(criterion, NoDataLoss):
                read = e.ReconciliationRead(
                    criterion=criterion.id,
                    accepted=orders["accepted"],
                    stored=orders["stored"],
                    settled=True,
                )
                self._say(self.end, read)
        answer = e.Answered(section="observations", question="poor-communication", text="no")
        self._say(self.end, answer)
        self._say(self.end, e.SessionClosed(reason="the day is over"))


def _json(day: Day) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(msgspec.json.encode(day.staging.truth()))
    return found
