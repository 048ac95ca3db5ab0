"""All commands and their options. What a command does is looked up by name, so that no other is imported."""

from __future__ import annotations

import argparse
from pathlib import Path


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    import controlroom

    parser = argparse.ArgumentParser(
        prog="controlroom", description="A control room in the terminal for a chaos-engineering game day."
    )
    parser.add_argument("--version", action="version", version=f"controlroom {controlroom.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_days(commands)
    _add_record(commands)
    _add_plans(commands)
    return parser


_Commands = argparse._SubParsersAction


def _command(commands: _Commands[argparse.ArgumentParser], name: str, text: str) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=text, description=text)


def _add_sessions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sessions", type=Path, metavar="DIR", help="folder of the sessions")


def _add_insecure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--insecure-skip-tls-verify",
        action="store_true",
        dest="insecure",
        help="do not verify any server's certificate; it is said all the time",
    )


def _add_screen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--layout", help="layout to begin with: facilitator, compact, …")
    parser.add_argument("--layouts", type=Path, metavar="DIR", help="folder with layouts of one's own")
    parser.add_argument(
        "--theme", metavar="NAME", help="dark, light, contrast, colour-blind, 16 or one's own"
    )
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII alone")
    parser.add_argument("--low-motion", action="store_true", help="repaint at most once a second")
    parser.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    _add_config(parser)


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration in place of the account's")


def _add_days(commands: _Commands[argparse.ArgumentParser]) -> None:
    rehearse = _command(commands, "rehearse", "Live a plan in the embedded lab; without PLAN the seed's day.")
    rehearse.add_argument("plan", nargs="?", type=Path, metavar="PLAN")
    rehearse.add_argument("--headless", action="store_true", help="no screen; the exit code is the verdict")
    rehearse.add_argument(
        "--speed", type=float, metavar="N", help="session seconds in a real second (20; 1 to 120)"
    )
    rehearse.add_argument("--seed", type=int, default=7, metavar="S", help="of the lab's world (7)")
    rehearse.add_argument("--responder", choices=("on", "off"), default="on", help="the lab's on-call (on)")
    rehearse.add_argument("--defect", action="append", default=[], metavar="NAME", help="plant a defect")
    rehearse.add_argument(
        "--idle",
        type=float,
        default=15.0,
        metavar="MIN",
        help="minutes that a lab without a host lives on (15)",
    )
    rehearse.add_argument("--truth", type=Path, metavar="FILE", help="write the lab's ground truth there")
    _add_sessions(rehearse)
    _add_screen(rehearse)
    rehearse.set_defaults(act="days.rehearse")

    run = _command(commands, "run", "Run a plan on its cluster.")
    run.add_argument("plan", type=Path, metavar="PLAN")
    run.add_argument("--headless", action="store_true", help="no screen; phases advance by plan")
    run.add_argument("--new", action="store_true", help="begin anew even if a session was not finished")
    _add_insecure(run)
    _add_sessions(run)
    _add_screen(run)
    run.set_defaults(act="days.run")

    resume = _command(
        commands, "resume", "Go on with a session whose host died; without SESSION the newest such one."
    )
    resume.add_argument("session", nargs="?", metavar="SESSION")
    resume.add_argument("--headless", action="store_true", help="no screen; phases advance by plan")
    resume.add_argument("--halt", action="store_true", help="halt everything first")
    _add_sessions(resume)
    _add_screen(resume)
    resume.set_defaults(act="resume.resume")

    attach = _command(commands, "attach", "Look at a session that is running; without SESSION the newest.")
    attach.add_argument("session", nargs="?", metavar="SESSION")
    attach.add_argument(
        "--seat", choices=("facilitator", "scribe", "audience"), default="facilitator", help="(facilitator)"
    )
    attach.add_argument("--name", default="", help="what the record calls you (the account's user name)")
    attach.add_argument(
        "--socket", type=Path, metavar="PATH", help="of another account's session that your group may attend"
    )
    _add_sessions(attach)
    _add_screen(attach)
    attach.set_defaults(act="days.attach")

    lab = _command(commands, "lab", "Start the lab alone and print how to reach it.")
    lab.add_argument("plan", nargs="?", type=Path, metavar="PLAN")
    lab.add_argument("--seed", type=int, default=7)
    lab.add_argument("--speed", type=float, default=1.0, metavar="N")
    lab.add_argument("--responder", choices=("on", "off"), default="on")
    lab.set_defaults(act="days.lab")


