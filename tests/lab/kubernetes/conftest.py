"""A cluster held still, and a client of its API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientTimeout
from aiohttp.test_utils import TestClient, TestServer

from controlroom.clock import HeldClock
from controlroom.lab.kubernetes import Cluster, build_bookstore
from controlroom.lab.kubernetes.server import make_app

Client = TestClient[Any, Any]


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster(HeldClock(1_700_000_000.3), seed=5, startup_seconds=lambda app, pod: 3.0)
    build_bookstore(made)
    return made


@pytest.fixture
async def client(cluster: Cluster) -> AsyncIterator[Client]:
    server = TestServer(make_app(cluster))
    async with TestClient(server, timeout=ClientTimeout(total=10)) as made:
        yield made
