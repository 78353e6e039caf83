import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tamper.bench import Bench, fill_bench, open_bench


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    bench = open_bench(folder)
    fill_bench(bench)
    bench.database.dispose()
    return folder


@pytest.fixture
def bench(filled_folder: Path, tmp_path: Path) -> Iterator[Bench]:
    folder = tmp_path / "bench"
    shutil.copytree(filled_folder, folder)
    bench = open_bench(folder)
    yield bench
    bench.database.dispose()
