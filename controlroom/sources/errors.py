"""What a Kubernetes API server's refusals mean, in words that say what to do next.

The answers come in several shapes: a Status object, plain text (unknown paths, flow control), nothing at all,
or a proxy's web page. None of them reaches the screen as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import TypeVar

import msgspec

from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.sources.ports import SourceError

SOURCE = "kubernetes"

T = TypeVar("T")


class Cause(Value):
    reason: str = ""
    message: str = ""
    field: str = ""


class Details(Value, rename="camel"):
    name: str = ""
    kind: str = ""
    causes: tuple[Cause, ...] | None = None
    retry_after_seconds: int | None = None


class Status(Value):
    """A Kubernetes Status, as far as it is read."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None


class Doing(Value):
    """What was being asked: its words, and what a failure leaves open."""

    what: str
    """`create podchaos`, `list pods in bookstore`; follows "could not"."""
    path: str = ""
    changes: bool = False
    """The request changes something: without an answer it may have been done."""
    expired: str = ""
    """Since when the credential is known to have expired; empty: not known."""


_STATUS = msgspec.json.Decoder(Status)
_DENIED = re.compile(
    r'User "([^"]*)" cannot (\S+) resource "([^"]*)".*?(?:in the namespace "([^"]*)"|at the cluster scope)'
)
_WEBHOOK_SAID_NO = re.compile(r'admission webhook "([^"]+)" denied the request: (.*)', re.S)
_WEBHOOK_AWAY = re.compile(r'failed calling webhook "([^"]+)"')
_LAST_REASON = re.compile(r".*: ", re.S)
_OTHER_UID = re.compile(r"UID in (?:the )?precondition")
ANOTHER_ONE = "is another object than the one that was meant"
_AS_IT_IS = "it is refused as it is: trying again does not help"


def explain(status: int, headers: Mapping[str, str], body: bytes, doing: Doing) -> SourceError:
    """The error that an HTTP answer outside 2xx stands for."""
    said = read_status(body)
    match status:
        case HTTPStatus.UNAUTHORIZED:
            message, hint = _unauthorized(doing)
        case HTTPStatus.FORBIDDEN:
            message, hint = _forbidden(said, doing)
        case HTTPStatus.NOT_FOUND:
            message, hint = _not_found(said, body, doing)
        case HTTPStatus.CONFLICT:
            message, hint = _conflict(said)
        case HTTPStatus.GONE:
            message, hint = "what was asked for is too old for the cluster", "it is listed afresh"
        case HTTPStatus.UNPROCESSABLE_ENTITY:
            message, hint = _invalid(said)
        case HTTPStatus.TOO_MANY_REQUESTS:
            message, hint = _too_many(said, _retry_after(headers, said), doing)
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            message, hint = _server_error(status, said, body)
        case _:
            message, hint = _refused(status, said, body)
    return SourceError(
        SOURCE,
        clean(f"could not {doing.what}: {message}"),
        hint=clean(hint),
        unsure=doing.changes and _may_be_done(status, said),
        status=status,
        retry_after=_retry_after(headers, said),
    )


def another_one(error: SourceError) -> bool:
    """Whether a deletion met an object of the same name that is not the one that was meant: that one is gone.

    Any other conflict says nothing of the kind: the object is there, and its fault may act.
    """
    return error.status == HTTPStatus.CONFLICT and ANOTHER_ONE in error.message


def read_status(body: bytes) -> Status | None:
    """The Status in an answer's body; None: there is none."""
    try:
        status = _STATUS.decode(body)
    except msgspec.MsgspecError:
        return None
    return status if status.kind == "Status" else None


def decoded(decoder: msgspec.json.Decoder[T], raw: bytes, doing: Doing) -> T:
    """What was read; raises SourceError for what is no answer of a Kubernetes API."""
    try:
        return decoder.decode(raw)
    except msgspec.MsgspecError as error:
        what = "a web page answered" if _is_page(raw) else f"the answer cannot be read: {error}"
        raise SourceError(
            SOURCE,
            clean(f"could not {doing.what}: {what}"),
            hint="is the server's address in the kubeconfig that of a Kubernetes API?",
            unsure=doing.changes,
        ) from error


