"""What is known of a signature after it has been verified.

Three questions are kept apart, and none of them is answered by another: do the bytes still have the digest that was
signed, and does the signature fit the key (integrity); how much of the file was signed (coverage); does a list of those
we trust vouch for the signer at the moment of signing (trust).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ingest.outcomes import Observation

SLACK = timedelta(days=1)
"""By how much a time that is only claimed may miss: clocks differ, and some leave out the time of day or its zone."""


SIZE_LIMIT = 16 << 20
"""The largest signature looked at, in bytes: time stamps and revocation lists make them large, documents do not."""


class Kind(StrEnum):
    """How the signature is carried. A `time_stamp` is a document time stamp of PDF, or one in a file of its own."""

    PDF = "pdf"
    OFD = "ofd"
    CMS = "cms"
    XML = "xml"
    TIME_STAMP = "time_stamp"


class Integrity(StrEnum):
    """Whether the signed bytes are those that were signed."""

    VALID = "valid"
    INVALID = "invalid"
    NOT_CHECKED = "not_checked"


class Coverage(StrEnum):
    """How much of the file is signed.

    `entire_file`: everything but the signature itself. `entire_revision`: everything up to the moment of signing, and
    something was added later; whether that was allowed stands in the observations. `partial`: parts were left out that
    a signature has to cover. `unclear`: what is covered cannot be told.
    """

    ENTIRE_FILE = "entire_file"
    ENTIRE_REVISION = "entire_revision"
    PARTIAL = "partial"
    UNCLEAR = "unclear"


class Trust(StrEnum):
    """Who vouches for the signer.

    `trusted`: a path leads to a root of the trust list, judged at the time of signing. `unknown`: the signature may
    hold, and nobody on the list vouches for its signer. `invalid`: the certificate was expired, revoked, forged or not
    for this use. `not_checked`: nothing could be said, and the observations tell why.
    """

    TRUSTED = "trusted"
    UNKNOWN = "unknown"
    INVALID = "invalid"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class Signature:
    """One signature.

    `place` is the field, the path or the element that holds it. `signer` is the subject of the certificate without the
    identity number of a person, "" where there is none. `time` is the moment of signing; `time_proved` says whether a
    trusted time stamp proves it or only the signer claims it. `algorithm` reads like `SM2 with SM3`. `observations` say
    why anything above is not as good as it could be, and what changed after signing.
    """

    kind: Kind
    place: str
    integrity: Integrity
    coverage: Coverage
    trust: Trust
    signer: str = ""
    time: datetime | None = None
    time_proved: bool = False
    algorithm: str = ""
    observations: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class Judged:
    """What one signer's signature is worth, wherever it is carried. The fields are those of `Signature`."""

    integrity: Integrity
    trust: Trust
    signer: str = ""
    time: datetime | None = None
    time_proved: bool = False
    algorithm: str = ""
    observations: tuple[Observation, ...] = ()

    def carried(self, kind: Kind, place: str, coverage: Coverage, seen: tuple[Observation, ...] = ()) -> Signature:
        """The same as a signature of this kind at this place; `seen` is what was observed of where it is carried."""
        return Signature(
            kind,
            place,
            self.integrity,
            coverage,
            self.trust,
            self.signer,
            self.time,
            self.time_proved,
            self.algorithm,
            self.observations + seen,
        )


@dataclass(frozen=True)
class TrustList:
    """Those whose certificates we trust, as data of the centre.

    `version` names the list in every verdict made with it. `anchors` are root certificates, `intermediates` help to
    find a path, `revocations` are lists of revoked certificates and `answers` replies of OCSP: all in DER.
    """

    version: str
    anchors: tuple[bytes, ...] = ()
    intermediates: tuple[bytes, ...] = ()
    revocations: tuple[bytes, ...] = ()
    answers: tuple[bytes, ...] = ()


NOBODY = TrustList("none")
"""The list of a centre that has not said yet whom it trusts: no signature is better than `unknown`."""


@dataclass(frozen=True)
class Signatures:
    """What was found of signatures in one file; `signatures` is empty where it has none.

    `tool` is what looked, with its version. `details` are for the evidence, as JSON.
    """

    signatures: Sequence[Signature]
    tool: str
    details: Mapping[str, object] = field(default_factory=dict)
