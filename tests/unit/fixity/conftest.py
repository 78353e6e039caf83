import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_archive import SmallArchive, ending, notice, tender

PROJECTS = ("济南市第一中学教学设备采购项目", "青岛市立医院检验设备采购项目")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two closed volumes of two records each, one record in two versions, one record that waits for a person."""
    home = tmp_path_factory.mktemp("whole") / "home"
    with SmallArchive.at(home) as small:
        small.take(tender(1, PROJECTS[0], body="第一稿"))
        small.take(tender(1, PROJECTS[0]), ending(1, PROJECTS[0]), tender(2, PROJECTS[1]), ending(2, PROJECTS[1]))
        small.take(notice("w1", "通知"))
        small.work()
        small.kernel.integrator.publish()
    return home


@pytest.fixture
def archive(whole: Path, tmp_path: Path) -> Iterator[SmallArchive]:
    """A copy to be tampered with."""
    shutil.copytree(whole, tmp_path / "home")
    with SmallArchive.opened(tmp_path / "home") as small:
        yield small
