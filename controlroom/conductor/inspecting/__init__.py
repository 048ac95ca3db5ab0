"""The look at everything a plan counts on, before the day.

All systems are asked at once. One that does not answer is one failed check; what was to be asked of it could not be
told, and nothing else waits for it.
"""

from controlroom.conductor.inspecting.asking import Eyes, Site
from controlroom.conductor.inspecting.inspector import Inspector

__all__ = ["Eyes", "Inspector", "Site"]
