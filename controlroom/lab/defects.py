"""Planted defects: each makes exactly one success criterion of a game day fail, or stay unknown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec
import yaml

from controlroom.lab.prometheus.rule_files import RuleFileError

_REPLICAS_RULE = "InventoryReplicasLow"
_BREAKER_RULE = "InventoryCircuitBreakerOpen"
_LATE_FOR = "2m15s"


class Defect(StrEnum):
    """The defects by the name a person asks for."""

    LATE_ALERT = "late-alert"
    LOST_ORDER = "lost-order"
    SLOW_RECOVERY = "slow-recovery"
    CASCADE = "cascade"
    ALERT_MASKED = "alert-masked"
    P95 = "p95"
    ERRORS = "errors"


@dataclass(frozen=True, slots=True)
class DefectEffects:
    """What a defect changes: the part that the world reads, start-up times and alert rules."""

    orders_lost: int = 0
    slow_recovery_seconds: float = 0.0
    payment_factor: float = 1.0
    deferred_seconds: float = 0.0
    error_burst: float = 0.0
    #: The first so many replacements of inventory pods start late, by this many seconds.
    late_replacements: int = 0
    late_seconds: float = 0.0
    #: Rules that get another `for`, and rules whose expression is always true.
    longer_for: tuple[str, ...] = ()
    always_firing: tuple[str, ...] = ()


NO_DEFECT = DefectEffects()

_EFFECTS = {
    # The rule waits longer than the criterion allows, and the replacements take long enough for it to fire.
    Defect.LATE_ALERT: DefectEffects(late_replacements=2, late_seconds=145.0, longer_for=(_REPLICAS_RULE,)),
    Defect.LOST_ORDER: DefectEffects(orders_lost=23),
    Defect.SLOW_RECOVERY: DefectEffects(slow_recovery_seconds=395.0),
    Defect.CASCADE: DefectEffects(payment_factor=2.2),
    Defect.ALERT_MASKED: DefectEffects(always_firing=(_BREAKER_RULE,)),
    Defect.P95: DefectEffects(deferred_seconds=0.32),
    Defect.ERRORS: DefectEffects(error_burst=0.17),
}


class _Rule(msgspec.Struct, omit_defaults=True):
    expr: str
    alert: str = ""
    record: str = ""
    # `for` is a keyword here and a field there.
    wait: str = msgspec.field(default="", name="for")
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _Group(msgspec.Struct, omit_defaults=True):
    name: str
    rules: list[_Rule]
    interval: str = ""
    limit: int = 0


class _RuleFile(msgspec.Struct):
    groups: list[_Group]


def effects_of(defect: Defect | None) -> DefectEffects:
    """What a defect changes; nothing for None."""
    return NO_DEFECT if defect is None else _EFFECTS[defect]


def planted_rules(text: str, effects: DefectEffects) -> str:
    """The rule file (Prometheus's YAML) with a defect planted; the text itself where it changes no rule.

    Raises :class:`RuleFileError` where the file cannot be read or lacks the rule.
    """
    changed = {*effects.longer_for, *effects.always_firing}
    if not changed:
        return text
    try:
        read = msgspec.convert(yaml.safe_load(text), _RuleFile)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise RuleFileError(f"the rule file cannot be read: {error}") from error
    rules = {rule.alert: rule for group in read.groups for rule in group.rules}
    for name in sorted(changed):
        if name not in rules:
            raise RuleFileError(f"the defect needs an alert rule {name}, and the rule file has none")
    for name in effects.longer_for:
        rules[name].wait = _LATE_FOR
    for name in effects.always_firing:
        rules[name].expr = "vector(1)"
    return yaml.safe_dump(msgspec.to_builtins(read), sort_keys=False)
