import pytest

from tests.conductor.fakes import Bench


@pytest.fixture
async def bench() -> Bench:
    return Bench()
