"""From an experiment's manifest to the object that is sent: named afresh, labelled, bounded.

A run gets an object of its own under a name that the client chooses, so that a request without an answer can
be asked for again by that name. The session's label finds everything that a session has made, from any machine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from controlroom.core.events import ObjectRef
from controlroom.core.faults.duration import NotADuration, seconds_of, written
from controlroom.core.faults.reading import CHAOS_GROUP, ONE_SHOT
from controlroom.core.guards import Blast
from controlroom.plan.documents import Json, objects_of
from controlroom.plan.errors import Flaw
from controlroom.sources.ports import Prepared

SESSION_LABEL = "controlroom.dev/session"
RUN_LABEL = "controlroom.dev/run"
SESSION_NOTE = "controlroom.dev/session-id"
RUN_NOTE = "controlroom.dev/run-id"
EXPERIMENT_NOTE = "controlroom.dev/experiment"
PRIOR_NOTE = "controlroom.dev/prior"
"""On an object that was there before: the merge patch that puts it back."""
LOAD_RUN = "load/"
"""What the notes of a load's objects begin with, before the number of its start: no experiment is called so."""
REQUESTED_BY_NOTE = "controlroom.dev/requested-by"

#: Kinds of Chaos Mesh that go on making others, whatever a duration says.
_REPEATING = frozenset({"Schedule", "Workflow"})
#: What the server fills in; a manifest taken from a cluster may carry it.
_SERVER_OWNED = (
    "generateName",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "managedFields",
    "finalizers",
    "ownerReferences",
)
_LONGEST = 63
"""Characters of a DNS-1123 label, and of a label's value."""

Mapping = dict[str, Json]


class ManifestError(Exception):
    """The manifest cannot be used; the message says why, in one line."""


def prepare(
    experiment: str,
    manifest_text: str,
    *,
    session: str,
    run: str,
    duration: float | None,
    namespaces: Sequence[str],
    requested_by: str = "",
    change: bool = False,
) -> Prepared:
    """The one object of a manifest as it will be sent. Raises :class:`ManifestError`.

    `run` is `experiment#n`; `duration` (seconds, rounded up to whole ones) takes the place of the manifest's
    own, None keeps that; one-shots have none. `namespaces` are the plan's: anything outside is refused.
    """
    made = prepare_all(
        experiment,
        manifest_text,
        session=session,
        run=run,
        duration=duration,
        namespaces=namespaces,
        requested_by=requested_by,
        change=change,
    )
    if len(made) > 1:
        raise ManifestError(f"the manifest holds {len(made)} objects where one is wanted")
    return made[0]


def prepare_all(
    experiment: str,
    manifest_text: str,
    *,
    session: str,
    run: str,
    duration: float | None,
    namespaces: Sequence[str],
    requested_by: str = "",
    change: bool = False,
) -> tuple[Prepared, ...]:
    """Every object of a manifest, in its order; the second one's run is `experiment#n.2`, and so on."""
    try:
        documents = [document for document, _ in objects_of(manifest_text)]
    except Flaw as flaw:
        raise ManifestError(f"line {flaw.line}: {flaw.message}") from flaw
    if not documents:
        raise ManifestError("the manifest holds no object")
    found = []
    for number, document in enumerate(documents, 1):
        own_run = run if number == 1 else f"{run}.{number}"
        notes = {
            SESSION_NOTE: session,
            RUN_NOTE: own_run,
            EXPERIMENT_NOTE: experiment,
            **({REQUESTED_BY_NOTE: requested_by} if requested_by else {}),
        }
        if change:
            found.append(_change(experiment, document, own_run, session, namespaces, notes))
        else:
            found.append(_prepared(experiment, document, own_run, session, duration, namespaces, notes))
    return tuple(found)


def prepare_load(
    manifest_text: str, *, session: str, number: int, namespaces: Sequence[str]
) -> tuple[Prepared, ...]:
    """Every object of the load's manifest, as it will be sent at its `number`-th start. Raises ManifestError.

    Objects of a load name each other (a Job the ConfigMap with its script), so they keep their names.
    """
    try:
        documents = [document for document, _ in objects_of(manifest_text)]
    except Flaw as flaw:
        raise ManifestError(f"line {flaw.line}: {flaw.message}") from flaw
    if not documents:
        raise ManifestError("the manifest holds no object")
    found = []
    for place, document in enumerate(documents, 1):
        manifest = _object(document)
        api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        metadata = cast(Mapping, manifest["metadata"])
        namespace, name = _namespace(metadata, namespaces), metadata.get("name")
        if not isinstance(name, str) or not name:
            raise ManifestError(f"the {kind} has no metadata.name")
        if api_version.startswith(CHAOS_GROUP):
            raise ManifestError(f"a {kind} is a fault, not a load: make it an experiment")
        run = f"{LOAD_RUN}{number}" + (f".{place}" if place > 1 else "")
        target = ObjectRef(api_version=api_version, kind=kind, namespace=namespace, name=name)
        notes = {SESSION_NOTE: session, RUN_NOTE: run}
        found.append(_labelled("load", run, session, manifest, target, notes, one_shot=False, duration=None))
    return tuple(found)


