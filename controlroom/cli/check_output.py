"""How a check is printed: lines for a person, JSON for a program."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import msgspec

from controlroom.core.checks import counted, of_group, overall
from controlroom.core.findings import Finding, Inspected, Standing

LEAST, MOST = 60, 110
"""Characters of a line, between which the terminal's own width counts."""
MARGIN = 18
"""Characters before the text of a finding."""
SLOW = 1.0
"""Real seconds from which a finding tells how long it took."""
COLOURS: dict[Standing, str] = {"ok": "32", "warning": "33", "failed": "1;31", "could not tell": "35"}
WORDS: dict[Standing, str] = {
    "ok": "ok",
    "warning": "warning",
    "failed": "FAILED",
    "could not tell": "could not tell",
}
"""Meaning is in the word; colour only repeats it."""


def lines(inspected: Inspected, title: str, *, width: int, colour: bool) -> list[str]:
    """Everything that was found, in groups, and the sum at the end."""
    width = max(LEAST, min(MOST, width))
    found = [title]
    for group, findings in of_group(inspected.findings).items():
        found += ["", group]
        found += [line for finding in findings for line in _finding(finding, width, colour)]
    if inspected.by_hand:
        found += ["", "By hand"]
        found += [line for text in inspected.by_hand for line in _wrapped("", text, width)]
    found.append("")
    if inspected.unbound:
        found.append(f"Not checked, as the plan names none: {', '.join(inspected.unbound)}.")
    found.append(_sum(inspected))
    return found


def _finding(finding: Finding, width: int, colour: bool) -> list[str]:
    took = f" ({finding.seconds:.1f} s)" if finding.seconds >= SLOW else ""
    found = _wrapped(WORDS[finding.state], f"{finding.what}: {finding.reason}{took}", width)
    if colour:
        word = WORDS[finding.state]
        found[0] = found[0].replace(word, f"\x1b[{COLOURS[finding.state]}m{word}\x1b[0m", 1)
    if finding.next:
        found += _wrapped("", f"next: {finding.next}", width)
    return found


def _wrapped(word: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=f"  {word}".ljust(MARGIN),
        subsequent_indent=" " * MARGIN,
        break_on_hyphens=False,
    )


def _sum(inspected: Inspected) -> str:
    counts = counted(inspected.findings)
    order: Sequence[Standing] = ("failed", "could not tell", "warning", "ok")
    told = ", ".join(f"{counts[state]} {state}" for state in order if counts[state])
    return f"{told}, in {inspected.seconds:.1f} s"


def as_json(inspected: Inspected, plan: str) -> str:
    """One object; its keys are told in docs/commands.md."""
    shape = {
        "plan": plan,
        "state": overall(inspected.findings),
        "counts": counted(inspected.findings),
        "seconds": inspected.seconds,
        "findings": [msgspec.structs.asdict(finding) for finding in inspected.findings],
        "by_hand": inspected.by_hand,
        "unbound": inspected.unbound,
    }
    return msgspec.json.format(msgspec.json.encode(shape), indent=2).decode()
