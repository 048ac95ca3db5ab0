"""Request bodies: JSON, YAML, and what the API server says of those it cannot read."""

from __future__ import annotations

import json
from typing import Any

from controlroom.lab.kubernetes.api.errors import StatusError, bad_request, unsupported_media
from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.resources import Resource

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
#: etcd's and the API server's limit for one object, in bytes.
LARGEST = 3145728


def accepted_patches(resource: Resource) -> tuple[str, ...]:
    """The media types of PATCH; a custom resource has no strategic merge."""
    if resource.custom:
        return JSON_PATCH, MERGE_PATCH, APPLY_PATCH
    return JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH


class _Duplicates(list[str]):
    """Collects the keys that a JSON object has twice."""

    def pairs(self, pairs: list[tuple[str, Any]]) -> Document:
        made: Document = {}
        for key, value in pairs:
            if key in made:
                self.append(key)
            made[key] = value
        return made


def check_size(body: bytes) -> None:
    """Raises 413 for a body above the limit."""
    if len(body) > LARGEST:
        text = f"Request entity too large: limit is {LARGEST}"
        raise StatusError(413, "RequestEntityTooLarge", text)


def read_object(body: bytes, content_type: str, resource: Resource) -> tuple[Document, list[str]]:
    """The object of a create or update with the field names that occur twice; raises 400 or 415."""
    if content_type not in (JSON, YAML, ""):
        raise unsupported_media((JSON, YAML, PROTOBUF))
    must = f"the object provided is unrecognized (must be of type {resource.kind}): couldn't get version/kind"
    if not body.strip():
        raise bad_request(f"{must}; json parse error: unexpected end of JSON input (<empty>)")
    duplicates = _Duplicates()
    if content_type == YAML:
        loaded = _load_yaml(body)
    else:
        try:
            loaded = json.loads(body, object_pairs_hook=duplicates.pairs)
        except ValueError as error:
            text = body.decode(errors="replace")
            raise bad_request(f"{must}; json parse error: {_go_words(error, text)} ({text[:100]})") from None
    if not isinstance(loaded, dict):
        raise bad_request(f"{must}; json parse error: json: cannot unmarshal into Go value")
    return loaded, list(duplicates)


def read_patch(body: bytes, content_type: str) -> Any:
    """The content of a patch: a document, or a list of operations for a JSON patch."""
    try:
        loaded = _load_yaml(body) if content_type == APPLY_PATCH else json.loads(body)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from None
    wanted = list if content_type == JSON_PATCH else dict
    if not isinstance(loaded, wanted):
        raise bad_request("error decoding patch: json: cannot unmarshal into Go value of the patch's type")
    return loaded


def _load_yaml(body: bytes) -> Any:
    import yaml

    try:
        return yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise bad_request(f"error parsing YAML: {error}") from None


def _go_words(error: ValueError, text: str) -> str:
    """Go's words for where JSON breaks, as far as Python's decoder says it."""
    position = getattr(error, "pos", 0)
    if position >= len(text.rstrip()):
        return "unexpected end of JSON input"
    place = "looking for beginning of value"
    if "property name" in str(error):
        place = "looking for beginning of object key string"
    elif "delimiter" in str(error):
        place = "after object key:value pair"
    return f"invalid character '{text[position]}' {place}"
