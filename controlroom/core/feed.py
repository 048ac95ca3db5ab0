"""The feed: one plain line for whatever a facilitator would want to have seen go by."""

from __future__ import annotations

from collections.abc import Callable

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.state import FeedLine, State, episode

KEPT = 400
"""Lines kept in the state; the journal has them all."""

Line = tuple[str, str]


def feed_line(before: State, after: State, event: Event) -> FeedLine | None:
    """The line for an event, from the states around it; None: not worth a line."""
    writer = _WRITERS.get(type(event.body))
    if writer is None or (line := writer(before, after, event)) is None:
        return None
    return FeedLine(t=event.t, kind=line[0], text=line[1])


def _title(state: State, experiment: str) -> str:
    plan = state.plan
    found = next((own for own in plan.experiments if own.id == experiment), None) if plan else None
    return found.title if found else experiment


def _phase_title(state: State, phase: str) -> str:
    return state.plan.phase(phase).title if state.plan else phase


def run_title(state: State, run: str) -> str:
    """The experiment's title; a second run says which it is."""
    found = state.runs.get(run)
    if found is None:
        return run
    title = _title(state, found.experiment)
    return title if found.ordinal == 1 else f"{title} #{found.ordinal}"


def _fault(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.FaultObserved)
    old, new = before.runs.get(body.run), after.runs.get(body.run)
    if new is None or (old and (old.state, old.lost, old.injected) == (new.state, new.lost, new.injected)):
        return None
    title, total = run_title(after, body.run), len(new.targets)
    counts = {
        "injecting": f"{new.injected}/{total}",
        "active": f"{new.injected - new.lost}/{total}" + (f", {new.lost} replaced" if new.lost else ""),
        "fired": f"{new.injected}/{total}",
        "recovering": f"{new.recovered}/{total}",
        "ended": new.how,
    }
    detail = counts.get(new.state, new.message)
    return "fault", f"{title} {new.state.replace('-', ' ')} {detail}".rstrip()


def _alert(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.AlertObserved)
    old = before.alerts.get(episode(body))
    if old is not None and old.state == body.state:
        return None
    return "alert", f"{body.name} {body.state}"


def _silence(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.SilenceObserved)
    old = before.silences.get(body.silence)
    if old is not None and old.state == body.state:
        return None
    word = "silenced" if body.state == "active" else f"silence {body.state}"
    names = ", ".join(value for name, value, _, _ in body.matchers if name == "alertname")
    return "alert", f"{names or 'alerts'} {word} by {body.by}: {body.comment}"


def _suppressed(before: State, after: State, event: Event) -> Line | None:
    """Silences have lines of their own."""
    body = event.body
    assert isinstance(body, e.AlertSuppressed)
    if body.silenced_by and not body.inhibited_by:
        return None
    return "alert", f"{body.name} {body.words or 'is told to people again'}"


def _pod(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.PodObserved)
    old = before.pods.get(body.key)
    if body.gone:
        return ("pod", f"{body.name} gone") if old else None
    if before.phase is None and old is None:
        return None
    if old is None:
        # One that was counted until now, and is told by itself from now on, may be there for hours.
        late = body.created_at is not None and (event.at - body.created_at).total_seconds() > LONG_THERE
        return None if late else ("pod", f"{body.name} created")
    if old.ready != body.ready:
        return "pod", f"{body.name} {'Ready' if body.ready else 'not ready'}"
    return ("pod", f"{body.name} {body.reason}") if body.reason and body.reason != old.reason else None


def _counts(before: State, after: State, event: Event) -> Line | None:
    """Workloads that are no longer wholly ready, or are so again; of a Job nobody says that it is ready."""
    body = event.body
    assert isinstance(body, e.PodsCounted)
    found = []
    for new in body.counts:
        old = before.workloads.get(body.key(new))
        if old is None or new.singly or new.kind == "Job" or before.phase is None:
            continue
        if (old.ready == old.pods) != (new.ready == new.pods) or (old.ready > 0) != (new.ready > 0):
            found.append(f"{new.workload or 'single pods'} {_ready(new)}")
    if not found:
        return None
    more = f"; {len(found) - MOST_WORKLOADS} more" if len(found) > MOST_WORKLOADS else ""
    return "pod", "; ".join(found[:MOST_WORKLOADS]) + more


def _ready(count: e.PodCount) -> str:
    if not count.pods:
        return "has no pods"
    return f"all {count.pods} ready" if count.ready == count.pods else f"{count.ready} of {count.pods} ready"


LONG_THERE = 300.0
"""Seconds after which a pod that is seen for the first time is not called created."""
MOST_WORKLOADS = 4
"""Named in one line."""


