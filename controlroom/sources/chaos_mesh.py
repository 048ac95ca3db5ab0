"""Chaos Mesh's kinds, and whom a chaos object would hit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

import msgspec

from controlroom.core.clean import clean
from controlroom.core.faults import ChaosReading
from controlroom.core.faults.reading import CHAOS_GROUP
from controlroom.core.values import Value
from controlroom.sources.ports import TargetPreview

VERSION = CHAOS_GROUP + "v1alpha1"

#: Kinds that Chaos Mesh makes for itself out of other objects; nobody writes them.
INTERNAL = frozenset({"PodNetworkChaos", "PodHttpChaos", "PodIOChaos", "WorkflowNode", "StatusCheck"})

#: Plural resource names of the kinds that have one of their own making; of the others it is the kind in lower case.
_PLURALS = {"Schedule": "schedules", "Workflow": "workflows", "WorkflowNode": "workflownodes"}

#: The kinds that are followed from the start; others are, once one of them is created.
FOLLOWED = ("PodChaos", "NetworkChaos", "StressChaos")


class Resource(Value):
    """A kind of object, with the name that the API has for its collection."""

    api_version: str
    kind: str
    plural: str

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]


def resource(kind: str) -> Resource:
    """The resource of one of Chaos Mesh's kinds."""
    return Resource(api_version=VERSION, kind=kind, plural=_PLURALS.get(kind, kind.lower()))


class Expression(Value):
    """One of `expressionSelectors`: a set-based requirement on labels."""

    key: str
    operator: str
    values: tuple[str, ...] | None = None


class Selector(Value, rename="camel"):
    """Chaos Mesh's PodSelectorSpec."""

    namespaces: tuple[str, ...] | None = None
    label_selectors: dict[str, str] | None = None
    annotation_selectors: dict[str, str] | None = None
    field_selectors: dict[str, str] | None = None
    pod_phase_selectors: tuple[str, ...] | None = None
    expression_selectors: tuple[Expression, ...] | None = None
    nodes: tuple[str, ...] | None = None
    node_selectors: dict[str, str] | None = None
    pods: dict[str, tuple[str, ...]] | None = None

    def labels_query(self) -> str:
        """The label requirements as the API's `labelSelector`."""
        parts = [f"{key}={value}" for key, value in sorted((self.label_selectors or {}).items())]
        return ",".join([*parts, *(_requirement(one) for one in self.expression_selectors or ())])

    def fields_query(self) -> str:
        """The field requirements as the API's `fieldSelector`."""
        return ",".join(f"{key}={value}" for key, value in sorted((self.field_selectors or {}).items()))


def _requirement(one: Expression) -> str:
    values = f"({','.join(one.values or ())})"
    return {
        "In": f"{one.key} in {values}",
        "NotIn": f"{one.key} notin {values}",
        "Exists": one.key,
        "DoesNotExist": f"!{one.key}",
    }.get(one.operator, f"{one.key} {one.operator} {values}")


class Selection(Value):
    """Who may be hit, and how many of them."""

    selector: Selector = Selector()
    mode: str = ""
    value: str | int = ""


class _Object(Value):
    spec: dict[str, msgspec.Raw] = {}


def selection_of(body: bytes, kind: str) -> Selection | None:
    """The selection of a chaos object (JSON); of a Schedule that of what it makes. None: it has none.

    Raises msgspec.MsgspecError where it has another shape than Chaos Mesh's.
    """
    spec = _acting(body, kind)[1]
    if "selector" not in spec:
        return None
    return msgspec.convert(
        {key: msgspec.json.decode(spec[key]) for key in ("selector", "mode", "value") if key in spec},
        Selection,
    )


def beyond_of(body: bytes, kind: str) -> Selection | None:
    """The selection of the pods at the other end of a network fault. None: it names none."""
    spec = _acting(body, kind)[1]
    if "target" not in spec:
        return None
    return msgspec.json.decode(spec["target"], type=Selection | None)


def namespaces_of(body: bytes, kind: str, own: str) -> tuple[str, ...]:
    """The namespaces in which a chaos object acts, or looks for pods; `own`: that of the object."""
    found: dict[str, None] = {}
    for selection in (selection_of(body, kind), beyond_of(body, kind)):
        if selection is not None:
            selector = selection.selector
            found |= dict.fromkeys((*(selector.pods or ()),) or selector.namespaces or (own,))
    return tuple(found) or (own,)


def acts_by(body: bytes, kind: str) -> tuple[str, bool]:
    """The kind that acts (of a Schedule, the one that it makes), and whether the chaos daemon does it.

    A pod that is killed or made to fail is so by the API server alone.
    """
    acting, spec = _acting(body, kind)
    action = msgspec.json.decode(spec["action"]) if "action" in spec else ""
    return acting, not (acting == "PodChaos" and action in ("pod-kill", "pod-failure"))


