"""`python -m controlroom.lab`: runs a lab until it is stopped; its addresses are the first line it prints."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from controlroom.lab.defects import Defect
from controlroom.lab.settings import FASTEST, NO_RULES, LabSettings

if TYPE_CHECKING:
    from controlroom.lab.lab import Lab

USAGE_ERROR = 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m controlroom.lab",
        description="A small bookstore on loopback with a Kubernetes API, a Prometheus and an Alertmanager.",
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="what is drawn by lot follows from it (default: 7)"
    )
    parser.add_argument(
        "--rate", type=float, default=1.0, help=f"virtual seconds in a real one, 0 (held) to {FASTEST:g}"
    )
    parser.add_argument("--responder", choices=("on", "off"), default="off", help="the scripted on-call")
    parser.add_argument("--defect", choices=[defect.value for defect in Defect], help="a planted defect")
    parser.add_argument("--rules", type=Path, help="alert rules in Prometheus's format")
    parser.add_argument("--kubeconfig", type=Path, help="where to write the kubeconfig")
    parser.add_argument("--context", default="staging-bookstore", help="the kubeconfig's context")
    parser.add_argument("--namespace", default="bookstore", help="the namespace of the bookstore")
    parser.add_argument(
        "--idle-timeout", type=float, default=600.0, help="real seconds of silence after which the lab ends"
    )
    parser.add_argument(
        "--hosted", action="store_true", help="count requests at the control address alone as company"
    )
    parser.add_argument("--truth", type=Path, help="where to write the ground truth at the end")
    return parser


def _settings(arguments: argparse.Namespace) -> LabSettings:
    """Raises OSError where the rule file cannot be read."""
    rules = arguments.rules.read_text(encoding="utf-8") if arguments.rules else NO_RULES
    return LabSettings(
        seed=arguments.seed,
        rate=arguments.rate,
        rules=rules,
        responder=arguments.responder == "on",
        defect=Defect(arguments.defect) if arguments.defect else None,
        context=arguments.context,
        namespace=arguments.namespace,
        kubeconfig=arguments.kubeconfig,
        idle_timeout=arguments.idle_timeout,
        hosted=arguments.hosted,
        truth=arguments.truth,
    )


async def _run(lab: Lab) -> None:
    loop = asyncio.get_running_loop()
    try:
        addresses = await lab.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lab.end)
        print(msgspec.json.encode(addresses).decode(), flush=True)
        await lab.wait()
    finally:
        await lab.stop()


def main() -> int:
    """Runs the lab; 0 when it was stopped, 2 for bad arguments, with one line that says what is wrong."""
    arguments = _parser().parse_args()
    from controlroom.lab.lab import Lab

    try:
        lab = Lab(_settings(arguments))
    except (OSError, ValueError) as error:
        print(f"controlroom lab: {error}", file=sys.stderr)
        return USAGE_ERROR
    asyncio.run(_run(lab))
    return 0


if __name__ == "__main__":
    sys.exit(main())