def _prepared(
    experiment: str,
    document: Json,
    run: str,
    session: str,
    duration: float | None,
    namespaces: Sequence[str],
    notes: dict[str, str],
) -> Prepared:
    manifest = _object(document)
    api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    metadata = cast(Mapping, manifest["metadata"])
    namespace = _namespace(metadata, namespaces)
    name = object_name(experiment, session, run)
    spec = manifest.get("spec")
    chaos = api_version.startswith(CHAOS_GROUP)
    one_shot = chaos and isinstance(spec, dict) and spec.get("action") in ONE_SHOT
    if chaos and isinstance(spec, dict):
        _check_selected_namespaces(spec, namespace, namespaces)
    bounded = chaos and kind not in _REPEATING and not one_shot
    seconds = _set_duration(spec, duration, bounded, one_shot) if isinstance(spec, dict) else None
    target = ObjectRef(api_version=api_version, kind=kind, namespace=namespace, name=name)
    return _labelled(experiment, run, session, manifest, target, notes, one_shot=one_shot, duration=seconds)


def _change(
    experiment: str,
    document: Json,
    run: str,
    session: str,
    namespaces: Sequence[str],
    notes: dict[str, str],
) -> Prepared:
    """An object that is there, under its own name, with the fields that are to be set. It has no end of its own."""
    manifest = _object(document)
    api_version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    metadata = cast(Mapping, manifest["metadata"])
    namespace, name = _namespace(metadata, namespaces), metadata.get("name")
    if not isinstance(name, str) or not name:
        raise ManifestError("a change names the object that it changes: metadata.name is missing")
    if not any(key in manifest for key in ("spec", "data")) and len(manifest) == 3:
        raise ManifestError("a change sets something: the manifest has nothing but a name")
    target = ObjectRef(api_version=api_version, kind=kind, namespace=namespace, name=name, changed=True)
    return _labelled(experiment, run, session, manifest, target, notes, one_shot=False, duration=None)


def _labelled(
    experiment: str,
    run: str,
    session: str,
    manifest: Mapping,
    target: ObjectRef,
    notes: dict[str, str],
    *,
    one_shot: bool,
    duration: float | None,
) -> Prepared:
    """The object under its name in the cluster, found again by our labels. What has no end of its own is unbounded."""
    labels = {SESSION_LABEL: label_value(session), RUN_LABEL: label_value(run)}
    metadata = _metadata(cast(Mapping, manifest["metadata"]), target.name, target.namespace, labels, notes)
    made = _in_order({**manifest, "metadata": metadata}, ("apiVersion", "kind", "metadata", "spec"))
    return Prepared(
        experiment=experiment,
        run=run,
        manifest=_yaml(made),
        body=msgspec.json.encode(made),
        object=target,
        kind=target.kind,
        one_shot=one_shot,
        unbounded=not one_shot and duration is None,
        duration=duration,
    )


def _metadata(
    own: Mapping, name: str, namespace: str, labels: dict[str, str], notes: dict[str, str]
) -> Mapping:
    """The manifest's own metadata, less what a server fills in, under our name and with our labels."""
    kept = {key: value for key, value in own.items() if key not in _SERVER_OWNED}
    kept |= {
        "name": name,
        "namespace": namespace,
        "labels": {**_texts(own, "labels"), **labels},
        "annotations": {**_texts(own, "annotations"), **notes},
    }
    return _in_order(kept, ("name", "namespace", "labels", "annotations"))


def _object(document: Json) -> Mapping:
    if not isinstance(document, dict):
        raise ManifestError("the manifest is no Kubernetes object")
    for key in ("apiVersion", "kind"):
        if not isinstance(document.get(key), str) or not document[key]:
            raise ManifestError(f"the manifest has no {key}")
    if document["kind"] == "List":
        raise ManifestError("a List is not taken: write its objects one after the other, separated by ---")
    if not isinstance(document.get("metadata"), dict):
        raise ManifestError("the manifest has no metadata")
    return {key: value for key, value in document.items() if key != "status"}


