import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_loop_of_others() -> Iterator[None]:
    """A browser that other tests keep open in this process leaves its loop behind as the one that runs."""
    # The library of signatures runs loops of its own, as it may in the process that looks into files.
    left = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(left)
