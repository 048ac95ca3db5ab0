"""How Prometheus-shaped servers and Alertmanagers let one in: headers, a user, a bearer token, certificates.

One value for both clients (`httpx`, and `requests` below prometheus-api-client). What is renewed in a file while a
session lasts is read again. No secret leaves here but in a request: see :attr:`Login.secrets`.
"""

from __future__ import annotations

import base64
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.core.clean import clean
from controlroom.core.plan import Login as Written
from controlroom.sources.hiding import Secrets
from controlroom.sources.ports import SourceError

if TYPE_CHECKING:
    import requests

LOOK_EVERY = 10.0
"""Real seconds between two looks at files that may have been written anew."""


class Login:
    """`written`: names of the environment looked up already; paths count from `base`. `insecure`: the server's
    certificate is not verified. To be asked for by a person, and shown."""

    def __init__(
        self, written: Written | None = None, *, base: Path = Path(), insecure: bool = False
    ) -> None:
        self._written = written or Written()
        self._base = base
        self.insecure = insecure
        self._token = ""
        self._read_at = float("-inf")

    def _path(self, name: str) -> str:
        return str(self._base / Path(name).expanduser()) if name else ""

    @property
    def ca(self) -> str:
        return self._path(self._written.ca)

    @property
    def certificate(self) -> tuple[str, str] | None:
        """A client certificate and its key; both may stand in one file."""
        own, key = self._written.certificate, self._written.key
        return (self._path(own), self._path(key or own)) if own else None

    @property
    def secrets(self) -> Secrets:
        """What must not be told, should a server quote it."""
        own = self._written
        basic = self._basic() if own.password else ""
        secret = (*own.headers.values(), own.password, own.token, self._token, basic)
        return Secrets(*(text for text in secret if text))

    def _basic(self) -> str:
        return base64.b64encode(f"{self._written.username}:{self._written.password}".encode()).decode()

    def headers(self, source: str) -> dict[str, str]:
        """What goes with a request now. Raises SourceError. May read a small file: not for the event loop."""
        own = self._written
        found = dict(own.headers)
        if own.username:
            found["Authorization"] = f"Basic {self._basic()}"
        elif own.token:
            found["Authorization"] = f"Bearer {own.token}"
        elif own.token_file:
            found["Authorization"] = f"Bearer {self._from_file(source)}"
        return found

    @property
    def reads(self) -> bool:
        """Whether :meth:`headers` may read a file."""
        return bool(self._written.token_file)

    def _from_file(self, source: str) -> str:
        if time.monotonic() - self._read_at < LOOK_EVERY:
            return self._token
        path = self._path(self._written.token_file)
        try:
            read, why = Path(path).read_text("utf-8").strip(), "it is empty"
        except (OSError, UnicodeDecodeError) as error:
            read, why = "", getattr(error, "strerror", None) or "it is no text"
        if read or self._token:
            self._token, self._read_at = read or self._token, time.monotonic()
            return self._token
        raise SourceError(
            source,
            f"the token for {source} cannot be read from {clean(path, 120)}: {why}",
            hint="check `token-file` in the plan's bindings",
        )

    def forget(self) -> None:
        """After a refusal: the token is read again with the next request."""
        self._read_at = float("-inf")

    def stamps(self) -> tuple[tuple[int, int], ...]:
        """What tells that a certificate's file was replaced."""
        found = []
        for path in filter(None, (self.ca, *(self.certificate or ()))):
            try:
                state = Path(path).stat()
                found.append((state.st_ino, state.st_mtime_ns))
            except OSError:
                found.append((0, 0))
        return tuple(found)

    def tls(self, source: str) -> ssl.SSLContext:
        """TLS of a client. Raises SourceError where a file is no certificate."""
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
            if self.certificate is not None:
                context.load_cert_chain(*self.certificate)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise self.unloadable(source, error) from error
        if self.insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def unloadable(self, source: str, error: BaseException) -> SourceError:
        why = getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
        return SourceError(
            source,
            f"the certificates for {source} cannot be loaded: {clean(str(why), 120)}",
            hint="check `ca`, `certificate` and `key` in the plan's bindings",
        )


def session_of(login: Login, source: str) -> requests.Session:
    """A session of `requests` that lets itself in; what opens one server is not taken to another."""
    import requests

    class Session(requests.Session):
        def rebuild_auth(self, prepared: requests.PreparedRequest, response: requests.Response) -> None:
            super().rebuild_auth(prepared, response)
            if self.should_strip_auth(str(response.request.url), str(prepared.url)):
                for name in login.headers(source):
                    prepared.headers.pop(name, None)

    def let_in(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers.update(login.headers(source))
        return prepared

    session = Session()
    session.auth = let_in
    session.verify = False if login.insecure else login.ca or True
    session.cert = login.certificate
    if login.insecure:
        import urllib3

        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the screen says so all the time
    login.tls(source)  # files that cannot be loaded are said in our words
    return session