def _acting(body: bytes, kind: str) -> tuple[str, dict[str, msgspec.Raw]]:
    """The kind and the spec that act: of a Schedule those of what it makes."""
    spec = msgspec.json.decode(body, type=_Object).spec
    if kind == "Schedule" and "type" in spec:
        inner = msgspec.json.decode(spec["type"], type=str)
        key = inner[:1].lower() + inner[1:]
        if key in spec:
            return inner, msgspec.json.decode(spec[key], type=dict[str, msgspec.Raw])
    return kind, spec


class Candidate(Value):
    """A pod as far as a selector looks at it."""

    key: str
    """`namespace/name`."""
    phase: str = ""
    node: str = ""
    annotations: dict[str, str] = {}
    going: bool = False
    """It is being deleted; a fault in it would end with it."""
    host_network: bool = False
    """It is on its node's own network, where Chaos Mesh refuses network faults."""


def matches(selector: Selector, pod: Candidate, nodes: frozenset[str] | None) -> bool:
    """The requirements that the API cannot be asked for. `nodes`: those that `nodeSelectors` match."""
    wanted = (selector.annotation_selectors or {}).items()
    return (
        not pod.going
        and all(pod.annotations.get(key) == value for key, value in wanted)
        and (not selector.pod_phase_selectors or pod.phase in selector.pod_phase_selectors)
        and (not selector.nodes or pod.node in selector.nodes)
        and (nodes is None or pod.node in nodes)
    )


def preview_of(selection: Selection, pods: Iterable[str]) -> TargetPreview:
    """Who would be hit, and how many, resolved to a number: a percentage alone says little.

    `fixed-percent` rounds up; `random-max-percent` draws the percentage itself and may take none.
    """
    candidates = tuple(sorted(clean(pod) for pod in pods))
    count = len(candidates)
    share = int(selection.value) if str(selection.value).isdigit() else 0
    match selection.mode:
        case "all":
            return TargetPreview(candidates=candidates, mode=f"all {count}", number=count)
        case "one":
            return TargetPreview(candidates=candidates, mode=f"1 of {count}", number=min(1, count))
        case "fixed":
            number = min(share, count)
            return TargetPreview(candidates=candidates, mode=f"{number} of {count}", number=number)
        case "fixed-percent":
            number = min(math.ceil(count * share / 100), count)
            words = f"{share} % of {count}: {number}"
            return TargetPreview(candidates=candidates, mode=words, number=number)
        case "random-max-percent":
            words = f"at random, at most {share} % of {count}"
            return TargetPreview(candidates=candidates, mode=words, number=None)
        case _:
            return TargetPreview(candidates=candidates, mode=clean(selection.mode, 40), number=None)


def is_acting(reading: ChaosReading) -> bool:
    """Whether a chaos object may act on something: one that is over stays listed until it is deleted."""
    if not reading.recorded or not reading.stopping:
        return True
    return any(record.phase != "Not Injected" for record in reading.records)


MADE_BY_SCHEDULE, MADE_BY_WORKFLOW = "managed-by", "chaos-mesh.org/workflow"


class _Template(Value, rename="camel"):
    template_type: str = ""


class _Maker(Value):
    type: str = ""
    templates: tuple[_Template, ...] | None = None


class _MakerObject(Value):
    kind: str
    spec: _Maker = _Maker()


class Making(Value):
    """What a Schedule or Workflow makes: objects of these kinds, found by a label."""

    kinds: tuple[str, ...]
    selector: str


def made_by(reading: ChaosReading, makers: Collection[str]) -> bool:
    """Whether one of the makers, by their names, has made the object."""
    labels = reading.metadata.labels or {}
    return any(labels.get(key) in makers for key in (MADE_BY_SCHEDULE, MADE_BY_WORKFLOW))


def making_of(body: bytes, name: str) -> Making:
    """What the object of that name (JSON) makes; nothing, where it is neither a Schedule nor a Workflow.

    The labels are those that Chaos Mesh gives (controllers/schedule/cron, pkg/workflow/controllers).
    """
    try:
        found = msgspec.json.decode(body, type=_MakerObject)
    except msgspec.MsgspecError:
        return Making(kinds=(), selector="")
    if found.kind == "Schedule":
        kinds = [found.spec.type]
        selector = f"{MADE_BY_SCHEDULE}={name}"
    else:
        kinds = [own.template_type for own in found.spec.templates or ()] if found.kind == "Workflow" else []
        selector = f"{MADE_BY_WORKFLOW}={name}"
    made = tuple(kind for kind in dict.fromkeys(kinds) if kind.endswith("Chaos") or kind == "Schedule")
    return Making(kinds=made, selector=selector)
