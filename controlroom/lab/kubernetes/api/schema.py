"""The schemas of the chaos kinds: which fields there are, what they may hold, what they default to.

Taken from Chaos Mesh's CustomResourceDefinitions, as far as manifests of a game day reach; below a field
that is marked `open` anything goes, as in parts of the definitions that are deeper than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from controlroom.lab.kubernetes.api.errors import Cause

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field's schema."""

    type: str = "string"
    fields: dict[str, Field] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    enum: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    default: str | int | None = None
    open: bool = False
    """Whether unknown fields are kept and not looked at."""
    items: Field | None = None


TEXT = Field()
ANY = Field("object", open=True)
NUMBER = Field("integer")
TEXTS = Field("array", items=TEXT)
MODE = Field(enum=("one", "all", "fixed", "fixed-percent", "random-max-percent"))
SELECTOR = Field(
    "object",
    {
        "annotationSelectors": ANY,
        "expressionSelectors": Field("array", items=ANY),
        "fieldSelectors": ANY,
        "labelSelectors": ANY,
        "namespaces": TEXTS,
        "nodeSelectors": ANY,
        "nodes": TEXTS,
        "podPhaseSelectors": TEXTS,
        "pods": ANY,
    },
)
_COMMON = {
    "selector": SELECTOR,
    "mode": MODE,
    "value": TEXT,
    "duration": TEXT,
    "remoteCluster": TEXT,
}
_REQUIRED = ("mode", "selector")


def _kind(fields: dict[str, Field], required: tuple[str, ...] = ()) -> Field:
    return Field("object", {**_COMMON, **fields}, required=(*required, *_REQUIRED))


_PERCENT = {"correlation": TEXT}
_TARGET = Field("object", {"selector": SELECTOR, "mode": MODE, "value": TEXT}, required=_REQUIRED)
_STRESSORS = Field(
    "object",
    {
        "memory": Field(
            "object",
            {
                "workers": NUMBER,
                "size": TEXT,
                "oomScoreAdj": Field("integer", minimum=-1000, maximum=1000, default=0),
                "options": TEXTS,
            },
            required=("workers",),
        ),
        "cpu": Field(
            "object",
            {
                "workers": NUMBER,
                "load": Field("integer", minimum=0, maximum=100),
                "options": TEXTS,
            },
            required=("workers",),
        ),
    },
)

SPECS: dict[str, Field] = {
    "PodChaos": _kind(
        {
            "action": Field(enum=("pod-kill", "pod-failure", "container-kill")),
            "containerNames": TEXTS,
            "gracePeriod": Field("integer", minimum=0),
        },
        ("action",),
    ),
    "NetworkChaos": _kind(
        {
            "action": Field(
                enum=("netem", "delay", "loss", "duplicate", "corrupt", "partition", "bandwidth")
            ),
            "delay": Field(
                "object", {"latency": TEXT, "jitter": TEXT, "reorder": ANY, **_PERCENT}, required=("latency",)
            ),
            "loss": Field("object", {"loss": TEXT, **_PERCENT}, required=("loss",)),
            "duplicate": Field("object", {"duplicate": TEXT, **_PERCENT}, required=("duplicate",)),
            "corrupt": Field("object", {"corrupt": TEXT, **_PERCENT}, required=("corrupt",)),
            "rate": ANY,
            "bandwidth": ANY,
            "device": TEXT,
            "direction": Field(enum=("to", "from", "both"), default="to"),
            "externalTargets": TEXTS,
            "target": _TARGET,
            "targetDevice": TEXT,
        },
        ("action",),
    ),
    "StressChaos": _kind(
        {"containerNames": TEXTS, "stressngStressors": TEXT, "stressors": _STRESSORS},
    ),
    "IOChaos": _kind({"action": TEXT, "volumePath": TEXT, "containerNames": TEXTS}, ("action", "volumePath")),
    "TimeChaos": _kind({"timeOffset": TEXT, "clockIds": TEXTS, "containerNames": TEXTS}, ("timeOffset",)),
    "HTTPChaos": _kind({"target": TEXT, "port": NUMBER}, ("target",)),
    "DNSChaos": _kind({"action": TEXT, "patterns": TEXTS, "containerNames": TEXTS}, ("action",)),
    "Schedule": Field(
        "object",
        {
            "schedule": TEXT,
            "type": TEXT,
            "concurrencyPolicy": Field(enum=("Forbid", "Allow"), default="Forbid"),
            "historyLimit": Field("integer", minimum=1),
            "startingDeadlineSeconds": Field("integer", minimum=0),
            **dict.fromkeys(
                [
                    "podChaos",
                    "networkChaos",
                    "stressChaos",
                    "ioChaos",
                    "timeChaos",
                    "httpChaos",
                    "dnsChaos",
                    "workflow",
                ],
                ANY,
            ),
        },
        required=("schedule", "type"),
    ),
}
#: The kinds whose spec is closed in full; the others are open below the fields that are named.
CLOSED = ("PodChaos", "NetworkChaos", "StressChaos", "Schedule")