def _add_record(commands: _Commands[argparse.ArgumentParser]) -> None:
    replay = _command(commands, "replay", "Replay a saved session; without SESSION the shipped example.")
    replay.add_argument("session", nargs="?", metavar="SESSION")
    replay.add_argument("--beside", metavar="SESSION", help="another one beside it, aligned by an injection")
    _add_sessions(replay)
    _add_screen(replay)
    replay.set_defaults(act="records.replay")

    _add_shelf(commands)

    show = _command(commands, "show", "Print a session's figures, as they were known at a moment.")
    show.add_argument("session", metavar="SESSION")
    show.add_argument("--at", metavar="T", help="T+27:30, 27:30 or seconds; without it the end")
    show.add_argument("--hindsight", action="store_true", help="order by when things happened")
    show.add_argument("--json", action="store_true")
    _add_sessions(show)
    show.set_defaults(act="records.show")

    compare = _command(
        commands, "compare", "Put sessions side by side: what became better, what worse, what is still open."
    )
    compare.add_argument(
        "session",
        nargs="*",
        metavar="SESSION",
        help="two or more; one: with the one before it; none: the newest",
    )
    compare.add_argument("--all", action="store_true", help="also metrics that stayed inside their limits")
    form = compare.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--markdown", action="store_true")
    form.add_argument("--screen", action="store_true", help="on the screen, over the newest one's room")
    _add_sessions(compare)
    _add_screen(compare)
    compare.set_defaults(act="compare.compare")

    report = _command(
        commands, "report", "Write session.json, session.md and session.html anew from the journal."
    )
    report.add_argument("session", metavar="SESSION")
    report.add_argument("--output", type=Path, metavar="DIR", help="write them there")
    report.add_argument(
        "--audience",
        action="store_true",
        help="leave out private notes and what was not revealed; written to audience/ of the session",
    )
    _add_sessions(report)
    report.set_defaults(act="records.report")

    export = _command(commands, "export", "Write a session for other tools, into chaos-results/SESSION.")
    export.add_argument("session", metavar="SESSION")
    export.add_argument(
        "--to", type=Path, default=Path("chaos-results"), metavar="DIR", help="(chaos-results)"
    )
    export.add_argument(
        "--format",
        action="append",
        default=[],
        choices=("report", "actions", "github", "jira", "ics", "csv", "columns", "openmetrics", "grafana"),
        help="only this; repeatable (all)",
    )
    export.add_argument("--next", metavar="WHEN", help="the next game day: 2026-12-15 or '2026-12-15 14:00'")
    export.add_argument(
        "--audience", action="store_true", help="leave out private notes and what was not revealed"
    )
    _add_sessions(export)
    export.set_defaults(act="exporting.export")


def _add_shelf(commands: _Commands[argparse.ArgumentParser]) -> None:
    sessions = _command(
        commands, "sessions", "List the saved sessions; verify, tag, export, import or prune them."
    )
    sessions.add_argument(
        "--search", default="", metavar="TEXT", help="only those that have every word of it"
    )
    sessions.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="only with it; repeatable"
    )
    sessions.add_argument(
        "--sort", choices=("when", "length", "size", "verdict", "title", "name"), default="when"
    )
    sessions.add_argument("--json", action="store_true")
    _add_sessions(sessions)
    sessions.set_defaults(act="sessions.sessions")
    own = sessions.add_subparsers(title="actions", metavar="ACTION")

    verify = _command(own, "verify", "Check that sessions are as they were written; without SESSION all.")
    verify.add_argument("session", nargs="*", metavar="SESSION")
    verify.set_defaults(act="sessions.verify")

    tag = _command(own, "tag", "Tag a session; one that is tagged keep is never pruned.")
    tag.add_argument("session", metavar="SESSION")
    tag.add_argument("tags", nargs="*", metavar="TAG")
    tag.add_argument("--remove", action="append", default=[], metavar="TAG", help="repeatable")
    tag.set_defaults(act="sessions.tag")

    export = _command(own, "export", "Write a session into one file, to be kept or handed over.")
    export.add_argument("session", metavar="SESSION")
    export.add_argument("--to", type=Path, metavar="FILE", help="(SESSION.tar.gz here)")
    export.set_defaults(act="sessions.export")

    take_in = _command(own, "import", "Put the session of such a file among the others.")
    take_in.add_argument("file", type=Path, metavar="FILE")
    take_in.add_argument("--name", metavar="NAME", help="another name than its own")
    take_in.set_defaults(act="sessions.take_in")

    prune = _command(own, "prune", "Name the sessions that are older, and remove them after a typed word.")
    prune.add_argument("--older-than", required=True, metavar="AGE", help="90d, 12w or 1y")
    prune.add_argument("--yes", action="store_true", help="without asking for a typed word")
    prune.set_defaults(act="sessions.prune")

    for parser in (verify, prune):
        parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    for parser in (verify, tag, export, take_in, prune):
        # What was said before the action stands unless it is said again after it.
        parser.add_argument("--sessions", type=Path, metavar="DIR", default=argparse.SUPPRESS)


