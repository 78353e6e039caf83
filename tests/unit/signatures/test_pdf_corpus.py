"""Signed PDF files of the world, where they are at hand: each gets the verdict that its makers expect of it."""

from pathlib import Path

import pytest

from archive.clock import SystemClock
from ingest.signatures.byte_ranges import is_marked
from ingest.signatures.pdf import verify
from ingest.signatures.types import NOBODY, Coverage, Integrity, Signature, Trust

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "files" / "pyhanko-signed-pdfs"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="needs ../shared/data/files/pyhanko-signed-pdfs")

FIELDS, CONTENT, VALIDATION = "signature-changes-fields", "signature-changes-content", "signature-changes-validation"
WHOLE = (Integrity.VALID, Coverage.ENTIRE_FILE, "")


def revised(changes: str) -> tuple[Integrity, Coverage, str]:
    return (Integrity.VALID, Coverage.ENTIRE_REVISION, changes)


# What the makers' own tests expect (MatthiasValvekens/pyHanko, test_diff_analysis.py, test_signing.py, test_pades.py).
EXPECTED = {
    "weird-byterange": [(Integrity.VALID, Coverage.UNCLEAR, "signature-gap")],
    "extensions-direct": [revised(FIELDS), WHOLE],
    "extensions-update-indirect": [revised(FIELDS), WHOLE],
    "extensions-indirect-not-all-paths": [revised(CONTENT), WHOLE],
    "form-update-ap-indirect-sneaky-trailer": [revised(CONTENT), WHOLE],
    "form-update-original-ap-type-wrong": [revised(FIELDS), WHOLE],
    "form-update-override-appearance-stream-ap-indirect": [revised(FIELDS), WHOLE],
    "minimal-signed-twice-no-sig-type": [revised(FIELDS), WHOLE],
    "separate-annots-kids-indir": [revised(FIELDS), WHOLE],
    "pades-lta-dss-indirect-arrs-test-2": [revised(FIELDS), revised(FIELDS), revised(VALIDATION)],
    "pdf-sig-with-econtent": [(Integrity.INVALID, Coverage.ENTIRE_FILE, "signature-malformed")],
    "sig-no-signed-attrs": [WHOLE],
    # Encrypted for somebody's key, so only the byte range can be read; it covers the file and holds.
    "signed-encrypted-pubkey-with-catalog-ref": [(Integrity.VALID, Coverage.ENTIRE_FILE, "signature-file-unreadable")],
}
_ALWAYS = {"signature-time-unproven", "certificate-unknown-authority", "time-stamp-unknown-authority"}


def verified(path: Path) -> tuple[Signature, ...]:
    with path.open("rb") as stream:
        return verify(stream, NOBODY, SystemClock().now())


def told(signature: Signature) -> tuple[Integrity, Coverage, str]:
    codes = [each.code for each in signature.observations if each.code not in _ALWAYS]
    assert len(codes) <= 1
    return signature.integrity, signature.coverage, "".join(codes)


def files() -> list[Path]:
    return sorted(FOLDER.rglob("*.pdf")) if FOLDER.is_dir() else []


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_each_file_of_the_collection_gets_the_verdict_its_makers_expect(path: Path) -> None:
    assert [told(each) for each in verified(path)] == EXPECTED.get(path.stem, [])


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_a_file_with_a_byte_range_is_never_without_signatures(path: Path) -> None:
    with path.open("rb") as stream:
        marked = is_marked(stream)
    assert bool(verified(path)) == marked
    assert all(each.trust is Trust.UNKNOWN for each in verified(path))
