"""The command palette: everything that can be done or gone to, found by what it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from controlroom.core.clean import clean
from controlroom.core.plan import Experiment, Metric, Plan
from controlroom.core.stops import Stop
from controlroom.tui.actions import ACTIONS, possible
from controlroom.tui.desk import Desk
from controlroom.tui.finding import fit
from controlroom.tui.text import clock

MOST = 40
"""Hits that are shown: nobody reads more of them."""
RECENT = 12
"""Moments that are offered before anything is typed."""
WITHOUT = frozenset({"commands", "halt_typing", "note_typing"})
"""Actions that are not in it: itself, and second keys of others."""


class Found(NamedTuple):
    """Something that can be found."""

    name: str
    about: str
    """What choosing it does. Of our own words alone: Textual reads it as markup."""
    run: Callable[[], None]
    weight: float = 1.0
    """Of two that fit equally well the weightier comes first."""
    more: str = ""
    """Other words by which it is found, less well."""


def everything(desk: Desk) -> Iterator[Found]:
    """All that can be done and gone to now, the most useful first."""
    now, plan = desk.now, desk.now.plan
    for action in ACTIONS:
        if action.id not in WITHOUT and possible(action, now):
            key = now.keys.shown(action.id)
            name = f"{action.label} [{key}]" if key else action.label
            yield Found(name, action.help, partial(desk.action_do, action.id), 1.2, action.help)
    if plan is not None:
        yield from _planned(desk, plan)
    yield from _alerts(desk)
    for stop in reversed(now.stops):
        name = f"{stop.kind} {clock(stop.happened)}: {clean(stop.text)}"
        yield Found(name, "what happened", partial(_happened, desk, stop), 0.9)


def _planned(desk: Desk, plan: Plan) -> Iterator[Found]:
    for experiment in plan.experiments:
        yield Found(
            f"experiment: {clean(experiment.title)}", "details", partial(_experiment, desk, experiment)
        )
    for metric in plan.metrics:
        yield Found(f"metric: {clean(metric.title)}", "plot", partial(_metric, desk, metric))
    for number, phase in enumerate(desk.now.state.phases, 1):
        title = clean(plan.phase(phase.id).title)
        yield Found(f"phase: {title}", f"phase {number}, {phase.status}", partial(_phase, desk, phase.id))


def _alerts(desk: Desk) -> Iterator[Found]:
    """Each alert that the day has seen, by the last that happened to it."""
    last = {stop.about: stop for stop in desk.now.stops if stop.kind == "alert" and stop.about}
    for name, stop in last.items():
        yield Found(f"alert: {clean(name)}", "what happened to it last", partial(_happened, desk, stop))


def _experiment(desk: Desk, own: Experiment) -> None:
    from controlroom.tui.draw.experiment import experiment_page
    from controlroom.tui.screens.simple import Reader

    desk.open(Reader(desk.now, own.title, lambda moment, width: experiment_page(moment, own, width)))


def _metric(desk: Desk, own: Metric) -> None:
    from controlroom.tui.screens.plot import PlotSheet

    desk.open(PlotSheet(desk.now, own))


def _phase(desk: Desk, phase: str) -> None:
    """When it began, and what went on then; one that has not begun is begun, or left out, in the menu of the phases."""
    begun = next((own for own in desk.now.stops if own.kind == "phase" and own.about == phase), None)
    if begun is not None:
        _happened(desk, begun)
    else:
        desk.action_do("phases")


def _happened(desk: Desk, stop: Stop) -> None:
    from controlroom.tui.screens.happening import HappeningSheet

    desk.open(HappeningSheet(desk, stop))


def search(all_of_it: list[Found], query: str) -> list[tuple[float, Found, tuple[tuple[int, int], ...]]]:
    """What fits the query, best first, with what of each name was found."""
    hits: list[tuple[float, Found, tuple[tuple[int, int], ...]]] = []
    for own in all_of_it:
        found = fit(query, own.name)
        if found is not None:
            hits.append((found.score * own.weight, own, found.spans))
        elif own.more and (found := fit(query, own.more)) is not None:
            hits.append((found.score * own.weight / 4, own, ()))
    hits.sort(key=lambda hit: -hit[0])
    return hits[:MOST]


class Everything(Provider):
    """Feeds Textual's palette. Names are text: nothing in them is read as markup."""

    async def startup(self) -> None:
        """Looked up once, when the palette opens: a key in it must not wait for a thousand notes."""
        from controlroom.tui.app import ControlRoomApp

        app = self.app
        assert isinstance(app, ControlRoomApp)
        self._all = list(everything(app))

    async def discover(self) -> Hits:
        moments = 0
        for own in self._all:
            moments += own.weight < 1
            if moments <= RECENT:
                yield DiscoveryHit(Content(own.name), own.run, text=own.name, help=own.about)

    async def search(self, query: str) -> Hits:
        for score, own, spans in search(self._all, query):
            shown = Content(own.name)
            for start, end in spans:
                shown = shown.stylize(self.match_style or "", start, end)
            yield Hit(score / 150, shown, own.run, text=own.name, help=own.about)
