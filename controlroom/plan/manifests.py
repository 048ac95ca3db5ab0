"""The files that a plan names: found beside it and nowhere else, and manifests that hold Kubernetes objects.

What only the cluster knows (fields, webhooks, rights) is asked of it by a dry run before an injection; here is
checked what makes an experiment do nothing, or something else than it says.
"""

from __future__ import annotations

import re
from pathlib import Path

from controlroom.core.values import Value
from controlroom.plan.documents import Json, objects_of
from controlroom.plan.errors import Flaw

CHAOS_GROUP = "chaos-mesh.org/"
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_MODES = ("one", "all", "fixed", "fixed-percent", "random-max-percent")
_NEED_VALUE = _MODES[2:]
_TARGETED = ("PodChaos", "NetworkChaos", "StressChaos", "IOChaos", "TimeChaos", "DNSChaos", "HTTPChaos")


class Manifest(Value):
    """One Kubernetes object of a manifest file."""

    api_version: str
    kind: str
    name: str
    namespace: str | None
    line: int


def beside(folder: Path, name: str) -> Path:
    """The file `name` of a plan that lies in `folder`. Raises Flaw where it lies, or leads, elsewhere."""
    if "\0" in name or "\\" in name:
        raise Flaw("this is no file name")
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise Flaw("the file must lie in the plan's folder")
    try:
        inside = (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as error:
        raise Flaw(f"cannot be followed: {error}") from None
    if not inside:
        raise Flaw("the file is a link that leads out of the plan's folder")
    return folder / name


def read_manifest(text: str) -> tuple[Manifest, ...]:
    """The objects of a manifest. Raises Flaw with the first thing that is wrong and its line."""
    documents = objects_of(text)
    if not documents:
        raise Flaw("no Kubernetes object: the file is empty")
    return tuple(_object(document, line) for document, line in documents)


def _object(document: Json, line: int) -> Manifest:
    if not isinstance(document, dict):
        raise Flaw("no Kubernetes object: it must have apiVersion, kind and metadata.name", line)
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    parts = {
        "apiVersion": document.get("apiVersion"),
        "kind": document.get("kind"),
        "metadata.name": metadata.get("name"),
    }
    for key, value in parts.items():
        if not isinstance(value, str) or not value:
            raise Flaw(f"no Kubernetes object: `{key}` is missing or no text", line)
    name, namespace = str(parts["metadata.name"]), metadata.get("namespace")
    if not _NAME.fullmatch(name):
        raise Flaw(f"`{name}` is no name of a Kubernetes object", line)
    if namespace is not None and not isinstance(namespace, str):
        raise Flaw("`metadata.namespace` is no text", line)
    found = Manifest(
        api_version=str(parts["apiVersion"]),
        kind=str(parts["kind"]),
        name=name,
        namespace=namespace,
        line=line,
    )
    if found.api_version.startswith(CHAOS_GROUP) and found.kind in _TARGETED:
        _check_chaos(found.kind, document.get("spec"), line)
    return found


def _check_chaos(kind: str, spec: Json, line: int) -> None:
    """What Chaos Mesh would refuse, or accept and do nothing."""
    if not isinstance(spec, dict):
        raise Flaw("`spec` is missing", line)
    _check_selection("spec", spec, line)
    target = spec.get("target")
    if isinstance(target, dict):
        _check_selection("spec.target", target, line)
    stressors = spec.get("stressors")
    if kind == "StressChaos":
        if not isinstance(stressors, dict) or not stressors:
            raise Flaw("`spec.stressors` is missing", line)
        for name, stressor in stressors.items():
            workers = stressor.get("workers") if isinstance(stressor, dict) else None
            if not isinstance(workers, int) or workers < 1:
                raise Flaw(
                    f"`spec.stressors.{name}.workers` must be 1 or more: none would stress nothing", line
                )


def _check_selection(place: str, spec: dict[str, Json], line: int) -> None:
    mode, value = spec.get("mode"), spec.get("value")
    if mode not in _MODES:
        raise Flaw(f"`{place}.mode` must be one of {', '.join(_MODES)}", line)
    if mode in _NEED_VALUE and not (isinstance(value, str) and value.isdigit()):
        raise Flaw(f"`{place}.value` must be a number in quotation marks, as mode {mode} needs it", line)
    if not isinstance(spec.get("selector"), dict):
        raise Flaw(f"`{place}.selector` is missing", line)
