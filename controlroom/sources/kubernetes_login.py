"""From a kubeconfig to a client of the API server: address, certificates, credential, and its renewal.

`kubernetes.aio` reads the kubeconfig and sends requests; it is imported when a connection is made. Its own
loader runs a credential plug-in once, never again, and waits for it without end; so plug-ins are run here.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from controlroom.clock import WallClock
from controlroom.core.clean import clean
from controlroom.sources.errors import SOURCE
from controlroom.sources.kubernetes_plugin import LIMIT, Credential, PlugIn
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
#: Credentials live in real time, also in a rehearsal.
_REAL = WallClock()


def kubeconfig_path(path: Path | None) -> str:
    """The kubeconfig to read: the given one, else `KUBECONFIG` (a list of files), else the account's own."""
    if path is not None:
        return str(path)
    return os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")


class Login:
    """The client for one context of a kubeconfig."""

    def __init__(
        self, path: Path | None, context: str, *, patience: float = PATIENCE, limit: float = LIMIT
    ) -> None:
        self._path = kubeconfig_path(path)
        self._context = context
        self._patience = patience
        self._limit = limit
        self._loader: Any = None
        self._configuration: Any = None
        self._plug_in: PlugIn | None = None
        self._credential: Credential | None = None
        """What the plug-in gave last."""
        self._opening = SharedWork(self._open)
        self._asking = SharedWork(self._ask)
        self._reading = SharedWork(self._read)
        self.client: Any = None
        """`kubernetes.aio.client.ApiClient`, once :meth:`open` has returned."""

    async def open(self) -> None:
        """Reads the kubeconfig and makes the client. Raises SourceError; sends nothing to the cluster."""
        if self.client is None and not await self._opening.wait(self._patience):
            raise self._waiting(self._opening, "the kubeconfig and its login", LATER)

    async def _open(self) -> None:
        from kubernetes.aio.client import ApiClient, Configuration

        configuration: Any = Configuration()
        configuration.retries = None  # a mutation sent twice is not for a library to decide
        self._configuration = configuration
        await self._read()
        self.client = ApiClient(configuration)
        self.client.user_agent = "controlroom"

    async def _read(self) -> None:
        """The kubeconfig, as it is now. Its other ways to log in (OIDC) may ask a server, too."""
        import yaml
        from kubernetes.aio import config
        from kubernetes.aio.config import kube_config

        library: Any = kube_config
        try:
            async with asyncio.timeout(self._limit):
                merged = await asyncio.to_thread(library.KubeConfigMerger, self._path)
                loader = library.KubeConfigLoader(config_dict=merged.config, active_context=self._context)
                loader.load_from_exec_plugin = _left_to_us
                await loader.load_and_set(self._configuration)
                self._plug_in = self._plug_in_of(loader)
                self._loader = loader
        except TimeoutError as error:
            raise self._unusable(TimeoutError(f"no login within {self._limit:g} s")) from error
        except (config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError) as error:
            raise self._unusable(error) from error
        except (AttributeError, KeyError) as error:  # the library's, where the file holds something else
            raise self._unusable(error) from error

    def _plug_in_of(self, loader: Any) -> PlugIn | None:
        user = loader._user
        if user is None or "exec" not in user:
            return None
        entry = user["exec"]
        return PlugIn(entry.value, str(Path(entry.path or ".").absolute().parent), limit=self._limit)

    def _unusable(self, error: Exception) -> SourceError:
        reason = clean(str(error), 200) or type(error).__name__
        return SourceError(
            SOURCE,
            f"the kubeconfig cannot be used for context {clean(self._context, 80)}: {reason}",
            hint=f"read from {clean(self._path, 200)}; `kubectl config get-contexts` lists what it has",
        )

    @property
    def context(self) -> str:
        """The context in use, by the kubeconfig."""
        return clean(str(self._loader.current_context["name"]), 200)

    @property
    def server(self) -> str:
        """Address of the API server."""
        return str(self._configuration.host)

    @property
    def expired(self) -> str:
        """Since when the credential has expired, ISO 8601; empty: it has not, as far as is known."""
        expiry = self._credential.expiry if self._credential else None
        if expiry is None or expiry.timestamp() > _REAL.time():
            return ""
        return expiry.isoformat(timespec="seconds")

    async def ready(self, *, urgent: bool = False) -> None:
        """Before a request: there is a credential. Raises SourceError while it is waited for.

        What is urgent goes out at once with the credential that there is, even one whose time is over: that is
        for the server to say. Anything else waits a while for one that ends soon to be renewed.
        """
        await self.open()
        known = self._credential
        if self._plug_in is None or (known is not None and _lasting(known) > RENEW_BEFORE):
            return
        if known is None or (_lasting(known) <= 0 and not urgent):
            await self._ask_and_wait(urgent)
        elif urgent:
            self._asking.begin()
        else:
            await self._renew_in_time()

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
            assert self._plug_in is not None
            what = f"the credential plug-in {self._plug_in.name}"
            raise self._waiting(self._asking, what, AT_ONCE if urgent else LATER)

    def _waiting(self, work: SharedWork, what: str, again: float) -> SourceError:
        seconds = next((known for known in SAID if work.lasting >= known), self._patience)
        return SourceError(
            SOURCE,
            f"waiting for {what} for more than {seconds:g} s",
            hint=f"run it by hand: it may wait for an answer or a network; it is ended after {self._limit:g} s",
            retry_after=again,
        )

    async def renew(self, *, urgent: bool = False) -> bool:
        """After a refusal: runs the plug-in, or reads the kubeconfig, again. True: there is a new credential."""
        before = self._in_use()
        if self._plug_in is not None:
            await self._ask_and_wait(urgent)
        elif not await self._reading.wait(self._patience):
            raise self._waiting(self._reading, "the kubeconfig and its login", AT_ONCE if urgent else LATER)
        return self._in_use() != before

    def _in_use(self) -> tuple[object, ...]:
        configuration = self._configuration
        return dict(configuration.api_key), configuration.cert_file, configuration.key_file

    async def _ask(self) -> None:
        """Runs the plug-in and takes its credential."""
        assert self._plug_in is not None
        found = await self._plug_in.run()
        configuration = self._configuration
        if found.token:
            configuration.api_key["BearerToken"] = f"Bearer {found.token}"
        if found.certificate and found.key:
            configuration.cert_file, configuration.key_file = _as_file(found.certificate), _as_file(found.key)
            # The client has made its TLS context already; new connections show the new certificate.
            self.client.rest_client.ssl_context.load_cert_chain(
                configuration.cert_file, configuration.key_file
            )
        self._credential = found

    async def close(self) -> None:
        for work in (self._opening, self._asking, self._reading):
            await work.close()
        if self.client is not None:
            await self.client.close()


def _lasting(credential: Credential) -> float:
    """Real seconds that it is good for still."""
    return float("inf") if credential.expiry is None else credential.expiry.timestamp() - _REAL.time()


async def _left_to_us() -> bool:
    """In place of the library's way to run a plug-in: the kubeconfig is read without it."""
    return True


def _as_file(text: str) -> str:
    """A private file with it, gone when the process ends: TLS reads certificates from files alone."""
    from kubernetes.aio.config.kube_config import FileOrData

    made: Any = FileOrData
    return str(made({"pem": text}, None, data_key_name="pem", base64_file_content=False).as_file())
