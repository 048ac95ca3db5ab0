"""Forcing a stuck fault away: what that leaves behind, and the word that does it all the same."""

from __future__ import annotations

from controlroom.core import intents as i
from controlroom.core.faults.forcing import FORCED, consequence
from controlroom.core.state import Run
from controlroom.tui.desk import Desk
from controlroom.tui.screens.simple import Prompt


def force(desk: Desk) -> None:
    """Asks for the word. Of several stuck runs that of the chosen experiment, else the first."""
    stuck = [run for run in desk.now.state.runs.values() if run.state == "stuck"]
    if not stuck:
        return
    experiment = desk.experiment()
    chosen = experiment.id if experiment is not None else ""
    run = next((own for own in stuck if own.experiment == chosen), stuck[0])
    seen = desk.now.seen
    desk.open(
        Prompt(
            desk.now,
            f"force {run.id} away",
            about(run),
            wrong=lambda word: "" if word == FORCED else f"type {FORCED}, or leave with esc",
            rests=i.Release(run=run.id, word=""),
        ),
        lambda word: (
            desk.ask(i.Release(run=run.id, word=word), "removing the finalizers", seen) if word else None
        ),
    )


def about(run: Run) -> tuple[str, ...]:
    """What is stuck, and what it means to force it."""
    held = [target.id for target in run.targets if target.state not in ("recovered", "lost")]
    return (
        f"It is stuck: {run.message or 'the cluster does not say why'}. Deletion is tried again all the while.",
        consequence(held),
        f"Type {FORCED} to remove the finalizers now.",
    )
