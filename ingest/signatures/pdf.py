"""Signatures in PDF files (ISO 32000-2, 12.8; ETSI EN 319 142-1).

Whatever the library cannot read is read by its byte range alone, and said to be. Nothing that looks like a signature
goes without a word.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from ingest.outcomes import Observation
from ingest.signatures.byte_ranges import ByteRange, is_marked, may_have_fields, written_ranges
from ingest.signatures.cms import Judging, unjudged
from ingest.signatures.pdf_document import Document, Field, open_document
from ingest.signatures.pdf_signature import judge_field, judge_range
from ingest.signatures.quiet import quietly
from ingest.signatures.types import Coverage, Integrity, Kind, Signature, Trust, TrustList

LIMIT = 200
"""How many signatures of one file are looked at."""

# Changes that are allowed after signing. A field or note can lie over the page and show another text, so what comes
# after the last signature, and nobody has signed, is for a person to look at.
_HARMLESS = frozenset({"signature-changes-fields", "signature-changes-annotations"})


@quietly()
def verify(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    """Every signature and document time stamp in the file, in the order of signing; empty fields are none."""
    marked = is_marked(stream)
    if not marked and not may_have_fields(stream):
        return ()
    ranges = written_ranges(stream, LIMIT + 1)
    judging = Judging(trust, at)
    document = open_document(stream)
    if document is None:
        found = tuple(judge_range(stream, each, f"byte {place}", judging, readable=False) for place, each in ranges)
        return _bounded(found or ((_unreadable("structure"),) if marked else ()))
    found = tuple(_in_fields(stream, document, judging)) + tuple(_outside(stream, document, ranges, judging))
    return _bounded(found or ((_unreadable("fields"),) if marked and not document.is_whole else ()))


def _in_fields(stream: BinaryIO, document: Document, judging: Judging) -> Iterator[Signature]:
    """Signatures in fields, judged from the last back, since less has come after it.

    Document time stamps are judged first: they prove when what they enclose existed.
    """
    evidence = document.evidence()
    judging = replace(judging, evidence=evidence)
    fields = document.fields[: LIMIT + 1]
    proofs: list[tuple[int, datetime]] = []
    judged: dict[int, Signature] = {}
    for number, field in sorted(enumerate(fields), key=lambda each: (not each[1].is_time_stamp, -each[0])):
        proved = min((time for end, time in proofs if end > field.end), default=None)
        signature = judge_field(stream, document, field, replace(judging, proved=proved))
        if field.is_time_stamp and signature.time is not None and _proves(signature):
            proofs.append((field.end, signature.time))
        judged[number] = signature
    shared = _shared(fields)
    for number, signature in sorted(judged.items()):
        more = [Observation("signature-shared", place=signature.place)] if number in shared else []
        if number == len(fields) - 1 and any(each.code in _HARMLESS for each in signature.observations):
            more.append(Observation("signature-unsigned-changes", place=signature.place))
        yield replace(signature, observations=(*signature.observations, *more))


def _proves(stamp: Signature) -> bool:
    """Whether a document time stamp proves that what it encloses existed by then."""
    holds = stamp.time_proved and stamp.integrity is Integrity.VALID
    return holds and stamp.coverage in {Coverage.ENTIRE_FILE, Coverage.ENTIRE_REVISION}


def _shared(fields: list[Field]) -> set[int]:
    """Fields that show the same signature as an earlier one."""
    first: dict[bytes, int] = {}
    shared: set[int] = set()
    for number, field in enumerate(fields):
        if field.contents and first.setdefault(field.contents, number) != number:
            shared |= {number, first[field.contents]}
    return shared


def _outside(
    stream: BinaryIO, document: Document, ranges: list[tuple[int, ByteRange]], judging: Judging
) -> Iterator[Signature]:
    """Signature dictionaries that no field leads to, in any revision of the file."""
    known = {field.byte_range for field in document.fields}
    for place, each in ranges:
        holder = document.object_at(place) if each not in known else None
        if holder is not None:
            yield judge_range(stream, each, f"object {holder}", judging, readable=True)


def _bounded(found: tuple[Signature, ...]) -> tuple[Signature, ...]:
    if len(found) <= LIMIT:
        return found
    rest = unjudged("signatures-too-many", limit=LIMIT)
    return (
        *found[:LIMIT],
        Signature(Kind.PDF, "", rest.integrity, Coverage.UNCLEAR, rest.trust, observations=rest.observations),
    )


def _unreadable(detail: str) -> Signature:
    observation = Observation("signatures-unreadable", {"detail": detail})
    return Signature(
        Kind.PDF, "", Integrity.NOT_CHECKED, Coverage.UNCLEAR, Trust.NOT_CHECKED, observations=(observation,)
    )
