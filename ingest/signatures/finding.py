"""Find the signatures of one file, whatever its format."""

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import metadata
from typing import BinaryIO

from ingest.signatures import detached, ofd, pdf, xml
from ingest.signatures.types import Signature, Signatures, TrustList

_Verifier = Callable[[BinaryIO, TrustList, datetime], tuple[Signature, ...]]
_VERIFIERS: Mapping[str, tuple[str, _Verifier]] = {
    "application/pdf": ("pyhanko", pdf.verify),
    "application/ofd": ("juanzong", ofd.verify),
    "application/xml": ("signxml", xml.verify),
    "text/xml": ("signxml", xml.verify),
    "application/pkcs7-signature": ("pyhanko", detached.verify_attached),
    "application/pkcs7-mime": ("pyhanko", detached.verify_attached),
    "application/x-pkcs7-signature": ("pyhanko", detached.verify_attached),
    "application/x-pkcs7-mime": ("pyhanko", detached.verify_attached),
}


def find(stream: BinaryIO, mime: str, trust: TrustList, at: datetime) -> Signatures:
    """Every signature in the file, judged by `trust` at the moment `at`; none for formats that carry none.

    Raises:
        InvalidInput: there are traces of signatures in something that cannot be read (`signatures-unreadable` and what
            opening a container raises): the file is then neither signed nor unsigned.
    """
    kind = mime.partition(";")[0].strip().lower()
    known = _VERIFIERS.get(kind) or (_VERIFIERS["application/xml"] if kind.endswith("+xml") else None)
    if known is None:
        return Signatures((), "", {"trust_list": trust.version})
    library, verify = known
    found = verify(stream, trust, at)
    details = {"trust_list": trust.version, "judged_at": at.isoformat()}
    return Signatures(found, f"{library} {_version(library)}", details)


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:  # ours, run from a checkout without being installed
        return "unversioned"