def _namespace(metadata: Mapping, namespaces: Sequence[str]) -> str:
    namespace = metadata.get("namespace") or (namespaces[0] if namespaces else "")
    if namespace not in namespaces:
        raise ManifestError(f"namespace {namespace} is not one of the plan's: {', '.join(namespaces)}")
    return str(namespace)


def _check_selected_namespaces(spec: Mapping, own: str, namespaces: Sequence[str]) -> None:
    """A selector reaches where it says, whatever the namespace of the object that holds it."""
    for selector in _selectors(spec):
        listed = selector.get("namespaces") or [own]
        by_name = selector.get("pods")
        reached = [*(listed if isinstance(listed, list) else [listed])]
        reached += list(by_name) if isinstance(by_name, dict) else []
        for namespace in reached:
            if namespace not in namespaces:
                allowed = ", ".join(namespaces)
                raise ManifestError(f"the selector reaches namespace {namespace}; the plan's are {allowed}")


def _selectors(value: Json) -> Iterator[Mapping]:
    """Every `selector` in an object, however deep: schedules and workflows hold other objects' specs."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "selector" and isinstance(part, dict):
                yield part
            else:
                yield from _selectors(part)
    elif isinstance(value, list):
        for part in value:
            yield from _selectors(part)


def _set_duration(spec: Mapping, asked: float | None, bounded: bool, one_shot: bool) -> float | None:
    """Sets `spec.duration`; returns the seconds after which the fault ends by itself, None where it does not."""
    if one_shot:
        # Chaos Mesh ignores it there; a reader of the manifest would not.
        spec.pop("duration", None)
    if not bounded:
        return None
    if asked is not None:
        spec["duration"] = written(asked)
    text = spec.get("duration")
    if text is None:
        return None
    try:
        return seconds_of(str(text))
    except NotADuration as error:
        raise ManifestError(f"spec.duration: {error}") from error


def _texts(metadata: Mapping, key: str) -> Mapping:
    """The labels or annotations that the manifest has itself."""
    own = metadata.get(key)
    return (
        {name: value for name, value in own.items() if isinstance(value, str)}
        if isinstance(own, dict)
        else {}
    )


def _in_order(value: Mapping, first: tuple[str, ...]) -> Mapping:
    return {key: value[key] for key in (*first, *(key for key in value if key not in first)) if key in value}


def _yaml(manifest: Mapping) -> str:
    import yaml

    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=110)


def object_name(experiment: str, session: str, run: str) -> str:
    """A DNS-1123 label of at most 63 characters: experiment, a digest of the session, the run's number.

    The same session and run give the same name, another session another one.
    """
    ordinal = run.rpartition("#")[2] or "1"
    tail = f"-{_digest(session)}-{_slug(ordinal)}"
    return (_slug(experiment)[: _LONGEST - len(tail)].rstrip("-") or "fault") + tail


def label_value(text: str) -> str:
    """`text` as the value of a label: at most 63 letters, digits, `-`, `_`, `.`; begins and ends with the former.

    `pod-kill#1` becomes `pod-kill.1`. What had to be cut carries a digest, so that two long texts stay two.
    """
    safe = re.sub(r"[^A-Za-z0-9_.-]", ".", text).strip("._-")
    if len(safe) > _LONGEST or not safe:
        safe = f"{safe[: _LONGEST - 9]}-{_digest(text, 4)}".lstrip("-")
    return safe


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _digest(text: str, size: int = 3) -> str:
    return hashlib.blake2s(text.encode(), digest_size=size).hexdigest()


class _Part(msgspec.Struct):
    mode: str = ""
    value: str | int = ""
    action: str = ""
    target: object = None
    external_targets: list[str] | None = msgspec.field(name="externalTargets", default=None)


class _Whole(msgspec.Struct):
    spec: _Part = msgspec.field(default_factory=_Part)


def blast(prepared: Prepared) -> Blast:
    """How far the object reaches, for the guards."""
    if not prepared.object.api_version.startswith(CHAOS_GROUP) or prepared.kind in _REPEATING:
        return Blast(unbounded=prepared.unbounded, selects=False)
    spec = msgspec.json.decode(prepared.body, type=_Whole).spec
    return Blast(
        everything=spec.mode == "all" or (spec.mode.endswith("percent") and str(spec.value) == "100"),
        untargeted_network=prepared.kind == "NetworkChaos"
        and spec.action != "partition"
        and spec.target is None
        and not spec.external_targets,
        unbounded=prepared.unbounded,
    )
