"""A detached signature among the files of a record is tied to the document it belongs to, and to no other."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from archive.blobs.memory import MemoryBlobStore
from archive.clock import FixedClock
from archive.records.types import Component, ComponentRole, Record, Version
from ingest.bounded.room import Room
from ingest.examining.examiner import Examiner
from ingest.signatures.types import Integrity, Signature, Trust
from ingest.steps.identify import ComponentReader
from ingest.steps.port import Item
from tests.unit.signatures.authority import issue, trusting

ROOT = issue("测试根", is_authority=True)
SIGNER = issue("测试招标人", ROOT)
NOTICE = "云岭市试验公告".encode() * 99
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def reader() -> Iterator[ComponentReader]:
    examiner = Examiner(Room(), trusting(ROOT))
    yield ComponentReader(examiner, FixedClock(NOW))
    examiner.close()


def signature_over(document: bytes) -> bytes:
    builder = PKCS7SignatureBuilder().set_data(document).add_signer(SIGNER.certificate, SIGNER.key, SHA256())
    return builder.sign(Encoding.DER, [PKCS7Options.Binary, PKCS7Options.DetachedSignature])


def twins(reader: ComponentReader, *files: tuple[str, bytes]) -> dict[str, tuple[Signature, ...]]:
    blobs = MemoryBlobStore()
    components = []
    for number, (name, content) in enumerate(files):
        digest = blobs.put(io.BytesIO(content))
        identity = (f"cmp_{number}", "ver_1", number, ComponentRole.ATTACHMENT, name, None, "", None)
        components.append(Component(*identity, digest.size, digest.sha256, digest.sm3, None, None))
    item = Item(cast("Record", None), cast("Version", None), tuple(components), {}, {}, None, blobs)
    return dict(reader.twins_of(item))


def test_a_twin_is_verified_over_its_document(reader: ComponentReader) -> None:
    found = twins(reader, ("公告.txt", NOTICE), ("公告_SIGN.txt", signature_over(NOTICE)), ("别的.txt", b"x"))
    assert list(found) == ["cmp_0"]
    (signature,) = found["cmp_0"]
    assert (signature.integrity, signature.trust) == (Integrity.VALID, Trust.TRUSTED)


def test_a_twin_of_a_changed_document_does_not_hold(reader: ComponentReader) -> None:
    found = twins(reader, ("公告.txt", NOTICE + b"!"), ("公告.txt.p7s", signature_over(NOTICE)))
    assert [each.integrity for each in found["cmp_0"]] == [Integrity.INVALID]


def test_no_document_loses_its_twin_to_another_of_its_name(reader: ComponentReader) -> None:
    found = twins(reader, ("公告.txt", NOTICE), ("公告.txt", b"x"), ("公告.txt.p7s", signature_over(NOTICE)))
    assert {name: [each.integrity for each in signatures] for name, signatures in found.items()} == {
        "cmp_0": [Integrity.NOT_CHECKED],
        "cmp_1": [Integrity.NOT_CHECKED],
    }
    assert [seen.code for seen in found["cmp_1"][0].observations] == ["signature-twin-unclear"]
