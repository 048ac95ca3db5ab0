"""A whole rehearsal, at headless speed, in a host of its own: every byte that an audience's connection was sent."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlroom import wire
from controlroom.core import events as e
from controlroom.core import intents as i
from controlroom.core.values import changed
from controlroom.host.launch import await_host, launch
from controlroom.shipped import shipped
from tests.host.live import LiveHost, fresh_folder, order_for

RATE = 120.0
DAY = 240.0
"""Real seconds after which the day should be over."""
EXPERIMENTS = ("pod-kill", "network-latency", "memory-stress")


def planted(place: Path) -> Path:
    """The seed's plan with a secret in whatever an audience is not to know; the day is the same."""
    folder = place / "experiments"
    shutil.copytree(shipped("experiments"), folder)
    path = folder / "inventory-service-failure.yaml"
    plan: dict[str, Any] = yaml.safe_load(path.read_text())
    plan["summary"] += " zq-summary"
    for key in ("scenario", "objectives", "headings"):
        plan[key] = [f"{text} zq-{key}" for text in plan[key]]
    for inject in plan["injects"]:
        inject["text"] += f" zq-{'hint' if inject.get('hint') else 'inject'}"
    for participant in plan["participants"]:
        participant["name"] += " zq-participant"
    for rule in plan["abort"]:
        rule["text"] += " zq-abort"
    for criterion in plan["criteria"]:
        criterion["text"] += " zq-criterion"
    for phase in plan["phases"]:
        for step in phase["steps"]:
            step["details"] = [*step.get("details", []), "zq-details"]
            step["command"] = f"{step.get('command', 'true')} zq-command"
    for experiment in plan["experiments"]:
        name = experiment["id"]
        experiment["title"] += f" zr-title-{name}."
        experiment["expected"] = [*experiment.get("expected", []), f"zr-expected-{name}."]
        experiment["observe"] = [*experiment.get("observe", []), f"zr-observe-{name}."]
        manifest = folder / experiment["manifest"]
        document = yaml.safe_load(manifest.read_text())
        document["metadata"]["annotations"] = {"why": f"zr-manifest-{name}."}
        manifest.write_text(yaml.safe_dump(document))
    rules = folder / plan["rules"]
    rules.write_text(rules.read_text().replace("summary: ", "summary: zq-annotation "))
    path.write_text(yaml.safe_dump(plan, sort_keys=False))
    return path


PLANTED = [
    f"zq-{place}"
    for place in (
        *("summary", "scenario", "objectives", "headings", "hint", "inject", "participant", "abort"),
        *("criterion", "details", "command", "annotation", "private", "mark", "action", "reason"),
    )
]
REVEALABLE = ("title", "expected", "observe", "manifest")


async def listen(socket: Path, data: bytearray) -> None:
    """Takes down everything that an audience is sent."""
    reader, writer = await asyncio.open_unix_connection(socket, limit=wire.LONGEST_DOWN)
    writer.write(wire.encode(wire.Hello(version=wire.VERSION, seat="audience")))
    while piece := await reader.read(1 << 16):
        data += piece
    writer.close()


@pytest.mark.soak
async def test_an_audience_learns_nothing_of_a_whole_rehearsal_before_its_revelation(tmp_path: Path) -> None:
    plan = planted(tmp_path)
    folder = fresh_folder(tmp_path)
    process = launch(changed(order_for(folder, rate=RATE, headless=True), plan=str(plan)))
    found = await asyncio.to_thread(await_host, process, folder)
    host = LiveHost(folder, process, Path(found.socket))
    data = bytearray()
    listening = asyncio.create_task(listen(host.socket, data))
    try:
        viewer = await host.viewer()
        await viewer.do(i.WriteNote(type="note", text="zq-private", private=True))
        await viewer.do(i.MakeMark(milestone="mark", text="zq-mark"))
        await viewer.do(i.SetAction(title="zq-action"))
        await viewer.do(i.Poll(role="dba", go=True, reason="zq-reason"))
        await viewer.until(lambda: viewer.state.phase == viewer.state.phases[-1].id, within=DAY)
        before = bytes(data)
        for name in EXPERIMENTS:
            await viewer.do(i.Reveal(experiment=name))
        await viewer.over(within=DAY)
        async with asyncio.timeout(20):
            await listening
    finally:
        listening.cancel()
        await host.close()
    whole = folder.journal.read_text(encoding="utf-8")
    after = bytes(data).decode()
    secrets = [*PLANTED, *_told(viewer.events)]
    assert len(secrets) >= 40
    assert [own for own in secrets if own not in whole] == []
    assert [own for own in secrets if own in after] == []
    revealable = [f"zr-{what}-{name}." for what in REVEALABLE for name in EXPERIMENTS]
    revealable += [str(own.object.name) for own in viewer.state.runs.values() if own.object]
    assert [own for own in revealable if own.encode() in before] == []
    assert [own for own in revealable if own not in after] == []
    events = [wire.decode_down(line) for line in after.splitlines() if line.startswith('{"msg":"event"')]
    seqs = [own.decoded().seq for own in events if isinstance(own, wire.EventLine)]
    assert seqs == list(range(1, len(seqs) + 1))
    assert after.splitlines()[-1] == '{"msg":"goodbye","reason":"closed"}'


def _told(events: list[e.Event]) -> set[str]:
    """What the cluster's own Events said, and of which objects; what silences said. As on a line."""
    found: set[str] = set()
    for event in events:
        match event.body:
            case e.KubeEvent(message=message, about=about):
                found |= {message, about}
            case e.SilenceObserved(comment=comment):
                found.add(comment)
    return {json.dumps(own, ensure_ascii=False)[1:-1] for own in found if own}
