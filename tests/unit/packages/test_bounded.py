"""Packages validated in a bounded process: the same report, and nothing of the machine within reach."""

import io
import os
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import InvalidInput, Unavailable
from ingest.bounded.bounds import Bounds
from ingest.bounded.room import Room
from ingest.packages.bounded import validate, validate_members
from ingest.packages.laid import laid as laid_out
from ingest.packages.laid import listing, members_from
from ingest.packages.members import Member, Members
from ingest.packages.types import Kind
from ingest.packages.validating import validate as validated_here
from tests.unit.packages.making import SOUND, bag, codes, eep, laid, members, tarred, zipped


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    broken = {**bag(), "data/公告.txt": b"1", "data/more.txt": b"1"}
    (tmp_path / "x.bin").write_bytes(b"1")
    document = tmp_path / "a.eep"
    document.write_bytes(next(iter(eep().values())))
    return [
        laid(broken, tmp_path / "folder"),
        zipped(broken, tmp_path / "package.zip"),
        tarred(broken, tmp_path / "package.tar"),
        document,
        tmp_path / "x.bin",
        tmp_path / "nothing",
    ]


def test_the_report_is_the_same_as_in_this_process(places: list[Path]) -> None:
    for path in places:
        assert validate(path) == validated_here(path)


@pytest.mark.parametrize("kind", SOUND)
def test_files_wherever_they_lie_are_validated_as_one_stream(kind: str) -> None:
    report = validate_members(members(SOUND[kind]()))

    assert (report.kind, report.valid) == (kind, True)


def test_a_path_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    report = validate(tmp_path / "pipe")

    assert (report.kind, codes(report)) == (Kind.UNKNOWN, {"package-file-unreadable"})


def test_the_process_reads_the_package_and_nothing_beside_it(tmp_path: Path) -> None:
    folder = laid(bag(), tmp_path / "bag")
    other = laid(bag(), tmp_path / "other")
    room = Room(Bounds(readable=(str(folder),)))
    try:
        seen = [room.call("ingest.packages.inside:validate", {"path": str(path)}) for path in (folder, other)]
    finally:
        room.close()

    assert [report["kind"] for report in seen] == ["bagit", "unknown"]


def test_what_a_source_raises_while_it_is_read_reaches_the_caller() -> None:
    def gone() -> BinaryIO:
        raise Unavailable("reading-room-closed", detail="gone")

    sound = members(bag())
    broken = {path: Member(path, member.size, gone) for path, member in sound.items()}

    with pytest.raises(Unavailable) as caught:
        validate_members(broken)
    assert caught.value.code == "reading-room-closed"


def test_a_broken_rule_is_raised_with_the_codes_of_all() -> None:
    report = validate_members(members({**bag(), "data/公告.txt": b"1", "data/more.txt": b"1"}))

    with pytest.raises(InvalidInput) as caught:
        report.require_valid()
    told = caught.value.params["findings"]
    assert isinstance(told, list)
    assert set(told) == {
        "bag-unlisted",
        "bag-oxum",
        "manifest-digest-differs",
    }


def _members(contents: list[bytes]) -> Members:
    return {
        b"%d" % number: Member(b"%d" % number, len(content), partial(io.BytesIO, content))
        for number, content in enumerate(contents)
    }


@given(st.lists(st.binary(max_size=30), max_size=6), st.lists(st.tuples(st.integers(0, 200), st.integers(1, 40))))
def test_the_stream_is_the_files_one_behind_the_other(contents: list[bytes], reads: list[tuple[int, int]]) -> None:
    whole = b"".join(contents)
    given_members = _members(contents)
    with laid_out(given_members) as stream:
        for offset, length in reads:
            stream.seek(offset)
            piece = stream.read(length)
            assert whole[offset : offset + length].startswith(piece)
            assert piece or offset >= len(whole)
        assert stream.seek(0, io.SEEK_END) == len(whole)
        found = members_from(stream, listing(given_members))
        assert [member.open().read() for member in found.values()] == contents


def test_a_file_shorter_than_announced_is_told_as_cut_off() -> None:
    short = {b"a": Member(b"a", 9, lambda: io.BytesIO(b"abc")), b"b": Member(b"b", 1, lambda: io.BytesIO(b"b"))}
    with laid_out(short) as stream:
        (cut, other) = members_from(stream, listing(short)).values()
        with pytest.raises(InvalidInput) as caught:
            cut.open().read()
        assert caught.value.code == "file-truncated"
        assert other.open().read() == b"b"
