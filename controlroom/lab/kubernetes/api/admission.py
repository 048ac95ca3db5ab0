"""Chaos Mesh's webhooks: what they fill in and what they refuse, in their own words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from controlroom.lab.kubernetes.api.errors import StatusError, denied, internal
from controlroom.lab.kubernetes.documents import Document, namespace_of
from controlroom.lab.kubernetes.quantities import BadDuration, go_duration
from controlroom.lab.kubernetes.trouble import Trouble

#: The webhook service's port and time-out in seconds.
_SERVICE = "https://chaos-mesh-controller-manager.chaos-mesh.svc:443"
TIMEOUT = 5
_LATENCY = re.compile(r"[0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h)")
_PERCENT_MODES = ("fixed-percent", "random-max-percent")


def fill_in(chaos: Document) -> None:
    """The mutating webhook: a selector without namespaces takes the object's own."""
    spec = chaos.get("spec")
    if not isinstance(spec, dict):
        return
    parts = [spec, spec["target"]] if isinstance(spec.get("target"), dict) else [spec]
    for part in parts:
        selector = part.get("selector")
        if isinstance(selector, dict) and not selector.get("namespaces") and not selector.get("pods"):
            selector["namespaces"] = [namespace_of(chaos)]


def reach(kind: str, trouble: Trouble) -> StatusError | None:
    """The error of a webhook that cannot be called, if it cannot."""
    if not (trouble.controller_gone or trouble.webhook_timeout):
        return None
    lower = kind.lower()
    why = "context deadline exceeded"
    if trouble.controller_gone:
        why = "dial tcp 10.96.114.7:443: connect: connection refused"
    url = f"{_SERVICE}/mutate-chaos-mesh-org-v1alpha1-{lower}?timeout={TIMEOUT}s"
    return internal(f'failed calling webhook "m{lower}.kb.io": failed to call webhook: Post "{url}": {why}')


def review(chaos: Document, old: Document | None, trouble: Trouble) -> None:
    """The validating webhook; raises the 403 of a refusal."""
    webhook = f"v{chaos['kind'].lower()}.kb.io"
    if trouble.webhook_denied:
        raise denied(webhook, trouble.webhook_denied)
    if chaos["kind"] == "Schedule":
        return
    if old is not None:
        if old.get("spec") != chaos.get("spec"):
            raise denied(webhook, "Cannot update chaos spec")
        return
    complaints = list(_complaints(chaos))
    if complaints:
        raise denied(webhook, complaints[0] if len(complaints) == 1 else f"[{', '.join(complaints)}]")


def _complaints(chaos: Document) -> Iterator[str]:
    spec = chaos["spec"]
    duration = spec.get("duration")
    if duration is not None:
        try:
            go_duration(duration)
        except BadDuration as error:
            yield f'Spec.Duration: Invalid value: "{duration}": parse duration field error: {error}'
    container = chaos["kind"] in ("PodChaos", "StressChaos", "IOChaos", "TimeChaos", "DNSChaos")
    prefix = "Spec.ContainerSelector.PodSelector" if container else "Spec.PodSelector"
    yield from _value_complaints(spec, prefix)
    match chaos["kind"]:
        case "PodChaos":
            if spec.get("action") == "container-kill" and not spec.get("containerNames"):
                text = "the name of container is required on container-kill action"
                yield f'Spec.ContainerSelector.ContainerNames: Invalid value: "null": {text}'
        case "NetworkChaos":
            yield from _network_complaints(spec)
        case "StressChaos":
            if not spec.get("stressors") and not spec.get("stressngStressors"):
                yield "Spec: Invalid value: missing stressors"


def _value_complaints(spec: Document, prefix: str) -> Iterator[str]:
    mode, value = spec.get("mode"), spec.get("value", "")
    if mode not in ("fixed", *_PERCENT_MODES):
        return
    if not re.fullmatch(r"[+-]?[0-9]+", value):
        text = f'parse value field error:strconv.Atoi: parsing "{value}": invalid syntax'
        yield f'{prefix}.Value: Invalid value: "{value}": {text}'
    elif mode == "fixed" and int(value) <= 0:
        yield f'{prefix}.Value: Invalid value: "{value}": value must be greater than 0 with mode:fixed'
    elif mode in _PERCENT_MODES and not 0 <= int(value) <= 100:
        text = f"value of {value} is invalid, Must be (0,100] with mode:{mode}"
        yield f'{prefix}.Value: Invalid value: "{value}": {text}'


def _network_complaints(spec: Document) -> Iterator[str]:
    delay = spec.get("delay") or {}
    for name in ("latency", "jitter"):
        text = delay.get(name)
        if text is not None and not _LATENCY.fullmatch(text):
            label = name.capitalize()
            try:
                go_duration(text)
                why = "invalid duration"
            except BadDuration as error:
                why = str(error)
            yield f'Spec.Delay.{label}: Invalid value: "{text}": parse {name} field error:{why}'
    action = spec.get("action")
    if action in ("delay", "loss", "duplicate", "corrupt", "bandwidth") and not spec.get(action):
        yield f'Spec.Action: Invalid value: "{action}": at least one of the {action} rules must be given'
    if spec.get("direction") in ("from", "both") and not spec.get("target"):
        yield "Spec.Target: Invalid value: null: `target` must be set when direction is from or both"
    if spec.get("direction") in ("from", "both") and spec.get("externalTargets"):
        text = "external targets cannot be used with `from` and `both` direction in network chaos yet"
        yield f'Spec.Direction: Invalid value: "{spec["direction"]}": {text}'