def lost(error: BaseException, doing: Doing) -> SourceError:
    """The error that a broken or missing connection stands for."""
    import aiohttp

    unsure = doing.changes
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            message, hint = _not_trusted(error)
            unsure = False
        case aiohttp.ClientConnectorDNSError():
            message, unsure = f"its name cannot be resolved: {error.host}", False
            hint = "check the server's address in the kubeconfig, and this machine's network"
        case aiohttp.ConnectionTimeoutError():
            message, unsure = "the API server cannot be reached: connecting took too long", False
            hint = "check the network, a VPN or a tunnel to the cluster"
        case aiohttp.ClientProxyConnectionError():
            message, unsure = f"the proxy cannot be reached: {_reason(error)}", False
            hint = "check HTTPS_PROXY and proxy-url in the kubeconfig"
        case aiohttp.ClientHttpProxyError():
            message, unsure = f"the proxy refused the connection: HTTP {error.status}", False
            hint = "check HTTPS_PROXY and proxy-url in the kubeconfig, and the credential that it wants"
        case aiohttp.ClientConnectorError() if not getattr(error.os_error, "strerror", None):
            message, unsure = "the API server closed the connection while it was made", False
            hint = (
                "a server that wants a client certificate does so: check client-certificate in the kubeconfig"
            )
        case aiohttp.ClientConnectorError():
            message, unsure = f"the API server cannot be reached: {_reason(error)}", False
            hint = f"check that it runs at {error.host}:{error.port}"
        case TimeoutError():
            message, hint = "the API server does not answer", "it is tried again"
        case aiohttp.InvalidURL():
            message, unsure = "the server's address is not a URL", False
            hint = "check `server` in the kubeconfig"
        case _:
            message, hint = f"the connection broke: {_reason(error)}", "it is tried again"
    if unsure:
        hint = "it may have been done: the object is asked for by its own name"
    return SourceError(SOURCE, clean(f"could not {doing.what}: {message}"), hint=clean(hint), unsure=unsure)


def _not_trusted(error: BaseException) -> tuple[str, str]:
    """A certificate of the server that is not accepted, by the reason that TLS itself gives."""
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    why = getattr(inner, "verify_message", "") or getattr(inner, "reason", "") or _reason(error)
    hint = "compare certificate-authority-data in the kubeconfig with the cluster's"
    if "expired" in why:
        hint = "the API server's certificate must be renewed, or this machine's clock is wrong"
    elif "ostname mismatch" in why or "IP address mismatch" in why:
        hint = "check the server's address, or name the certificate's own host as tls-server-name in the kubeconfig"
    return f"its certificate is not trusted: {why}", hint


def _reason(error: BaseException) -> str:
    inner = getattr(error, "os_error", None) or error
    return getattr(inner, "strerror", None) or str(inner) or type(error).__name__


def _unauthorized(doing: Doing) -> tuple[str, str]:
    renew = "renew it, for example by any kubectl command in another terminal; it is read again"
    if doing.expired:
        return f"the credential expired at {doing.expired}", renew
    return "the cluster does not accept the credential: it is unknown or has expired", renew


def _forbidden(said: Status | None, doing: Doing) -> tuple[str, str]:
    text = said.message if said else ""
    if (denied := _DENIED.search(text)) is not None:
        user, verb, resource, namespace = denied.groups()
        where = f"in namespace {namespace}" if namespace else "in the whole cluster"
        if user == "system:anonymous":
            return "no credential was sent", "the kubeconfig's user has none that works here"
        return (
            f"{user} may not {verb} {resource} {where}",
            f"ask for a Role with {verb} on {resource} {where}",
        )
    if (refused := _WEBHOOK_SAID_NO.search(text)) is not None:
        webhook, why = refused.groups()
        return f"{why} (said by {webhook})", "correct the manifest, or the rights that Chaos Mesh asks for"
    if said and any(cause.reason == "NamespaceTerminating" for cause in _causes(said)):
        return "the namespace is being deleted", "wait until it is gone, then create it again"
    return text or "forbidden", f"ask who grants rights in this cluster for: {doing.what}"


