"""What a check says of a fact, in four words: ok, warning, failed, could not tell.

`failed`: the day, or a measurement that the plan counts on, would not work as things are. `warning`: it works,
with something that a facilitator should know. `could not tell`: there was no answer, which is never an ok.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from controlroom.core.check_facts import (
    AnswerFact,
    ChaosMeshFact,
    CommandFact,
    Component,
    KindFact,
    Known,
    Lost,
    MetricFact,
    NamespaceFact,
    ProgramFact,
    TargetFact,
)
from controlroom.core.findings import STANDINGS, Finding, Standing
from controlroom.core.guards import Right
from controlroom.core.values import Value

STALE = 60.0
"""Seconds after which the newest sample of a metric is no longer fresh."""
CLOCK_OK, CLOCK_BAD = 2.0, 60.0
"""Seconds: up to the first a clock is right; beyond the second no time of it can be trusted."""
LISTED = 4
"""Names told in one sentence."""


class Judgement(Value):
    """What a check says. `next`: what to do; empty where there is nothing to be done."""

    state: Standing
    reason: str
    next: str = ""


def ok(reason: str) -> Judgement:
    return Judgement(state="ok", reason=reason)


def warning(reason: str, then: str = "") -> Judgement:
    return Judgement(state="warning", reason=reason, next=then)


def failed(reason: str, then: str) -> Judgement:
    return Judgement(state="failed", reason=reason, next=then)


def unknown(lost: Lost) -> Judgement:
    return Judgement(state="could not tell", reason=lost.why, next=lost.hint or "check again")


def overall(findings: Iterable[Finding]) -> Standing:
    """The worst that is known: a failure before what could not be told, that before a warning."""
    states = {finding.state for finding in findings}
    for state in ("failed", "could not tell", "warning"):
        if state in states:
            return state
    return "ok"


def counted(findings: Sequence[Finding]) -> dict[Standing, int]:
    """How many findings there are of each state, also of those that have none."""
    return {state: sum(finding.state == state for finding in findings) for state in STANDINGS}


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:LISTED])
    return shown if len(names) <= LISTED else f"{shown} and {len(names) - LISTED} more"


# The cluster


def context(planned: str, found: Known[str]) -> Judgement:
    """The kubeconfig's context is the plan's."""
    if isinstance(found, Lost):
        return unknown(found)
    if found != planned:
        return failed(f"the kubeconfig is for {found}, the plan for {planned}", "correct `bindings.cluster`")
    return ok(f"context {found}")


def clock(offset: float, uncertainty: float) -> Judgement:
    """A source's clock against ours. Small offsets are measured and taken off; a big one is a broken clock."""
    told = f"{abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'} ours (± {uncertainty:.1f} s)"
    beyond = abs(offset) - uncertainty
    if beyond > CLOCK_BAD:
        return failed(told, "set the clocks right (NTP): no moment of this source can be trusted")
    if beyond > CLOCK_OK:
        return warning(told, "set the clocks right (NTP); the room takes the offset off its figures")
    return ok(f"within {abs(offset) + uncertainty:.1f} s of ours")


def kind(found: Known[KindFact]) -> Judgement:
    """The cluster has the kind of a manifest, in that API version."""
    if isinstance(found, Lost):
        return unknown(found)
    if found.served:
        return ok(f"{found.api_version} is served")
    if found.preferred:
        return failed(
            f"the cluster has {found.kind} in {found.preferred}, not in {found.api_version}",
            f"write `apiVersion: {found.preferred}` in the manifest",
        )
    if found.versions:
        where = listed(found.versions)
        return failed(
            f"{where} is served, without {found.kind}", "install its CRD; `kubectl api-resources` lists all"
        )
    group = found.api_version.rpartition("/")[0] or "the core API"
    install = "install Chaos Mesh" if group == "chaos-mesh.org" else f"install what brings {group}"
    return failed(f"nothing of {group} is installed", f"{install}; `kubectl api-resources` lists all")


