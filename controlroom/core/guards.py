"""What must hold before a fault is injected: one gate, each guard a pure function of known facts.

A guard that refuses can name the word that overrides it, typed at the start; one without a word cannot be
overridden. The plan may approve an override beforehand, with its reason; both go on record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from controlroom.core.events import GuardResult
from controlroom.core.plan import Approval
from controlroom.core.values import Value, changed

#: Names that look like production. `preproduction`, `non-prod` and `reproduce` do not.
_PRODUCTION = re.compile(
    r"(?<![a-z0-9])(?<!non-)(?<!non_)(?<!not-)(?<!pre-)(?:prod|prd|production|live)(?![a-z])", re.I
)


class Blast(Value):
    """How far a fault reaches."""

    everything: bool = False
    """Mode `all` (or 100 %): every pod that the selector matches."""
    untargeted_network: bool = False
    """A network fault without a target: everything that the pod sends, scrapes and probes included."""
    unbounded: bool = False
    """It does not end by itself."""
    selects: bool = True
    """It picks pods by a selector; other kinds act on what they name."""


class Right(Value):
    """What the cluster says that we may do. `allowed` None: it did not say."""

    verb: str
    resource: str
    namespace: str
    allowed: bool | None
    reason: str = ""


class GuardFacts(Value):
    """Everything the guards are asked about. A fact that could not be learnt is None, never assumed."""

    experiment: str
    planned_context: str
    context: str | None
    """Of the kubeconfig in use."""
    planned_namespaces: tuple[str, ...]
    namespace: str
    server: str = ""
    """Name or address of the API server."""
    rehearsal: bool = False
    locked: bool = False
    phase_open: bool = True
    running: bool = False
    """A run of this experiment is running."""
    duration: float | None = None
    """Seconds after which it ends by itself; None: it does not, or is over at once."""
    needed: float | None = None
    """Seconds to the moment to which it should last; None: no such moment."""
    day_left: float | None = None
    """Seconds to the end of the day."""
    targets: tuple[str, ...] | None = None
    """`namespace/pod` of each candidate; None: not known."""
    number: int | None = None
    """How many of them would be hit; None: drawn at random."""
    blast: Blast = Blast()
    one_shot: bool = False
    rights: tuple[Right, ...] | None = None
    dry_run: str | None = None
    """Why the server would refuse it; empty: it would not; None: it was not asked."""
    foreign_chaos: tuple[str, ...] | None = None
    alerts: tuple[str, ...] | None = None
    """Alerts that fire now and are no experiment's."""
    failed_checks: tuple[str, ...] | None = None
    """What failed when the plan was checked, as far as no guard asks it anew; None: it was not checked."""
    own_alert: str = ""
    """The alert that should detect this experiment, where it fires already."""


def check(facts: GuardFacts, approvals: Iterable[Approval] = ()) -> tuple[GuardResult, ...]:
    """What each guard says, in the order in which a person should read it."""
    found = (
        _locked(facts),
        _context(facts),
        _production(facts),
        _namespace(facts),
        _phase(facts),
        _already_running(facts),
        _targets(facts),
        _blast_radius(facts),
        _bounded(facts),
        _reach(facts),
        _rights(facts),
        _dry_run(facts),
        _foreign(facts),
        _alerts(facts),
        _masked(facts),
        _checked(facts),
    )
    reasons = {one.guard: one.reason for one in approvals if one.experiment == facts.experiment}
    return tuple(_approved(result, reasons) for result in found)


def may_start(results: Iterable[GuardResult], typed: Collection[str] = ()) -> tuple[str, ...]:
    """Why a start is refused: the guards that are neither overridden by a typed word nor approved by the plan.

    Empty: it may start. A warning and an unknown do not refuse by themselves; they are shown.
    """
    return tuple(
        f"{result.guard}: {result.message}"
        for result in results
        if result.outcome == "refused" and not overridden(result, typed)
    )


