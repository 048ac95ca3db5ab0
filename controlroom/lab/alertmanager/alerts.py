"""Alerts as Alertmanager keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_FNV_OFFSET = 14695981039346656037
_FNV_PRIME = 1099511628211
_SEPARATOR = b"\xff"


def fingerprint(labels: Mapping[str, str]) -> str:
    """The label set's FNV-1a hash as Prometheus' model package computes it, 16 hexadecimal digits."""
    value = _FNV_OFFSET
    for name, text in sorted(labels.items()):
        for byte in name.encode() + _SEPARATOR + text.encode() + _SEPARATOR:
            value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


@dataclass(frozen=True, slots=True)
class PostedAlert:
    """An alert as a client sends it; times are Unix seconds, None where it leaves them out."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float | None = None
    ends_at: float | None = None
    generator_url: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert in the store; times are Unix seconds."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float
    ends_at: float
    updated_at: float
    generator_url: str
    fingerprint: str

    def resolved(self, now: float) -> bool:
        """Whether it has ended by `now`."""
        return self.ends_at <= now


def accept(posted: PostedAlert, now: float, resolve_timeout: float, known: Alert | None) -> Alert:
    """Completes a posted alert, and merges it with the one that is stored while that still fires."""
    starts_at = posted.starts_at
    if starts_at is None:
        starts_at = now if posted.ends_at is None else min(now, posted.ends_at)
    ends_at = posted.ends_at if posted.ends_at is not None else now + resolve_timeout
    if known is not None and starts_at <= known.ends_at and ends_at >= known.starts_at:
        starts_at = min(starts_at, known.starts_at)
    return Alert(
        labels=dict(sorted(posted.labels.items())),
        annotations=dict(sorted(posted.annotations.items())),
        starts_at=starts_at,
        ends_at=ends_at,
        updated_at=now,
        generator_url=posted.generator_url,
        fingerprint=fingerprint(posted.labels),
    )
