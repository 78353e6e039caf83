"""Find the signatures of one file, whatever its format.

The libraries of signatures take longer to load than most files to be read, and few files are signed: each is loaded by
the first file that shows a trace of what it verifies.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from importlib import metadata
from typing import BinaryIO

from ingest.signatures import unverified
from ingest.signatures.byte_ranges import is_marked, may_have_fields
from ingest.signatures.twins import may_be_signed_data
from ingest.signatures.types import Signature, Signatures, TrustList

_Verifier = Callable[[BinaryIO, TrustList, datetime], tuple[Signature, ...]]


def _pdf(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    if not is_marked(stream) and not may_have_fields(stream):
        return ()
    from ingest.signatures import pdf  # noqa: PLC0415 - see above

    return pdf.verify(stream, trust, at)


def _ofd(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    from ingest.signatures import ofd  # noqa: PLC0415 - see above

    return ofd.verify(stream, trust, at)


def _xml(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    from ingest.signatures import xml  # noqa: PLC0415 - see above

    return xml.verify(stream, trust, at)


def _attached(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    from ingest.signatures import detached  # noqa: PLC0415 - see above

    return detached.verify_attached(stream, trust, at)


def _unnamed(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    if not may_be_signed_data(stream):
        return ()
    from ingest.signatures import detached  # noqa: PLC0415 - see above

    return detached.verify_unnamed(stream, trust, at)


_VERIFIERS: Mapping[str, tuple[str, _Verifier]] = {
    "application/pdf": ("pyhanko", _pdf),
    "application/ofd": ("juanzong", _ofd),
    "application/xml": ("signxml", _xml),
    "text/xml": ("signxml", _xml),
    "application/pkcs7-signature": ("pyhanko", _attached),
    "application/pkcs7-mime": ("pyhanko", _attached),
    "application/x-pkcs7-signature": ("pyhanko", _attached),
    "application/x-pkcs7-mime": ("pyhanko", _attached),
    # Signed data of SM2, and signed data written as text, bear no mark that a registry of formats knows.
    "application/octet-stream": ("pyhanko", _unnamed),
    "text/plain": ("pyhanko", _unnamed),
    "message/rfc822": ("juanzong", unverified.of_mail),
    "application/epub+zip": ("juanzong", unverified.of_package),
    "application/msword": ("juanzong", unverified.of_compound_file),
}
_FAMILIES: Mapping[re.Pattern[str], tuple[str, _Verifier]] = {
    re.compile(r".+\+xml"): ("signxml", _xml),
    re.compile(r"application/vnd\.(openxmlformats-officedocument|oasis\.opendocument|ms-.+\.12$).*"): (
        "juanzong",
        unverified.of_package,
    ),
    re.compile(r"application/vnd\.ms-(excel|powerpoint)"): ("juanzong", unverified.of_compound_file),
}


def find(stream: BinaryIO, mime: str, trust: TrustList, at: datetime) -> Signatures:
    """Every signature in the file, judged by `trust` at the moment `at`; none for formats that carry none.

    Raises:
        InvalidInput: there are traces of signatures in something that cannot be read (`signatures-unreadable` and what
            opening a container raises): the file is then neither signed nor unsigned.
    """
    kind = mime.partition(";")[0].strip().lower()
    known = _VERIFIERS.get(kind) or next((each for form, each in _FAMILIES.items() if form.fullmatch(kind)), None)
    if known is None:
        return Signatures((), "", {"trust_list": trust.version})
    library, verify = known
    found = verify(stream, trust, at)
    details = {"trust_list": trust.version, "judged_at": at.isoformat()}
    return Signatures(found, f"{library} {_version(library)}", details)


@cache
def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:  # ours, run from a checkout without being installed
        return "unversioned"