def overridden(result: GuardResult, typed: Collection[str] = ()) -> bool:
    """Whether a refusal is lifted: its word was typed, or the plan approved it. Without a word it never is."""
    return bool(result.typed) and (bool(result.approved) or result.typed in typed)


def overrides(
    results: Iterable[GuardResult], typed: Collection[str] = (), reason: str = ""
) -> tuple[GuardResult, ...]:
    """The refusals that were lifted, for the record; those by a typed word with the reason that was given."""
    return tuple(
        result if result.approved else changed(result, reason=reason)
        for result in results
        if result.outcome == "refused" and overridden(result, typed)
    )


def unreasoned(lifted: Iterable[GuardResult]) -> tuple[str, ...]:
    """The guards that were overridden without a word on why."""
    return tuple(result.guard for result in lifted if not (result.approved or result.reason))


def looks_like_production(name: str) -> bool:
    """Whether a name has `prod`, `prd`, `production` or `live` as a word of its own."""
    return _PRODUCTION.search(name) is not None


def _approved(result: GuardResult, reasons: dict[str, str]) -> GuardResult:
    reason = reasons.get(result.guard, "")
    lifts = result.outcome == "refused" and bool(result.typed) and bool(reason)
    return changed(result, approved=reason) if lifts else result


def _ok(guard: str, message: str) -> GuardResult:
    return GuardResult(guard=guard, outcome="ok", message=message)


def _warning(guard: str, message: str) -> GuardResult:
    return GuardResult(guard=guard, outcome="warning", message=message)


def _unknown(guard: str, message: str) -> GuardResult:
    return GuardResult(guard=guard, outcome="unknown", message=message)


def _refused(guard: str, message: str, typed: str = "") -> GuardResult:
    return GuardResult(guard=guard, outcome="refused", message=message, typed=typed)


def _locked(facts: GuardFacts) -> GuardResult:
    if facts.locked:
        return _refused("lock", "locked by a halt: unlock first")
    return _ok("lock", "not locked")


def _context(facts: GuardFacts) -> GuardResult:
    if facts.context is None:
        return _refused("context", "which cluster this is could not be read")
    if facts.context != facts.planned_context:
        return _refused(
            "context", f"the context is {facts.context}; the plan is made for {facts.planned_context}"
        )
    return _ok("context", f"context {facts.context}{' of the lab' if facts.rehearsal else ''}")


def _production(facts: GuardFacts) -> GuardResult:
    names = (facts.context or "", facts.namespace, *facts.planned_namespaces, facts.server)
    suspect = next((name for name in names if looks_like_production(name)), None)
    if suspect is not None:
        return _refused("production", f"{suspect} looks like production", typed=suspect)
    return _ok("production", "nothing is named like production")


def _namespace(facts: GuardFacts) -> GuardResult:
    if facts.namespace not in facts.planned_namespaces:
        planned = ", ".join(facts.planned_namespaces)
        return _refused("namespace", f"namespace {facts.namespace} is not one of the plan's: {planned}")
    return _ok("namespace", f"namespace {facts.namespace}")


def _phase(facts: GuardFacts) -> GuardResult:
    if not facts.phase_open:
        return _refused("phase", "its phase is not open: open it first", typed="out of phase")
    return _ok("phase", "its phase is open")


def _already_running(facts: GuardFacts) -> GuardResult:
    if facts.running:
        return _refused("running", "a run of it is still running: stop that first")
    return _ok("running", "no run of it is running")


def _targets(facts: GuardFacts) -> GuardResult:
    if not facts.blast.selects:
        return _ok("targets", "it selects no pods: it acts on what it names")
    if facts.targets is None:
        return _unknown("targets", "who would be hit could not be read")
    if not facts.targets:
        return _refused(
            "targets", "the selector matches no pod: nothing would be injected", typed="no target"
        )
    count = "at random" if facts.number is None else str(facts.number)
    return _ok("targets", f"{count} of {len(facts.targets)}: {', '.join(facts.targets)}")


