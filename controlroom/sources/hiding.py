"""Keeps secrets of the environment out of what is shown, recorded and logged."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

INSTEAD = "***"
_LEAST = 6
"""Characters below which a part of an address is a word like `chat`, and no secret."""
_PARTS = re.compile(r"[/?#&=:@\s]+")


class Secrets:
    """Addresses and tokens that may appear nowhere, whole or in part."""

    def __init__(self, *secrets: str) -> None:
        found: set[str] = set()
        for secret in secrets:
            rest = secret.strip().partition("://")[2] or secret.strip()
            parts = {rest, *_PARTS.split(rest)}
            parts |= {unquote(part) for part in parts} | {quote(part, safe="") for part in parts}
            found |= {part for part in parts if len(part) >= _LEAST}
        self._texts = sorted(found, key=len, reverse=True)

    def hidden(self, text: str) -> str:
        """The text without any of them."""
        for secret in self._texts:
            text = text.replace(secret, INSTEAD)
        return text


class Hiding(logging.Filter):
    """Takes the secrets out of every line of a logger, and the traceback with what it quotes."""

    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._secrets.hidden(record.getMessage()), ()
        record.exc_info = record.exc_text = None
        return True


def guard(loggers: Iterable[str], secrets: Secrets) -> logging.Filter:
    """From now on these loggers tell none of the secrets; returns what takes that back."""
    hiding = Hiding(secrets)
    for name in loggers:
        logging.getLogger(name).addFilter(hiding)
    return hiding


def release(loggers: Iterable[str], hiding: logging.Filter) -> None:
    for name in loggers:
        logging.getLogger(name).removeFilter(hiding)
