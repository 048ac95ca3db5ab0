"""What a check asks of Alertmanager beyond a day's readings: how it routes, and who is told by each receiver.

Its configuration comes with secrets masked; only routes, and the names and number of integrations are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from controlroom.clock import Clock
from controlroom.core.check_facts import MatcherFact, RouteFact, RoutingFact, SilenceFact
from controlroom.core.clean import clean
from controlroom.core.values import Value
from controlroom.sources.alertmanager import SOURCE, AlertmanagerSource
from controlroom.sources.http import JsonClient
from controlroom.sources.login import Login
from controlroom.sources.ports import ClockReading, SourceError

_MATCHER = re.compile(
    r"""\s* ( "(?:[^"\\]|\\.)*" | [^"\s=!~,{}]+ ) \s* (=~|!~|!=|=) \s* ( "(?:[^"\\]|\\.)*" | [^",]* ) \s* (?:,|$)""",
    re.VERBOSE,
)


class _Config(Value):
    original: str = ""


class _VersionInfo(Value):
    version: str = ""


class _Status(Value, rename="camel"):
    config: _Config = _Config()
    version_info: _VersionInfo = _VersionInfo()


class _Route(msgspec.Struct):
    receiver: str | None = None
    matchers: list[str] | None = None
    match: dict[str, str] | None = None
    match_re: dict[str, str] | None = None
    routes: list[_Route] | None = None
    # `continue` is a keyword here and a field there.
    go_on: bool = msgspec.field(default=False, name="continue")


class _Routing(msgspec.Struct):
    route: _Route
    receivers: list[dict[str, object]] | None = None


class AlertmanagerLooks:
    """One Alertmanager. `clock` is the session's; `timeout`: real seconds for a request."""

    def __init__(self, url: str, clock: Clock, *, login: Login | None = None, timeout: float = 5.0) -> None:
        self._http = JsonClient(SOURCE, url, login=login, timeout=timeout)
        self._source = AlertmanagerSource(url, clock, login=login, timeout=timeout)

    async def version(self) -> str:
        return clean((await self._status()).version_info.version, 40)

    async def clock(self) -> ClockReading:
        return await self._source.clock()

    async def routing(self) -> RoutingFact:
        """Raises SourceError, too, where the configuration is not told or not understood."""
        text = (await self._status()).config.original
        if not text:
            hint = "look into its configuration by hand; `amtool config routes test` follows a route"
            raise SourceError(SOURCE, "it does not tell its configuration", hint=hint)
        return routing_of(text)

    async def silences(self) -> Sequence[SilenceFact]:
        """Those in force."""
        return [
            SilenceFact(
                matchers=tuple(
                    MatcherFact(name=name, value=value, regex=regex, equal=equal)
                    for name, value, regex, equal in one.matchers
                ),
                by=one.by,
                until=f"{one.ends_at:%Y-%m-%d %H:%M} UTC",
            )
            for one in await self._source.silences()
            if one.state == "active"
        ]

    async def _status(self) -> _Status:
        return await self._http.get("/api/v2/status", _Status)

    async def close(self) -> None:
        await self._http.close()
        await self._source.close()


def routing_of(text: str) -> RoutingFact:
    """The routing of a configuration (Alertmanager's YAML). Raises SourceError."""
    import yaml

    try:
        read = msgspec.convert(yaml.safe_load(text), _Routing, strict=False)
        receivers = {
            clean(str(one.get("name", "")), 200): sum(
                len(value)
                for key, value in one.items()
                if key.endswith("_configs") and isinstance(value, list)
            )
            for one in read.receivers or ()
        }
        return RoutingFact(route=_route(read.route, ""), receivers=receivers)
    except (yaml.YAMLError, msgspec.ValidationError, ValueError, RecursionError) as error:
        raise SourceError(
            SOURCE,
            f"its configuration cannot be read: {clean(str(error), 160)}",
            hint="look into it by hand; `amtool config routes test` follows a route",
        ) from error


def _route(route: _Route, above: str) -> RouteFact:
    receiver = route.receiver or above
    found = [one for text in route.matchers or () for one in matchers_of(text)]
    found += [MatcherFact(name=name, value=value) for name, value in (route.match or {}).items()]
    found += [
        MatcherFact(name=name, value=value, regex=True) for name, value in (route.match_re or {}).items()
    ]
    return RouteFact(
        receiver=clean(receiver, 200),
        matchers=tuple(found),
        routes=tuple(_route(child, receiver) for child in route.routes or ()),
        go_on=route.go_on,
    )


def matchers_of(text: str) -> tuple[MatcherFact, ...]:
    """`severity="page"`, or several in braces. Raises ValueError where it is none."""
    rest = text.strip()
    if rest.startswith("{"):
        rest = rest[1:].removesuffix("}").strip()
    found: list[MatcherFact] = []
    at = 0
    while at < len(rest):
        one = _MATCHER.match(rest, at)
        if one is None:
            raise ValueError(f"{clean(text, 80)} is no matcher")
        name, sign, value = one.groups()
        found.append(
            MatcherFact(
                name=_bare(name),
                value=_bare(value.strip()),
                regex="~" in sign,
                equal=not sign.startswith("!"),
            )
        )
        at = one.end()
    return tuple(found)


def _bare(text: str) -> str:
    """Without quotes and their escapes."""
    if not text.startswith('"'):
        return text
    return re.sub(r'\\(["\\n])', lambda found: "\n" if found[1] == "n" else found[1], text[1:-1])