def namespace(found: Known[NamespaceFact], mesh: Known[ChaosMeshFact]) -> Judgement:
    """The namespace is there, and Chaos Mesh may act in it."""
    if isinstance(found, Lost):
        return unknown(found)
    name = found.name
    if not found.there:
        return failed(f"there is no namespace {name}", "correct `bindings.cluster.namespaces`")
    enabled = found.inject == "enabled"
    if isinstance(mesh, Lost):
        if enabled:
            return ok("there, and open to chaos by annotation")
        return Judgement(
            state="could not tell",
            reason="there; whether Chaos Mesh acts on annotated namespaces only is not known",
            next=f"{mesh.hint}; or, to be sure: {_annotate(name)}",
        )
    if mesh.only_namespace and mesh.only_namespace != name:
        return failed(
            f"Chaos Mesh looks after {mesh.only_namespace} only", "install it for this namespace too"
        )
    if mesh.opt_in and not enabled:
        return failed("Chaos Mesh acts on annotated namespaces only, and this is not one", _annotate(name))
    if mesh.opt_in is None and not enabled:
        return Judgement(
            state="could not tell",
            reason="there; whether Chaos Mesh acts on annotated namespaces only is not known",
            next=f"to be sure: {_annotate(name)}",
        )
    return ok("there, and open to chaos")


def _annotate(name: str) -> str:
    return f"kubectl annotate namespace {name} chaos-mesh.org/inject=enabled"


def controller(found: Known[ChaosMeshFact]) -> Judgement:
    """Somebody reconciles chaos objects."""
    if isinstance(found, Lost):
        return unknown(found)
    if not found.controllers:
        return failed("no pod of Chaos Mesh's controller was found", "install Chaos Mesh, or start it again")
    ready = [one for one in found.controllers if one.ready]
    if not ready:
        return failed(f"none of {len(found.controllers)} is Ready", _look_at(found.controllers[0]))
    if len(ready) < len(found.controllers):
        away = next(one for one in found.controllers if not one.ready)
        return warning(f"{len(ready)} of {len(found.controllers)} are Ready", _look_at(away))
    return ok(f"{len(ready)} Ready in {ready[0].namespace}")


def _look_at(pod: Component) -> str:
    return f"kubectl -n {pod.namespace} describe pod {pod.name}"


def rights(found: Known[Sequence[Right]]) -> Judgement:
    """Everything that the room must be allowed to do. To be able to start is not enough."""
    if isinstance(found, Lost):
        return unknown(found)
    denied = [one for one in found if one.allowed is False]
    if denied:
        ask = denied[0]
        places = dict.fromkeys(f"{one.verb} {one.resource} in {one.namespace}" for one in denied)
        return failed(
            f"the credential may not {listed(list(places))}",
            f"grant it; `kubectl auth can-i {ask.verb} {ask.resource} -n {ask.namespace}` tells",
        )
    if silent := [one for one in found if one.allowed is None]:
        return unknown(Lost(why=f"the cluster did not say whether {silent[0].verb} is allowed"))
    verbs = dict.fromkeys(one.verb for one in found)
    places = dict.fromkeys(one.namespace for one in found)
    return ok(f"{', '.join(verbs)} in {listed(list(places))}")


# An experiment


def dry_run(refused: Known[str]) -> Judgement:
    """The server would take the manifest as it will be sent. `refused` empty: it would."""
    if isinstance(refused, Lost):
        return unknown(refused)
    if refused:
        return failed(refused, "mend the manifest or the cluster, then check again")
    return ok("the server would take it as it will be sent, field by field")


def targets(found: Known[TargetFact]) -> Judgement:
    """Somebody would be hit, and can be."""
    if isinstance(found, Lost):
        return unknown(found)
    if not found.selects:
        return ok("acts on what it names, not by a selector")
    if not found.candidates:
        return failed("its selector matches no pod", "correct the selector, or start what it should hit")
    if found.beyond == 0:
        return failed(
            "its `target` selector matches no pod: nothing at all would be injected",
            "correct `spec.target.selector`",
        )
    told = f"{found.mode}: {listed(found.candidates)}"
    if found.beyond is not None:
        told += f", towards {found.beyond}"
    if found.network and found.host_network:
        return warning(
            f"{told}; on its node's own network: {listed(found.host_network)}",
            "leave it out: Chaos Mesh refuses network faults there, unless ALLOW_HOST_NETWORK_TESTING is set",
        )
    if found.not_running:
        return warning(
            f"{told}; not running: {listed(found.not_running)}", "wait until they run, or look why"
        )
    return ok(told)


def daemon(hit: Known[TargetFact], mesh: Known[ChaosMeshFact]) -> Judgement:
    """The chaos daemon is Ready on every node that holds a target: without it nothing is injected, or undone."""
    if isinstance(hit, Lost):
        return unknown(hit)
    if not hit.daemon:
        return ok("needs none: this fault goes through the API server alone")
    if isinstance(mesh, Lost):
        return unknown(mesh)
    nodes = sorted({node for node in hit.nodes.values() if node})
    if not nodes:
        return unknown(Lost(why="no target, so no node to look at", hint="see its targets"))
    ready = {one.node for one in mesh.daemons if one.ready}
    if lacking := [node for node in nodes if node not in ready]:
        there = next((one for one in mesh.daemons if one.node in lacking), None)
        home = mesh.daemons[0].namespace if mesh.daemons else "chaos-mesh"
        look = _look_at(there) if there else f"kubectl -n {home} get pods -o wide"
        return failed(f"no chaos daemon is Ready on {listed(lacking)}, which holds targets", look)
    return ok(f"Ready on {listed(nodes)}")


