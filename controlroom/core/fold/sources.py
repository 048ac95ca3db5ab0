"""Fold of what was read: samples, alerts, silences, pods, and how the sources answer."""

from __future__ import annotations

from controlroom.core import events as e
from controlroom.core.columns import counts_of, grown
from controlroom.core.events import Event
from controlroom.core.fold.register import folds, put, without
from controlroom.core.state import Inspection, Picture, Pod, Source, Span, State, episode
from controlroom.core.values import changed


@folds(e.Samples)
def samples(state: State, event: Event, body: e.Samples) -> State:
    lengths, firsts = grown(body.start, body.step, counts_of(body), state.lengths, state.first_step)
    return changed(state, lengths=lengths, first_step=firsts)


@folds(e.MetricTroubled)
def troubled(state: State, event: Event, body: e.MetricTroubled) -> State:
    if not body.reason:
        return changed(state, troubled=without(state.troubled, body.metric))
    return changed(state, troubled=put(state.troubled, body.metric, body.reason))


@folds(e.SourceFailed)
def failed(state: State, event: Event, body: e.SourceFailed) -> State:
    before = state.sources.get(body.source, Source())
    away = before.ok is False
    source = changed(
        before, ok=False, since=before.since if away else event.t, error=body.error, hint=body.hint
    )
    outages = state.outages if away else (*state.outages, Span(start=event.t, what=body.source))
    return changed(state, sources=put(state.sources, body.source, source), outages=outages)


@folds(e.SourceRecovered)
def recovered(state: State, event: Event, body: e.SourceRecovered) -> State:
    before = state.sources.get(body.source, Source())
    source = changed(before, ok=True, since=event.t, error="", hint="")
    outages = tuple(
        changed(span, end=event.t) if span.what == body.source and span.end is None else span
        for span in state.outages
    )
    return changed(state, sources=put(state.sources, body.source, source), outages=outages)


@folds(e.SourceRemarked)
def remarked(state: State, event: Event, body: e.SourceRemarked) -> State:
    before = state.sources.get(body.source, Source(since=event.t))
    source = changed(before, partial=body.partial, remarks=body.others)
    partials = state.partials
    if body.partial and not before.partial:
        partials = (*partials, Span(start=event.t, what=body.source))
    elif before.partial and not body.partial:
        partials = tuple(
            changed(span, end=event.t) if span.what == body.source and span.end is None else span
            for span in partials
        )
    return changed(state, sources=put(state.sources, body.source, source), partials=partials)


@folds(e.SourceMeasured)
def measured(state: State, event: Event, body: e.SourceMeasured) -> State:
    before = state.sources.get(body.source, Source(since=event.t))
    source = changed(before, ok=True, offset=body.offset, uncertainty=body.uncertainty)
    return changed(state, sources=put(state.sources, body.source, source))


@folds(e.AlertObserved)
def alert(state: State, event: Event, body: e.AlertObserved) -> State:
    return changed(state, alerts=put(state.alerts, episode(body), body))


@folds(e.SilenceObserved)
def silence(state: State, event: Event, body: e.SilenceObserved) -> State:
    return changed(state, silences=put(state.silences, body.silence, body))


@folds(e.AlertSuppressed)
def suppressed(state: State, event: Event, body: e.AlertSuppressed) -> State:
    key = f"{body.name}{sorted(body.labels.items())}"
    before = state.suppressed.get(key)
    what = f"{body.name} {before.words}" if before is not None else ""
    quiet = tuple(
        changed(own, end=event.t) if own.end is None and own.what == what else own for own in state.quiet
    )
    if not body.words:
        return changed(state, suppressed=without(state.suppressed, key), quiet=quiet)
    span = Span(start=event.t, what=f"{body.name} {body.words}")
    return changed(state, suppressed=put(state.suppressed, key, body), quiet=(*quiet, span))


@folds(e.ReconciliationRead)
def reconciled(state: State, event: Event, body: e.ReconciliationRead) -> State:
    return changed(state, reconciled=put(state.reconciled, body.criterion, body))


@folds(e.PodObserved)
def pod(state: State, event: Event, body: e.PodObserved) -> State:
    name = body.key
    if body.gone:
        return changed(state, pods=without(state.pods, name))
    found = Pod(
        namespace=body.namespace,
        name=body.name,
        uid=body.uid,
        app=body.app,
        node=body.node,
        phase=body.phase,
        ready=body.ready,
        reason=body.reason,
        restarts=body.restarts,
    )
    return changed(state, pods=put(state.pods, name, found))


@folds(e.PodsCounted)
def counted(state: State, event: Event, body: e.PodsCounted) -> State:
    workloads = dict(state.workloads)
    for count in body.counts:
        if count.pods and not count.singly:
            workloads[body.key(count)] = count
        else:
            workloads.pop(body.key(count), None)
    return changed(state, workloads=workloads)


@folds(e.PictureTaken)
def picture(state: State, event: Event, body: e.PictureTaken) -> State:
    taken = Picture(path=body.path, title=body.title, moment=body.moment, start=body.start, end=body.end)
    return changed(state, pictures=(*state.pictures, taken))


@folds(e.PlanChecked)
def inspected(state: State, event: Event, body: e.PlanChecked) -> State:
    return changed(state, inspected=Inspection(t=event.t, findings=body.findings))
