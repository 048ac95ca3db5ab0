"""The seed document and its plan, side by side: nothing of the document is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from controlroom.core import plan as core
from controlroom.plan import queries
from controlroom.plan.documents import objects_of
from controlroom.plan.load import LoadedPlan, load_plan
from controlroom.plan.rules import read_rules
from controlroom.plan.starter import files as starter_files

SEED = Path(__file__).with_name("seed.md").read_text()
EXPERIMENTS = Path(__file__).parents[2] / "experiments"

FURNITURE = {
    "Objectives",
    "Scenario Overview",
    "Pre-Game Day Checklist",
    "Timeline",
    "Metrics to Track",
    "Success Criteria",
    "Debrief Questions",
    "Post-Game Day Actions",
    "Notes Section",
    "(Facilitator to fill during game day)",
    "✅ **Passed** if:",
    "⚠️ **Needs improvement** if:",
    "| Metric | Pre-Chaos | During Chaos | Post-Chaos |",
}
"""Headings of the document's own sections; the plan has them as its keys."""


@pytest.fixture(scope="module")
def loaded() -> LoadedPlan:
    return load_plan(EXPERIMENTS / "inventory-service-failure.yaml")


@pytest.fixture(scope="module")
def plan(loaded: LoadedPlan) -> core.Plan:
    return loaded.plan


def statements() -> Iterator[str]:
    """What the document says, line by line, without the marks of its markup."""
    for line in SEED.splitlines():
        text = line.strip()
        if (
            not text.strip("`-| #")
            or text in FURNITURE
            or text.lstrip("# ") in FURNITURE
            or text == "```bash"
        ):
            continue
        if text.startswith("|"):
            yield text.strip("| ").split("|")[0].strip()
            continue
        text = re.sub(r"^(#+ |- \[ \] |- |\d+\. )", "", text)
        label, _, rest = text.partition("**: ")
        if label in ("- **Expected", "**Expected", "**Observe"):
            yield from rest.split(", ")
        else:
            yield text


def said(plan: core.Plan) -> set[str]:
    """Every text of the plan, whole and by its lines."""
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, str):
            found.update((value, *value.splitlines()))
        elif isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, (list, tuple)):
            for inner in value:
                walk(inner)

    walk(msgspec.to_builtins(plan))
    return found


RESTATED: dict[str, Callable[[core.Plan], bool]] = {
    "**Date**: TBD": lambda plan: plan.date == "TBD",
    "**Duration**: 90 minutes": lambda plan: plan.duration == 90 * 60,
    "**Environment**: Dev/Staging": lambda plan: plan.environment == "Dev/Staging",
    "**Participants**: Backend engineers, SRE, on-call rotation": lambda plan: (
        [who.name for who in plan.participants] == ["Backend engineers", "SRE", "on-call rotation"]
    ),
    "Error rate (%)": lambda plan: (
        (plan.metric("error_rate").title, plan.metric("error_rate").unit) == ("Error rate", "%")
    ),
    "Time to detect (TTD)": lambda plan: plan.experiments[0].observe[0] == "Time to detect",
    "Time to recovery (TTR)": lambda plan: plan.experiments[0].observe[1] == "time to recover",
    "**Take screenshots** of key dashboards": lambda plan: "Take screenshots of key dashboards" in said(plan),
}
"""Statements that the plan holds as something else than a text."""


@pytest.mark.parametrize("statement", list(statements()))
def test_the_plan_holds_every_statement_of_the_seed(statement: str, plan: core.Plan) -> None:
    if statement in RESTATED:
        assert RESTATED[statement](plan)
        return
    heading = re.fullmatch(r"(Phase \d: .*) \((\d+) minutes\)", statement)
    if heading:
        assert [phase.duration for phase in plan.phases if phase.title == heading[1]] == [
            int(heading[2]) * 60
        ]
        return
    timed = re.fullmatch(r"\*\*(.*)\*\* \(t=(\d+)(?:-(\d+))?\)", statement)
    if timed:
        phase, step = next(pair for pair in plan.steps if pair[1].text == timed[1])
        start = plan.starts()[phase.id]
        assert start + step.at == int(timed[2]) * 60
        assert (step.until is None) == (timed[3] is None)
        assert step.until is None or start + step.until == int(timed[3]) * 60
        return
    assert re.sub(r"\*\*", "", statement) in said(plan)


