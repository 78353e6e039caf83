from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_archive import SmallArchive


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small
