"""Halts, with what proves that each target was left in peace, and after how long."""

from __future__ import annotations

from controlroom.core.state import Halt
from controlroom.journal.report.escaping import escaped, table
from controlroom.journal.report.page import Page
from controlroom.journal.report.words import span

_WORDS = {"recovered": "recovered", "gone": "gone", "stuck": "STUCK: not proven"}


def halts(page: Page) -> list[str]:
    """Nothing where nobody halted."""
    if not page.state.halts:
        return []
    lines = ["## Halts", ""]
    for own in page.state.halts:
        lines += _halt(page, own)
    return lines


def _halt(page: Page, own: Halt) -> list[str]:
    by = escaped(f"{own.by}, {own.reason}" if own.reason else own.by)
    at = page.times.session(page.times.at(own.t))
    if own.seconds is None:
        return [f"At {at}, by {by}. Not proven: the record ends before it was.", ""]
    proven = sum(1 for proof in own.proofs if proof.outcome != "stuck")
    lines = [f"At {at}, by {by}. {proven} of {len(own.proofs)} proven after {span(own.seconds)}.", ""]
    runs = page.state.runs
    rows = [
        (
            page.run_title(runs[proof.run]) if proof.run in runs else escaped(proof.run),
            escaped(proof.target),
            _WORDS[proof.outcome],
            f"{proof.seconds:.1f} s",
        )
        for proof in sorted(own.proofs, key=lambda proof: (proof.seconds, proof.run, proof.target))
    ]
    return [*lines, *(table(("Experiment", "Target", "Proof", "After the key"), rows) if rows else [])]