def foreign(found: Known[Sequence[str]]) -> Judgement:
    """Nobody else's chaos is in the plan's namespaces."""
    if isinstance(found, Lost):
        return unknown(found)
    if found:
        them = listed(found)
        return failed(f"there already: {them}", "ask its owner, then delete it: effects cannot be told apart")
    return ok("no chaos of others")


# Metrics


def metric(found: Known[MetricFact], loaded: bool) -> Judgement:
    """The query answers with one fresh number. `loaded`: load runs, so that there is something to measure."""
    if isinstance(found, Lost):
        return unknown(found)
    if found.refused:
        return failed(found.refused, "correct its `query` in the plan")
    if found.partial:
        told = f"the answer is partial, so that nothing can pass by it: {listed(list(found.partial))}"
        return warning(told, "see to the stores behind it, or bind one that has all of it")
    if found.series > 1:
        return failed(f"it yields {found.series} series, not one", "add labels, or an aggregation like sum()")
    ages = {name: age for name, age in found.newest.items() if age is not None}
    missing = [name for name, age in found.newest.items() if age is None]
    stale = {name: age for name, age in ages.items() if age > STALE}
    if stale:
        oldest, age = max(stale.items(), key=lambda one: one[1])
        return failed(f"the newest sample of {oldest} is {age:.0f} s old", "look at its target in Prometheus")
    if found.value is None and not ages and found.newest:
        return failed(f"no series: {listed(missing)}", "correct its `query`, or look at Prometheus's targets")
    if found.value is None:
        why = f"; no series yet of {listed(missing)}" if missing else ""
        then = "look at the query" if loaded else "usual while no load runs; check again once it does"
        return warning(f"fresh data, but no number{why}", then)
    newest = f", newest sample {max(ages.values()):.0f} s old" if ages else ""
    told = f"{found.value:,.2f}".rstrip("0").rstrip(".")
    return ok(f"{told}{newest}")


# What lies on this machine, and outside


def program(found: Known[ProgramFact]) -> Judgement:
    """It is there and can be run."""
    if isinstance(found, Lost):
        return unknown(found)
    if found.problem:
        return failed(found.problem, found.next)
    return ok(f"{found.path} can be run")


def programs(found: Known[Sequence[ProgramFact]]) -> Judgement:
    """All of them are there and can be run."""
    if isinstance(found, Lost):
        return unknown(found)
    if wrong := [one for one in found if one.problem]:
        return failed("; ".join(one.problem for one in wrong), wrong[0].next)
    return ok(f"{listed([one.name for one in found])} can be run")


def command(found: Known[CommandFact], limit: float) -> Judgement:
    """A check command ended well. `limit`: seconds that it was given."""
    if isinstance(found, Lost):
        return unknown(found)
    said = f": {found.said}" if found.said else ""
    look = f"run `{found.command}` by hand"
    match found.ended:
        case "not started":
            return failed(f"`{found.command}` cannot be started{said}", "correct the command in the plan")
        case "time":
            return unknown(Lost(why=f"no end within {limit:g} s{said}", hint=look))
        case "signal":
            return unknown(Lost(why=f"ended by signal {found.code}{said}", hint=look))
        case "exit" if found.code:
            return failed(f"exit status {found.code}{said}", look)
    return ok(found.said or f"`{found.command}` ended well")


def reachable(found: Known[AnswerFact]) -> Judgement:
    """Something answers there."""
    if isinstance(found, Lost):
        return failed(found.why, found.hint or "correct the address in the plan's bindings")
    if found.status >= 500:
        return failed(f"{found.where} answers HTTP {found.status}", "look at its log")
    return ok(f"{found.where} answers")


def unreachable(lost: Lost) -> Judgement:
    """A source was asked whether it is there, and it is not."""
    return failed(lost.why, lost.hint or "start it, or correct its address in the plan's bindings")


def of_group(findings: Iterable[Finding]) -> Mapping[str, tuple[Finding, ...]]:
    """Findings by their group, both in their order."""
    found: dict[str, tuple[Finding, ...]] = {}
    for finding in findings:
        found[finding.group] = (*found.get(finding.group, ()), finding)
    return found