def _not_found(said: Status | None, body: bytes, doing: Doing) -> tuple[str, str]:
    if said is not None and said.details is not None and said.details.name:
        kind = said.details.kind or "object"
        if kind == "namespaces":
            return f"there is no namespace {said.details.name}", "check the plan's namespaces and the context"
        return f"{kind} {said.details.name} is not there", "it was deleted, or never made"
    if said is None and "/chaos-mesh.org/" in doing.path:
        return (
            "the cluster does not know this kind of Chaos Mesh",
            "install Chaos Mesh there, or its newer custom resources; `kubectl api-resources | grep chaos` lists them",
        )
    if said is None and _is_page(body):
        return "a web page answered, not a Kubernetes API", "check the server's address in the kubeconfig"
    return "the cluster does not know this kind of object", "check apiVersion and kind"


def _conflict(said: Status | None) -> tuple[str, str]:
    text = said.message if said else ""
    name = (said.details.name if said and said.details else "") or "it"
    if text.startswith("object is being deleted"):
        return f"{name} is still being deleted", "wait until it is gone; a finalizer may hold it"
    if said and said.reason == "AlreadyExists":
        return f"{name} exists already", "each run has a name of its own: somebody else made this one"
    fields = [cause.field for cause in _causes(said) if cause.reason == "FieldManagerConflict"]
    if fields:
        return f"others own {', '.join(sorted(fields))}", "they must give the fields up, or change them there"
    if _OTHER_UID.search(text):
        return f"{name} {ANOTHER_ONE}", "it was deleted and made again"
    return f"{name} was changed by somebody else meanwhile", "look at it as it is now, then try again"


def _invalid(said: Status | None) -> tuple[str, str]:
    causes = sorted(
        {f"{cause.field}: {cause.message}" if cause.field else cause.message for cause in _causes(said)}
    )
    text = "; ".join(causes) or (said.message if said else "the object is not valid")
    return text, "correct the manifest: trying again as it is does not help"


def _too_many(said: Status | None, after: float | None, doing: Doing) -> tuple[str, str]:
    """Nobody starts a fault again for a person; what only asks is asked again."""
    wait = f"in {after:g} s" if after else "in a moment"
    hint = (
        f"nothing was done; the server asks to come again {wait}"
        if doing.changes
        else f"it is asked again {wait}"
    )
    if said is not None:
        reasons = "; ".join(cause.message for cause in _causes(said))
        return f"{said.message} {reasons}".strip(), hint
    return "the API server has too much to do", hint


def _server_error(status: int, said: Status | None, body: bytes) -> tuple[str, str]:
    text = said.message if said else ""
    if (away := _WEBHOOK_AWAY.search(text)) is not None:
        why = _LAST_REASON.sub("", text)
        return (
            f"the webhook {away[1]} could not be asked: {why}",
            "nothing was done; check that chaos-controller-manager runs (kubectl -n chaos-mesh get pods)",
        )
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        return "the API server ran out of time", "it is tried again"
    if said is None and _is_page(body):
        return (
            f"a web page answered ({status}), not a Kubernetes API",
            "check the proxy before the API server",
        )
    return text or f"the API server failed ({status})", "it is tried again"


def _refused(status: int, said: Status | None, body: bytes) -> tuple[str, str]:
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "the object is too large for the API server", "make the manifest smaller"
    if said is None and (_is_page(body) or 300 <= status < 400):
        return f"something else answered ({status}), not a Kubernetes API", "check the server's address"
    text = said.message if said else body.decode("utf-8", "replace").strip()
    return text or f"refused ({status})", _AS_IT_IS


def _may_be_done(status: int, said: Status | None) -> bool:
    """Whether a change may have happened although this was the answer."""
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    return not (said is not None and _WEBHOOK_AWAY.search(said.message))


def _retry_after(headers: Mapping[str, str], said: Status | None) -> float | None:
    text = headers.get("Retry-After", headers.get("retry-after", ""))
    if text.isdigit():
        return float(text)
    seconds = said.details.retry_after_seconds if said and said.details else None
    return float(seconds) if seconds else None


def _causes(said: Status | None) -> tuple[Cause, ...]:
    return (said.details.causes or ()) if said and said.details else ()


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"
