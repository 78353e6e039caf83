from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tamper.bench import Bench, build_bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = build_bench(tmp_path)
    yield bench
    bench.database.dispose()
