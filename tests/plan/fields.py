"""The plan's fields as rows of the tables in docs/plan.md: one source, the models' own descriptions."""

from __future__ import annotations

from pydantic import BaseModel

from controlroom.plan.models import day, figures, plan
from controlroom.plan.repair import definition, schema

MODELS: list[tuple[str, type[BaseModel], str]] = [
    ("The plan", plan.PlanFile, "The keys of the file itself."),
    ("participants", day.Participant, "One entry each."),
    ("checklist", day.ChecklistItem, "An entry is a text, or a mapping with these keys."),
    (
        "bindings",
        plan.Bindings,
        "Where the day happens. In a rehearsal the lab's addresses take their place.",
    ),
    ("bindings: cluster", plan.Cluster, "The pinned cluster."),
    (
        "bindings: clusters",
        plan.FurtherCluster,
        "By names of one's own. A cluster that is away takes nothing from the others.",
    ),
    (
        "bindings: prometheus-login and alertmanager-login",
        plan.Login,
        "For Thanos, Mimir, VictoriaMetrics, or a proxy before them. An address may have a path; relative paths of "
        "files count from where the day is started.",
    ),
    (
        "load",
        day.Load,
        "Started and stopped at the steps of those kinds, or by hand. In a rehearsal the lab has its own.",
    ),
    ("phases", day.Phase, "One after the other, without gaps."),
    ("phases: steps", day.Step, "In the order of their times."),
    (
        "experiments",
        day.Experiment,
        "Injected at the step that names them; a manifest may be used by several.",
    ),
    ("experiments: alert", day.Alert, "Only firing counts as detected, from the alert's own time stamps."),
    ("metrics", figures.Metric, "Rows of the metrics table, in this order."),
    ("sampling", figures.Sampling, "The defaults fit a scrape interval of a few seconds."),
    ("criteria: alerts-within", figures.AlertsWithin, "Alerts come in time."),
    (
        "criteria: no-data-loss",
        figures.NoDataLoss,
        "Nothing was lost. Read once; queues that do not drain: unknown.",
    ),
    (
        "criteria: recovers-within",
        figures.RecoversWithin,
        "The service comes back. A clean-up is no mitigation.",
    ),
    ("criteria: ratio-below", figures.RatioBelow, "A metric stays near its baseline."),
    ("criteria: value-below", figures.ValueBelow, "A metric stays below a value."),
    ("signs: alerts-delayed", figures.AlertsDelayed, "Worked out from the record."),
    ("signs: manual-intervention", figures.ManualIntervention, "Worked out from the record."),
    (
        "signs: cascading",
        figures.Cascading,
        "Worked out from the record; give the plan a metric with `uninvolved: true`.",
    ),
    ("signs: judged", figures.Judged, "For what no machine can see."),
    ("abort", figures.AbortRule, "Exactly one of `above` and `below`."),
    ("injects", day.Inject, "Read out by the facilitator."),
    ("observations and debrief", day.Question, "An entry is a text, or a mapping with these keys."),
    ("after-actions", day.AfterAction, "An entry is a text, or a mapping with these keys."),
    ("approvals", day.Approval, "On record with its reason."),
    ("vanished", plan.Vanished, "For a closed terminal or a lost connection."),
    ("access", plan.Access, "For a scribe or a shared screen under an account of its own."),
    ("chat", plan.Chat, "In a rehearsal nothing is told."),
    ("grafana", plan.Grafana, "In a rehearsal nothing is marked, and there is nothing to picture."),
    (
        "grafana: panels",
        plan.Panel,
        "One entry each; a picture shows the stretch of time that it is named for.",
    ),
]


def rows(model: type[BaseModel]) -> list[str]:
    """One table row per key: name, whether it is needed or what it is without, and the meaning."""
    known = schema() if model is plan.PlanFile else definition(model.__name__)
    needed, properties = known.get("required", []), known["properties"]
    assert isinstance(needed, list)
    assert isinstance(properties, dict)
    return [
        f"| `{key}` | {'yes' if key in needed else _otherwise(properties[key])} | {properties[key]['description']} |"
        for key in (field.alias or name for name, field in model.model_fields.items())
    ]


def _otherwise(key: dict[str, object]) -> str:
    default = key.get("default")
    if default in (None, "", []):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