def schema_of(kind: str) -> Field | None:
    """The schema of a kind's spec, or None where nothing is checked."""
    found = SPECS.get(kind)
    if found is not None and kind not in CLOSED:
        return Field("object", found.fields, found.required, open=True)
    return found


def prune(value: object, schema: Field, path: str) -> Iterator[str]:
    """Removes unknown fields in place and yields their paths."""
    if schema.open:
        return
    if isinstance(value, dict) and schema.type == "object":
        for name in [name for name in value if name not in schema.fields]:
            del value[name]
            yield f"{path}.{name}"
        for name, each in value.items():
            yield from prune(each, schema.fields[name], f"{path}.{name}")
    elif isinstance(value, list) and schema.items is not None:
        for index, each in enumerate(value):
            yield from prune(each, schema.items, f"{path}[{index}]")


def fill_defaults(value: object, schema: Field) -> None:
    """Sets the defaults of absent fields in place."""
    if not isinstance(value, dict):
        return
    for name, each in schema.fields.items():
        if each.default is not None and name not in value:
            value[name] = each.default
        elif name in value:
            fill_defaults(value[name], each)


def check(value: object, schema: Field, path: str) -> Iterator[Cause]:
    """The complaints about a value, depth first."""
    found = _json_type(value)
    if not isinstance(value, _TYPES[schema.type]) or (schema.type == "integer" and found == "boolean"):
        text = f'Invalid value: "{found}": {path} in body must be of type {schema.type}: "{found}"'
        yield Cause("FieldValueTypeInvalid", text, path)
    elif isinstance(value, dict):
        for name in schema.required:
            if name not in value:
                yield Cause("FieldValueRequired", "Required value", f"{path}.{name}")
        for name, each in value.items():
            if name in schema.fields:
                yield from check(each, schema.fields[name], f"{path}.{name}")
    elif isinstance(value, list) and schema.items is not None:
        for index, each in enumerate(value):
            yield from check(each, schema.items, f"{path}[{index}]")
    else:
        yield from _check_scalar(value, schema, path)


def _check_scalar(value: object, schema: Field, path: str) -> Iterator[Cause]:
    if schema.enum and value not in schema.enum:
        allowed = ", ".join(f'"{each}"' for each in schema.enum)
        text = f'Unsupported value: "{value}": supported values: {allowed}'
        yield Cause("FieldValueNotSupported", text, path)
    if isinstance(value, int) and schema.minimum is not None and value < schema.minimum:
        text = f"Invalid value: {value}: {path} in body should be greater than or equal to {schema.minimum}"
        yield Cause("FieldValueInvalid", text, path)
    if isinstance(value, int) and schema.maximum is not None and value > schema.maximum:
        text = f"Invalid value: {value}: {path} in body should be less than or equal to {schema.maximum}"
        yield Cause("FieldValueInvalid", text, path)


def _json_type(value: object) -> str:
    names = {bool: "boolean", str: "string", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")