def _blast_radius(facts: GuardFacts) -> GuardResult:
    found = []
    if facts.blast.everything:
        found.append("mode all: every matching pod at once")
    elif facts.number is not None and facts.targets and facts.number >= len(facts.targets) > 1:
        found.append(f"all {len(facts.targets)} matching pods at once")
    if facts.blast.untargeted_network:
        found.append("a network fault without a target meets everything the pod sends, probes included")
    if found:
        return _refused("blast-radius", "; ".join(found), typed="everything")
    return _ok("blast-radius", "part of the pods, and only what is named")


def _bounded(facts: GuardFacts) -> GuardResult:
    if facts.blast.unbounded:
        return _refused("unbounded", "it does not end by itself", typed="unbounded")
    return _ok("unbounded", "over at once" if facts.one_shot else "ends by itself")


def _reach(facts: GuardFacts) -> GuardResult:
    """Whether the duration reaches the moment to which the experiment should last, and not past the day."""
    if facts.one_shot or facts.duration is None:
        return _ok("duration", "no duration")
    if facts.day_left is not None and facts.duration > facts.day_left:
        return _warning("duration", f"ends {facts.duration - facts.day_left:.0f} s after the end of the day")
    if facts.needed is not None and facts.duration < facts.needed:
        return _warning("duration", f"ends {facts.needed - facts.duration:.0f} s too early")
    return _ok("duration", f"lasts {facts.duration:.0f} s")


def _rights(facts: GuardFacts) -> GuardResult:
    """To be able to start is not enough: what cannot be deleted must not be created."""
    if facts.rights is None:
        return _unknown("rights", "what we may do could not be asked")
    denied = [right for right in facts.rights if right.allowed is False]
    if denied:
        said = ", ".join(f"{right.verb} {right.resource} in {right.namespace}" for right in denied)
        return _refused("rights", f"the credential may not {said}")
    if not {"create", "delete"} <= {right.verb for right in facts.rights if right.allowed}:
        return _unknown("rights", "the cluster did not say whether create and delete are allowed")
    return _ok("rights", "create and delete are allowed")


def _dry_run(facts: GuardFacts) -> GuardResult:
    if facts.dry_run is None:
        return _unknown("dry-run", "the server was not asked")
    if facts.dry_run:
        return _refused("dry-run", facts.dry_run)
    return _ok("dry-run", "the server would accept it")


def _foreign(facts: GuardFacts) -> GuardResult:
    if facts.foreign_chaos is None:
        return _unknown("foreign-chaos", "other chaos objects could not be listed")
    if facts.foreign_chaos:
        listed = ", ".join(facts.foreign_chaos)
        return _refused("foreign-chaos", f"somebody else's chaos is there: {listed}", typed="foreign chaos")
    return _ok("foreign-chaos", "no chaos of others")


def _alerts(facts: GuardFacts) -> GuardResult:
    if facts.alerts is None:
        return _unknown("alerts", "firing alerts could not be read")
    if facts.alerts:
        return _refused("alerts", f"firing already: {', '.join(facts.alerts)}", typed="alerts firing")
    return _ok("alerts", "no unrelated alert fires")


def _masked(facts: GuardFacts) -> GuardResult:
    if facts.own_alert:
        return _warning(
            "detection", f"{facts.own_alert} fires already: its detection will be masked, unknown"
        )
    return _ok("detection", "its alert is quiet")


def _checked(facts: GuardFacts) -> GuardResult:
    if facts.failed_checks is None:
        return _unknown("checks", "the plan was not checked yet")
    if facts.failed_checks:
        listed = ", ".join(facts.failed_checks)
        return _refused("checks", f"failed when the plan was checked: {listed}", typed="failed checks")
    return _ok("checks", "nothing failed when the plan was checked")
