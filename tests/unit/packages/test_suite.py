"""The conformance suite of the Library of Congress, judged in its own terms, on Linux."""

import shutil
from pathlib import Path

import pytest

from ingest.packages.types import Kind
from ingest.packages.validating import validate
from tests.unit.packages.making import codes, tarred, zipped

SUITE = Path(__file__).resolve().parents[4] / "shared" / "data" / "files" / "bagit-conformance-suite"
BAGS = sorted(path for path in SUITE.glob("v*/*/*") if path.is_dir())

pytestmark = pytest.mark.skipif(not BAGS, reason="needs ../shared/data/files/bagit-conformance-suite")

WARNED = {
    "duplicate-file-with-different-case": "bag-name-case",
    "made-with-md5sum-tools": "bag-binary-mark",
    "relative-path": "bag-path-dot",
    "same-filename-listed-twice-with-different-normalization": "bag-name-form",
    "same-filename-listed-twice-with-the-same-hash": "bag-path-repeated",
    "special-system-files": "bag-system-file",
}
"""What each bag that should be warned of is about, by its name in the suite."""


def named(folder: Path) -> str:
    return "-".join(folder.parts[-3:])


def as_it_should(folder: Path, place: Path) -> bool:
    found, kept = validate(place), folder.parent.name in {"valid", "warning"}
    warned = folder.parent.name != "warning" or WARNED[folder.name] in codes(found, "warning")
    return found.kind is Kind.BAGIT and found.valid == kept and bool(codes(found)) != kept and warned


@pytest.mark.parametrize("folder", BAGS, ids=named)
def test_every_bag_is_judged_as_the_suite_says(folder: Path) -> None:
    assert as_it_should(folder, folder)


@pytest.mark.parametrize("folder", BAGS, ids=named)
def test_every_bag_is_judged_alike_in_a_container(folder: Path, tmp_path: Path) -> None:
    files = {
        f"bag/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    assert as_it_should(folder, zipped(files, tmp_path / "bag.zip"))
    assert as_it_should(folder, tarred(files, tmp_path / "bag.tar"))


def test_a_bag_is_told_by_what_is_in_it_whatever_it_is_called(tmp_path: Path) -> None:
    place = tmp_path / "no name of the suite"
    shutil.copytree(next(folder for folder in BAGS if folder.name == "basicBag"), place)

    assert validate(place).valid
