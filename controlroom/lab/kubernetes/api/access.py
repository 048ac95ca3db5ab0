"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.lab.kubernetes.api import errors
from controlroom.lab.kubernetes.api.routes import Route
from controlroom.lab.kubernetes.documents import Document

VIEWER_NAMESPACE = "bookstore"
#: What the viewer's role lets it read.
VIEWER_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("pods", "events")),
    ("events.k8s.io", ("events",)),
    ("apps", ("deployments",)),
)
_READ = ("get", "list", "watch")
_EVERYBODY: list[Document] = [
    {
        "verbs": ["create"],
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
]


@dataclass(frozen=True, slots=True)
class User:
    """Who a request is from."""

    name: str
    groups: tuple[str, ...]
    admin: bool = False
    viewer: bool = False

    def may(self, verb: str, group: str, resource: str, subresource: str, namespace: str) -> bool:
        """Whether a role allows it."""
        if self.admin:
            return True
        if not self.viewer or verb not in _READ or subresource or namespace != VIEWER_NAMESPACE:
            return False
        return any(group == each and resource in names for each, names in VIEWER_RULES)


ADMIN = User("lab-admin", ("system:masters", "system:authenticated"), admin=True)
VIEWER = User("bookstore-viewer", ("system:authenticated",), viewer=True)
ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
#: The lab has no secrets: the bearer names the role.
_BEARERS = {"admin": ADMIN, "viewer": VIEWER, "anonymous": ANONYMOUS}


def authenticate(header: str) -> User:
    """The user of an Authorization header; without one it is the admin. Raises 401 for an unknown one."""
    if not header:
        return ADMIN
    user = _BEARERS.get(header.removeprefix("Bearer ").strip())
    if user is None:
        raise errors.unauthorized()
    return user


def authorize(user: User, verb: str, route: Route) -> None:
    """Raises the 403 of RBAC."""
    resource = route.resource
    if user.may(verb, resource.group, resource.plural, route.subresource, route.namespace):
        return
    name = "" if verb in ("create", "list", "watch", "deletecollection") else route.name
    raise errors.forbidden(resource, name, verb, user.name, route.namespace, route.subresource)


def rules(user: User) -> Document:
    """The status of a SelfSubjectRulesReview."""
    found: list[Document] = list(_EVERYBODY)
    paths: list[Document] = []
    if user.admin:
        found.insert(0, {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]})
        paths.append({"verbs": ["*"], "nonResourceURLs": ["*"]})
    if user.viewer:
        found += [
            {"verbs": list(_READ), "apiGroups": [group], "resources": list(names)}
            for group, names in VIEWER_RULES
        ]
    paths.append(
        {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"]}
    )
    return {"resourceRules": found, "nonResourceRules": paths, "incomplete": False}
