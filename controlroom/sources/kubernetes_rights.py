"""What the credential in use may do: the API server is asked, never guessed from roles."""

from __future__ import annotations

import msgspec

from controlroom.core.clean import clean
from controlroom.sources.chaos_mesh import Resource
from controlroom.sources.errors import Doing, decoded
from controlroom.sources.kubernetes_api import Api
from controlroom.sources.ports import Permission


class _ReviewStatus(msgspec.Struct, rename="camel"):
    allowed: bool = False
    reason: str = ""
    evaluation_error: str = ""


class _Review(msgspec.Struct):
    status: _ReviewStatus


_REVIEW = msgspec.json.Decoder(_Review)
_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


async def may(api: Api, verb: str, kind: Resource, namespace: str) -> Permission:
    """A SelfSubjectAccessReview. It answers for resources that do not exist, too."""
    doing = Doing(what=f"ask whether {verb} {kind.plural} is allowed")
    resource, _, part = kind.plural.partition("/")
    attributes = {"verb": verb, "group": kind.group, "resource": resource, "namespace": namespace}
    if part:
        attributes["subresource"] = part
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = await api.send("POST", _PATH, doing, body=msgspec.json.encode(body))
    status = decoded(_REVIEW, answer, doing).status
    return Permission(
        verb=verb,
        resource=kind.plural,
        namespace=namespace,
        allowed=status.allowed,
        reason=clean(status.reason or status.evaluation_error),
    )
