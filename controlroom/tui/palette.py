"""The command palette: actions, experiments, metrics and moments by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from controlroom.core.clean import clean
from controlroom.tui.actions import ACTIONS, possible
from controlroom.tui.desk import Desk
from controlroom.tui.handlers import HANDLERS
from controlroom.tui.text import clock

Found = tuple[str, str, Callable[[], None]]


def everything(desk: Desk) -> Iterator[Found]:
    """Name, help and what it does, for all that can be done now."""
    for action in ACTIONS:
        if action.id not in ("commands", "halt_typing") and possible(action, desk.now):
            yield f"{action.label} [{action.shown}]", action.help, partial(HANDLERS[action.id], desk)
    plan = desk.now.plan
    for experiment in plan.experiments if plan else ():
        yield f"experiment: {clean(experiment.title)}", "details", partial(_experiment, desk, experiment.id)
    for metric in plan.metrics if plan else ():
        yield f"metric: {clean(metric.title)}", "plot", partial(_metric, desk, metric.id)
    for stop in desk.now.stops:
        yield f"{clock(stop.t)} {stop.kind}: {clean(stop.text)}", "go there", partial(_go, desk, stop.t)


def _experiment(desk: Desk, name: str) -> None:
    from controlroom.tui.screens.details import experiment_page
    from controlroom.tui.screens.simple import Reader

    if (plan := desk.now.plan) is not None:
        own = plan.experiment(name)
        desk.open(Reader(desk.now, own.title, lambda moment, width: experiment_page(moment, own, width)))


def _metric(desk: Desk, name: str) -> None:
    from controlroom.tui.screens.plot import PlotSheet

    if (plan := desk.now.plan) is not None:
        desk.open(PlotSheet(desk.now, plan.metric(name)))


def _go(desk: Desk, t: float) -> None:
    if desk.follower is not None:
        desk.follower.seek(t)
        desk.moved()


class Everything(Provider):
    """Feeds Textual's palette."""

    @property
    def _desk(self) -> Desk:
        from controlroom.tui.app import ControlRoomApp

        app = self.app
        assert isinstance(app, ControlRoomApp)
        return app

    async def discover(self) -> Hits:
        for name, about, run in everything(self._desk):
            yield DiscoveryHit(Content(name), run, text=name, help=about)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, about, run in everything(self._desk):
            if (score := matcher.match(name)) > 0:
                yield Hit(score, Content(name), run, text=name, help=about)
