"""The plan file's JSON Schema, for editors: `experiments/schema/plan.schema.json` is its printed form."""

from __future__ import annotations

import json

from controlroom.plan import repair

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """The schema as JSON text with a line feed at its end."""
    document = {"$schema": DIALECT, **repair.schema()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
