"""One thing wrong in a plan, in the lab's cluster or around it: that check says so, and no other does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from controlroom.core.check_alerts import ALWAYS
from controlroom.core.plan import AlertRef, ChecklistItem, Load
from controlroom.core.values import changed
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.resources import Resource, by_kind
from tests.inspecting.site import SEED, Inspection, by_id, inspection, states
from tests.sources.loopback import fixed, stub


def resource(kind: str) -> Resource:
    found = by_kind("v1", kind)
    assert found is not None
    return found


def pods(own: Inspection, component: str) -> list[Document]:
    store = own.lab.staging.cluster.store
    label = "app.kubernetes.io/component"
    found = [
        pod
        for pod in store.select(resource("Pod"))
        if pod["metadata"].get("labels", {}).get(label) == component
    ]
    assert found
    return found


def revise(own: Inspection, document: Document) -> None:
    own.lab.staging.cluster.store.update(resource(document["kind"]), document)


async def test_a_manifest_of_a_version_that_is_not_served(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        own.manifest("pod-kill", lambda text: text.replace("chaos-mesh.org/v1alpha1", "chaos-mesh.org/v1"))
        found = by_id(await own.look())
    assert found["kind.PodChaos"].state == "failed"
    assert (
        found["kind.PodChaos"].reason
        == "the cluster has PodChaos in chaos-mesh.org/v1alpha1, not in chaos-mesh.org/v1"
    )
    assert found["kind.PodChaos"].next == "write `apiVersion: chaos-mesh.org/v1alpha1` in the manifest"


async def test_a_kind_of_a_group_that_is_not_installed(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        text = "{apiVersion: litmuschaos.io/v1alpha1, kind: ChaosEngine, metadata: {name: x}, spec: {}}\n"
        own.manifest("pod-kill", lambda _: text)
        found = by_id(await own.look())
    assert found["kind.ChaosEngine"].reason == "nothing of litmuschaos.io is installed"
    assert found["kind.ChaosEngine"].state == found["rights.pod-kill"].state.replace(
        "could not tell", "failed"
    )


async def test_a_field_that_the_server_does_not_know(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        own.manifest("memory-stress", lambda text: text + "  durration: 5m\n")
        found = await own.look()
    assert states(found) == {"dry-run.memory-stress": "failed"}
    assert "durration" in by_id(found)["dry-run.memory-stress"].reason


async def test_a_selector_that_matches_nobody(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        own.manifest("memory-stress", lambda text: text.replace("app: inventory-service", "app: inventory"))
        found = await own.look()
    assert states(found) == {
        "targets.memory-stress": "failed",
        "chaos-daemon.memory-stress": "could not tell",
    }


async def test_a_network_fault_towards_nobody_injects_nothing(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        own.manifest("network-latency", lambda text: text.replace("app: postgres", "app: mysql"))
        found = await own.look()
    assert states(found) == {"targets.network-latency": "failed"}
    assert "nothing at all would be injected" in by_id(found)["targets.network-latency"].reason


async def test_a_manifest_outside_the_plans_namespaces(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        own.manifest(
            "pod-kill", lambda text: text.replace("namespaces: [bookstore]", "namespaces: [payments]")
        )
        found = await own.look()
    assert states(found) == {"manifest.pod-kill": "failed"}
    assert "payments" in by_id(found)["manifest.pod-kill"].reason


async def test_a_fault_that_takes_a_typed_word(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        own.plan(lambda plan: changed(plan, approvals=()))
        found = await own.look()
    assert states(found) == {"guards.network-latency": "warning"}
    assert "`everything`" in by_id(found)["guards.network-latency"].next


async def test_a_daemon_that_is_not_ready_on_a_node_of_a_target(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        pod = pods(own, "chaos-daemon")[1]
        node = pod["spec"]["nodeName"]
        conditions = [{"type": "Ready", "status": "False"}]
        revise(own, {**pod, "status": {**pod["status"], "conditions": conditions}})
        found = await own.look()
    assert states(found) == {"chaos-daemon.network-latency": "failed", "chaos-daemon.memory-stress": "failed"}
    wrong = by_id(found)["chaos-daemon.memory-stress"]
    assert wrong.reason == f"no chaos daemon is Ready on {node}, which holds targets"
    assert wrong.next == f"kubectl -n chaos-mesh describe pod {pod['metadata']['name']}"


@pytest.mark.parametrize(
    ("settings", "notes", "expected"),
    [
        ({"ENABLE_FILTER_NAMESPACE": "false"}, {}, "ok"),
        ({"ENABLE_FILTER_NAMESPACE": "true"}, {}, "failed"),
        ({"ENABLE_FILTER_NAMESPACE": "true"}, {"chaos-mesh.org/inject": "disabled"}, "failed"),
        ({"ENABLE_FILTER_NAMESPACE": "true"}, {"chaos-mesh.org/inject": "enabled"}, "ok"),
        ({"CLUSTER_SCOPED": "false", "TARGET_NAMESPACE": "payments"}, {}, "failed"),
        ({"CLUSTER_SCOPED": "false", "TARGET_NAMESPACE": "bookstore"}, {}, "ok"),
    ],
)
async def test_whether_chaos_mesh_may_act_in_a_namespace(
    settings: dict[str, str], notes: dict[str, str], expected: str, tmp_path: Path
) -> None:
    async with inspection(tmp_path) as own:
        pod = pods(own, "controller-manager")[0]
        env = [{"name": name, "value": value} for name, value in settings.items()]
        containers = [{**one, "env": env} for one in pod["spec"]["containers"]]
        revise(own, {**pod, "spec": {**pod["spec"], "containers": containers}})
        namespace = own.lab.staging.cluster.store.get(resource("Namespace"), "", "bookstore")
        assert namespace is not None
        revise(own, {**namespace, "metadata": {**namespace["metadata"], "annotations": notes}})
        found = by_id(await own.look())
    judged = found["namespace.bookstore"]
    assert judged.state == expected, judged
    if "ENABLE_FILTER_NAMESPACE" in settings and expected == "failed":
        assert judged.next == "kubectl annotate namespace bookstore chaos-mesh.org/inject=enabled"


async def test_the_chaos_of_others(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        own.lab.staging.cluster.create(
            {
                "apiVersion": "chaos-mesh.org/v1alpha1",
                "kind": "PodChaos",
                "metadata": {"name": "theirs", "namespace": "bookstore"},
                "spec": {
                    "action": "pod-failure",
                    "mode": "one",
                    "duration": "10m",
                    "selector": {"labelSelectors": {"app": "payment-service"}},
                },
            }
        )
        found = await own.look()
    assert states(found) == {"foreign-chaos": "failed"}
    assert by_id(found)["foreign-chaos"].reason == "there already: PodChaos/bookstore/theirs"


async def test_a_query_that_is_wrong_and_one_that_finds_nothing(tmp_path: Path) -> None:
    wrong = {"consumer_lag": "sum(rate(up[5m])", "cache_evictions": "no_such_series", "fallbacks": "up"}
    async with inspection(tmp_path) as own:
        own.plan(
            lambda plan: changed(
                plan,
                metrics=tuple(changed(one, query=wrong.get(one.id, one.query)) for one in plan.metrics),
            )
        )
        found = await own.look()
    assert states(found) == {f"metric.{name}": "failed" for name in wrong}
    ids = by_id(found)
    assert "parse" in ids["metric.consumer_lag"].reason
    assert ids["metric.cache_evictions"].reason == "no series: no_such_series"
    assert "series, not one" in ids["metric.fallbacks"].reason


async def test_alerts_that_are_not_there_silenced_or_firing(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        own.plan(
            lambda plan: changed(
                plan,
                experiments=(
                    changed(plan.experiments[0], alert=AlertRef(name="NoSuchAlert")),
                    changed(
                        plan.experiments[1],
                        alert=AlertRef(name="InventoryCircuitBreakerOpen", labels={"service": "other"}),
                    ),
                    plan.experiments[2],
                ),
            )
        )
        found = by_id(await own.look())
    assert found["alert-rule.pod-kill"].reason == "Prometheus has no rule NoSuchAlert"
    assert (
        found["alert-rule.network-latency"].reason
        == 'no rule InventoryCircuitBreakerOpen sets service="other"'
    )
    assert found["alert-rule.memory-stress"].state == "ok"


async def test_an_unrelated_alert_that_fires(tmp_path: Path) -> None:
    rule = "\n  - name: more\n    rules:\n"
    rule += "".join(f"      - {{alert: {name}, expr: vector(1)}}\n" for name in ("DiskFull", *sorted(ALWAYS)))
    async with inspection(tmp_path, more_rules=rule) as own:
        found = await own.look()
    assert states(found) == {"alerts.unrelated": "failed"}
    assert by_id(found)["alerts.unrelated"].reason == "firing: DiskFull"


# Around it


def load(own: Inspection, command: tuple[str, ...], directory: str | None = None) -> None:
    own.plan(lambda plan: changed(plan, load=Load(command=command, directory=directory)))
    own.site = changed(own.site, lab=False)


async def test_the_load_of_a_real_day(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "gatling"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    async with inspection(tmp_path) as own:
        own.site = changed(own.site, base=tmp_path)
        load(own, ("./gatling",), "nowhere")
        assert "nowhere is not there" in by_id(await own.look())["load"].reason
        load(own, ("./gatling",), "bin")
        judged = by_id(await own.look())["load"]
        assert (judged.state, judged.reason) == ("failed", f"{program} cannot be run")
        assert judged.next == f"chmod +x {program}"
        program.chmod(0o755)
        assert by_id(await own.look())["load"].state == "ok"
        load(own, ("gatling",), "bin")
        assert by_id(await own.look())["load"].reason == "gatling is not on PATH"
        own.site = changed(own.site, environ={"PATH": str(program.parent)})
        assert by_id(await own.look())["load"].state == "ok"


def items(own: Inspection, *items: ChecklistItem) -> None:
    own.plan(lambda plan: changed(plan, checklist=items))


async def test_scripts_and_commands_of_the_checklist(tmp_path: Path) -> None:
    (tmp_path / "back.sh").write_text("#!/bin/sh\n")
    (tmp_path / "back.sh").chmod(0o755)
    told = "print('checking'); print('backup of 03:00 \\x1b[31mis there'); print()"
    async with inspection(tmp_path) as own:
        own.site = changed(own.site, base=tmp_path)
        items(
            own,
            ChecklistItem(id="there", text="Rollback", files=("back.sh",)),
            ChecklistItem(id="gone", text="Rollback 2", files=("back.sh", "forth.sh")),
            ChecklistItem(id="backup", text="Backup", command=(sys.executable, "-c", told)),
            ChecklistItem(
                id="none",
                text="No backup",
                command=(sys.executable, "-c", "raise SystemExit('none since Monday')"),
            ),
            ChecklistItem(id="typo", text="Typo", command=("no-such-program",)),
            ChecklistItem(id="hand", text="Tell everybody"),
        )
        found = await own.look()
    assert states(found) == {"scripts.gone": "failed", "command.none": "failed", "command.typo": "failed"}
    ids = by_id(found)
    assert ids["scripts.gone"].reason == f"{tmp_path / 'forth.sh'} is not there"
    assert ids["command.backup"].reason == "backup of 03:00 is there"
    assert ids["command.none"].reason == "exit status 1: none since Monday"
    assert found.by_hand == ("Tell everybody",)


async def test_a_command_without_end_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controlroom.conductor.inspecting.around.COMMAND", 0.5)
    script = "import os, time; os.fork(); print(os.getpid(), flush=True); time.sleep(600)"
    async with inspection(tmp_path) as own:
        items(own, ChecklistItem(id="slow", text="Slow", command=(sys.executable, "-c", script)))
        found = by_id(await own.look())
    judged = found["command.slow"]
    assert judged.state == "could not tell"
    assert judged.reason.startswith("no end within 0.5 s: ")
    pid = int(judged.reason.rsplit(" ", 1)[1])
    assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text()


async def test_grafana_and_chat(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own, stub(fixed(200, "{}")) as grafana, stub(fixed(404, "no")) as chat:
        secret = f"{chat.url}/services/T0/B0/SECRET?token=SECRET"
        own.site = changed(own.site, bindings=changed(own.site.bindings, grafana=grafana.url, chat=secret))
        found = await own.look()
        assert states(found) == {}
        # The address of a chat is a secret, and posting to it would be seen: only its server is asked for.
        assert [asked.path for asked in chat.asked] == ["/"]
        assert [asked.path for asked in grafana.asked] == ["/api/health"]
        assert "SECRET" not in str(found)
        assert found.unbound == ()
        grafana.reply, chat.reply = fixed(503, "starting"), chat.hang
        own.site = changed(own.site, bindings=changed(own.site.bindings, chat="slack://token@channel"))
        found = await own.look()
    assert states(found) == {"grafana": "failed", "chat": "could not tell"}
    assert "token" not in str(found)


async def test_the_seed_itself_is_what_these_tests_change(tmp_path: Path) -> None:
    async with inspection(tmp_path) as own:
        assert own.site.base == SEED.parent
        assert states(await own.look()) == {}
