"""A bundle of a project, taken away and verified by somebody who has nothing but it and the trust file."""

import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.evidence.codes import CODES
from archive.evidence.documents import EXTRACT
from archive.evidence.verifier import verify
from tests.functional.command_line import ROOT, bare_environment, called
from tests.functional.test_cli_reading import rows

FLIPS = 200
SEED = 20261123


@dataclass(frozen=True)
class Taken:
    """A clean bundle and its trust file, far from the archive; the project it is about."""

    bundle: Path
    trust: Path
    home: Path
    project: str

    def members(self) -> dict[str, bytes]:
        with zipfile.ZipFile(self.bundle) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def taken(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    folder = tmp_path_factory.mktemp("taken")
    home = Path(shutil.copytree(demo_home, folder / "home"))
    ((project,),) = rows(
        home, "SELECT project_id FROM volumes_volume WHERE state = 'closed' ORDER BY reference_code LIMIT 1"
    )
    away = folder / "away"
    away.mkdir()
    ran = called(
        *("evidence", "build", "--project", project, "--as", "inspector", "--out", away / "bundle.zip"),
        *("--home", home, "--json"),
    )
    assert ran.code == 0, ran.err
    assert set(ran.value) == {"bundle", "bytes", "files", "entry", "checkpoint"}
    assert ran.value["bytes"] == (away / "bundle.zip").stat().st_size
    shutil.copy(home / "trust.json", away / "trust.json")
    return Taken(away / "bundle.zip", away / "trust.json", home, project)


def test_a_clean_bundle_is_valid_with_only_itself_and_the_trust_file(taken: Taken, tmp_path: Path) -> None:
    ran = called("verify", taken.bundle, "--trust", taken.trust, "--home", tmp_path / "none", "--json")
    assert (ran.code, ran.value) == (0, {"valid": True, "findings": []})
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("damage", "code"), [(False, 0), (True, 1)])
def test_the_verifier_of_its_own_agrees(taken: Taken, tmp_path: Path, damage: bool, code: int) -> None:
    bundle = Path(shutil.copy(taken.bundle, tmp_path / "bundle.zip"))
    if damage:
        bundle.write_bytes(taken.bundle.read_bytes()[:-1])
    done = subprocess.run(
        [sys.executable, "-m", "archive.evidence", bundle, "--trust", taken.trust, "--json"],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env=bare_environment(),
        check=False,
    )
    said = json.loads(done.stdout)
    assert (done.returncode, said["valid"]) == (code, not damage), done.stderr
    ran = called("verify", bundle, "--trust", taken.trust, "--json")
    assert (ran.code, ran.value) == (code, said)


