"""Self-reviews: what may I do, who am I. kubectl sends the first as protobuf and takes JSON in return."""

from __future__ import annotations

from controlroom.lab.kubernetes.api import bodies, errors, protobuf
from controlroom.lab.kubernetes.api.access import VIEWER_NAMESPACE, User, rules
from controlroom.lab.kubernetes.api.answers import Answer
from controlroom.lab.kubernetes.documents import Document, stamp

AUTHORIZATION = "authorization.k8s.io/v1"
#: Field numbers of k8s.io/api/authorization/v1's ResourceAttributes.
_ATTRIBUTES = {
    1: "namespace",
    2: "verb",
    3: "group",
    4: "version",
    5: "resource",
    6: "subresource",
    7: "name",
}


def review(plural: str, user: User, body: bytes, content_type: str, now: float) -> Answer:
    """POST of a review; raises 404 for an unknown one, 415, 422."""
    match plural:
        case "selfsubjectreviews":
            return Answer(201, _who(user, now))
        case "selfsubjectrulesreviews":
            made = {"kind": "SelfSubjectRulesReview", "apiVersion": AUTHORIZATION, "metadata": {}, "spec": {}}
            return Answer(201, {**made, "status": rules(user)})
        case "selfsubjectaccessreviews":
            return Answer(201, _access(user, _spec(body, content_type)))
    raise errors.resource_not_found()


def _who(user: User, now: float) -> Document:
    info = {"username": user.name, "uid": f"uid-{user.name}", "groups": list(user.groups)}
    return {
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"creationTimestamp": stamp(now)},
        "status": {"userInfo": info},
    }


def _access(user: User, spec: Document) -> Document:
    attributes = spec.get("resourceAttributes")
    if attributes is None and spec.get("nonResourceAttributes") is None:
        raise _incomplete()
    status: Document = {"allowed": user.admin}
    if attributes is not None and not user.admin:
        allowed = user.may(
            attributes.get("verb", ""),
            attributes.get("group", ""),
            attributes.get("resource", ""),
            attributes.get("subresource", ""),
            attributes.get("namespace", ""),
        )
        status = {"allowed": allowed}
        if allowed:
            binding = f'"{user.name}/{VIEWER_NAMESPACE}" of Role "{user.name}" to User "{user.name}"'
            status["reason"] = f"RBAC: allowed by RoleBinding {binding}"
    shown = {key: {name: text for name, text in part.items() if text} for key, part in spec.items() if part}
    return {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": AUTHORIZATION,
        "metadata": {},
        "spec": shown,
        "status": status,
    }


def _incomplete() -> errors.StatusError:
    text = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
    field = "spec.resourceAttributes"
    cause = {"reason": "FieldValueInvalid", "message": text, "field": field}
    return errors.StatusError(
        422,
        "Invalid",
        f'.authorization.k8s.io "" is invalid: {field}: {text}',
        details={"group": "authorization.k8s.io", "causes": [cause]},
    )


def _spec(body: bytes, content_type: str) -> Document:
    if content_type == bodies.PROTOBUF:
        return _protobuf_spec(body)
    patch = bodies.read_patch(body, bodies.JSON)
    found = patch.get("spec")
    return found if isinstance(found, dict) else {}


def _protobuf_spec(body: bytes) -> Document:
    """The resource attributes of a SelfSubjectAccessReview inside a runtime.Unknown."""
    try:
        unknown = protobuf.fields(body.removeprefix(protobuf.MAGIC))
        outer = protobuf.fields(protobuf.fields(unknown.get(2, b"")).get(2, b""))
        attributes = protobuf.fields(outer.get(1, b""))
        paths = protobuf.fields(outer.get(2, b""))
    except protobuf.Malformed as error:
        raise errors.bad_request(f"proto: {error}") from None
    spec: Document = {}
    if 1 in outer:
        spec["resourceAttributes"] = {
            name: attributes[number].decode() for number, name in _ATTRIBUTES.items() if number in attributes
        }
    if 2 in outer:
        spec["nonResourceAttributes"] = {
            "path": paths.get(1, b"").decode(),
            "verb": paths.get(2, b"").decode(),
        }
    return spec
