"""A plan with a mistake is refused whole, and the error points at file and line."""

import shutil
from importlib import resources
from pathlib import Path

import pytest

from archive.errors import InvalidInput
from archive.plan.service import DEFAULT_PLAN, read_plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with resources.as_file(resources.files("archive.plan") / "data" / DEFAULT_PLAN) as shipped:
        shutil.copytree(shipped, tmp_path / "plan")
    return tmp_path / "plan"


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def line_of(folder: Path, name: str, token: str) -> int:
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if token in line)


def test_an_unchanged_copy_is_read(folder: Path) -> None:
    assert len(read_plan(folder).classes) == 185


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("scheme.csv", "GC.01.02,", "GC.01.01,", "plan-duplicate"),
        ("scheme.csv", "GC.01.02,", "GC0102,", "plan-value"),
        ("scheme.csv", ",text,D30,招标投标法9条", ",text,D99,招标投标法9条", "plan-value"),
        ("scheme.csv", ",text,D30,招标投标法9条", ",stone,D30,招标投标法9条", "plan-value"),
        ("scheme.csv", "招标投标法9条,internal,never", "招标投标法9条,secret,never", "plan-value"),
        ("scheme.csv", "招标投标法9条,internal,never", "招标投标法9条,internal,event:landing", "plan-value"),
        ("scheme.csv", "GC.01.01,工程建设,A,", "GC.01.01,工程建设,Q,", "plan-value"),
        ("scheme.csv", "招标投标法9条,internal,never", "招标投标法9条,internal", "plan-value"),
        ("scheme.csv", "code,category", "code,kategory", "plan-value"),
        ("retention.toml", 'code = "D30"', 'code = "Y"', "plan-duplicate"),
        ("retention.toml", "years = 30", "years = 0", "plan-value"),
        ("retention.toml", "years = 30", "jahre = 30", "plan-key-unknown"),
        ("retention.toml", "years = 30", "years = ", "plan-file-syntax"),
        ("numbering.toml", 'source = "fonds"', 'source = "colour"', "plan-value"),
        ("numbering.toml", '"[A-Z][0-9]{3}"', '"[A-Z"', "plan-value"),
        ("numbering.toml", 'source = "year"', 'source = "region"', "plan-duplicate"),
        ("completeness.toml", '"GC.02.01"', '"ZC.02.01"', "plan-reference-unknown"),
        ("completeness.toml", 'outcome = "failed"', 'outcome = "award"', "plan-duplicate"),
        ("completeness.toml", 'outcome = "award"', 'outcome = "glory"', "plan-value"),
        ("end_events.toml", 'class = "GC.06.01"', 'class = "GC.66.01"', "plan-reference-unknown"),
        ("end_events.toml", 'events = ["bid_open"]', 'events = ["bid_closed"]', "plan-reference-unknown"),
        ("end_events.toml", 'class = "GC.06.01"', 'klass = "GC.06.01"', "plan-key-unknown"),
        ("sources.toml", 'label = "003001004"', 'label = "003001001"', "plan-duplicate"),
        ("sources.toml", 'class = "GC.06.03"', 'class = "GC.66.03"', "plan-reference-unknown"),
        ("sources.toml", 'word = "政府采购"', 'wort = "政府采购"', "plan-key-unknown"),
        ("regions.toml", 'code = "370200"', 'code = "370100"', "plan-duplicate"),
        ("regions.toml", 'code = "370200"', 'code = "3702"', "plan-value"),
        ("plan.toml", 'version = "1"', "", "plan-key-missing"),
    ],
)
def test_each_mistake_has_its_code_and_its_file(folder: Path, name: str, old: str, new: str, code: str) -> None:
    change(folder, name, old, new)
    with pytest.raises(InvalidInput) as caught:
        read_plan(folder)
    assert caught.value.code == code
    assert caught.value.params["file"] == name


@pytest.mark.parametrize(
    ("name", "old", "new", "token"),
    [
        ("scheme.csv", "GC.09.01,", "GC0901,", "GC0901,"),
        ("retention.toml", "years = 30", "jahre = 30", "jahre"),
        ("end_events.toml", 'class = "GC.06.03"', 'class = "GC.66.03"', "GC.66.03"),
        ("sources.toml", 'label = "003001004"', "label = 003001004", "label = 003001004"),
    ],
)
def test_the_line_is_the_one_with_the_mistake(folder: Path, name: str, old: str, new: str, token: str) -> None:
    change(folder, name, old, new)
    with pytest.raises(InvalidInput) as caught:
        read_plan(folder)
    assert caught.value.params["line"] == line_of(folder, name, token)


def test_a_missing_file_and_a_wrong_encoding_are_named(folder: Path) -> None:
    (folder / "regions.toml").write_bytes("名".encode("gb18030"))
    with pytest.raises(InvalidInput, match="plan-file-syntax"):
        read_plan(folder)
    (folder / "regions.toml").unlink()
    with pytest.raises(InvalidInput, match="plan-file-missing"):
        read_plan(folder)
