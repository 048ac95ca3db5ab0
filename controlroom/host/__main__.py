"""`python -m controlroom.host ORDER`: the host process; ORDER is the JSON of an Order."""

from __future__ import annotations

import asyncio
import signal
import sys

import msgspec

from controlroom.host.failures import START_FAILURES
from controlroom.host.order import Order
from controlroom.host.process import Host


def main() -> int:
    """Lives one session; 0 when it was closed in good order, 1 when it could not be opened."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        asyncio.run(Host(msgspec.json.decode(sys.argv[1], type=Order)).run())
    except START_FAILURES as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
