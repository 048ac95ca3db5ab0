"""The command `sweep`: what sessions left in a cluster, found by label, and removed when asked."""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from controlroom.cli import sweep_output as output
from controlroom.cli.codes import BROKEN, DONE, INCONCLUSIVE, NEEDS_IMPROVEMENT, Stop
from controlroom.cli.places import plan_path, sessions_folder
from controlroom.core.events import Leftover
from controlroom.core.faults.forcing import FORCED, consequence
from controlroom.core.plan import Cluster as Binding
from controlroom.core.plan import Login
from controlroom.core.values import changed

if TYPE_CHECKING:
    from controlroom.conductor.recorder import Recorder
    from controlroom.conductor.sweeping import Sweeping
    from controlroom.host.sweeping import Swept, Wanted, Where
    from controlroom.sources.kubernetes_leftovers import Found

WORD = "sweep"
"""What a person types before anything is removed."""


def sweep(chosen: argparse.Namespace) -> int:
    """Looks, says, and with `--remove` removes."""
    from controlroom.conductor.gate import GateClosed
    from controlroom.host.sweeping import Swept
    from controlroom.sources.ports import SourceError

    wanted = _wanted(chosen)
    if chosen.force and not chosen.remove:
        raise Stop("--force goes with --remove: it forces what does not go")
    if chosen.remove and not chosen.yes and not sys.stdin.isatty():
        raise Stop("there is no terminal to ask at: --yes removes without a question")
    try:
        with asyncio.Runner() as runner, Swept(runner, wanted) as cluster:
            return _swept(chosen, wanted, runner, cluster)
    except SourceError as error:
        raise Stop(f"{error.message}. {error.hint}" if error.hint else error.message, BROKEN) from error
    except GateClosed as closed:
        raise Stop(str(closed), BROKEN) from closed


def _wanted(chosen: argparse.Namespace) -> Wanted:
    """Raises Stop for a plan that cannot be used."""
    from controlroom.host.sweeping import Wanted

    bound, named = _bound(chosen)
    kubeconfig = str(chosen.kubeconfig) if chosen.kubeconfig else named
    if kubeconfig is not None and not Path(kubeconfig).is_file():
        raise Stop(f"{kubeconfig}: no such file")
    if chosen.context:
        bound = {"": changed(bound[""], context=chosen.context)}
    return Wanted(
        clusters={name: changed(one, kubeconfig=one.kubeconfig or kubeconfig) for name, one in bound.items()},
        only=tuple(chosen.namespace),
        session=chosen.session or "",
        live_too=chosen.live_too,
        sessions=sessions_folder(chosen.sessions),
        insecure=chosen.insecure,
    )


def _bound(chosen: argparse.Namespace) -> tuple[dict[str, Binding], str | None]:
    """Clusters and kubeconfig of the plan, where one is named. With `--context` only its own is. Raises Stop."""
    if chosen.plan is None:
        return {"": Binding(context="", namespaces=())}, None
    from controlroom.plan.errors import PlanErrors
    from controlroom.plan.load import load_plan
    from controlroom.plan.resolve import MissingNames, resolve

    try:
        bindings = load_plan(plan_path(chosen.plan)).plan.bindings
        # What else the plan is bound to is not asked: its names need not be in the environment.
        bare = changed(bindings, prometheus="-", alertmanager="-", grafana=None, chat=None)
        bare = changed(bare, prometheus_login=Login(), alertmanager_login=Login())
        if chosen.context:
            bare = changed(bare, clusters={})
        found = resolve(bare, os.environ)
    except PlanErrors as errors:
        raise Stop(str(errors), bare=True) from errors
    except MissingNames as missing:
        raise Stop(str(missing)) from missing
    return {"": found.cluster, **found.clusters}, found.kubeconfig


