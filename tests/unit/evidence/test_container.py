import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.evidence import container, strict
from archive.evidence.container import Writer, safe_name
from archive.evidence.strict import Limits, StrictReader

NAMES = st.from_regex(r"[a-z0-9_-]{1,8}(/[a-z0-9_-]{1,8}\.[a-z]{1,3})?", fullmatch=True)
MEMBERS = st.dictionaries(NAMES, st.binary(max_size=300), max_size=6)


def write(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    writer = Writer(out)
    for name, data in members.items():
        writer.add(name, len(data), [data[:7], data[7:]])
    writer.finish()
    return out.getvalue()


def read(data: bytes) -> tuple[StrictReader, dict[str, bytes]]:
    found: dict[str, bytearray] = {}

    def sink_for(name: str) -> strict.Sink:
        return found.setdefault(name, bytearray()).extend

    reader = StrictReader(io.BytesIO(data), Limits(), sink_for)
    reader.read()
    return reader, {name: bytes(value) for name, value in found.items()}


@given(MEMBERS)
def test_what_is_written_reads_back_without_deviation(members: dict[str, bytes]) -> None:
    reader, found = read(write(members))
    assert (reader.deviations, reader.complete) == ([], True)
    assert found == members
    assert reader.names == list(members)


@given(MEMBERS)
def test_any_zip_tool_can_read_it(members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(write(members))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == members
        assert {info.date_time for info in archive.infolist()} <= {(1980, 1, 1, 0, 0, 0)}


@given(MEMBERS.filter(bool), st.data())
def test_every_byte_counts(members: dict[str, bytes], data: st.DataObject) -> None:
    clean = write(members)
    changed = bytearray(clean)
    position = data.draw(st.integers(0, len(clean) * 8 - 1))
    changed[position // 8] ^= 1 << position % 8
    reader, found = read(bytes(changed))
    # A name may change into another safe one; what should stand there is the manifest's to say.
    assert reader.deviations or list(found) != list(members)


@given(MEMBERS, st.data())
def test_every_cut_is_seen(members: dict[str, bytes], data: st.DataObject) -> None:
    clean = write(members)
    reader, _ = read(clean[: data.draw(st.integers(0, len(clean) - 1))])
    assert reader.deviations
    assert not reader.complete


def test_large_numbers_go_into_64_bit_fields_and_only_they(monkeypatch: pytest.MonkeyPatch) -> None:
    # Four gigabytes are too many for a test; whether a number is large is one comparison with this constant.
    member = container.Member(b"large", 5_000_000_000, 7, 6_000_000_000)
    assert len(container.local_header(b"large", 5_000_000_000, 7)) == 30 + 5 + 20
    assert len(container.local_header(b"small", 0xFFFFFFFE, 7)) == 30 + 5
    assert len(container.central_header(member)) == 46 + 5 + 28
    assert len(container.end_records(3, 6_000_000_000, 300)) == 56 + 20 + 22
    assert len(container.end_records(65_534, 5, 300)) == 22
    assert len(container.end_records(65_535, 5, 300)) == 98
    monkeypatch.setattr(container, "_FULL_16", 2)
    members = {f"m{number}": bytes(number) for number in range(4)}
    end64 = write(members)[-98:]
    assert end64[:4] == b"PK\x06\x06"
    reader, found = read(write(members))
    assert (reader.deviations, found) == ([], members)


def test_a_member_over_four_gigabytes_is_read_by_its_64_bit_size() -> None:
    header = container.local_header(b"large", 1 << 33, 0)
    reader, _ = read(header + b"x" * 10)
    assert [deviation.code for deviation in reader.deviations] == ["container.truncated"]


@pytest.mark.parametrize(
    "name", ["", "/a", "a/", "a//b", "../a", "a/..", ".hidden", "a/.b", "a b", "a\\b", "中", "C:x"]
)
def test_unsafe_names_are_refused(name: str) -> None:
    assert not safe_name(name)
    with pytest.raises(ValueError, match="cannot name"):
        Writer(io.BytesIO()).add(name, 0, [])


def test_a_writer_refuses_what_it_was_not_told() -> None:
    writer = Writer(io.BytesIO())
    with pytest.raises(ValueError, match="3 bytes instead of 4"):
        writer.add("a", 4, [b"abc"])
    writer.add("b", 1, [b"b"])
    with pytest.raises(ValueError, match="cannot name"):
        writer.add("b", 1, [b"b"])
