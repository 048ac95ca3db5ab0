"""The checks of an object before it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator

from controlroom.lab.kubernetes.api.errors import Cause, StatusError, bad_request, invalid
from controlroom.lab.kubernetes.api.schema import check, fill_defaults, prune, schema_of
from controlroom.lab.kubernetes.documents import Document, is_deleting, labels_of, metadata, name_of
from controlroom.lab.kubernetes.resources import Resource

#: The limit for all annotations of an object together, in bytes.
ANNOTATIONS = 262144
_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_NAME_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    f"'{_NAME}')"
)
_LABEL_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    f"for validation is '{_LABEL}')"
)


def check_identity(resource: Resource, document: Document) -> None:
    """Raises 400 for another apiVersion, 422 for another kind (400 for a built-in one)."""
    version, kind = document.get("apiVersion"), document.get("kind")
    if version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    if kind == resource.kind:
        return
    if not resource.custom:
        text = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise bad_request(
            f"{text}: converting ({version}.{kind}) to ({resource.api_version}.{resource.kind})"
        )
    cause = Cause("FieldValueInvalid", f'Invalid value: "{kind}": must be {resource.kind}', "kind")
    label = f'{kind}.{resource.group} "{name_of(document)}" is invalid: kind: {cause.message}'
    details = {
        "name": name_of(document),
        "group": resource.group,
        "kind": kind,
        "causes": [{"reason": cause.reason, "message": cause.message, "field": cause.field}],
    }
    raise StatusError(422, "Invalid", label, details=details)


def prune_unknown(resource: Resource, document: Document) -> list[str]:
    """Removes in place the fields that a chaos kind's schema does not have; returns their paths."""
    schema = schema_of(resource.kind) if resource.custom else None
    if schema is None or "spec" not in document:
        return []
    return [path.removeprefix(".") for path in prune(document["spec"], schema, ".spec")]


def fill_schema_defaults(resource: Resource, document: Document) -> None:
    """Sets the defaults of a chaos kind's schema in place."""
    schema = schema_of(resource.kind) if resource.custom else None
    if schema is not None:
        fill_defaults(document.get("spec"), schema)


def strict_error(resource: Resource, complaints: list[str]) -> StatusError:
    """400 of fieldValidation=Strict."""
    kind = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
    return bad_request(f"{kind}: strict decoding error: {', '.join(complaints)}")


def check_object(resource: Resource, document: Document, old: Document | None) -> None:
    """Raises 422 for a name, label, annotation or field that may not be so."""
    causes = [*_metadata_causes(document), *_spec_causes(resource, document)]
    if old is not None:
        causes += _update_causes(document, old)
    if causes:
        raise invalid(resource, name_of(document), causes)


def _metadata_causes(document: Document) -> Iterator[Cause]:
    name = name_of(document)
    if not name and not metadata(document).get("generateName"):
        yield Cause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name")
    elif name and not re.fullmatch(_NAME, name):
        yield Cause("FieldValueInvalid", f'Invalid value: "{name}": {_NAME_RULE}', "metadata.name")
    for value in labels_of(document).values():
        if not re.fullmatch(_LABEL, value):
            yield Cause("FieldValueInvalid", f'Invalid value: "{value}": {_LABEL_RULE}', "metadata.labels")
    notes = metadata(document).get("annotations") or {}
    if sum(len(key) + len(text) for key, text in notes.items()) > ANNOTATIONS:
        text = f"Too long: may not be more than {ANNOTATIONS} bytes"
        yield Cause("FieldValueTooLong", text, "metadata.annotations")


def _spec_causes(resource: Resource, document: Document) -> Iterator[Cause]:
    if resource.plural == "deployments":
        yield from _replicas_causes(document)
    schema = schema_of(resource.kind) if resource.custom else None
    if schema is None:
        return
    if "spec" not in document:
        yield Cause("FieldValueRequired", "Required value", "spec")
    else:
        yield from check(document["spec"], schema, "spec")


def _replicas_causes(document: Document) -> Iterator[Cause]:
    replicas = document["spec"].get("replicas", 1)
    if not isinstance(replicas, int) or replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        yield Cause("FieldValueInvalid", text, "spec.replicas")


def _update_causes(document: Document, old: Document) -> list[Cause]:
    """What an update may not change. The API server finds each twice, in two strategies."""
    causes = []
    uid = metadata(document).get("uid")
    if uid and uid != old["metadata"]["uid"]:
        text = f'Invalid value: "{uid}": field is immutable'
        causes.append(Cause("FieldValueInvalid", text, "metadata.uid"))
    held = set(metadata(old).get("finalizers") or ())
    fresh = [each for each in metadata(document).get("finalizers") or () if each not in held]
    if is_deleting(old) and fresh:
        listed = ", ".join(f'"{each}"' for each in fresh)
        text = (
            "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
            f"[]string{{{listed}}}"
        )
        causes.append(Cause("FieldValueForbidden", text, "metadata.finalizers"))
    return causes * 2
