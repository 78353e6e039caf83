"""Bags: the conformance suite of the Library of Congress, and what it leaves out."""

import json
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from archive.errors import InvalidInput
from ingest.connectors.packages.unpacking import unpack
from ingest.packages.members import Member, by_path
from tests.intake.stands.packages import bag

SUITE = Path(__file__).resolve().parents[4] / "shared" / "data" / "files" / "bagit-conformance-suite"
BAGS = sorted(path for path in SUITE.glob("v*/*/*") if path.is_dir())


def read(files: Mapping[str, bytes]) -> None:
    """Open a package of these files and read everything in it."""
    members = [Member(name.encode(), len(data), partial(BytesIO, data)) for name, data in files.items()]
    for component in unpack(by_path(members)).components:
        with component.open() as stream:
            stream.read()


def suite_bag(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.skipif(not BAGS, reason="needs the conformance suite")
@pytest.mark.parametrize("folder", BAGS, ids=lambda folder: "-".join(folder.parts[-3:]))
def test_every_bag_of_the_suite_is_taken_or_refused_as_it_should_be(folder: Path) -> None:
    files = suite_bag(folder)
    if folder.parent.name in {"valid", "warning"}:
        read(files)
        return
    if folder.name == "missing-bagit.txt":
        # Without its declaration it is no bag, but a folder with a manifest that does not list everything.
        with pytest.raises(InvalidInput, match="manifest-file-unlisted"):
            read(files)
        return
    with pytest.raises(InvalidInput) as refused:
        read(files)
    assert refused.value.code.startswith(("bag-", "manifest-"))


def test_a_bag_that_announces_another_payload_than_it_holds_is_refused() -> None:
    files = bag({"a.txt": b"1"})
    files["bag-info.txt"] = b"Payload-Oxum: 2.1\n"

    with pytest.raises(InvalidInput, match="bag-oxum"):
        read(files)


def test_what_a_bag_would_fetch_from_elsewhere_is_never_fetched() -> None:
    files = bag({"a.txt": b"1"})
    files["manifest-sha256.txt"] += b"0" * 64 + b"  data/b.txt\n"
    files["fetch.txt"] = b"http://localhost:1/b.txt 1 data/b.txt\n"

    with pytest.raises(InvalidInput, match="bag-incomplete"):
        read(files)


def test_a_bag_whose_digests_nobody_here_can_compute_is_refused() -> None:
    files = bag({"a.txt": b"1"})
    files["manifest-crc32.txt"] = files.pop("manifest-sha256.txt")

    with pytest.raises(InvalidInput, match="bag-without-manifest"):
        read(files)


def test_a_bag_declared_in_an_encoding_made_for_mischief_is_refused() -> None:
    files = bag({"a.txt": b"1"})
    files["bagit.txt"] = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: punycode\n"

    with pytest.raises(InvalidInput, match="bag-declaration"):
        read(files)


def test_a_bag_packed_together_with_its_folder_is_the_same_bag() -> None:
    read({f"包/{name}": data for name, data in bag({"公告.txt": b"1"}).items()})


def test_a_large_manifest_of_missing_files_is_told_from_a_bag_in_no_time() -> None:
    payload = {f"{number}.txt": b"1" for number in range(2_000)}
    files = bag(payload)
    lines = (f"{'0' * 64}  data/É{number}.txt" for number in range(50_000))
    files["manifest-sha256.txt"] += "\n".join(lines).encode()

    with pytest.raises(InvalidInput, match="bag-incomplete"):
        read(files)


def test_a_missing_file_does_not_pass_because_its_name_in_another_form_leads_to_one_that_is_there() -> None:
    files = bag({"é.txt": b"1"})
    files["manifest-sha256.txt"] = f"{'0' * 64}  data/e\u0301.txt\n".encode() + files["manifest-sha256.txt"]

    with pytest.raises(InvalidInput, match="bag-incomplete"):
        read(files)


def test_two_manifests_of_one_algorithm_do_not_push_each_other_aside() -> None:
    files = bag({"a.txt": b"1"})
    files["manifest-sha-256.txt"] = f"{'0' * 64}  data/missing.txt\n".encode()

    with pytest.raises(InvalidInput, match="manifest-path-twice"):
        read(files)


def test_a_manifest_within_the_payload_must_agree_with_the_bag() -> None:
    inner = json.dumps({"files": [{"path": "a.txt", "sha256": sha256(b"2").hexdigest()}]}).encode()

    with pytest.raises(InvalidInput, match="manifest-digest-differs"):
        read(bag({"a.txt": b"1", "manifest.json": inner}))
