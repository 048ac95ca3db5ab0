"""`python -m controlroom.host ORDER`: the host process; ORDER is the JSON of an Order."""

from __future__ import annotations

import asyncio
import signal
import sys

import msgspec

from controlroom.host.order import Order
from controlroom.host.process import Host


def main() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    asyncio.run(Host(msgspec.json.decode(sys.argv[1], type=Order)).run())


if __name__ == "__main__":
    main()
