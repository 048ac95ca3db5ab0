"""The JSON Schema of `session.json`, made from the values themselves."""

from __future__ import annotations

from typing import Any

import msgspec

from controlroom.core.events import FORMAT as EVENT_FORMAT
from controlroom.core.events import Actor
from controlroom.core.events.envelope import kinds
from controlroom.journal.report.counted import KIND, SamplesCounted
from controlroom.journal.report.record import FORMAT, SessionRecord

TITLE = "A session of Control Room"


def record_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12: the record, and a definition for every kind of event."""
    (reference,), definitions = msgspec.json.schema_components([SessionRecord], ref_template="#/$defs/{name}")
    bodies, more = msgspec.json.schema_components(
        [Actor, SamplesCounted, *kinds()], ref_template="#/$defs/{name}"
    )
    definitions = {**more, **definitions}
    definitions["Event"] = _event(bodies[0], list(bodies[1:]))
    definitions["SessionRecord"]["properties"]["events"]["items"] = {"$ref": "#/$defs/Event"}
    definitions["SessionRecord"]["properties"]["format"] = {"const": FORMAT}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:controlroom:session:{FORMAT}",
        "title": f"{TITLE}, format {FORMAT}",
        **reference,
        "$defs": dict(sorted(definitions.items())),
    }


def _event(actor: dict[str, Any], known: list[dict[str, Any]]) -> dict[str, Any]:
    """The envelope. Kinds that a later version adds are allowed, as readers keep them."""
    later = {
        "type": "object",
        "description": "A kind that this version does not know, kept as it came.",
        "properties": {
            "kind": {"type": "string", "not": {"enum": [KIND, *(kind.kind() for kind in kinds())]}}
        },
        "required": ["kind"],
    }
    return {
        "type": "object",
        "description": "One event as its line in the journal; of samples only how many.",
        "properties": {
            "v": {"type": "integer", "minimum": 1, "maximum": EVENT_FORMAT},
            "seq": {"type": "integer", "minimum": 1, "description": "Dense, from 1."},
            "t": {"type": "number", "description": "Session seconds when the room learnt it."},
            "at": {
                "type": "string",
                "format": "date-time",
                "description": "UTC when it happened, by `clock`.",
            },
            "clock": {"type": "string", "default": "host"},
            "actor": actor,
            "prev": {"type": "string", "default": "", "description": "Digest of the line before."},
            "body": {"anyOf": [*known, later]},
        },
        "required": ["v", "seq", "t", "at", "actor", "body"],
    }


def schema_text() -> str:
    """The file `docs/schema/session.schema.json`."""
    return msgspec.json.format(msgspec.json.encode(record_schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
