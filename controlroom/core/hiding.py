"""Takes out of any text what would let somebody in: the last net before the record, whatever a text came from.

Sources keep their own secrets to themselves. But a server quotes a request in its error, a load prints its
environment, an alert's annotation holds a link with a password, somebody pastes a command into a note. What is
recognized: what stands where a secret stands (`Authorization: …`, `password=…`, `https://user:secret@host`), what
looks like one (a JSON Web Token, a private key, tokens with a known beginning), and values that are known to be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from controlroom.core.events import Event, Samples, decode_event, encode_event

INSTEAD = "***"
LEAST = 6
"""Characters below which a known value is a word like `guest`, and stands in too much else."""

_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secret(?:[-_]?key)?|(?:[a-z]{1,20}[-_]?)?token|api[-_]?key|access[-_]?key"
    r"|client[-_]?secret|credentials?"
)
_USER = r"[^/?#\s\"'<>@]*"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # A private key, whole; where its end was cut off, to the end.
    (
        re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?!\*\*\*).*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.S),
        rf"\1{INSTEAD}",
    ),
    # User and password in an address (RFC 3986 section 3.2.1).
    (re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{0,30}://)(?!git@|\*\*\*@)" + _USER + rf"(?:@{_USER})*@"), rf"\1{INSTEAD}@"),
    # Addresses that are a secret as a whole: incoming webhooks.
    (
        re.compile(
            r"\b(https?://(?:hooks\.slack\.com|(?:[a-z]+\.)?discord(?:app)?\.com/api/webhooks"
            r"|[\w.-]+\.webhook\.office\.com|[\w.-]+\.logic\.azure\.com)/)(?!\*)[^\s\"'<>]+",
            re.I,
        ),
        rf"\1{INSTEAD}",
    ),
    # Headers that carry a login.
    (
        re.compile(
            r"\b((?:proxy-)?authorization|(?:set-)?cookie|x-(?:api-key|auth-token|vault-token))(\\?[\"']?\s*[:=]\s*\\?[\"']?)"
            r"(?!\$\{|\*\*\*)(?:(basic|bearer|token|digest|negotiate|aws4-hmac-sha256)\s+)?(?!\*\*\*)[^\s\"',;\\]+",
            re.I,
        ),
        rf"\1\2{INSTEAD}",
    ),
    (re.compile(r"\b(bearer|basic)(\s+)(?=\S*[0-9=])[A-Za-z0-9._~+/=-]{10,}", re.I), rf"\1\2{INSTEAD}"),
    # In an address's query, and wherever else something is set: `TOKEN=…`, `"password": "…"`.
    (re.compile(rf"([?&;](?:{_NAMES}|key|sig|signature|auth|code)=)(?!\*\*\*)[^&;#\s\"'<>\\]+", re.I), rf"\1{INSTEAD}"),
    (
        re.compile(
            rf"(?<![A-Za-z0-9])((?:[A-Za-z0-9]{{1,40}}[-_]){{0,6}}(?:{_NAMES})\\?[\"']?\s*[:=]\s*)(\\?[\"'])?(?!\$|\*\*\*)"
            r"(?=[^\s\"',;\\]*[0-9!@#%^&*=+/])[^\s\"',;\\]{4,}",
            re.I,
        ),
        rf"\1\2{INSTEAD}",
    ),
    (
        re.compile(r"(--(?:password|token|api-key|secret)(?:\s+|=))(?!\$|\*\*\*)[^\s\"']+", re.I),
        rf"\1{INSTEAD}",
    ),
    # What is one by its looks: JSON Web Tokens; GitHub, GitLab, Slack, Grafana, AWS, OpenShift.
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?"), INSTEAD),
    (
        re.compile(
            r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|glsa_|sha256~)[A-Za-z0-9_~-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
        ),
        INSTEAD,
    ),
)  # fmt: skip

_HINT = re.compile(
    rb"://[^/?# ]*@|PRIVATE KEY|authori[sz]ation|cookie|bearer|basic|pass|pwd|secret|token|key|credential|sig"
    rb"|auth|code=|eyJ|gh[pousr]_|github_pat|glpat|xox|glsa_|sha256~|AKIA|ASIA|hooks\.slack|discord|office\.com"
    rb"|azure\.com",
    re.I,
)
"""A line without any of these holds nothing that the rules find: nearly all do not, and are passed over."""


class Net:
    """What keeps secrets out of a record. `known`: values that are one, such as those of the environment."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        whole = {value.strip() for value in known}
        self._known = sorted((own for own in whole if len(own) >= LEAST), key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without secrets. What has none, and what has been through it, stays as it is."""
        for value in self._known:
            text = text.replace(value, INSTEAD)
        for rule, instead in _RULES:
            text = rule.sub(instead, text)
        return text

    def event(self, event: Event) -> Event:
        """The event without secrets in any of its texts."""
        if isinstance(event.body, Samples):
            return event
        line = encode_event(event)
        if not _HINT.search(line) and not any(_escaped(value) in line for value in self._known):
            return event
        found = msgspec.json.decode(line)
        clean = self._value(found["body"])
        if clean == found["body"]:
            return event
        return decode_event(msgspec.json.encode({**found, "body": clean}))

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._value(own) for own in value]
        if isinstance(value, dict):
            return {self.text(key): self._value(own) for key, own in value.items()}
        return value


def _escaped(value: str) -> bytes:
    """As it stands within a string of JSON."""
    return msgspec.json.encode(value)[1:-1]


_SECRET_NAME = re.compile(rf"(?:^|[-_])(?:{_NAMES}|key|auth|pat)(?:$|[-_0-9])", re.I)


def secret_values(variables: Mapping[str, str]) -> tuple[str, ...]:
    """The values of those variables that by their names are secrets."""
    return tuple(value for name, value in variables.items() if _SECRET_NAME.search(name))
