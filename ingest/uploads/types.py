"""Values of uploads."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archive.authorization import Actor


class UploadState(StrEnum):
    """Where an upload stands: bytes still come, all are there, or it is over in one of three ways."""

    OPEN = "open"
    WHOLE = "whole"
    TAKEN = "taken"
    REFUSED = "refused"
    EXPIRED = "expired"


OVER = frozenset({UploadState.REFUSED, UploadState.EXPIRED})
"""States in which nothing can be made of an upload any more."""


@dataclass(frozen=True)
class Upload:
    """One upload of one account. How much of it is there is said by its file alone (`ingest.uploads.files`).

    `length` is in bytes, `metadata` the header that came with it as it came, `name` the whole name of the file as text.
    `own_id` says that the sender named the document. From when all is there: `completed_at`, the digest `sha256` and
    the `external_id` it goes by. In the end: `record_id` and `receipt`, or the `code` and `message` of what was wrong.
    """

    id: str
    account: str
    account_name: str
    source: str
    state: UploadState
    name: str
    length: int
    metadata: str
    own_id: bool
    created_at: datetime
    expires_at: datetime
    completed_at: datetime | None = None
    sha256: str | None = None
    external_id: str | None = None
    record_id: str | None = None
    receipt: str | None = None
    code: str | None = None
    message: str | None = None

    @property
    def actor(self) -> Actor:
        """Who sent it."""
        return Actor(self.account, self.account_name)


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request must come to: `algorithm` is one of `ALGORITHMS`, `digest` its raw bytes."""

    algorithm: str
    digest: bytes


ALGORITHMS = ("sha256", "sha1", "md5")
"""What the bytes of one request may be checked by. All are only against accidents of the way."""
