"""What a failure on the wire is called, whichever client met it."""

from __future__ import annotations

import socket
import ssl

import pytest

from controlroom.sources.http import is_loopback, seconds_to_wait, shown, unreachable

URL = "https://user:secret@prometheus.example:9090/path?token=t"


def caused(outer: Exception, *causes: BaseException) -> Exception:
    """`outer`, from the first cause, from the second, …"""
    error: BaseException = outer
    for cause in causes:
        error.__cause__ = cause
        error = cause
    return outer


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (caused(OSError("x"), ConnectionRefusedError(111, "Connection refused")), "connection is refused"),
        (
            caused(
                OSError("all attempts failed"),
                ExceptionGroup("attempts", [ConnectionRefusedError(111, "Connection refused"), OSError()]),
            ),
            "connection is refused",
        ),
        (caused(OSError("x"), socket.gaierror(-2, "Name or service not known")), "name prometheus.example"),
        (caused(OSError("x"), ssl.SSLCertVerificationError("self-signed")), "certificate of https://prom"),
        (caused(OSError("x?timeout=5"), OSError(101, "Network is unreachable")), "there is no way to"),
        (caused(OSError("x?timeout=5"), ConnectionResetError(104, "reset")), "closed the connection"),
        (caused(OSError("x"), TimeoutError("timed out")), "no answer from .* within 3 s"),
    ],
)
def test_a_failed_connection_is_named_by_its_innermost_cause(error: Exception, message: str) -> None:
    with pytest.raises(Exception, match=message) as caught:
        raise unreachable("Prometheus", URL, error, 3.0)
    assert "secret" not in str(caught.value)
    assert "token" not in str(caught.value)


def test_only_a_request_that_changes_something_is_unsure() -> None:
    assert unreachable("lab", URL, ConnectionResetError(), 3.0, unsure=True).unsure
    assert not unreachable("lab", URL, ConnectionRefusedError("refused"), 3.0, unsure=True).unsure


def test_addresses_are_shown_without_what_is_private() -> None:
    assert shown(URL) == "https://prometheus.example:9090/path"
    assert shown("http://h/\x1b[31mx") == "http://h/x"


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:9090", True),
        ("http://[::1]:9090", True),
        ("http://localhost:9090", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example", False),
    ],
)
def test_loopback_needs_no_proxy(url: str, own: bool) -> None:
    assert is_loopback(url) is own


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), (None, None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-3", None)]
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header) == seconds