def test_the_document_is_read_whole() -> None:
    read = list(statements())
    assert len(read) > 85
    assert {"Time to detect", "Schedule next game day", "Participants"} <= set(read)


def test_the_eleven_steps_keep_their_order(plan: core.Plan) -> None:
    numbered = re.findall(r"^\d+\. \*\*(.*?)\*\*", SEED, re.MULTILINE)
    assert len(numbered) == 11
    assert [step.text.removesuffix(" of key dashboards") for _, step in plan.steps] == numbered


def test_each_section_of_the_seed_has_its_count(plan: core.Plan) -> None:
    counts = {
        "objectives": len(plan.objectives),
        "scenario": len(plan.scenario),
        "checklist": len(plan.checklist),
        "phases": len(plan.phases),
        "experiments": len(plan.experiments),
        "metrics of the table": sum(metric.table for metric in plan.metrics),
        "criteria": len(plan.criteria),
        "signs": len(plan.signs),
        "debrief": len(plan.debrief),
        "after actions": len(plan.after_actions),
        "headings": len(plan.headings),
    }
    assert list(counts.values()) == [5, 4, 7, 4, 3, 6, 5, 4, 6, 6, 4], counts
    watched = next(step.details for _, step in plan.steps if step.id == "facilitator-observations")
    assert [question.text for question in plan.observations][:5] == list(watched)


@pytest.mark.parametrize(
    ("experiment", "minute", "alert"),
    [
        ("pod-kill", 15, "InventoryReplicasLow"),
        ("network-latency", 25, "InventoryCircuitBreakerOpen"),
        ("memory-stress", 35, "InventoryCacheEvictionsHigh"),
    ],
)
def test_experiments_are_injected_when_the_seed_says(
    plan: core.Plan, experiment: str, minute: int, alert: str
) -> None:
    found = plan.experiment(experiment)
    assert plan.starts()[found.phase] + found.at == minute * 60
    assert found.until is None
    assert found.alert is not None
    assert found.alert.name == alert


def test_the_load_is_the_seeds_command_in_its_directory(plan: core.Plan) -> None:
    assert plan.load is not None
    assert plan.load.directory == "bv-performance-testing/gatling-tests"
    assert plan.load.command == ("./gradlew", "gatlingRun", "-Psimulation=OrderFlowSimulation")


def test_one_metric_is_outside_the_scenario_and_in_no_expected_impact(plan: core.Plan) -> None:
    uninvolved = [metric.id for metric in plan.metrics if metric.uninvolved]
    assert uninvolved == ["payment_p95"]
    assert not any("payment_p95" in experiment.impact for experiment in plan.experiments)


@pytest.mark.parametrize("name", ["inventory-service-failure.yaml"])
def test_the_day_can_be_watched_and_judged(name: str) -> None:
    plan = load_plan(EXPERIMENTS / name).plan
    assert plan.sampling.step <= 2
    assert {metric.id for metric in plan.metrics if metric.criterion} == {
        "order_p95",
        "error_rate",
        "inventory_availability",
    }
    assert all(metric.worse != "neither" for metric in plan.metrics)
    assert [type(criterion) for criterion in plan.criteria] == [
        core.AlertsWithin,
        core.NoDataLoss,
        core.RecoversWithin,
        core.RatioBelow,
        core.ValueBelow,
    ]
    assert [criterion.limit for criterion in plan.criteria if not isinstance(criterion, core.NoDataLoss)] == [
        120,
        300,
        3,
        10,
    ]


