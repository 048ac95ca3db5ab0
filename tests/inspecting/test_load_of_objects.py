"""A load that is a manifest is inspected: its kind, the rights, a dry run, and whether its output can be read."""

from __future__ import annotations

from pathlib import Path

from controlroom.core.plan import Load
from controlroom.core.values import changed
from tests.inspecting.site import Inspection, by_id, inspection

TEXT = """\
apiVersion: batch/v1
kind: Job
metadata: {name: orders}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: k6, image: grafana/k6}]}}}
"""


def load(own: Inspection, text: str) -> None:
    own.plan(lambda plan: changed(plan, load=Load(manifest="load.yaml")))
    own.site = changed(own.site, lab=False, files={**own.site.files, "load.yaml": text})


async def test_all_is_well(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        load(own, TEXT)
        found = by_id(await own.look())
    assert "load" not in found
    for name in ("kind.Job", "load.rights", "load.dry-run", "load.output.bookstore"):
        assert found[name].state == "ok", found[name]


async def test_a_kind_that_is_not_there(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        load(own, TEXT.replace("batch/v1", "k6.io/v1alpha1").replace("kind: Job", "kind: TestRun"))
        found = by_id(await own.look())
    assert found["kind.TestRun"].state == "failed"
    assert found["kind.TestRun"].reason == "nothing of k6.io is installed"


async def test_a_manifest_that_cannot_be_used(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        load(own, TEXT.replace("batch/v1", "chaos-mesh.org/v1alpha1"))
        found = by_id(await own.look())
    assert found["load.manifest"].state == "failed" and found["load.manifest"].next
    assert "make it an experiment" in found["load.manifest"].reason


async def test_an_account_that_may_only_look(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        load(own, TEXT)
        own.user("viewer")
        found = by_id(await own.look())
    assert found["load.rights"].state == "failed"
    assert "create jobs" in found["load.rights"].reason
