"""What a verb gives back, before it is put into a response."""

from __future__ import annotations

from dataclasses import dataclass

from controlroom.lab.kubernetes.documents import Document


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with its status; `warnings` become Warning headers."""

    status: int
    body: Document
    warnings: tuple[str, ...] = ()
