"""One signature of a PDF file: whether it holds, how much of the file it covers, and what came after it."""

import time
from dataclasses import replace
from typing import BinaryIO, cast

from asn1crypto import cms
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from ingest.outcomes import Observation
from ingest.signatures.byte_ranges import ByteRange, RangeView, bytes_after, size_of
from ingest.signatures.cms import (
    Digests,
    Judging,
    embedded_digests,
    encapsulated,
    judge,
    malformed,
    open_signed,
    signers,
    streamed_digests,
    unjudged,
)
from ingest.signatures.commercial import is_commercial, judge_one
from ingest.signatures.pdf_document import BROKEN_PDF, STAMPING, Document, Field
from ingest.signatures.stamps import is_token, judge_token, moment_of
from ingest.signatures.types import SIZE_LIMIT, Coverage, Integrity, Judged, Kind, Signature

_DETACHED = frozenset({"/adbe.pkcs7.detached", "/ETSI.CAdES.detached", STAMPING})
_SHA1 = "/adbe.pkcs7.sha1"
_KNOWN = _DETACHED | {_SHA1}
# Judging later changes reads every object of the signed revision, some thousand a second, and that for each signature:
# what is not judged within so many seconds of the processor is told, and the signatures themselves are still verified.
_DIFFERENCE_SECONDS = 8.0
_DIFFERENCE_BYTES = 64 << 20
_DIFFERENCE_OBJECTS = 50_000
_CHANGES = {
    ModificationLevel.LTA_UPDATES: "signature-changes-validation",
    ModificationLevel.FORM_FILLING: "signature-changes-fields",
    ModificationLevel.ANNOTATIONS: "signature-changes-annotations",
    ModificationLevel.OTHER: "signature-changes-content",
}


def judge_field(stream: BinaryIO, document: Document, field: Field, judging: Judging) -> Signature:
    """The signature in a field."""
    if field.byte_range is None:
        odd = (Observation("signature-range-odd"),)
        return _signature(field.name, _without_range(field), Coverage.UNCLEAR, odd, is_time_stamp=field.is_time_stamp)
    own = replace(judging, claimed=field.claimed)
    judged = _judged(stream, field.byte_range, field.contents, field.sub_filter, own)
    if judged.integrity is Integrity.VALID and is_token(field.contents) is not field.is_time_stamp:
        # Anybody gets a time stamp of a trusted authority for anything, so it is nobody's signature.
        judged = malformed("TSTInfo")
    coverage, seen = _coverage(stream, document, field, field.byte_range)
    return _signature(field.name, judged, coverage, seen, is_time_stamp=field.is_time_stamp)


def judge_range(stream: BinaryIO, each: ByteRange, place: str, judging: Judging, *, readable: bool) -> Signature:
    """A signature known by its byte range alone: outside of any field, or in a file that is not `readable`."""
    contents = each.gap(stream) if each.is_regular(size_of(stream)) else None
    judged = unjudged("signature-range-odd") if contents is None else _judged(stream, each, contents, "", judging)
    whole = contents is not None and not readable and each.end == size_of(stream)
    coverage = Coverage.ENTIRE_FILE if whole else Coverage.UNCLEAR
    code = Observation("signature-outside-fields" if readable else "signature-file-unreadable", place=place)
    return _signature(place, judged, coverage, (code,), is_time_stamp=False)


def _signature(
    place: str, judged: Judged, coverage: Coverage, seen: tuple[Observation, ...], *, is_time_stamp: bool
) -> Signature:
    return judged.carried(Kind.TIME_STAMP if is_time_stamp else Kind.PDF, place, coverage, seen)


def _without_range(field: Field) -> Judged:
    """A signature whose range is missing or no range: the kinds known here cannot hold without one."""
    if field.sub_filter in _KNOWN or not field.contents:
        return malformed("/ByteRange" if field.contents else "/Contents")
    return unjudged("signature-method-unknown", method=field.sub_filter)


def _judged(stream: BinaryIO, each: ByteRange, contents: bytes, sub_filter: str, judging: Judging) -> Judged:
    """Whether the signature in `contents` holds over what its byte range covers."""
    if sub_filter and sub_filter not in _KNOWN:
        return unjudged("signature-method-unknown", method=sub_filter)
    if len(contents) > SIZE_LIMIT:
        return unjudged("signature-too-large", limit=SIZE_LIMIT)
    if is_commercial(contents):
        if is_token(contents):
            return unjudged("time-stamp-unverified", detail="SM2")
        whole = cast("BinaryIO", RangeView(stream, each))
        return _padded(judge_one(contents[: _der_length(contents)], whole, judging), contents)
    signed = open_signed(contents)
    if signed is None:
        return malformed("CMS")
    digests = streamed_digests(lambda: each.pieces(stream))
    return _padded(_over(signed, digests, judging, is_sha1=sub_filter == _SHA1), contents)


