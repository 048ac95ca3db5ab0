"""From a kubeconfig to a client of the API server: address, certificates, credential, and its renewal.

`kubernetes.aio` sends the requests; it is imported when a connection is made. What changes while a session lasts is
followed: a credential that ends, a token file and certificates that are written anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

from controlroom.core.clean import clean
from controlroom.sources.errors import SOURCE
from controlroom.sources.kubernetes_config import Found, Unusable, kubeconfig_path, read
from controlroom.sources.kubernetes_plugin import LIMIT
from controlroom.sources.kubernetes_token import LOOK_EVERY, Credential, Provider, seconds_left
from controlroom.sources.ports import SourceError
from controlroom.sources.shared_work import SharedWork

#: A credential that ends within this many real seconds is renewed before the request.
RENEW_BEFORE = 60.0
#: Real seconds that a request waits for a credential before it says so.
PATIENCE = 5.0
#: Real seconds after which what still waits for a credential asks again: at once, it must go out.
AT_ONCE, LATER = 0.05, 1.0
#: Seconds that a wait is said to have lasted: few words for a long wait, as each goes into the record once.
SAID = (60, 30, 10)

Stamps = tuple[tuple[str, int, int, int], ...]


class Login:
    """The client for one context of a kubeconfig."""

    def __init__(
        self,
        path: Path | None,
        context: str,
        *,
        patience: float = PATIENCE,
        limit: float = LIMIT,
        insecure: bool = False,
    ) -> None:
        self._path = kubeconfig_path(path)
        self._context = context
        self._patience = patience
        self._limit = limit
        self._insecure = insecure
        self._verified: bool | None = None
        """Whether the server's certificate is verified; decided once, so that no edit of a file weakens it later."""
        self._found: Found | None = None
        self._configuration: Any = None
        self._provider: Provider | None = None
        self._credential: Credential | None = None
        """What the provider gave last."""
        self._stamps: Stamps = ()
        self._looked = time.monotonic()
        self._left: list[Any] = []
        """Clients with certificates that have been replaced: what is under way with them may end."""
        self._opening = SharedWork(self._open)
        self._asking = SharedWork(self._ask)
        self._reading = SharedWork(self._read)
        self._looking = SharedWork(self._look)
        self.client: Any = None
        """`kubernetes.aio.client.ApiClient`, once :meth:`open` has returned."""

    async def open(self) -> None:
        """Reads the kubeconfig and makes the client. Raises SourceError; sends nothing to the cluster."""
        if self.client is None and not await self._opening.wait(self._patience):
            raise self._waiting(self._opening, "the kubeconfig", LATER)

    async def _open(self) -> None:
        from kubernetes.aio.client import Configuration

        configuration: Any = Configuration()
        configuration.retries = None  # a mutation sent twice is not for a library to decide
        configuration.connection_pool_maxsize = 0  # no limit: a deletion waits for nobody's connection
        self._configuration = configuration
        await self._read()
        await self._connect()

    async def _read(self) -> None:
        """The kubeconfig, as it is now."""
        import yaml
        from kubernetes.aio import config

        configuration = self._configuration
        try:
            async with asyncio.timeout(self._limit):
                found = await asyncio.to_thread(read, self._path, self._context, configuration, self._limit)
        except TimeoutError as error:
            raise self._unusable(TimeoutError(f"it could not be read within {self._limit:g} s")) from error
        except Unusable as error:
            raise self._unusable(error, error.hint) from error
        except (config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError) as error:
            raise self._unusable(error) from error
        except (AttributeError, KeyError) as error:  # the library's, where the file holds something else
            raise self._unusable(error) from error
        if self._verified is None:
            self._verified = bool(configuration.verify_ssl) and not self._insecure
        configuration.verify_ssl = self._verified
        if self._provider is None or found.provider is None:
            self._provider = found.provider
        self._found = found
        if self.client is not None:
            await self._look()

    async def _connect(self) -> None:
        """A client with the certificates as they are now; the one before goes on with what it has begun."""
        from kubernetes.aio.client import ApiClient

        configuration = self._configuration
        try:
            stamps = await asyncio.to_thread(_stamped, configuration)
            client: Any = await asyncio.to_thread(ApiClient, configuration)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise self._unusable(error, "its certificates or their key cannot be loaded") from error
        client.user_agent = "controlroom"
        if self.client is not None:
            self._left.append(self.client)
        self.client, self._stamps = client, stamps
        while len(self._left) > 2:
            await self._left.pop(0).close()

    async def _look(self) -> None:
        """Certificates that were replaced in their files are taken; half of a new pair is tried again."""
        self._looked = time.monotonic()
        if await asyncio.to_thread(_stamped, self._configuration) != self._stamps:
            await self._connect()

    def _unusable(self, error: Exception, hint: str = "") -> SourceError:
        reason = clean(str(error), 200) or type(error).__name__
        return SourceError(
            SOURCE,
            f"the kubeconfig cannot be used for context {clean(self._context, 80)}: {reason}",
            hint=f"read from {clean(self._path, 200)}; "
            + (hint or "`kubectl config get-contexts` lists what it has"),
        )

    @property
    def context(self) -> str:
        """The context in use, by the kubeconfig."""
        assert self._found is not None
        return clean(self._found.context, 200)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What goes with every request: whom the kubeconfig's user acts as."""
        return self._found.headers if self._found is not None else ()

    @property
    def server(self) -> str:
        """Address of the API server."""
        return str(self._configuration.host)

    @property
    def expired(self) -> str:
        """Since when the credential has expired, ISO 8601; empty: it has not, as far as is known."""
        known = self._credential
        if known is None or known.expiry is None or seconds_left(known) > 0:
            return ""
        return known.expiry.isoformat(timespec="seconds")

    async def ready(self, *, urgent: bool = False) -> None:
        """Before a request: there is a credential. Raises SourceError while it is waited for.

        What is urgent goes out at once with the credential that there is, even one whose time is over: that is
        for the server to say. Anything else waits a while for one that ends soon to be renewed.
        """
        await self.open()
        if time.monotonic() - self._looked > LOOK_EVERY:
            await self._look_in_time(urgent)
        known = self._credential
        if self._provider is None or (known is not None and _is_fresh(known)):
            return
        if known is None or (seconds_left(known) <= 0 and not urgent):
            await self._ask_and_wait(urgent)
        elif urgent:
            self._asking.begin()
        else:
            await self._renew_in_time()

    async def _look_in_time(self, urgent: bool) -> None:
        """The certificates in use are good still, as far as is known."""
        if urgent:
            self._looking.begin()
            return
        with contextlib.suppress(SourceError):
            await self._looking.wait(self._patience)

    async def _renew_in_time(self) -> None:
        """The old credential is good still: it is used where a new one does not come."""
        try:
            await self._asking.wait(max(0.0, self._patience - self._asking.lasting))
        except SourceError:
            return  # said when the old one has ended, too

    async def _ask_and_wait(self, urgent: bool) -> None:
        """Those that come while the plug-in hangs already are told so at once; what is urgent waits."""
        left = self._patience if urgent else max(0.0, self._patience - self._asking.lasting)
        if not await self._asking.wait(left, again=urgent):
            assert self._provider is not None
            raise self._waiting(self._asking, self._provider.name, AT_ONCE if urgent else LATER)

    def _waiting(self, work: SharedWork, what: str, again: float) -> SourceError:
        seconds = next((known for known in SAID if work.lasting >= known), self._patience)
        return SourceError(
            SOURCE,
            f"waiting for {what} for more than {seconds:g} s",
            hint=f"run it by hand: it may wait for an answer or a network; it is ended after {self._limit:g} s",
            retry_after=again,
        )

    async def renew(self, *, urgent: bool = False) -> bool:
        """After a refusal: asks the provider, or reads the kubeconfig, again. True: there is a new credential."""
        before = self._in_use()
        if self._provider is not None:
            await self._ask_and_wait(urgent)
        elif not await self._reading.wait(self._patience):
            raise self._waiting(self._reading, "the kubeconfig", AT_ONCE if urgent else LATER)
        return self._in_use() != before

    def _in_use(self) -> tuple[object, ...]:
        return dict(self._configuration.api_key), self._stamps

    async def _ask(self) -> None:
        """Asks the provider and takes its credential."""
        assert self._provider is not None
        found = await self._provider.run()
        configuration = self._configuration
        if found.token:
            configuration.api_key["BearerToken"] = f"Bearer {found.token}"
        if found.certificate and found.key:
            certificate, key = _as_file(found.certificate), _as_file(found.key)
            if (certificate, key) != (configuration.cert_file, configuration.key_file):
                configuration.cert_file, configuration.key_file = certificate, key
                await self._connect()
        self._credential = found

    async def close(self) -> None:
        for work in (self._opening, self._asking, self._reading, self._looking):
            await work.close()
        for client in (*self._left, self.client):
            if client is not None:
                await client.close()


def _is_fresh(credential: Credential) -> bool:
    """Nobody need ask for another."""
    if credential.fresh is not None:
        return time.monotonic() < credential.fresh
    return seconds_left(credential) > RENEW_BEFORE


def _stamped(configuration: Any) -> Stamps:
    """What tells that a certificate's file was replaced: the state of the file itself, not of a link to it."""
    found = []
    for name in filter(None, (configuration.ssl_ca_cert, configuration.cert_file, configuration.key_file)):
        try:
            state = Path(name).stat()
            found.append((name, state.st_ino, state.st_mtime_ns, state.st_size))
        except OSError:
            found.append((name, 0, 0, 0))
    return tuple(found)


def _as_file(text: str) -> str:
    """A private file with it, gone when the process ends: TLS reads certificates from files alone."""
    from kubernetes.aio.config.kube_config import FileOrData

    made: Any = FileOrData
    return str(made({"pem": text}, None, data_key_name="pem", base64_file_content=False).as_file())
