"""Every screen as a moment and what is done in it: what `tests/pictures.py` draws and the golden pictures hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from controlroom.cli.shelf import FolderShelf
from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.core.findings import Finding
from controlroom.core.values import changed
from controlroom.room import Room, RoomInfo
from controlroom.tui.screens.beside import BesideSheet
from controlroom.tui.screens.sessions import SessionsSheet
from controlroom.tui.shelf import Order, SavedSession
from tests.sessions import DAY, PODS, synthetic_events
from tests.tui.desk import Desk, made
from tests.tui.fake_room import TITLE, PastRoom, recorded
from tests.tui.seats import AUDIENCE, SCRIBE, told

Day = Callable[[float], Sequence[Event]]
"""What happened up to a session second."""

PREVIEW = e.ExperimentChecked(
    experiment="memory-stress",
    targets=PODS[:2],
    mode="fixed, 2 of them",
    guards=(
        e.GuardResult(guard="context", outcome="ok", message="staging-bookstore, as the plan says"),
        e.GuardResult(guard="permissions", outcome="ok", message="create and delete are allowed"),
        e.GuardResult(guard="dry run", outcome="ok", message="the API server accepts it"),
        e.GuardResult(guard="alerts", outcome="warning", message="InventoryCircuitBreakerOpen is firing"),
    ),
    manifest="apiVersion: chaos-mesh.org/v1alpha1\nkind: StressChaos\nmetadata:\n  namespace: bookstore\n",
)
SEATED = (
    e.SeatTaken(viewer="viewer-1", seat="facilitator", name="robin"),
    e.SeatTaken(viewer="viewer-2", seat="scribe", name="jo"),
    e.SeatTaken(viewer="viewer-3", seat="audience", name="wall"),
)
CHECKED = e.PlanChecked(
    findings=(
        Finding(id="cluster", group="Cluster", what="API server", state="ok", reason="v1.36.2 answers"),
        Finding(
            id="chaos-mesh",
            group="Cluster",
            what="Chaos Mesh controller",
            state="failed",
            reason="none of 3 is Ready",
            next="kubectl -n chaos-mesh describe pod chaos-controller-manager-6d8f",
        ),
        Finding(id="rules", group="Prometheus", what="alert rules", state="ok", reason="all 3 are loaded"),
        Finding(
            id="chat",
            group="Around it",
            what="chat",
            state="could not tell",
            reason="no http address",
            next="controlroom run --chat sends one message",
        ),
    ),
    seconds=2.4,
)
HALTED = (
    e.HaltRequested(runs=("network-latency#1", "memory-stress#1")),
    e.HaltFinished(
        seconds=6.3,
        proofs=tuple(
            e.HaltProof(run="network-latency#1", target=pod, outcome="recovered", seconds=4.1 + n)
            for n, pod in enumerate(PODS)
        ),
    ),
)
STUCK = e.FaultObserved(
    run="network-latency#1",
    state="stuck",
    targets=(
        e.Target(id=PODS[0], state="recovering"),
        *(e.Target(id=pod, state="recovered") for pod in PODS[1:]),
    ),
    message="chaos-daemon on staging-node-2 does not answer",
)
SAVED = (
    SavedSession(Path("a"), TITLE, "2026-11-22 13:00", "passed", "1:30:25", 1_830_000, ("q4",)),
    SavedSession(
        Path("b"),
        "Game Day: checkout under a slow payment provider",
        "2026-10-13 09:30",
        "needs improvement",
        "1:12:40",
        1_204_000,
    ),
    SavedSession(Path("c"), TITLE, "2026-09-02 14:00", "unfinished", "0:41:07", 655_000),
)


class _Shelf(FolderShelf):
    """Three sessions, of no folder."""

    def listed(self, text: str = "", order: Order = "when") -> Sequence[SavedSession]:
        return SAVED


LOG = tuple(
    f"2026-11-22 14:{n:02}:07  {n * 60} s elapsed   OK={n * 2971}   KO={n // 9}   active users: 50"
    for n in range(1, 42)
)


@dataclass(frozen=True)
class Scene:
    """A moment and what was done in it."""

    t: float
    keys: tuple[str, ...] = ()
    info: RoomInfo | None = None
    before: tuple[e.Body, ...] = ()
    """Happen before the keys."""
    bodies: tuple[e.Body, ...] = ()
    """Happen after the keys."""
    ascii: bool = False
    layout: str | None = None
    beside: bool = False
    """Another recording is shown beside it."""
    lost: str = ""
    """Why the connection to the host is lost, at the end."""
    told: tuple[tuple[float, e.Body], ...] | None = None
    """What happened besides, where an audience is shown what it is told."""

    def events(self, day: Day) -> Sequence[Event]:
        """What the room knows of that day when it is entered."""
        return day(self.t) if self.told is None else told(self.t, *self.told, day=day)


def _typed(text: str) -> tuple[str, ...]:
    names = {" ": "space", ":": "colon", "-": "minus"}
    return tuple(names.get(char, char) for char in text)


_ROOMS = {
    "before": Scene(0.4),
    "baseline": Scene(420.0),
    "inject": Scene(1872.0),
    "respond": Scene(2900.0),
    "recovery": Scene(4560.0),
    "closed": Scene(DAY, info=recorded()),
    "replay": Scene(DAY, (":", "5", "3", "colon", "3", "0", "enter"), recorded()),
    "looking back": Scene(2900.0, ("comma", "comma", "left_square_bracket")),
    "ascii": Scene(1872.0, ascii=True),
    "worst first": Scene(2900.0, ("s",)),
    "filtered": Scene(2900.0, ("slash", *"cache", "enter")),
    "scribe": Scene(
        2900.0,
        info=SCRIBE,
        bodies=(*SEATED, e.SeatLeft(viewer="viewer-1"), e.UnattendedBegan(policy="halt", after=120.0)),
    ),
    "layout scribe": Scene(2900.0, layout="scribe"),
    "audience": Scene(1872.0, info=AUDIENCE, told=()),
    "audience early": Scene(420.0, info=AUDIENCE, told=()),
    "revealed": Scene(1990.0, info=AUDIENCE, told=((1900.0, e.Revealed(experiment="pod-kill")),)),
    "layout facilitator": Scene(2900.0, layout="facilitator"),
    "layout compact": Scene(2900.0, layout="compact"),
    "layout debrief": Scene(DAY, info=recorded(), layout="debrief"),
    "layout debrief live": Scene(4930.0, layout="debrief"),
}
_TROUBLES = {
    "halt": Scene(2500.0, bodies=HALTED[:1]),
    "halted": Scene(2500.0, bodies=HALTED),
    "unlock": Scene(2500.0, ("u",), before=HALTED),
    "stuck": Scene(2500.0, ("x", "down"), before=(*HALTED[:1], STUCK)),
    "force": Scene(2500.0, ("F",), before=(STUCK,)),
    "incident": Scene(2500.0, ("I",)),
    "trouble": Scene(
        1872.0,
        bodies=(
            e.SourceFailed(
                source="prometheus", error="no answer within 5 s", hint="is the port forward still up?"
            ),
            e.AbortBreached(rule="errors-out-of-hand", value=27.4, countdown=10.0),
        ),
    ),
    "host lost": Scene(1872.0, lost="the host has closed the connection"),
}
_EXPERIMENTS = {
    "start": Scene(1872.0, ("x", "down", "down", "space"), bodies=(PREVIEW,)),
    "stop": Scene(1872.0, ("x", "down", "space")),
    "details": Scene(1872.0, ("x", "down", "d")),
    "go or no-go": Scene(
        1872.0,
        ("x", "down", "down", "G"),
        before=(
            e.Polled(role="On-call Engineer", go=True, experiment="memory-stress"),
            e.Polled(
                role="Facilitator", go=False, experiment="memory-stress", reason="breaker is still open"
            ),
        ),
    ),
    "clean up": Scene(2900.0, ("C",)),
    "reveal": Scene(1872.0, ("v", "1")),
    "reveal which": Scene(1872.0, ("v",)),
    "inject or hint": Scene(2900.0, ("i",)),
    "load": Scene(2900.0, ("L",)),
    "load output": Scene(2480.0, ("O",)),
}
_PEOPLE = {
    "note": Scene(1872.0, ("n", "o", "b", "s", "colon")),
    "notes": Scene(3500.0, ("N",)),
    "edit a note": Scene(3500.0, ("N", "down", "enter")),
    "marks": Scene(3300.0, ("M",)),
    "new mark": Scene(3300.0, ("M", "n")),
    "observations": Scene(4850.0, ("o",)),
    "debrief": Scene(5000.0, ("g",)),
    "debrief answers": Scene(DAY, ("g",), recorded()),
    "action items": Scene(5000.0, ("A",)),
    "an action item": Scene(5000.0, ("A", "enter")),
    "checklist": Scene(1872.0, ("k",), before=(CHECKED,)),
    "findings": Scene(1872.0, ("k", "c"), before=(CHECKED,)),
    "phases": Scene(1872.0, ("p",)),
    "who": Scene(1872.0, ("w",), bodies=SEATED),
    "quit": Scene(1872.0, ("q",), bodies=SEATED),
}
_LOOKS = {
    "plot": Scene(2900.0, ("t", *["left"] * 12)),
    "plot of two": Scene(2900.0, ("t", "o", "5")),
    "tick": Scene(2900.0, ("tab", "left", "left", "left", "enter")),
    "figures": Scene(DAY, ("f",), recorded()),
    "figures so far": Scene(2900.0, ("f",)),
    "go to": Scene(2900.0, ("colon", *_typed("al"))),
    "which moments": Scene(DAY, ("J",), recorded()),
    "bookmark": Scene(DAY, ("comma", "B", *_typed("here")), recorded()),
    "two beside": Scene(DAY, ("colon", *_typed("40:00"), "enter"), recorded(), beside=True),
    "sessions": Scene(1872.0, ("S",)),
    "copy": Scene(2900.0, ("Y",)),
    "palette": Scene(2900.0, ("ctrl+p",)),
    "palette search": Scene(2900.0, ("ctrl+p", *_typed("lat"))),
    "help": Scene(1872.0, ("question_mark",)),
    "help on a sheet": Scene(2900.0, ("t", "question_mark")),
}
SCENES = {**_ROOMS, **_TROUBLES, **_EXPERIMENTS, **_PEOPLE, **_LOOKS}


LATER = 120.0
"""Seconds by which everything but the opening comes later in the other recording."""


def later() -> list[Event]:
    """The synthetic day once more, later."""
    first, *others = synthetic_events()
    moved = [changed(own, t=own.t + LATER, at=own.at + timedelta(seconds=LATER)) for own in others]
    return [first, *moved]


async def _other() -> Room:
    return PastRoom(later(), recorded("2026-10-20"))


def opened(scene: Scene, theme: str, day: Day = synthetic_events, folder: Path | None = None) -> Desk:
    """The screen of that scene, not yet running. `folder`: where the session's own files are found."""
    info = scene.info
    if folder is not None and scene.info is None:
        (folder / "load.log").write_text("\n".join(LOG) + "\n", encoding="utf-8")
        info = RoomInfo(session="day", title=TITLE, name="robin", viewer="viewer-1", folder=str(folder))
    own = made(scene.t, info, scene.layout, ascii=scene.ascii, events=scene.events(day), theme=theme)
    own.app.settings = replace(
        own.app.settings, shelf=_Shelf(Path()), beside=_other if scene.beside else None
    )
    return own


async def play(own: Desk, scene: Scene) -> None:
    """Brings an opened room to that scene."""
    if scene.before:
        await own.feed(*scene.before, t=scene.t)
    if scene.beside:
        await own.until(lambda: isinstance(own.app.screen, BesideSheet), "both are shown")
    for key in scene.keys:
        await own.press(key)
    if isinstance(sheet := own.app.screen, SessionsSheet):
        await own.until(lambda: not sheet._busy, "the sessions are listed")
    if scene.bodies:
        await own.feed(*scene.bodies, t=scene.t)
    if scene.lost:
        await own.room.cut(scene.lost)
        await own.pilot.pause()
    await own.show()
    if not own.room.info.live:
        await _rested(own)


async def _rested(own: Desk) -> None:
    """Figures of a recording are computed beside the screen, once its playhead has rested: waits for them."""
    follower = own.app.follower
    assert follower is not None
    own.real += 2 * follower.REST
    for _ in range(5):
        if follower._computing is not None:
            await asyncio.wait([follower._computing])
        await own.show()
        if follower._computing is None and not follower.behind:
            return
    raise AssertionError("the figures never came")