def _over(signed: cms.SignedData, digests: Digests, judging: Judging, *, is_sha1: bool) -> Judged:
    """Whether signed data hold over what `digests` are of: directly, or where `is_sha1` over its SHA-1."""
    if signed["encap_content_info"]["content_type"].native == "tst_info":
        return judge_token(signed, digests, judging)
    who = signers(signed)
    if len(who) != 1:
        return unjudged("signature-several-signers", count=len(who)) if who else malformed("SignerInfo")
    content = encapsulated(signed)
    if not is_sha1 and content is None:
        return judge(signed, who[0], digests, judging, moment_of)
    if is_sha1 and content is not None:
        return _over_sha1(
            judge(signed, who[0], embedded_digests(content), judging, moment_of), content, digests("sha1")
        )
    return replace(
        judge(signed, who[0], digests, judging, moment_of),
        integrity=Integrity.INVALID,
        observations=(Observation("signature-malformed", {"detail": "content"}),),
    )


def _over_sha1(judged: Judged, content: bytes, digest: bytes) -> Judged:
    """The old way that signs the SHA-1 digest of the file instead of the file (ISO 32000-1, 12.8.3.3.1)."""
    named = Observation("signature-weak-algorithm", {"algorithm": "SHA-1"})
    weak = judged.observations if named in judged.observations else (*judged.observations, named)
    if content == digest:
        return replace(judged, observations=weak)
    return replace(judged, integrity=Integrity.INVALID, observations=(*weak, Observation("signature-altered")))


def _padded(judged: Judged, contents: bytes) -> Judged:
    """Name what hides behind the signature, where only zeros belong: no digest covers it."""
    hidden = len(contents[_der_length(contents) :].rstrip(b"\0"))
    if not hidden:
        return judged
    return replace(judged, observations=(*judged.observations, Observation("signature-padding", {"bytes": hidden})))


def _der_length(der: bytes) -> int:
    """How long the first value in `der` is by its own word (X.690, 8.1.3); all of it where it does not say."""
    if len(der) < 2 or der[1] == 0x80:
        return len(der)
    if der[1] < 0x80:
        return 2 + der[1]
    count = der[1] & 0x7F
    return 2 + count + int.from_bytes(der[2 : 2 + count], "big")


def _coverage(
    stream: BinaryIO, document: Document, field: Field, each: ByteRange
) -> tuple[Coverage, tuple[Observation, ...]]:
    if not each.is_regular(size_of(stream)):
        return Coverage.UNCLEAR, (Observation("signature-range-odd"),)
    if each.gap(stream) != field.contents:
        return Coverage.UNCLEAR, (Observation("signature-gap"),)
    if each.end == size_of(stream):
        return Coverage.ENTIRE_FILE, ()
    if field.embedded is None:
        return Coverage.UNCLEAR, (Observation("signature-changes-unjudged", {"detail": "CMS"}),)
    return _coverage_of_revision(stream, document, field.embedded, each)


def _coverage_of_revision(
    stream: BinaryIO, document: Document, embedded: EmbeddedPdfSignature, each: ByteRange
) -> tuple[Coverage, tuple[Observation, ...]]:
    """Where something follows the signed part: whether that is a later revision, and what it changes."""
    try:
        level = embedded.evaluate_signature_coverage()
        later = any(
            document.reader.xrefs.get_xref_container_info(revision).end_location > each.end
            for revision in range(document.reader.xrefs.total_revisions)
        )
    except BROKEN_PDF as error:
        return Coverage.UNCLEAR, (Observation("signature-changes-unjudged", {"detail": type(error).__name__}),)
    if level is not SignatureCoverageLevel.ENTIRE_REVISION:
        return Coverage.PARTIAL, (Observation("signature-revision-partial"),)
    tail = bytes_after(stream, each.end)
    if not later:
        return Coverage.ENTIRE_REVISION, (Observation("signature-tail", {"bytes": tail}),) if tail else ()
    return Coverage.ENTIRE_REVISION, (_changes(stream, document, embedded),)


def _changes(stream: BinaryIO, document: Document, embedded: EmbeddedPdfSignature) -> Observation:
    """What later revisions changed, as the library's difference analysis judges it."""
    if document.seconds > _DIFFERENCE_SECONDS:
        return Observation("signature-changes-unjudged", {"detail": f"> {_DIFFERENCE_SECONDS:.0f} s"})
    begun = time.process_time()
    try:
        return _judged_changes(stream, document, embedded)
    finally:
        document.seconds += time.process_time() - begun


def _judged_changes(stream: BinaryIO, document: Document, embedded: EmbeddedPdfSignature) -> Observation:
    tables = document.reader.xrefs
    try:
        objects = sum(len(tables.explicit_refs_in_revision(each)) for each in range(tables.total_revisions))
        if size_of(stream) > _DIFFERENCE_BYTES or objects > _DIFFERENCE_OBJECTS:
            return Observation("signature-changes-unjudged", {"detail": f"{objects} objects"})
        result = DEFAULT_DIFF_POLICY.review_file(
            document.reader,
            embedded.signed_revision,
            field_mdp_spec=embedded.fieldmdp,
            doc_mdp=embedded.docmdp_level,
        )
        allowed = embedded.docmdp_level
    except BROKEN_PDF as error:
        return Observation("signature-changes-unjudged", {"detail": type(error).__name__})
    if not isinstance(result, DiffResult):
        return Observation("signature-changes-content")
    level = result.modification_level
    if allowed is not None and level.value > allowed.value:
        return Observation("signature-changes-forbidden")
    return Observation(_CHANGES.get(level, "signature-changes-validation"))