MANIFESTS = [
    ("pod-failure-inventory-service.yaml", "PodChaos", {"action": "pod-kill", "mode": "fixed", "value": "2"}),
    ("network-latency-inventory.yaml", "NetworkChaos", {"action": "delay", "mode": "all", "direction": "to"}),
    ("resource-stress-inventory.yaml", "StressChaos", {"mode": "fixed", "value": "2"}),
]


@pytest.mark.parametrize(("file", "kind", "expected"), MANIFESTS, ids=lambda value: str(value)[:30])
def test_manifests_are_chaos_mesh_objects_on_the_inventory_pods(
    loaded: LoadedPlan, file: str, kind: str, expected: dict[str, str]
) -> None:
    [(manifest, _)] = objects_of(loaded.files[file])
    assert isinstance(manifest, dict)
    assert (manifest["apiVersion"], manifest["kind"]) == ("chaos-mesh.org/v1alpha1", kind)
    assert manifest["metadata"] == {"name": file.removesuffix(".yaml"), "namespace": "bookstore"}
    spec = manifest["spec"]
    assert isinstance(spec, dict)
    assert {key: spec[key] for key in expected} == expected
    assert spec["selector"] == {"namespaces": ["bookstore"], "labelSelectors": {"app": "inventory-service"}}
    assert "duration" not in spec


def test_the_latency_is_towards_the_database_only(loaded: LoadedPlan) -> None:
    [(manifest, _)] = objects_of(loaded.files["network-latency-inventory.yaml"])
    assert isinstance(manifest, dict)
    spec = manifest["spec"]
    assert isinstance(spec, dict)
    assert spec["delay"] == {"latency": "250ms", "jitter": "20ms", "correlation": "25"}
    assert spec["target"] == {
        "mode": "all",
        "selector": {"namespaces": ["bookstore"], "labelSelectors": {"app": "postgres"}},
    }


def test_the_widest_experiment_is_approved_beforehand(loaded: LoadedPlan) -> None:
    wide = [name for name, text in loaded.files.items() if "\n  mode: all" in text]
    assert wide == ["network-latency-inventory.yaml"]
    approved = {approval.experiment: approval for approval in loaded.plan.approvals}
    assert approved.keys() == {"network-latency"}
    assert approved["network-latency"].guard == "blast-radius"
    assert approved["network-latency"].reason


def test_every_alert_says_how_bad_whose_and_where_to_read_on(loaded: LoadedPlan) -> None:
    alerts = read_rules(loaded.files["alerts-bookstore.yaml"]).alerts()
    assert len(alerts) == 6
    for name, [rule] in alerts.items():
        assert {"severity", "service", "team"} <= rule.labels.keys(), name
        assert {"summary", "runbook_url"} <= rule.annotations.keys(), name


def all_queries(loaded: LoadedPlan) -> list[str]:
    found = [metric.query for metric in loaded.plan.metrics]
    for criterion in loaded.plan.criteria:
        if isinstance(criterion, core.NoDataLoss):
            found += [criterion.accepted, criterion.stored]
    rules = read_rules(loaded.files["alerts-bookstore.yaml"])
    return found + [rule.expr for group in rules.groups for rule in group.rules]


def test_every_query_parses_alone_and_in_the_combined_form(loaded: LoadedPlan) -> None:
    import promql_parser

    found = all_queries(loaded)
    assert len(found) == 21
    assert [queries.flaw_of(query) for query in found] == [None] * len(found)
    wrapped = [
        f'label_replace((\n{query}\n) + on() group_left() vector(0), "controlroom_metric", "{i}", "", "")'
        for i, query in enumerate(found)
    ]
    promql_parser.parse(" or ".join(wrapped))


def test_the_starting_plan_is_a_plan(tmp_path: Path) -> None:
    for name, text in starter_files("my-day").items():
        (tmp_path / name).write_text(text)
    loaded = load_plan(tmp_path / "my-day.yaml")
    assert loaded.plan.id == "my-day"
    assert sorted(loaded.files) == ["my-day-alerts.yaml", "my-day-pod-kill.yaml"]
    assert "NAME" not in loaded.text.replace("${NAME}", "")