def test_two_hundred_random_bits(taken: Taken, tmp_path: Path) -> None:
    clean = taken.bundle.read_bytes()
    copy = tmp_path / "bundle.zip"
    unnoticed = []
    for bit in random.Random(SEED).sample(range(len(clean) * 8), FLIPS):  # noqa: S311 - a seeded sample
        data = bytearray(clean)
        data[bit // 8] ^= 1 << bit % 8
        copy.write_bytes(data)
        report = verify(copy, taken.trust)
        codes = {finding.code for finding in report.findings}
        if report.valid or not codes or not codes <= set(CODES):
            unnoticed.append(bit)
    assert unnoticed == []


@pytest.mark.parametrize("part", ["first header", "end of the directory"])
def test_every_bit_of_a_container_header(taken: Taken, tmp_path: Path, part: str) -> None:
    clean = taken.bundle.read_bytes()
    copy = tmp_path / "bundle.zip"
    start = 0 if part == "first header" else len(clean) - 22
    for bit in range(start * 8, (start + 22) * 8, 3):
        data = bytearray(clean)
        data[bit // 8] ^= 1 << bit % 8
        copy.write_bytes(data)
        report = verify(copy, taken.trust)
        assert not report.valid, f"bit {bit}"
        assert report.findings, f"bit {bit}"


def repacked(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    """The members in an ordinary ZIP file, as anybody's tool would write it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def _payload(members: Mapping[str, bytes]) -> list[str]:
    return [name for name in members if name.startswith("files/")]


def _drop(members: dict[str, bytes]) -> set[tuple[str, str]]:
    name = _payload(members)[0]
    del members[name]
    return {("file.missing", name)}


def _add(members: dict[str, bytes]) -> set[tuple[str, str]]:
    members["files/added.pdf"] = b"%PDF-1.4"
    return {("file.unexpected", "files/added.pdf")}


def _swap(members: dict[str, bytes]) -> set[tuple[str, str]]:
    one = _payload(members)[0]
    other = next(name for name in _payload(members) if members[name] != members[one])
    members[one], members[other] = members[other], members[one]
    return {("file.swapped", one), ("file.swapped", other)}


def _cut(members: dict[str, bytes]) -> set[tuple[str, str]]:
    *kept, last = members[EXTRACT].splitlines(keepends=True)
    members[EXTRACT] = b"".join(kept)
    return {("ledger.extract-cut", f"{EXTRACT}#{json.loads(last)['index']}")}


@pytest.mark.parametrize("change", [_drop, _add, _swap, _cut])
def test_each_change_of_the_contents_is_named(
    taken: Taken, tmp_path: Path, change: Callable[[dict[str, bytes]], set[tuple[str, str]]]
) -> None:
    members = taken.members()
    expected = change(members)
    bundle = repacked(tmp_path / "bundle.zip", members.items())
    ran = called("verify", bundle, "--trust", taken.trust, "--json")
    assert (ran.code, ran.value["valid"]) == (1, False)
    found = {(finding["code"], finding["path"]) for finding in ran.value["findings"]}
    assert found == expected | {("container.not-canonical", "")}
    assert all(set(finding) == {"code", "severity", "message", "path"} for finding in ran.value["findings"])
    assert all(finding["severity"] == "error" and finding["message"] for finding in ran.value["findings"])


def test_a_bundle_under_another_archives_trust_file_is_not_valid(taken: Taken, empty_home: Path) -> None:
    ran = called("verify", taken.bundle, "--trust", empty_home / "trust.json", "--json")
    assert (ran.code, ran.value["valid"]) == (1, False)
    assert {finding["code"] for finding in ran.value["findings"]} == {"checkpoint.key-unknown"}


@pytest.mark.parametrize("trust", ["missing", "broken"])
def test_without_a_trust_file_nothing_is_valid(taken: Taken, tmp_path: Path, trust: str) -> None:
    if trust == "broken":
        (tmp_path / "trust.json").write_text("{}", encoding="utf-8")
    ran = called("verify", taken.bundle, "--trust", tmp_path / "trust.json", "--json")
    assert (ran.code, ran.value["valid"]) == (1, False)
    assert [finding["code"] for finding in ran.value["findings"]] == [
        "trust.missing" if trust == "missing" else "trust.unreadable"
    ]


@pytest.mark.parametrize("what", ["text", "empty", "other zip", "folder", "nothing"])
def test_what_is_no_bundle_ends_with_two(taken: Taken, tmp_path: Path, what: str) -> None:
    path = tmp_path / "no-bundle.zip"
    make: dict[str, Callable[[], object]] = {
        "text": lambda: path.write_text("a letter", encoding="utf-8"),
        "empty": path.touch,
        "other zip": lambda: repacked(path, [("word/document.xml", b"<w:document/>")]),
        "folder": path.mkdir,
        "nothing": lambda: None,
    }
    make[what]()
    ran = called("verify", path, "--trust", taken.trust, "--json")
    assert (ran.code, ran.value["valid"]) == (2, False)
    assert {finding["code"] for finding in ran.value["findings"]} <= {"bundle.not-a-bundle", "bundle.unreadable"}


@pytest.mark.parametrize("kind", ["record", "volume", "project"])
def test_the_public_gets_no_bundle(taken: Taken, tmp_path: Path, kind: str) -> None:
    query = {
        "record": "SELECT id FROM records_item WHERE state = 'filed' AND released_from IS NOT NULL LIMIT 1",
        "volume": "SELECT id FROM volumes_volume WHERE state = 'closed' LIMIT 1",
        "project": "SELECT id FROM volumes_project LIMIT 1",
    }[kind]
    ((reference,),) = rows(taken.home, query)
    ran = called(
        *("evidence", "build", f"--{kind}", reference, "--as", "public", "--out", tmp_path / "bundle.zip"),
        *("--home", taken.home, "--json"),
    )
    assert (ran.code, ran.value["error"]["code"]) == (1, "login-required")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["record", "volume"])
def test_a_record_and_a_volume_make_bundles_too(taken: Taken, tmp_path: Path, kind: str) -> None:
    query = {
        "record": "SELECT reference_code FROM records_item WHERE level = 'restricted' AND state = 'filed' LIMIT 1",
        "volume": "SELECT reference_code FROM volumes_volume WHERE state = 'closed' LIMIT 1",
    }[kind]
    ((reference,),) = rows(taken.home, query)
    bundle = tmp_path / "bundle.zip"
    built = called(
        *("evidence", "build", f"--{kind}", reference, "--as", "inspector", "--out", bundle, "--home", taken.home)
    )
    assert built.code == 0, built.err
    assert str(bundle) in built.out
    ran = called("verify", bundle, "--home", taken.home, "--json")
    assert (ran.code, ran.value) == (0, {"valid": True, "findings": []})


def test_a_bundle_says_how_much_its_builder_was_not_allowed_to_take(taken: Taken) -> None:
    sealed, total = rows(
        taken.home,
        f"SELECT sum(level = 'sealed'), count(*) FROM records_item WHERE project_id = '{taken.project}'",  # noqa: S608 - an id of ours
    )[0]
    members = taken.members()
    assert json.loads(members["metadata/left-out.json"]) == {"records": sealed, "versions": 0, "volumes": 0}
    described = json.loads(members["metadata/records.json"])
    assert len(described) == total - sealed
    assert all(record["access_level"] != "sealed" for record in described)


def test_building_needs_a_folder_to_build_into(taken: Taken, tmp_path: Path) -> None:
    out = tmp_path / "nowhere" / "bundle.zip"
    ran = called(
        *("evidence", "build", "--project", taken.project, "--as", "inspector", "--out", out),
        *("--home", taken.home, "--json"),
    )
    assert (ran.code, ran.value["error"]["code"]) == (1, "evidence-out")
    assert not os.path.lexists(out.parent)
