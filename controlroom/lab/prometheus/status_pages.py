"""What the server says about itself: alerts, rules, targets, configuration, in the shapes of the HTTP API."""

from __future__ import annotations

from datetime import UTC, datetime

from controlroom.lab.prometheus.alerting import ActiveAlert, AlertingRule
from controlroom.lab.prometheus.answers import Json
from controlroom.lab.prometheus.durations import format_duration
from controlroom.lab.prometheus.labels import METRIC_NAME, NO_LABELS, Labels
from controlroom.lab.prometheus.numbers import format_exponent
from controlroom.lab.prometheus.rules import RecordingRule, RuleGroup, RuleStatus
from controlroom.lab.prometheus.server import LabPrometheus, TargetStatus

RULE_FILE = "/etc/prometheus/rules.yml"

_NEVER = "0001-01-01T00:00:00Z"


def rfc3339(t_ms: int | None) -> str:
    """A time as Go's JSON writes it: UTC, no trailing zeros in the fraction."""
    if t_ms is None:
        return _NEVER
    whole = datetime.fromtimestamp(t_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{t_ms % 1000:03d}".rstrip("0") if t_ms % 1000 else ""
    return f"{whole}{fraction}Z"


def _strings(labels: Labels) -> dict[str, Json]:
    return {**labels.as_dict()}


def alert_of(alert: ActiveAlert) -> dict[str, Json]:
    """One element of /alerts."""
    return {
        "labels": _strings(alert.labels),
        "annotations": {**alert.annotations},
        "state": alert.state,
        "activeAt": rfc3339(alert.active_at),
        "value": format_exponent(alert.value),
    }


def _outcome(status: RuleStatus) -> dict[str, Json]:
    health = "unknown" if status.last_evaluation_ms is None else "err" if status.error else "ok"
    outcome: dict[str, Json] = {"health": health}
    if status.error:
        outcome["lastError"] = status.error
    outcome["evaluationTime"] = status.evaluation_seconds
    outcome["lastEvaluation"] = rfc3339(status.last_evaluation_ms)
    return outcome


def _one_line(expr: str) -> str:
    """The expression with its line breaks made spaces, unless a comment needs them."""
    return expr if "#" in expr else " ".join(line.strip() for line in expr.splitlines())


def _alerting(rule: AlertingRule, status: RuleStatus) -> dict[str, Json]:
    spec = rule.spec
    return {
        "state": rule.state,
        "name": spec.name,
        "query": _one_line(spec.expr),
        "duration": spec.for_ms / 1000,
        "keepFiringFor": spec.keep_firing_ms / 1000,
        "labels": {name: template.text for name, template in spec.labels.items()},
        "annotations": {name: template.text for name, template in spec.annotations.items()},
        "alerts": [alert_of(alert) for alert in rule.alerts],
        **_outcome(status),
        "type": "alerting",
    }


def _recording(rule: RecordingRule, status: RuleStatus) -> dict[str, Json]:
    described: dict[str, Json] = {"name": rule.spec.name, "query": _one_line(rule.spec.expr)}
    if rule.spec.labels:
        described["labels"] = {**rule.spec.labels}
    return {**described, **_outcome(status), "type": "recording"}


def group_of(group: RuleGroup, kind: str) -> dict[str, Json]:
    """One element of /rules; `kind` is "alert", "record" or "" for both."""
    rules: list[Json] = []
    for rule, status in zip(group.rules, group.statuses, strict=True):
        if isinstance(rule, AlertingRule) and kind != "record":
            rules.append(_alerting(rule, status))
        elif isinstance(rule, RecordingRule) and kind != "alert":
            rules.append(_recording(rule, status))
    return {
        "name": group.name,
        "file": RULE_FILE,
        "rules": rules,
        "interval": group.interval_ms / 1000,
        "limit": group.limit,
        "evaluationTime": sum(status.evaluation_seconds for status in group.statuses),
        "lastEvaluation": rfc3339(group.last_evaluation_ms),
    }


def target_of(prometheus: LabPrometheus, target: TargetStatus) -> dict[str, Json]:
    """One element of /targets."""
    interval = format_duration(round(prometheus.scrape_interval * 1000))
    address = target.labels.get("instance")
    discovered: dict[str, Json] = {
        "__address__": address,
        "__metrics_path__": "/metrics",
        "__scheme__": "http",
        "__scrape_interval__": interval,
        "__scrape_timeout__": interval,
        **target.labels.as_dict(),
    }
    return {
        "discoveredLabels": discovered,
        "labels": _strings(target.labels),
        "scrapePool": target.labels.get("job"),
        "scrapeUrl": f"http://{address}/metrics",
        "globalUrl": f"http://{address}/metrics",
        "lastError": "" if target.up else f'Get "http://{address}/metrics": connect: connection refused',
        "lastScrape": rfc3339(round(target.at * 1000)),
        "lastScrapeDuration": 0.002,
        "health": "up" if target.up else "down",
        "scrapeInterval": interval,
        "scrapeTimeout": interval,
    }


def build_information() -> dict[str, Json]:
    """/status/buildinfo: the version whose semantics this server has."""
    return {
        "version": "2.42.0",
        "revision": "lab",
        "branch": "lab",
        "buildUser": "controlroom",
        "buildDate": "20230201-00:00:00",
        "goVersion": "go1.19.8",
    }


def runtime_information(prometheus: LabPrometheus) -> dict[str, Json]:
    """/status/runtimeinfo."""
    started = int(prometheus.started_at * 1000)
    return {
        "startTime": rfc3339(started),
        "CWD": "/",
        "reloadConfigSuccess": True,
        "lastConfigTime": rfc3339(started - started % 1000),
        "corruptionCount": 0,
        "goroutineCount": 1,
        "GOMAXPROCS": 1,
        "GOGC": "",
        "GODEBUG": "",
        "storageRetention": "1d",
    }


def flags() -> dict[str, Json]:
    """/status/flags: those that a client may care for, with the values in force."""
    return {
        "query.lookback-delta": "5m",
        "query.max-concurrency": "20",
        "query.max-samples": "50000000",
        "query.timeout": "2m",
        "rules.alert.for-grace-period": "10m",
        "rules.alert.for-outage-tolerance": "1h",
        "rules.alert.resend-delay": "1m",
        "web.enable-lifecycle": "false",
        "web.external-url": "",
    }


def configuration(prometheus: LabPrometheus) -> dict[str, Json]:
    """/status/config: the YAML of a server that would be configured like this one."""
    lines = [
        "global:",
        f"  scrape_interval: {format_duration(round(prometheus.scrape_interval * 1000))}",
        f"  evaluation_interval: {format_duration(round(prometheus.evaluation_interval * 1000))}",
    ]
    if prometheus.external_labels != NO_LABELS:
        lines.append("  external_labels:")
        lines += [f"    {name}: {value}" for name, value in prometheus.external_labels]
    lines += ["rule_files:", f"- {RULE_FILE}", ""]
    return {"yaml": "\n".join(lines)}


def metadata(prometheus: LabPrometheus, wanted: str) -> dict[str, Json]:
    """/metadata: what the names alone tell, as the lab's targets send no help texts."""
    names = set(prometheus.storage.label_values(METRIC_NAME)) - {"ALERTS", "ALERTS_FOR_STATE"}
    kinds: dict[str, str] = {}
    for name in sorted(names):
        base = name.removesuffix("_bucket")
        if base != name:
            kinds[base] = "histogram"
        elif name.endswith(("_count", "_sum")):
            kinds.setdefault(name.rpartition("_")[0], "summary")
        else:
            kinds[name] = "counter" if name.endswith("_total") else "gauge"
    return {
        name: [{"type": kind, "help": "", "unit": ""}] for name, kind in kinds.items() if wanted in ("", name)
    }