def _swept(chosen: argparse.Namespace, wanted: Wanted, runner: asyncio.Runner, cluster: Swept) -> int:
    from controlroom.host.sweeping import named, record

    found = runner.run(cluster.find())
    where = runner.run(cluster.where())
    told = _told(found, where, cluster)
    if wanted.insecure:
        told.insert(0, "TLS NOT VERIFIED")
    mine = [one for one in found.left if wanted.live_too or not one.live]
    if not chosen.remove or not mine:
        if chosen.json:
            print(output.as_json(where, found.left, found.unseen))
        else:
            print("\n".join([*told, _advice(chosen, found, mine)]))
        return _code(found.left, found.unseen)
    out = sys.stderr if chosen.json else sys.stdout
    print("\n".join(told), file=out)
    _ask(chosen, WORD, f"{len(mine)} of these are deleted or put back on {named(where, 'context')}.")
    with record(wanted.sessions, runner) as (recorder, journal):
        swept = _remove(chosen, wanted, runner, cluster, recorder, mine, out)
        again = runner.run(cluster.find())
        seen = {(one.object.cluster, one.object.uid) for one in again.left}
        still = (one for one in swept.left.values() if (one.object.cluster, one.object.uid) not in seen)
        left = (*again.left, *still)
    if chosen.json:
        print(output.as_json(where, left, again.unseen, gone=swept.gone, journal=journal))
    else:
        print("\n".join([*output.lines(left, again.unseen, cluster.server_now()), _outcome(swept, left)]))
        print(f"record: {journal}")
    return _code(left, again.unseen)


def _told(found: Found, where: Where, cluster: Swept) -> list[str]:
    title = ", ".join(
        f"{f'{name}: ' if name else ''}{own['context']} ({own['server']})" for name, own in where.items()
    )
    count = f"{len(found.left)} left by sessions" if found.left else "nothing left by any session"
    return [f"{title}: {count}", *output.lines(found.left, found.unseen, cluster.server_now())]


def _remove(
    chosen: argparse.Namespace,
    wanted: Wanted,
    runner: asyncio.Runner,
    cluster: Swept,
    recorder: Recorder,
    mine: Sequence[Leftover],
    out: TextIO,
) -> Sweeping:
    from controlroom.host.sweeping import began, sweeping

    def tell(line: str) -> None:
        print(f"  {line}", file=out, flush=True)

    own = sweeping(cluster, recorder, tell)
    try:
        runner.run(own.remove(began(runner.run(cluster.where()), wanted, mine)))
        if own.held and chosen.force:
            for one in own.held:
                tell(f"{one.object} is {output.told(one, cluster.server_now())}")
            _ask(chosen, FORCED, consequence())
            runner.run(own.force())
    finally:
        runner.run(own.close())
    return own


def _ask(chosen: argparse.Namespace, word: str, about: str) -> None:
    """A typed word, unless `--yes`. Raises Stop."""
    if chosen.yes:
        return
    print(about, file=sys.stderr)
    try:
        typed = input(f"Type {word} to go on: ").strip()
    except EOFError:
        typed = ""
    if typed != word:
        raise Stop("nothing was removed", NEEDS_IMPROVEMENT)


def _advice(chosen: argparse.Namespace, found: Found, mine: Sequence[Leftover]) -> str:
    if mine:
        given = [str(chosen.plan)] if chosen.plan else []
        for option in ("context", "kubeconfig", "session", "sessions"):
            if value := getattr(chosen, option):
                given += [f"--{option}", str(value)]
        for namespace in chosen.namespace:
            given += ["--namespace", namespace]
        if chosen.live_too:
            given.append("--live-too")
        return f"nothing was changed; to remove them: controlroom {shlex.join(['sweep', *given, '--remove'])}"
    if found.left:
        return "nothing was changed: their sessions go on"
    return "what could not be looked at is not known" if found.unseen else "clean"


def _outcome(swept: Sweeping, left: Sequence[Leftover]) -> str:
    if not left:
        return f"{swept.gone} gone or put back: nothing is left"
    held = [one for one in left if one.held]
    forced = ": --remove --force removes the finalizers" if held else ""
    return f"{swept.gone} gone or put back, {len(left)} left{forced}"


def _code(left: Sequence[Leftover], unseen: Sequence[str]) -> int:
    """0: nothing is left; 1: something is; 3: what could not be looked at is not known."""
    if left:
        return NEEDS_IMPROVEMENT
    return INCONCLUSIVE if unseen else DONE