def _add_plans(commands: _Commands[argparse.ArgumentParser]) -> None:
    check = _command(
        commands,
        "check",
        "Look at everything that a plan counts on; change nothing, unless a halt is drilled.",
    )
    check.add_argument("plan", type=Path, metavar="PLAN")
    check.add_argument("--lab", action="store_true", help="on the embedded lab, as in a rehearsal")
    check.add_argument(
        "--halt-drill", action="store_true", help="then delay one pod by 1 ms, halt, and time the halt"
    )
    check.add_argument("--yes", action="store_true", help="drill without asking for a typed word")
    _add_insecure(check)
    check.add_argument("--json", action="store_true")
    _add_sessions(check)
    check.set_defaults(act="check.check")

    sweep = _command(commands, "sweep", "Find what sessions left in a cluster, and remove it when asked.")
    sweep.add_argument("plan", nargs="?", type=Path, metavar="PLAN", help="on the plan's cluster")
    sweep.add_argument("--context", metavar="NAME", help="of the kubeconfig (the plan's, or the current one)")
    sweep.add_argument("--kubeconfig", type=Path, metavar="FILE", help="(the plan's, or the account's)")
    sweep.add_argument(
        "--namespace", action="append", default=[], metavar="NS", help="only there; repeatable"
    )
    sweep.add_argument("--session", metavar="NAME", help="only what that session left")
    sweep.add_argument("--remove", action="store_true", help="delete it, and put back what was changed")
    sweep.add_argument("--yes", action="store_true", help="without asking for a typed word")
    sweep.add_argument("--force", action="store_true", help="remove the finalizers of what does not go")
    sweep.add_argument("--live-too", action="store_true", help="also of sessions that go on here")
    sweep.add_argument("--json", action="store_true")
    _add_insecure(sweep)
    _add_sessions(sweep)
    sweep.set_defaults(act="sweep.sweep")

    validate = _command(commands, "validate", "Check a plan and the files that it names.")
    validate.add_argument("plan", type=Path, metavar="PLAN")
    validate.add_argument("--json", action="store_true")
    validate.set_defaults(act="plans.validate")

    new = _command(commands, "new", "Write a commented plan to begin with.")
    new.add_argument("name", metavar="NAME")
    new.add_argument("--directory", type=Path, default=Path("experiments"), metavar="DIR")
    new.set_defaults(act="plans.new")

    config = _command(commands, "config", "Check the configuration of the screen, and say what is in force.")
    _add_config(config)
    config.add_argument("--keys", action="store_true", help="list every action with its keys")
    config.add_argument("--example", action="store_true", help="print a commented file to begin with")
    config.add_argument("--json", action="store_true")
    config.set_defaults(act="config.config")

    schema = _command(
        commands, "schema", "Print the JSON Schema of plan files, for editors; or of session.json."
    )
    schema.add_argument("--session", action="store_true", help="of session.json instead")
    schema.add_argument("--output", type=Path, metavar="FILE")
    schema.set_defaults(act="plans.schema")
