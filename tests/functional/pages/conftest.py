from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.pages.world import World, build_home, open_world


@pytest.fixture(scope="session")
def pages_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with everything taken in; never opened itself, only copied."""
    home = tmp_path_factory.mktemp("pages") / "home"
    build_home(home)
    return home


@pytest.fixture(scope="session")
def pages(pages_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The application, for tests that only look."""
    with open_world(pages_home, tmp_path_factory.mktemp("look") / "home") as world:
        yield world


@pytest.fixture
def own_pages(pages_home: Path, tmp_path: Path) -> Iterator[World]:
    """The application, for a test that changes something."""
    with open_world(pages_home, tmp_path / "home") as world:
        yield world
