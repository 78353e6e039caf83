from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tamper.bench import Bench, fill_bench, open_bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """An archive with one bundle built, `clean`."""
    bench = open_bench(tmp_path)
    fill_bench(bench)
    yield bench
    bench.database.dispose()
