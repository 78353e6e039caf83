"""Signed OFD files and seals that other software made: what they are, and that one flipped byte never goes unseen."""

import posixpath
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import InvalidInput
from ingest.formats.containers import open_container
from ingest.signatures.gm_signed_data import is_signed_data
from ingest.signatures.ofd import verify
from ingest.signatures.ofd_sheets import read_sheet
from ingest.signatures.public_keys import fits
from ingest.signatures.seals import read_seal, read_seal_signature
from ingest.signatures.types import NOBODY, Coverage, Integrity, Signature, Trust
from tests.unit.signatures.sealing import packed

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "files" / "ofdrw-ofd"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="needs ../shared/data/files/ofdrw-ofd")
AT = datetime(2026, 1, 1, tzinfo=UTC)

# Counted in the files themselves. The one that is not valid has a Document.xml whose SM3 digest, by `openssl dgst` too,
# is not the one its signature states; the one whose signer is invalid was sealed four years after its seal expired.
EXPECTED = {
    ("SignScaleError.ofd", 0): (Integrity.VALID, Coverage.ENTIRE_FILE, Trust.UNKNOWN, 0),
    ("V4RideRight.ofd", 0): (Integrity.VALID, Coverage.ENTIRE_FILE, Trust.UNKNOWN, 0),
    ("draw_param_ref.ofd", 0): (Integrity.VALID, Coverage.PARTIAL, Trust.UNKNOWN, 2),
    ("testPathClip.ofd", 0): (Integrity.VALID, Coverage.PARTIAL, Trust.UNKNOWN, 2),
    ("testPathClip.ofd", 1): (Integrity.VALID, Coverage.ENTIRE_FILE, Trust.UNKNOWN, 0),
    ("发票示例.ofd", 0): (Integrity.INVALID, Coverage.ENTIRE_FILE, Trust.UNKNOWN, 0),
    ("keyword2.ofd", 0): (Integrity.VALID, Coverage.ENTIRE_FILE, Trust.UNKNOWN, 0),
    ("SESV4SignDoc.ofd", 0): (Integrity.VALID, Coverage.ENTIRE_FILE, Trust.INVALID, 0),
    ("hello-integrity.ofd", 0): (Integrity.NOT_CHECKED, Coverage.UNCLEAR, Trust.NOT_CHECKED, 0),
}


def files(kind: str) -> list[Path]:
    return sorted(FOLDER.rglob(f"*.{kind}"))


def left_out(found: Signature) -> int:
    return sum(each.code in {"ofd-not-covered", "ofd-covered-by-other"} for each in found.observations)


def verified(path: Path) -> tuple[Signature, ...]:
    with path.open("rb") as stream:
        return verify(stream, NOBODY, AT)


def test_every_signed_file_is_what_its_bytes_say_and_no_other_file_is_signed() -> None:
    seen = {}
    for path in files("ofd"):
        for at, found in enumerate(verified(path)):
            seen[path.name, at] = (found.integrity, found.coverage, found.trust, left_out(found))
    assert seen == EXPECTED


def test_the_changed_file_of_the_one_that_does_not_hold_is_named() -> None:
    (path,) = (each for each in files("ofd") if each.parts[-5] == "ofdrw-converter" and each.name == "发票示例.ofd")
    (found,) = verified(path)
    assert [each.place for each in found.observations if each.code == "ofd-file-changed"] == ["Doc_0/Document.xml"]


def signed_files() -> Iterator[tuple[str, dict[str, bytes], set[str], set[str]]]:
    """Name, parts, the parts that valid signatures refer to, and the descriptions of those signatures."""
    for path in files("ofd"):
        sheets = {found.place for found in verified(path) if found.integrity is Integrity.VALID}
        if not sheets:
            continue
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
        with path.open("rb") as stream:
            container = open_container(stream)
            referred = {each.part for part in sheets for each in read_sheet(container, part).references}
        yield path.name, parts, referred, sheets


def flipped(parts: dict[str, bytes], part: str, at: int, bit: int = 4) -> dict[str, bytes]:
    content = bytearray(parts[part])
    content[at] ^= 1 << bit
    return {**parts, part: bytes(content)}


def test_one_flipped_byte_in_any_signed_file_makes_its_signature_invalid() -> None:
    flips = 0
    for name, parts, referred, _ in signed_files():
        for part in sorted(referred):
            for tenth in (0, 3, 5, 8, 10):
                at = (len(parts[part]) - 1) * tenth // 10
                after = verify(packed(flipped(parts, part, at)), NOBODY, AT)
                assert any(each.integrity is Integrity.INVALID for each in after), (name, part, at)
                flips += 1
    assert flips >= 5 * 70


def test_one_flipped_byte_in_a_description_leaves_nothing_valid_of_it() -> None:
    for name, parts, _, sheets in signed_files():
        for part in sorted(sheets):
            for at in range(0, len(parts[part]), 61):
                after = verify(packed(flipped(parts, part, at)), NOBODY, AT)
                own = [each for each in after if each.place == part]
                assert own, (name, part, at)
                assert all(each.integrity is not Integrity.VALID for each in own), (name, part, at)


def test_one_flipped_byte_in_what_the_key_signed_leaves_no_seal_signature_valid() -> None:
    for name, parts, _, sheets in signed_files():
        for part in sorted(sheets):
            value = posixpath.join(posixpath.dirname(part), "SignedValue.dat")
            if is_signed_data(parts[value]):
                continue
            body = parts[value].index(read_seal_signature(parts[value]).body)
            for at in range(body, body + len(read_seal_signature(parts[value]).body), 499):
                after = verify(packed(flipped(parts, value, at)), NOBODY, AT)
                assert all(each.integrity is not Integrity.VALID for each in after), (name, value, at)


def test_the_seals_are_read_and_were_signed_by_their_maker() -> None:
    seen = {}
    for path in files("esl"):
        read = read_seal(path.read_bytes())
        assert read.made().held
        seen[path.parts[-5], path.name] = (
            f"{read.begins:%Y-%m-%d}",
            f"{read.ends:%Y-%m-%d}",
            read.stamped,
        )
        for length in range(1, len(read.encoded), 500):
            with pytest.raises(InvalidInput):
                read_seal(read.encoded[:length])
    if len(seen) == 7:
        assert seen["ofdrw-gm", "UserV1.esl"] == ("2020-04-22", "2022-04-22", False)
        assert seen["ofdrw-gm", "UserV4.esl"] == ("2020-04-22", "2022-04-22", False)
        assert seen["ofdrw-gm", "UserV5.esl"] == ("2026-04-24", "2028-04-24", False)
        assert seen["ofdrw-gm", "UserV5_ts.esl"] == ("2026-04-24", "2028-04-24", True)


def test_the_seal_signature_of_version_5_fits_its_signer_and_its_seal_its_maker() -> None:
    (path,) = FOLDER.rglob("SignedValueV5.dat")
    read = read_seal_signature(path.read_bytes())
    assert fits(read.signer.key, read.signature, lambda: (read.body,), read.algorithm).held
    assert read.property == "/Doc_0/Signs/Sign_0/Signature.xml"
    assert read.seal.made().held
    assert read.seal.names(read.signer)