def _kube_event(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.KubeEvent)
    if body.type == "Normal" and body.component not in PEOPLE:
        return None
    return "event", f"{body.about} {body.reason}: {body.message}"


PEOPLE = frozenset({"on-call", "kubectl"})
"""Components of Kubernetes Events behind which stands a person: always worth a line."""


def _tick(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.Ticked)
    word = "done" if body.ticked else "not done"
    return body.list.split("-")[0], f"{_item(after, body)}: {word}"


def _item(state: State, body: e.Ticked) -> str:
    plan = state.plan
    if plan is None:
        return body.item
    texts = {step.id: step.text for _, step in plan.steps}
    texts |= {item.id: item.text for item in plan.checklist}
    texts |= {item.id: item.text for item in plan.after_actions}
    return texts.get(body.item, body.item)


def _mark(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.MarkMade)
    return "mark", f"{body.milestone.replace('-', ' ')}{': ' + body.text if body.text else ''}"


def _halt_finished(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.HaltFinished)
    return "halt", f"HALTED in {body.seconds:.1f} s, {len(body.proofs)} targets proven"


def _recovered(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.SourceRecovered)
    known = before.sources.get(body.source)
    if known is None or known.ok is not False:
        return None
    return "source", f"{body.source} answers again after {body.seconds:.0f} s"


def _remarked(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.SourceRemarked)
    known = before.sources.get(body.source)
    if body.partial:
        return "source", f"{body.source} answers in part: {'; '.join(body.partial)}"
    if known is not None and known.partial:
        return "source", f"{body.source} answers whole again"
    return ("source", f"{body.source} remarks: {'; '.join(body.others)}") if body.others else None


def _step(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.StepDue)
    plan = after.plan
    step = next((own for _, own in plan.steps if own.id == body.step), None) if plan else None
    return "step", f"due: {step.text if step else body.step}"


def _resumed(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.SessionResumed)
    return "session", f"resumed after a gap of {body.gap:.0f} s" + (f"; {body.note}" if body.note else "")


def _found(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.FaultFound)
    if body.known:
        return "fault", f"{run_title(after, body.run)} is still there: followed again"
    return "fault", f"{body.object} found, which no running experiment explains: deleted"


def _leftovers(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.LeftoversFound)
    if not body.left:
        return None
    sessions = dict.fromkeys(one.session for one in body.left)
    count = f"{len(body.left)} object{'s' if len(body.left) > 1 else ''}"
    return "fault", f"other sessions left {count}: {', '.join(sessions)}; controlroom sweep lists them"


def _seat_left(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.SeatLeft)
    viewer = before.viewers.get(body.viewer)
    if viewer is None:
        return None
    return "seat", f"{viewer.name} ({viewer.seat}) left" + (f": {body.reason}" if body.reason else "")


def _unattended(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.UnattendedBegan)
    what = f"halt in {body.after:.0f} s" if body.policy == "halt" else "faults end by themselves"
    return "seat", f"no facilitator in the room: {what}"


def _attended(before: State, after: State, event: Event) -> Line | None:
    body = event.body
    assert isinstance(body, e.UnattendedEnded)
    gone = f"{int(body.seconds // 60)}:{int(body.seconds % 60):02}"
    if body.halted:
        return "seat", f"no facilitator for {gone}: halted, as the plan says"
    return "seat", f"a facilitator is here again after {gone}"


def _text(kind: str, write: Callable[[State, e.Body], str]) -> Callable[[State, State, Event], Line | None]:
    def line(before: State, after: State, event: Event) -> Line | None:
        assert isinstance(event.body, e.Body)
        return kind, write(after, event.body)

    return line


def _field(body: e.Body, name: str) -> str:
    return str(getattr(body, name))


def _load_says(before: State, after: State, event: Event) -> Line | None:
    """How many of its pods run is left out: it stands beside the load."""
    body = event.body
    assert isinstance(body, e.LoadObserved)
    if not body.message or before.load_says.startswith(body.message):
        return None
    return "load", f"load: {body.message}"


