"""What can keep a session from opening. Each says in one line what is wrong and what would help."""

from __future__ import annotations

from controlroom.host.beginning import NotResumable
from controlroom.host.lab_process import LabFailed
from controlroom.host.runtime import NoRuntimeFolder
from controlroom.journal.lock import SessionLocked
from controlroom.plan.errors import PlanErrors
from controlroom.plan.resolve import MissingNames
from controlroom.sources.ports import SourceError

START_FAILURES = (
    LabFailed,
    NoRuntimeFolder,
    NotResumable,
    PlanErrors,
    MissingNames,
    SessionLocked,
    SourceError,
    OSError,
)
