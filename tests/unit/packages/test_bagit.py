"""Bags: one rule broken at a time, and several together."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import InvalidInput
from ingest.packages.bagit import read_bag
from ingest.packages.types import Kind
from tests.unit.packages.making import NOTICE, Files, bag, codes, members, report, sums

ONE = "data/公告.txt"


def manifest(files: Files) -> bytes:
    return files["manifest-sha256.txt"]


def retagged(files: Files) -> Files:
    tags = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "fetch.txt")
    return {**files, "tagmanifest-sha256.txt": sums({name: files[name] for name in tags if name in files})}


SPOILED: dict[str, tuple[str, Callable[[Files], Files]]] = {
    "no declaration": ("bag-declaration-missing", lambda b: {k: v for k, v in b.items() if k != "bagit.txt"}),
    "declaration with a mark": ("bag-declaration", lambda b: {**b, "bagit.txt": b"\xef\xbb\xbf" + b["bagit.txt"]}),
    "declaration in punycode": (
        "bag-declaration",
        lambda b: {**b, "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: punycode\n"},
    ),
    "a version to come": (
        "bag-version-unknown",
        lambda b: {**b, "bagit.txt": b"BagIt-Version: 7.0\nTag-File-Character-Encoding: UTF-8\n"},
    ),
    "no manifest": ("bag-without-manifest", lambda b: {k: v for k, v in b.items() if "manifest-" not in k}),
    "a file missing": ("bag-incomplete", lambda b: {k: v for k, v in b.items() if k != ONE}),
    "a file too many": ("bag-unlisted", lambda b: {**b, "data/more": b"1"}),
    "another sum": ("bag-oxum", lambda b: {**b, "bag-info.txt": b"Payload-Oxum: 1.1\n"}),
    "no line of a manifest": ("manifest-malformed", lambda b: {**b, "manifest-sha256.txt": b"hello\n"}),
    "a digest too short": ("manifest-malformed", lambda b: {**b, "manifest-sha256.txt": b"abcd  data/x\n"}),
    "a path out": ("manifest-path-unsafe", lambda b: {**b, "manifest-sha256.txt": b"0" * 64 + b"  ../x\n"}),
    "a path beside the payload": (
        "manifest-path-unsafe",
        lambda b: {**b, "manifest-sha256.txt": manifest(b) + b"0" * 64 + b"  bagit.txt\n"},
    ),
    "a path twice": ("manifest-path-twice", lambda b: {**b, "manifest-sha256.txt": manifest(b) * 2}),
    "two manifests of one algorithm": ("manifest-path-twice", lambda b: {**b, "manifest-sha-256.txt": manifest(b)}),
    "a changed payload": ("manifest-digest-differs", lambda b: {**b, ONE: NOTICE[::-1]}),
    "a changed tag file": ("manifest-digest-differs", lambda b: {**b, "bag-info.txt": b"Contact: x\n"}),
    "something to fetch": (
        "bag-incomplete",
        lambda b: {**b, "fetch.txt": b"http://localhost/x 1 data/x\n"},
    ),
    "a fetched path out": ("manifest-path-unsafe", lambda b: {**b, "fetch.txt": b"http://localhost/x - ../x\n"}),
    "a tag file to fetch": (
        "manifest-path-unsafe",
        lambda b: {**b, "fetch.txt": b"http://localhost/x 1 bag-info.txt\n"},
    ),
    "a length to fetch that is none": (
        "manifest-malformed",
        lambda b: {**b, "fetch.txt": "http://localhost/x viele data/公告.txt\n".encode()},
    ),
    "a sum that is none": ("bag-oxum", lambda b: {**b, "bag-info.txt": b"Payload-Oxum: all\n"}),
    "a sum without a count": ("bag-oxum", lambda b: {**b, "bag-info.txt": b"Payload-Oxum: 24\n"}),
    "another sum after a right one": (
        "bag-oxum",
        lambda b: {**b, "bag-info.txt": b["bag-info.txt"] + b"Payload-Oxum: 1.1\n"},
    ),
    "another sum after a line that ends with CR": (
        "bag-oxum",
        lambda b: {**b, "bag-info.txt": b"Contact: x\rPayload-Oxum: 1.1\r"},
    ),
    "no line of things to fetch": ("manifest-malformed", lambda b: {**b, "fetch.txt": b"data/x\n"}),
}


@pytest.mark.parametrize(("code", "spoil"), SPOILED.values(), ids=SPOILED)
def test_a_broken_rule_is_found_under_its_code(code: str, spoil: Callable[[Files], Files]) -> None:
    found = report(spoil(bag()))

    assert found.kind is Kind.BAGIT
    assert not found.valid
    assert code in codes(found)


@pytest.mark.parametrize("version", ["0.93", "0.94", "0.95", "0.96", "0.97", "1.0"])
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512", "sm3"])
def test_a_sound_bag_of_every_version_and_algorithm_is_valid(version: str, algorithm: str) -> None:
    found = report(bag(version, algorithm))

    assert (found.valid, found.version) == (True, version)
    assert codes(found, "info") == ({"bag-digest-weak"} if algorithm in {"md5", "sha1"} else set())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_of_three_ways(end: str) -> None:
    files = {name: data.replace(b"\n", end.encode()) if "/" not in name else data for name, data in bag().items()}

    assert report(retagged(files)).findings == ()


def test_names_of_tag_files_are_decoded_as_those_of_the_payload() -> None:
    files = {**bag(), "100%.txt": b"1"}
    files["tagmanifest-sha256.txt"] = sums({"100%25.txt": b"1"})
    assert report(files).findings == ()

    files["100%.txt"] = b"2"
    assert codes(report(files)) == {"manifest-digest-differs"}


def test_a_bag_of_nothing_is_told() -> None:
    files = {"bagit.txt": bag()["bagit.txt"], "manifest-sha256.txt": b""}

    found = report(files)

    assert (found.valid, codes(found, "warning")) == (True, {"bag-payload-empty"})


def test_a_list_made_to_fill_the_memory_of_the_archive_is_not_read_in_it() -> None:
    files = {**bag(), "manifest-sha256.txt": b"%064x  data/x\n" % 1 * (9 << 14) * 8}

    with pytest.raises(InvalidInput, match="manifest-too-large"):
        read_bag(members(files))


def test_everything_that_is_wrong_is_told_and_not_only_the_first() -> None:
    files = {**bag(), "data/公告.txt": b"2", "data/more": b"1", "fetch.txt": b"http://localhost/x 1 data/x\n"}

    found = report(files)

    assert codes(found) == {"bag-unlisted", "bag-oxum", "manifest-digest-differs", "bag-incomplete"}
    assert {finding.path for finding in found.findings} >= {"data/公告.txt", "data/more", "data/x"}


def test_what_is_to_be_fetched_is_counted_and_never_fetched() -> None:
    lines = b"".join(b"http://localhost:1/%d - data/%d\n" % (number, number) for number in range(3))

    (told,) = [f for f in report({**bag(), "fetch.txt": lines}).findings if f.code == "bag-to-fetch"]

    assert told.params["number"] == 3


def test_a_manifest_of_an_unknown_algorithm_is_told_and_never_taken_for_a_comparison() -> None:
    files = bag()
    files["manifest-crc32.txt"] = b"00000000  data/x\n"
    assert codes(report(files), "warning") == {"bag-algorithm-unknown"}

    del files["manifest-sha256.txt"]
    assert "bag-without-manifest" in codes(report(files))


def test_names_that_differ_in_capitals_only_are_told() -> None:
    files = bag()
    payload = {**{name: data for name, data in files.items() if name.startswith("data/")}, "data/附件/清单.CSV": b"1"}
    files |= {**payload, "manifest-sha256.txt": sums(payload), "bag-info.txt": b"\n"}

    assert codes(report(retagged(files)), "warning") == {"package-names-alike"}


def test_too_many_findings_are_counted_instead_of_listed() -> None:
    files = bag()
    files["manifest-sha256.txt"] += b"".join(b"%064x  data/%d\n" % (number, number) for number in range(1_500))

    found = report(retagged(files))

    (more,) = [finding for finding in found.findings if finding.code == "package-findings-more"]
    assert (more.params["more"], len(found.findings), found.valid) == (500, 1_001, False)


@given(place=st.integers(0, len(NOTICE) - 1), bit=st.integers(0, 7))
def test_any_bit_of_the_payload_that_is_flipped_is_found(place: int, bit: int) -> None:
    changed = bytearray(NOTICE)
    changed[place] ^= 1 << bit

    assert codes(report({**bag(), ONE: bytes(changed)})) == {"manifest-digest-differs"}


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\%"), min_size=1, max_size=40))
def test_any_name_may_stand_in_a_bag(name: str) -> None:
    if name in {".", ".."} or name.strip() != name:
        return
    payload = {f"data/{name}": b"1"}
    files = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "manifest-sm3.txt": sums(payload, "sm3"),
        **payload,
    }
    assert report(files).valid
