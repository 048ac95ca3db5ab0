"""A comparison as JSON: docs/compare.md explains every field."""

from __future__ import annotations

import msgspec

from controlroom.core.comparing.values import Comparison


def as_json(found: Comparison) -> str:
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