_WRITERS: dict[type[object], Callable[[State, State, Event], Line | None]] = {
    e.SessionOpened: _text("session", lambda s, b: "opened"),
    e.SessionResumed: _resumed,
    e.SessionEnding: _text("session", lambda s, b: "ending: waiting for all clear"),
    e.SessionClosed: _text("session", lambda s, b: f"closed: {_field(b, 'reason')}"),
    e.PlanAmended: _text("plan", lambda s, b: f"amended: {_field(b, 'reason')}"),
    e.PhaseStarted: _text("phase", lambda s, b: f"{_phase_title(s, _field(b, 'phase'))} began"),
    e.PhaseEnded: _text("phase", lambda s, b: f"{_phase_title(s, _field(b, 'phase'))} ended"),
    e.PhaseExtended: _text("phase", lambda s, b: f"extended by {float(_field(b, 'by')) / 60:g} min"),
    e.PhaseReopened: _text("phase", lambda s, b: f"{_phase_title(s, _field(b, 'phase'))} open again"),
    e.ClockHeld: _text("clock", lambda s, b: "plan's clock held"),
    e.ClockResumed: _text("clock", lambda s, b: "plan's clock goes on"),
    e.RateChanged: _text("clock", lambda s, b: f"rehearsal runs ×{float(_field(b, 'rate')):g}"),
    e.LoadStarted: _text("load", lambda s, b: "load started"),
    e.LoadRequested: _text("load", lambda s, b: "load requested"),
    e.LoadObserved: _load_says,
    e.LoadStopRequested: _text("load", lambda s, b: f"load to be deleted: {_field(b, 'why')}"),
    e.LoadStopped: _text("load", lambda s, b: "load stopped"),
    e.LoadFailed: _text("load", lambda s, b: f"load failed: {_field(b, 'error')}"),
    e.RecordTroubled: _text("record", lambda s, b: f"record: {_field(b, 'error')}"),
    e.FaultRequested: _text("fault", lambda s, b: f"{run_title(s, _field(b, 'run'))} requested"),
    e.FaultRefused: _text(
        "fault", lambda s, b: f"{_title(s, _field(b, 'experiment'))} refused: {_field(b, 'reason')}"
    ),
    e.FaultUnsure: _text(
        "fault", lambda s, b: f"{run_title(s, _field(b, 'run'))} unsure: {_field(b, 'error')}"
    ),
    e.FaultFailed: _text(
        "fault", lambda s, b: f"{run_title(s, _field(b, 'run'))} failed: {_field(b, 'error')}"
    ),
    e.FaultFound: _found,
    e.LeftoversFound: _leftovers,
    e.ReleaseRequested: _text(
        "fault", lambda s, b: f"{run_title(s, _field(b, 'run'))} is forced away: finalizers removed"
    ),
    e.StopRequested: _text("fault", lambda s, b: f"{run_title(s, _field(b, 'run'))} stopping"),
    e.StopFailed: _text(
        "fault", lambda s, b: f"{run_title(s, _field(b, 'run'))} not stopped: {_field(b, 'error')}"
    ),
    e.FaultObserved: _fault,
    e.HaltRequested: _text("halt", lambda s, b: "HALT"),
    e.HaltFinished: _halt_finished,
    e.Unlocked: _text("halt", lambda s, b: "unlocked"),
    e.IncidentDeclared: _text("halt", lambda s, b: f"REAL INCIDENT {_field(b, 'text')}"),
    e.AbortBreached: _text("abort", lambda s, b: f"{_field(b, 'rule')} broken: countdown"),
    e.AbortCleared: _text("abort", lambda s, b: f"{_field(b, 'rule')} no longer broken"),
    e.AbortHeld: _text("abort", lambda s, b: f"{_field(b, 'rule')} held"),
    e.AbortFired: _text("abort", lambda s, b: f"{_field(b, 'rule')} halts the day"),
    e.AlertObserved: _alert,
    e.SilenceObserved: _silence,
    e.AlertSuppressed: _suppressed,
    e.SourceFailed: _text("source", lambda s, b: f"{_field(b, 'source')}: {_field(b, 'error')}"),
    e.SourceRecovered: _recovered,
    e.SourceRemarked: _remarked,
    e.MetricTroubled: _text(
        "source", lambda s, b: f"{_field(b, 'metric')}: {_field(b, 'reason') or 'has data again'}"
    ),
    e.PodObserved: _pod,
    e.PodsCounted: _counts,
    e.KubeEvent: _kube_event,
    e.MarkMade: _mark,
    e.Ticked: _tick,
    e.StepDue: _step,
    e.SeatTaken: _text("seat", lambda s, b: f"{_field(b, 'name')} ({_field(b, 'seat')}) entered"),
    e.SeatLeft: _seat_left,
    e.UnattendedBegan: _unattended,
    e.UnattendedEnded: _attended,
    e.InjectGiven: _text("inject", lambda s, b: f"given: {_field(b, 'inject')}"),
    e.Revealed: _text("reveal", lambda s, b: f"{_title(s, _field(b, 'experiment'))} revealed"),
}
