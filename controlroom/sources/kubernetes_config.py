"""What a kubeconfig says of one context, read as kubectl reads it; or what a pod's service account says.

`kubernetes.aio` merges the files and finds the cluster's address and certificates. What it makes of a user is left
aside: it runs a plug-in once and waits without end, refreshes OIDC tokens without verifying the provider's
certificate, keeps the line feed of a token file, and knows no impersonation.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from controlroom.sources.http import is_loopback
from controlroom.sources.kubernetes_oidc import Oidc
from controlroom.sources.kubernetes_plugin import PlugIn
from controlroom.sources.kubernetes_token import Provider, TokenFile

IN_CLUSTER = "in-cluster"
"""The context that stands for a pod's own service account, where no kubeconfig has one of that name."""
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
EXTENSION = "client.authentication.k8s.io/exec"
_CLUSTER_INFO = (
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
)


class Unusable(Exception):
    """The kubeconfig does not say what is needed; the message says why, `hint` what to do where that is special."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.hint = hint


def kubeconfig_path(path: Path | None) -> str:
    """The kubeconfig to read: the given one, else `KUBECONFIG` (a list of files), else the account's own."""
    if path is not None:
        return str(path)
    return os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")


class Found:
    """One context: its name, its provider of credentials (None: what there is was set at once), more headers."""

    def __init__(
        self, context: str, provider: Provider | None = None, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        self.context = context
        self.provider = provider
        self.headers = tuple(headers)


def unverified(path: Path | None, context: str) -> bool:
    """Whether the kubeconfig itself switches the verification of the server off. What cannot be read does not."""
    try:
        merged = _merged(kubeconfig_path(path))
        cluster = _loader(merged, context)._cluster.value if merged is not None else {}
    except Exception:  # whatever is wrong with it is said when the cluster is first asked
        return False
    server = str(cluster.get("server", ""))
    return server.startswith("https") and bool(cluster.get("insecure-skip-tls-verify"))


def _merged(path: str) -> Any:
    """All files of the list as one; the first that has a name wins. None: there is none."""
    from kubernetes.aio.config import kube_config

    library: Any = kube_config
    there = [own for own in path.split(os.pathsep) if own and Path(own).expanduser().exists()]
    filled = [own for own in there if Path(own).expanduser().read_bytes().strip()]
    if there and not filled:
        raise Unusable("it is empty")
    return library.KubeConfigMerger(os.pathsep.join(filled)).config if filled else None


def _loader(merged: Any, context: str) -> Any:
    from kubernetes.aio.config import kube_config

    library: Any = kube_config
    # Without a base path, relative names count from the folder of the file that has them.
    loader = library.KubeConfigLoader(
        config_dict=merged, active_context=context or None, config_base_path=None
    )
    if loader._user is None:
        loader._user = library.ConfigNode("user", {}, merged.path)
    return loader


def read(path: str, context: str, configuration: Any, limit: float) -> Found:
    """Sets address, certificates and what is known of the credential in the library's Configuration.

    `limit`: real seconds for one run of a plug-in or one refresh. Raises Unusable, and what the library and YAML
    raise. Reads files: to be called in a thread.
    """
    merged = _merged(path)
    if context == IN_CLUSTER and (merged is None or not _has(merged, context)):
        return _in_cluster(configuration)
    if merged is None:
        hint = ""
        if "KUBERNETES_SERVICE_HOST" in os.environ:
            hint = f"to use this pod's service account, write `context: {IN_CLUSTER}` in the plan"
        raise Unusable("there is no such file", hint)
    loader = _loader(merged, context)
    loader._load_cluster_info()
    if not getattr(loader, "host", ""):
        raise Unusable("its cluster has no `server`")
    loader._set_config(configuration)
    _through(configuration, getattr(loader, "proxy", ""))
    user = loader._user.value or {}
    base = str(Path(loader._user.path or ".").absolute().parent)
    provider = _provider(user, base, loader, limit, lambda: _loader(_merged(path), context)._user)
    if provider is None:
        configuration.api_key.pop("BearerToken", None)
        loader._load_user_token()
        if not getattr(loader, "token", ""):
            loader._load_user_pass_token()
        if token := getattr(loader, "token", ""):
            configuration.api_key["BearerToken"] = token.strip()
    return Found(loader.current_context["name"], provider, _impersonation(user))


def _has(merged: Any, context: str) -> bool:
    return any(own["name"] == context for own in merged.value.get("contexts") or ())


def _through(configuration: Any, proxy: str) -> None:
    """The proxy of the kubeconfig, else the environment's: never before an address of this machine.

    Looked up here, once: the library would ask the environment, and the account's `.netrc`, in a thread before each
    request, and a halt would wait for that. What `.netrc` holds is for other programs; kubectl does not read it.
    """
    if proxy and urlsplit(proxy).scheme not in ("http", "https"):
        raise Unusable(
            f"proxy-url is of kind {urlsplit(proxy).scheme or 'unknown'}",
            "only http and https proxies can be used: open a tunnel of that kind outside, and name its http end",
        )
    configuration.client_session_kwargs = {"trust_env": False}
    if not proxy and not is_loopback(configuration.host):
        configuration.proxy = _of_environment(configuration.host)


def _of_environment(server: str) -> str | None:
    """What `HTTPS_PROXY` and `NO_PROXY` say of that address."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(server)
    if parts.hostname is None or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return getproxies().get(parts.scheme)


def _provider(user: Mapping[str, Any], base: str, loader: Any, limit: float, again: Any) -> Provider | None:
    if "exec" in user:
        return PlugIn(user["exec"], base, limit=limit, cluster=_cluster_info(user["exec"], loader))
    if (given := user.get("auth-provider")) is not None:
        if given.get("name") != "oidc":
            raise Unusable(
                f"the auth-provider {given.get('name')} is of the past",
                "kubectl has dropped it, too: use the credential plug-in (`exec`) that took its place",
            )
        return Oidc(again, limit=limit)
    if user.get("tokenFile"):
        return TokenFile(Path(base) / str(user["tokenFile"]))
    return None


def _cluster_info(entry: Mapping[str, Any], loader: Any) -> Mapping[str, Any] | None:
    """What a plug-in is told of the cluster where its entry asks for it."""
    if not entry.get("provideClusterInfo"):
        return None
    cluster = dict(loader._cluster.value)
    told = {name: cluster[name] for name in _CLUSTER_INFO if name in cluster}
    ca = cluster.get("certificate-authority")
    if ca and "certificate-authority-data" not in told:
        import base64

        folder = Path(loader._cluster.path or ".").absolute().parent
        told["certificate-authority-data"] = base64.b64encode((folder / str(ca)).read_bytes()).decode()
    for own in cluster.get("extensions") or ():
        if own.get("name") == EXTENSION:
            told["config"] = own.get("extension")
    return told


def _impersonation(user: Mapping[str, Any]) -> list[tuple[str, str]]:
    """`as` of a user, in every request: nobody is to act with more rights than the kubeconfig means to give."""
    wanted = [("Impersonate-User", user.get("as")), ("Impersonate-Uid", user.get("as-uid"))]
    wanted += [("Impersonate-Group", group) for group in user.get("as-groups") or ()]
    for key, values in (user.get("as-user-extra") or {}).items():
        name = f"Impersonate-Extra-{quote(str(key).lower(), safe='')}"
        wanted += [(name, value) for value in values or ()]
    return [(name, str(value)) for name, value in wanted if value]


def _in_cluster(configuration: Any) -> Found:
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{name}", "") for name in ("HOST", "PORT"))
    if not host or not port:
        raise Unusable(
            "this host does not run in a pod", f"`context: {IN_CLUSTER}` is for a pod's own service account"
        )
    token, ca = SERVICE_ACCOUNT / "token", SERVICE_ACCOUNT / "ca.crt"
    for needed in (token, ca):
        if not needed.is_file():
            raise Unusable(
                f"this pod has no {needed}", "give it a service account (automountServiceAccountToken)"
            )
    configuration.host = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    configuration.ssl_ca_cert = str(ca)
    _through(configuration, "")
    return Found(IN_CLUSTER, TokenFile(token))
