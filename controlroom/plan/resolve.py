"""Names of the environment in a plan: `${NAME}` and `${NAME:-value}`.

They are looked up when a day starts and the result stays in memory: the plan and the record keep the name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from controlroom.core.plan import Bindings, Cluster, Login
from controlroom.core.values import changed

_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class MissingNames(Exception):
    """Names that the environment does not have, each with the place in the plan that wants it."""

    def __init__(self, missing: Mapping[str, str]) -> None:
        """`missing`: place in the plan to name."""
        self.missing = dict(missing)
        wanted = ", ".join(f"{name} (for {place})" for place, name in self.missing.items())
        super().__init__(f"not set in the environment: {wanted}")


def defaults_of(text: str) -> tuple[str, ...]:
    """The values that stand behind `:-` in a text."""
    return tuple(found[2] for found in _NAME.finditer(text) if found[2])


def names_of(text: str) -> tuple[str, ...]:
    """The names of the environment in a text."""
    return tuple(found[1] for found in _NAME.finditer(text))


def expand(text: str, environ: Mapping[str, str]) -> str:
    """The text with its names replaced. Raises KeyError with a name that has neither value nor default.

    As in a shell, `:-` also stands in for a name that is set to nothing.
    """

    def value(found: re.Match[str]) -> str:
        default: str | None = found[2]
        return environ[found[1]] if default is None else environ.get(found[1]) or default

    return _NAME.sub(value, text)


def resolve(bindings: Bindings, environ: Mapping[str, str]) -> Bindings:
    """The bindings with every name replaced; Grafana and chat are None where nothing is left of them.

    Raises MissingNames with all names that are missing.
    """
    logins = {
        "prometheus-login": bindings.prometheus_login,
        "alertmanager-login": bindings.alertmanager_login,
    }
    written: dict[str, str | None] = {
        "prometheus": bindings.prometheus,
        "alertmanager": bindings.alertmanager,
        "grafana": bindings.grafana,
        "chat": bindings.chat,
        "kubeconfig": bindings.kubeconfig,
    }
    clusters = {"cluster": bindings.cluster} | {
        f"clusters.{name}": own for name, own in bindings.clusters.items()
    }
    for place, cluster in clusters.items():
        written |= _written_cluster(place, cluster)
    for place, login in logins.items():
        written |= _written_login(place, login)
    found = _expand_all({f"bindings.{key}": text for key, text in written.items() if text}, environ)
    found = {key.removeprefix("bindings."): text for key, text in found.items()}
    return changed(
        bindings,
        cluster=_found_cluster("cluster", bindings.cluster, found),
        prometheus=found["prometheus"],
        alertmanager=found["alertmanager"],
        grafana=found.get("grafana") or None,
        chat=found.get("chat") or None,
        kubeconfig=found.get("kubeconfig") or None,
        clusters={
            name: _found_cluster(f"clusters.{name}", own, found) for name, own in bindings.clusters.items()
        },
        prometheus_login=_found_login("prometheus-login", bindings.prometheus_login, found),
        alertmanager_login=_found_login("alertmanager-login", bindings.alertmanager_login, found),
    )


def _written_cluster(place: str, cluster: Cluster) -> dict[str, str | None]:
    found: dict[str, str | None] = {
        f"{place}.context": cluster.context,
        f"{place}.kubeconfig": cluster.kubeconfig,
    }
    return found | {f"{place}.namespaces[{i}]": name for i, name in enumerate(cluster.namespaces)}


def _found_cluster(place: str, cluster: Cluster, found: Mapping[str, str]) -> Cluster:
    return Cluster(
        context=found[f"{place}.context"],
        namespaces=tuple(found[f"{place}.namespaces[{i}]"] for i, _ in enumerate(cluster.namespaces)),
        kubeconfig=found.get(f"{place}.kubeconfig") or None,
    )


_LOGIN = ("username", "password", "token", "token_file", "ca", "certificate", "key")


def _written_login(place: str, login: Login) -> dict[str, str | None]:
    found: dict[str, str | None] = {f"{place}.{name}": getattr(login, name) for name in _LOGIN}
    return found | {f"{place}.headers.{name}": text for name, text in login.headers.items()}


def _found_login(place: str, login: Login, found: Mapping[str, str]) -> Login:
    """A header that is empty is not sent."""
    headers = {name: found.get(f"{place}.headers.{name}", "") for name in login.headers}
    texts = {name: found.get(f"{place}.{name}", "") for name in _LOGIN}
    return Login(headers={name: text for name, text in headers.items() if text}, **texts)


def resolve_environment(environment: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Variables for the load command with their names replaced. Raises MissingNames."""
    found = _expand_all({f"load.environment.{key}": text for key, text in environment.items()}, environ)
    return {key: found[f"load.environment.{key}"] for key in environment}


def resolve_token(written: str, environ: Mapping[str, str]) -> str:
    """Grafana's token; empty: there is none. Raises MissingNames."""
    return _expand_all({"grafana.token": written}, environ)["grafana.token"]


def _expand_all(written: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    missing: dict[str, str] = {}
    for place, text in written.items():
        try:
            found[place] = expand(text, environ)
        except KeyError as error:
            missing[place] = str(error.args[0])
    if missing:
        raise MissingNames(missing)
    return found
