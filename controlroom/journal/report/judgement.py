"""The verdict, the criteria and the signs, each with what they rest on."""

from __future__ import annotations

from collections.abc import Sequence

from controlroom.core.assessment import CriterionResult, Evidence, SignResult
from controlroom.journal.report.escaping import escaped, table
from controlroom.journal.report.page import Page
from controlroom.journal.report.words import quantity, span

_MARKS = {
    "passed": "✅ passed",
    "needs improvement": "⚠️ needs improvement",
    "inconclusive": "❔ inconclusive",
    "pending": "⏳ pending",
    "pass": "✅ pass",
    "fail": "❌ fail",
    "unknown": "❔ unknown",
    "set": "⚠️ set",
    "clear": "✅ clear",
}


def verdict(page: Page) -> list[str]:
    """Title, verdict and the facts of the day."""
    state, plan, opened = page.state, page.plan, page.state.opened
    assert opened is not None and state.opened_at is not None, "a page is of an opened session"
    cluster = plan.bindings.cluster.context
    where = (
        "rehearsal in the embedded lab" if opened.lab else f"cluster {escaped(cluster)}" if cluster else ""
    )
    ended = state.closed_reason if state.status == "closed" else "not closed yet"
    times = page.times
    facts = [
        ("Date", f"{times.day(state.opened_at)}, {times.wall(state.opened_at)} ({escaped(times.zone)})"),
        ("Duration", f"{span(state.t)} of {span(plan.duration)} planned"),
        ("Environment", "; ".join(part for part in (escaped(plan.environment), where) if part)),
        ("Ended", escaped(ended)),
        ("Session", escaped(opened.session)),
        ("Plan", escaped(plan.id) + (f", `{opened.plan_hash[:16]}`" if opened.plan_hash else "")),
        ("Written by", f"controlroom {escaped(opened.program)}" if opened.program else ""),
    ]
    if page.audience:
        facts.append(("For an audience", "without private notes, and without what was not revealed"))
    facts = [(name, text) for name, text in facts if text]
    lines = [f"# {escaped(plan.title)}", "", f"**Verdict: {_MARKS[page.assessment.verdict]}**", ""]
    lines += [f"- {escaped(reason)}" for reason in page.assessment.reasons]
    return [*lines, *([""] if page.assessment.reasons else []), *table(("", ""), facts)]


def criteria(page: Page) -> list[str]:
    """Success criteria and signs as tables, and their evidence folded away."""
    found = page.assessment
    lines = ["## Success criteria", ""]
    if found.criteria:
        rows = [
            (escaped(own.text), _MARKS[own.status], _measured(own), escaped(own.reason))
            for own in found.criteria
        ]
        lines += table(("Passed if", "Result", "Measured / limit", "Because"), rows)
    elif page.audience:
        return [*lines, "They are told once every experiment has been revealed.", ""]
    else:
        lines += ["The plan has no success criterion.", ""]
    if found.signs:
        signs = [(escaped(own.text), _MARKS[own.status], escaped(own.reason)) for own in found.signs]
        lines += table(("Needs improvement if", "Result", "Because"), signs)
    return lines + _evidence(page, (*found.criteria, *found.signs))


def _measured(own: CriterionResult) -> str:
    value = "unknown" if own.value is None else quantity(own.value, own.unit)
    return escaped(value if own.limit is None else f"{value} / {quantity(own.limit, own.unit)}")


def _evidence(page: Page, judged: Sequence[CriterionResult | SignResult]) -> list[str]:
    proven = [own for own in judged if own.evidence]
    if not proven:
        return []
    lines = ["<details><summary>Evidence</summary>", ""]
    for own in proven:
        lines += [f"- {escaped(own.text)}", *(f"  - {line}" for line in _proofs(page, own.evidence))]
    return [*lines, "", "</details>", ""]


def _proofs(page: Page, evidence: Sequence[Evidence]) -> list[str]:
    return list(dict.fromkeys(page.proof(own) for own in evidence))
