"""What was found when everything that the plan counts on was looked at."""

from __future__ import annotations

from controlroom.core.events.body import Body, Show
from controlroom.core.findings import Finding

_NEVER = Show.NEVER


class PlanChecked(Body, tag="plan.checked"):
    """The whole outcome of one inspection; the next one takes its place."""

    findings: tuple[Finding, ...]
    seconds: float = 0.0
    """Real ones that it took."""
    audience = {"findings": _NEVER, "seconds": _NEVER}
