"""The table: connector × what can happen to a source, over the real protocol; `tests.intake.table` prints it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.intake.cells import CELLS, SEEDS, interrupted
from tests.intake.stand import Happening, Stand
from tests.small_archive import SmallArchive

STANDS: dict[str, Any] = {
    "bucket": pytest.mark.services,
    "exchange": (),
    "exchange-postgres": (pytest.mark.services,),
    "sheets": (),
    "notices": (),
    "portal-epoint": (),
    "portal-source-data-key": (),
    "folder": (),
    "packages": (),
    "push-rest": (),
    "push-soap": (),
    "sftp": (),
    "upload": (),
}
"""Stands by the name of their module with the marks of their tests."""

Maker = Callable[[Path], AbstractContextManager[Stand]]


def maker(name: str) -> Maker:
    """What makes a stand in a folder."""
    made: Maker = import_module(f"tests.intake.stands.{name.replace('-', '_')}").stand
    return made


@pytest.fixture(params=[pytest.param(name, marks=marks) for name, marks in STANDS.items()])
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    (tmp_path / "far").mkdir()
    with maker(request.param)(tmp_path / "far") as made:
        yield made


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


@pytest.mark.parametrize("happening", CELLS)
def test_what_happens_to_a_source_comes_out_right(stand: Stand, archive: SmallArchive, happening: Happening) -> None:
    assert CELLS[happening](stand, archive)


@pytest.mark.parametrize("seed", SEEDS[1:])
def test_it_may_be_interrupted_at_any_byte(stand: Stand, archive: SmallArchive, seed: int) -> None:
    assert interrupted(stand, archive, seed)
