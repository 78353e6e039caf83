"""What the ledger speaks of: events, entries, and the findings of everything that checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from archive.ledger.canonical import JSON

SubjectKind = Literal["record", "volume", "project", "source", "account", "archive"]
SUBJECT_KINDS: tuple[SubjectKind, ...] = ("record", "volume", "project", "source", "account", "archive")


class EventType(StrEnum):
    """Everything that is written down. `docs/ledger.md` says of each what its body holds."""

    ARCHIVE_CREATED = "archive.created"
    SOURCE_REGISTERED = "source.registered"
    SOURCE_ITEM_GONE = "source.item_gone"
    SOURCE_ITEM_REFUSED = "source.item_refused"
    SOURCE_ITEM_SUPERSEDED = "source.item_superseded"
    SOURCE_CHANGED = "source.changed"
    SOURCE_PAUSED = "source.paused"
    SOURCE_RESUMED = "source.resumed"
    RECORD_CAPTURED = "record.captured"
    RECORD_VERSION_ADDED = "record.version_added"
    RECORD_RENAMED = "record.renamed"
    RECORD_WITHDRAWN = "record.withdrawn"
    RECORD_CHECKED = "record.checked"
    RECORD_RETURNED = "record.returned"
    RECORD_REFERRED = "record.referred"
    RECORD_CLASSIFIED = "record.classified"
    RECORD_PLACED = "record.placed"
    RECORD_FILED = "record.filed"
    RECORD_CHECK_WORSENED = "record.check_worsened"
    PROJECT_OPENED = "project.opened"
    PROJECT_CHANGED = "project.changed"
    VOLUME_OPENED = "volume.opened"
    VOLUME_CLOSED = "volume.closed"
    VOLUME_CHECKED = "volume.checked"
    POLICY_CHANGED = "policy.changed"
    DECISION_MADE = "decision.made"
    CONTENT_OPENED = "content.opened"
    EVIDENCE_BUILT = "evidence.built"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"


class Severity(StrEnum):
    """What a finding means: an error spoils the thing examined, a warning says that something was not checked."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Event:
    """An act, before it has its place in the ledger.

    `actor` is the id of who did it, `body` what was done, in JSON without fractions. A body names things by id and
    by digest; content and personal data stay out of it, for nothing can ever be taken out again.
    """

    type: EventType
    actor: str
    subject_kind: SubjectKind
    subject_id: str
    body: Mapping[str, JSON]


@dataclass(frozen=True)
class Entry:
    """An act in its place. `index` counts from 0 without a gap; `data` is what the Merkle leaf is made of."""

    index: int
    at: datetime
    event: Event
    data: bytes


@dataclass(frozen=True)
class Finding:
    """One thing that a check has to say.

    `code` is a key of the message catalogue, `message` its sentence for people, `path` what it is about: an entry of a
    bundle, a table with a key, a digest. Empty `path` means the thing examined as a whole.
    """

    code: str
    severity: Severity
    message: str
    path: str
