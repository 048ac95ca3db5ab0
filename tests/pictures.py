"""Draws the real screens at fixed moments of the synthetic day: `python -m tests.pictures`.

Every scene in every size and theme goes to `pictures/`, to be looked at; those named in :data:`README` to
`docs/pictures/`. The golden pictures of the tests are the same scenes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from controlroom.core import events as e
from controlroom.core.events import Event
from controlroom.room import RoomInfo
from tests.sessions import DAY, PODS
from tests.tui.desk import Desk, desk
from tests.tui.fake_room import recorded
from tests.tui.seats import AUDIENCE, SCRIBE, told

ROOT = Path(__file__).parent.parent
SIZES = ((80, 24), (120, 36), (200, 50))
THEMES = ("control-dark", "control-light", "control-contrast")

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


@dataclass(frozen=True)
class Scene:
    """A moment and what was done in it."""

    t: float
    keys: tuple[str, ...] = ()
    info: RoomInfo | None = None
    bodies: tuple[e.Body, ...] = ()
    """Happen after the keys."""
    ascii: bool = False
    told: tuple[tuple[float, e.Body], ...] | None = None
    """What happened besides, where an audience is shown what it is told."""

    @property
    def events(self) -> list[Event] | None:
        """None: the synthetic day as the facilitator knows it."""
        return None if self.told is None else told(self.t, *self.told)


SEATED = (
    e.SeatTaken(viewer="viewer-1", seat="facilitator", name="robin"),
    e.SeatTaken(viewer="viewer-2", seat="scribe", name="jo"),
    e.SeatTaken(viewer="viewer-3", seat="audience", name="wall"),
)

SCENES = {
    "before": Scene(0.4),
    "inject": Scene(1872.0),
    "respond": Scene(2900.0),
    "replay": Scene(DAY, (":", "5", "3", "colon", "3", "0", "enter"), recorded()),
    "closed": Scene(DAY, info=recorded()),
    "start": Scene(1872.0, ("x", "down", "down", "space"), bodies=(PREVIEW,)),
    "halt": Scene(2500.0, bodies=(e.HaltRequested(runs=("network-latency#1", "memory-stress#1")),)),
    "trouble": Scene(
        1872.0,
        bodies=(
            e.SourceFailed(
                source="prometheus", error="no answer within 5 s", hint="is the port forward still up?"
            ),
            e.AbortBreached(rule="errors-out-of-hand", value=27.4, countdown=10.0),
        ),
    ),
    "ascii": Scene(1872.0, ascii=True),
    "checklist": Scene(1872.0, ("k",)),
    "note": Scene(1872.0, ("n", "o", "b", "s", "colon")),
    "marks": Scene(3300.0, ("M",)),
    "phases": Scene(1872.0, ("p",)),
    "observations": Scene(4850.0, ("o",)),
    "debrief": Scene(5000.0, ("g",)),
    "plot": Scene(2900.0, ("t", *["left"] * 12)),
    "plot of two": Scene(2900.0, ("t", "o", "5")),
    "tick": Scene(2900.0, ("tab", "left", "left", "left", "enter")),
    "worst first": Scene(2900.0, ("s",)),
    "figures": Scene(DAY, ("f",), recorded()),
    "details": Scene(1872.0, ("x", "down", "d")),
    "audience": Scene(1872.0, info=AUDIENCE, told=()),
    "revealed": Scene(1990.0, info=AUDIENCE, told=((1900.0, e.Revealed(experiment="pod-kill")),)),
    "scribe": Scene(
        2900.0,
        info=SCRIBE,
        bodies=(*SEATED, e.SeatLeft(viewer="viewer-1"), e.UnattendedBegan(policy="halt", after=120.0)),
    ),
    "quit": Scene(1872.0, ("q",), bodies=SEATED),
    "who": Scene(1872.0, ("w",), bodies=SEATED),
    "reveal": Scene(1872.0, ("v", "1")),
    "help": Scene(1872.0, ("question_mark",)),
}
README = {
    "facilitator": ("inject", (120, 36)),
    "compact": ("inject", (80, 24)),
    "start": ("start", (120, 36)),
    "plot": ("plot", (120, 36)),
    "replay": ("replay", (120, 36)),
    "audience": ("revealed", (120, 36)),
    "scribe": ("scribe", (120, 36)),
}


async def play(own: Desk, scene: Scene) -> None:
    """Brings an opened room to that scene."""
    for key in scene.keys:
        await own.press(key)
    if scene.bodies:
        await own.feed(*scene.bodies, t=scene.t)
    await own.show()


async def draw(scene: Scene, size: tuple[int, int], theme: str = THEMES[0]) -> str:
    """The scene as SVG."""
    async with desk(scene.t, size, scene.info, ascii=scene.ascii, theme=theme, events=scene.events) as own:
        await play(own, scene)
        return own.app.export_screenshot(title="Control Room")


async def main() -> None:
    everything, shown = ROOT / "pictures", ROOT / "docs" / "pictures"
    for folder in (everything, shown):
        folder.mkdir(parents=True, exist_ok=True)
    for name, scene in SCENES.items():
        for size in SIZES:
            for theme in THEMES:
                path = everything / f"{name}-{size[0]}x{size[1]}-{theme.removeprefix('control-')}.svg"
                path.write_text(await draw(scene, size, theme), encoding="utf-8")
    for name, (scene_name, size) in README.items():
        (shown / f"{name}.svg").write_text(await draw(SCENES[scene_name], size), encoding="utf-8")
    print(f"{len(SCENES) * len(SIZES) * len(THEMES)} pictures in {everything}, {len(README)} in {shown}")


if __name__ == "__main__":
    asyncio.run(main())
