"""Values of the environment that are secrets by the place where a plan names them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

from controlroom.core.hiding import secret_values
from controlroom.core.plan import Bindings, Login, Plan
from controlroom.plan.resolve import expand


def known_secrets(plan: Plan, bindings: Bindings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """What must be in no record; what is not set is passed over, as it can be in none."""
    found = [*_login(bindings.prometheus_login, environ), *_login(bindings.alertmanager_login, environ)]
    found += [_value(text, environ) for text in (plan.grafana.token, bindings.chat or "")]
    if plan.load is not None:
        written = plan.load.environment
        by_name = {name: _value(text, environ) for name, text in written.items()}
        # Also where the plan's own name for it tells nothing, and that of the environment does.
        by_source = {text: _value(text, environ).strip() for text in written.values()}
        found += secret_values(by_name)
        found += secret_values({name.strip("${}:-"): value for name, value in by_source.items()})
    return tuple(value for value in found if value)


def _login(login: Login, environ: Mapping[str, str]) -> Iterator[str]:
    yield from (_value(text, environ) for text in (*login.headers.values(), login.password, login.token))
    if password := _value(login.password, environ):
        yield base64.b64encode(f"{_value(login.username, environ)}:{password}".encode()).decode()


def _value(text: str, environ: Mapping[str, str]) -> str:
    try:
        found = expand(text, environ)
    except KeyError:
        return ""
    return found if found != text else ""  # a text without a name of the environment is in the plan anyway
