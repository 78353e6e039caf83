"""Signatures of kinds that nothing here verifies. They are told, so that none of them is taken for absent."""

import email
import email.policy
import io
import re
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from ingest.formats.containers import open_container
from ingest.outcomes import Observation
from ingest.signatures.byte_ranges import occurrences
from ingest.signatures.types import Coverage, Integrity, Kind, Signature, Trust, TrustList

_MOST = 200
# Open Packaging Conventions (ECMA-376 part 2, 12.2.4), OpenDocument 1.3 part 2, 3.5, and EPUB OCF 3.3, 4.2.6.3.6.
_PART = re.compile(r"(?i)_xmlsignatures/(?!_rels/)[^/]+\.xml|META-INF/[^/]*signatures\.xml")
_MEMBER = 128  # bytes of one entry in the directory of a compound file ([MS-CFB] 2.6.1), which begins with its name
_STORAGE = re.compile(b"|".join(name.encode("utf-16-le") for name in ("_xmlsignatures\0", "_signatures\0")))
_HEADERS = 1 << 16
_MAIL_KINDS = frozenset({"multipart/signed", "application/pkcs7-mime", "application/x-pkcs7-mime"})


def of_package(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    """The signatures of an office document that is a container.

    Raises:
        InvalidInput: as `ingest.formats.containers.open_container`.
    """
    del trust, at
    parts = (part for part in open_container(stream).entries if _PART.fullmatch(part))
    return tuple(_told(Kind.XML, part, "XML in a package") for part in islice(parts, _MOST))


def of_compound_file(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    """The signatures of an office document of the old kind, told by the storages that hold them."""
    del trust, at
    signed = any(place % _MEMBER == 0 for place, _ in occurrences(stream, _STORAGE))
    return (_told(Kind.XML, "", "compound file"),) if signed else ()


def of_mail(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    """The signature of a mail that is signed as a whole (RFC 8551, 3.5)."""
    del trust, at
    stream.seek(0)
    head = email.message_from_binary_file(io.BytesIO(stream.read(_HEADERS)), policy=email.policy.compat32)
    signed = head.get_content_type() in _MAIL_KINDS
    return (_told(Kind.CMS, "", head.get_content_type()),) if signed else ()


def _told(kind: Kind, place: str, method: str) -> Signature:
    why = Observation("signature-method-unknown", {"method": method})
    return Signature(kind, place, Integrity.NOT_CHECKED, Coverage.UNCLEAR, Trust.NOT_CHECKED, observations=(why,))
