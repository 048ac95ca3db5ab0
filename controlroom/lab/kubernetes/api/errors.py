"""The API server's errors, with its texts, reasons and details."""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.lab.kubernetes.documents import Document
from controlroom.lab.kubernetes.resources import Resource


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry of details.causes."""

    reason: str
    message: str
    field: str


class StatusError(Exception):
    """An answer of kind Status with status Failure."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Document | None = None,
        metadata: Document | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
        body: Document = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata or {},
            "status": "Failure",
            "message": message,
        }
        if reason:
            body["reason"] = reason
        if details is not None:
            body["details"] = details
        body["code"] = code
        self.body = body


class PlainError(Exception):
    """An answer that is text, not a Status."""

    def __init__(self, code: int, text: str, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.retry_after = retry_after


def page_not_found() -> PlainError:
    """404 of a group, version or custom kind that is not served."""
    return PlainError(404, "404 page not found\n")


def resource_not_found() -> StatusError:
    """404 of a core resource that is not served."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", details={})


def method_not_allowed() -> StatusError:
    """405 of a method that a path does not have."""
    text = "the server does not allow this method on the requested resource"
    return StatusError(405, "MethodNotAllowed", text, details={})


def unauthorized() -> StatusError:
    """401: one body for every path."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def too_many_requests(retry_after: int) -> PlainError:
    """429 of API priority and fairness."""
    return PlainError(429, "Too many requests, please try again later.\n", retry_after)


def bad_request(message: str) -> StatusError:
    """400 without details."""
    return StatusError(400, "BadRequest", message)


def internal(message: str, *, plain: bool = False) -> StatusError:
    """500; `plain` for those without reason and details."""
    if plain:
        return StatusError(500, "", message)
    full = f"Internal error occurred: {message}"
    return StatusError(500, "InternalError", full, details={"causes": [{"message": message}]})


def _details(resource: Resource, name: str, *, kind: bool = False) -> Document:
    made: Document = {"name": name} if name else {}
    if resource.group:
        made["group"] = resource.group
    made["kind"] = resource.kind if kind else resource.plural
    return made


def not_found(resource: Resource, name: str) -> StatusError:
    """404 of an object."""
    message = f'{resource.qualified} "{name}" not found'
    return StatusError(404, "NotFound", message, details=_details(resource, name))


def already_exists(resource: Resource, name: str, *, deleting: bool) -> StatusError:
    """409 of a create; `deleting` if the holder of the name is on its way out."""
    prefix = "object is being deleted: " if deleting else ""
    message = f'{prefix}{resource.qualified} "{name}" already exists'
    return StatusError(409, "AlreadyExists", message, details=_details(resource, name))


def modified(resource: Resource, name: str) -> StatusError:
    """409 of a stale resourceVersion."""
    message = (
        f'Operation cannot be fulfilled on {resource.qualified} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return StatusError(409, "Conflict", message, details=_details(resource, name))


def precondition_failed(resource: Resource, name: str, text: str) -> StatusError:
    """409 of a DELETE whose precondition does not hold; it names the kind, not the resource."""
    message = f'Operation cannot be fulfilled on {resource.qualified_kind} "{name}": {text}'
    return StatusError(409, "Conflict", message, details=_details(resource, name, kind=True))


def forbidden(
    resource: Resource, name: str, verb: str, user: str, namespace: str, subresource: str
) -> StatusError:
    """403 of RBAC. An empty name stands for a whole collection, an empty namespace for the cluster."""
    what = f"{resource.plural}/{subresource}" if subresource else resource.plural
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    subject = f'{resource.qualified} "{name}"' if name else resource.qualified
    message = (
        f'{subject} is forbidden: User "{user}" cannot {verb} resource "{what}" '
        f'in API group "{resource.group}" {where}'
    )
    return StatusError(403, "Forbidden", message, details=_details(resource, name))


def terminating(resource: Resource, name: str, namespace: str) -> StatusError:
    """403 of a create in a namespace that is being deleted."""
    message = (
        f'{resource.qualified} "{name}" is forbidden: unable to create new content in namespace {namespace} '
        "because it is being terminated"
    )
    cause = Cause("NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace")
    return StatusError(
        403, "Forbidden", message, details={**_details(resource, name), "causes": _listed([cause])}
    )


def denied(webhook: str, reason: str) -> StatusError:
    """403 of a validating webhook."""
    return StatusError(403, "Forbidden", f'admission webhook "{webhook}" denied the request: {reason}')


def invalid(resource: Resource, name: str, causes: list[Cause], *, by_plural: bool = False) -> StatusError:
    """422 with one cause per field; `by_plural` names the resource, not the kind, as an update's check does."""
    label = resource.qualified if by_plural else resource.qualified_kind
    return StatusError(
        422,
        "Invalid",
        f'{label} "{name}" is invalid: {_summary(causes)}',
        details={**_details(resource, name, kind=not by_plural), "causes": _listed(causes)},
    )


def invalid_options(kind: str, cause: Cause) -> StatusError:
    """422 of the request's own options, such as CreateOptions or DeleteOptions."""
    return StatusError(
        422,
        "Invalid",
        f'{kind}.meta.k8s.io "" is invalid: {cause.field}: {cause.message}',
        details={"group": "meta.k8s.io", "kind": kind, "causes": _listed([cause])},
    )


def rejected() -> StatusError:
    """422 of a JSON patch that cannot be applied."""
    text = "the server rejected our request due to an error in our request"
    return StatusError(422, "Invalid", text, details={})


def unsupported_media(accepted: tuple[str, ...]) -> StatusError:
    """415 of a body in another media type."""
    text = "the body of the request was in an unknown format - accepted media types include: "
    return StatusError(415, "UnsupportedMediaType", text + ", ".join(accepted))


def not_acceptable() -> StatusError:
    """406 where nothing that Accept names can be given."""
    text = "only the following media types are accepted: application/json, application/yaml"
    return StatusError(406, "NotAcceptable", f"{text}, application/vnd.kubernetes.protobuf")


def apply_conflict(conflicts: list[tuple[str, str]]) -> StatusError:
    """409 of a server-side apply; `conflicts` are (manager, field path) pairs."""
    causes = [
        Cause("FieldManagerConflict", f'conflict with "{manager}"', path) for manager, path in conflicts
    ]
    managers = list(dict.fromkeys(manager for manager, _ in conflicts))
    count = f"{len(conflicts)} conflict{'s' if len(conflicts) > 1 else ''}"
    if len(conflicts) == 1:
        text = f'Apply failed with {count}: conflict with "{managers[0]}": {conflicts[0][1]}'
    else:
        parts = [
            f'conflicts with "{manager}":'
            + "".join(f"\n- {path}" for who, path in conflicts if who == manager)
            for manager in managers
        ]
        text = f"Apply failed with {count}: " + "\n".join(parts)
    return StatusError(409, "Conflict", text, details={"causes": _listed(causes)})


def expired(message: str, continue_: str = "") -> StatusError:
    """410 of a list or a watch; `continue_` goes on inconsistently."""
    return StatusError(410, "Expired", message, metadata={"continue": continue_} if continue_ else None)


def _summary(causes: list[Cause]) -> str:
    # The same complaint twice is summed up once, but stays twice among the causes.
    texts = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _listed(causes: list[Cause]) -> list[Document]:
    return [{"reason": each.reason, "message": each.message, "field": each.field} for each in causes]
