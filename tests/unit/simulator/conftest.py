from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from ingest.simulator.port import Site
from ingest.simulator.portal import Platform
from ingest.simulator.scenario import Scenario
from ingest.simulator.server import SimulatorServer

EVERYTHING = 18  # projects: one round of the rota


@pytest.fixture(scope="session")
def platform() -> Platform:
    """Every kind and outcome, without faults. Shared: tests that change a platform build their own."""
    return Platform(Scenario(seed=11, projects=EVERYTHING))


@pytest.fixture
def serve() -> Iterator[Callable[[Site], httpx.Client]]:
    with ExitStack() as stack:

        def start(site: Site) -> httpx.Client:
            url = stack.enter_context(SimulatorServer(site))
            return stack.enter_context(httpx.Client(base_url=url, trust_env=False))

        yield start
