"""What a record is made of. Values only: the tables are in `model`, what may happen to them in `service`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from archive.authorization import AccessLevel, Subject


class RecordState(StrEnum):
    """Where a record stands. `TRANSITIONS` says what may follow what."""

    CAPTURED = "captured"
    CHECKED = "checked"
    CLASSIFIED = "classified"
    WAITING = "waiting"
    RETURNED = "returned"
    PLACED = "placed"
    FILED = "filed"
    WITHDRAWN = "withdrawn"


TRANSITIONS: Mapping[RecordState, frozenset[RecordState]] = {
    RecordState.CAPTURED: frozenset(
        {
            RecordState.CHECKED,
            RecordState.WAITING,
            RecordState.RETURNED,
            RecordState.WITHDRAWN,
        }
    ),
    RecordState.CHECKED: frozenset(
        {
            RecordState.CAPTURED,
            RecordState.CLASSIFIED,
            RecordState.WAITING,
            RecordState.RETURNED,
            RecordState.WITHDRAWN,
        }
    ),
    RecordState.CLASSIFIED: frozenset(
        {
            RecordState.CAPTURED,
            RecordState.PLACED,
            RecordState.FILED,
            RecordState.WAITING,
            RecordState.RETURNED,
            RecordState.WITHDRAWN,
        }
    ),
    RecordState.WAITING: frozenset(
        {
            RecordState.CAPTURED,
            RecordState.CHECKED,
            RecordState.CLASSIFIED,
            RecordState.PLACED,
            RecordState.FILED,
            RecordState.RETURNED,
            RecordState.WITHDRAWN,
        }
    ),
    RecordState.RETURNED: frozenset(
        {
            RecordState.CAPTURED,
            RecordState.CHECKED,
            RecordState.CLASSIFIED,
            RecordState.WAITING,
            RecordState.PLACED,
            RecordState.FILED,
            RecordState.WITHDRAWN,
        }
    ),
    RecordState.PLACED: frozenset(
        {
            RecordState.CAPTURED,
            RecordState.CHECKED,
            RecordState.CLASSIFIED,
            RecordState.WAITING,
            RecordState.RETURNED,
            RecordState.FILED,
            RecordState.WITHDRAWN,
        }
    ),
    RecordState.FILED: frozenset(
        {
            RecordState.CAPTURED,
            RecordState.CHECKED,
            RecordState.CLASSIFIED,
            RecordState.WAITING,
            RecordState.RETURNED,
            RecordState.WITHDRAWN,
        }
    ),
    RecordState.WITHDRAWN: frozenset({RecordState.CAPTURED}),
}
"""A new version (or a withdrawn notice that appears again) starts over from captured, whatever the record was."""

SETTLED = frozenset({RecordState.PLACED, RecordState.FILED, RecordState.WITHDRAWN})
"""States in which nothing of a record is under way. What the public may see is said by the grades of its versions."""


class ComponentRole(StrEnum):
    """The part a file plays in its record."""

    MAIN = "main"
    ATTACHMENT = "attachment"
    SIGNED_TWIN = "signed_twin"
    ENVELOPE = "envelope"


class VersionReason(StrEnum):
    """Why a version exists."""

    CAPTURED = "captured"
    CHANGED = "changed"
    RENAMED = "renamed"
    REAPPEARED = "reappeared"


@dataclass(frozen=True)
class Incoming:
    """One file as a connector hands it over. `open` gives its bytes from the start, each time it is called.

    `name` is the original name; where it was not UTF-8, `name_bytes` has it byte-exact and `name` is only for show.
    `announced_*` is what the source said about the file before sending it.
    """

    name: str
    role: ComponentRole
    open: Callable[[], BinaryIO]
    media_type: str = ""
    name_bytes: bytes | None = None
    announced_size: int | None = None
    announced_sha256: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Delivery:
    """What a connector captured of one document: envelope as received, components, and what the source says of it.

    `hints` carries the source's own metadata: data_no, project_code, section_codes, unified_deal_code, source_label,
    category, notice_type, url … as strings or lists of strings, unjudged. `published` is the source's word. `current`
    says that the source shows this now; a file handed over may hold older states as well, which are no news.
    """

    external_id: str
    title: str
    region: str
    published: datetime | None
    components: tuple[Incoming, ...]
    hints: Mapping[str, object] = field(default_factory=dict)
    current: bool = True


@dataclass(frozen=True)
class Component:
    """One stored file of a version. Digests are lower-case hex; `size` is in bytes."""

    id: str
    version_id: str
    ordinal: int
    role: ComponentRole
    name: str
    name_bytes: bytes | None
    media_type: str
    code: str | None
    size: int
    sha256: str
    sm3: str
    announced_size: int | None
    announced_sha256: str | None


@dataclass(frozen=True)
class Version:
    """What a record was at one moment; never edited. `digest` covers title, publication, hints and components."""

    id: str
    record_id: str
    number: int
    reason: VersionReason
    title: str
    published: datetime | None
    captured_at: datetime
    digest: str
    content_digest: str
    hints: Mapping[str, object]


@dataclass(frozen=True)
class Grade:
    """How closed one version is; a version that was never classified has none.

    `released_from` is when the public may see it, None for never. `settled` says that it was placed or filed, and
    `withdrawn` that the source took it back: nothing but a tombstone is public of it from then on.
    """

    record_id: str
    version: int
    level: AccessLevel
    released_from: datetime | None
    settled: bool
    withdrawn: bool

    @property
    def shown(self) -> bool:
        """Whether readers of the public copy may know of it, as far as it is released."""
        return self.settled and not self.withdrawn


@dataclass(frozen=True)
class Record:
    """A record as it stands now; `version` and `title` are those of its newest version.

    `settled_version` is the last version that was placed or filed, None while there is none, and `settled_title` its
    title: all that the public may see. `level` and `released_from` are those of the settled version, unless a later
    version turned out to be stricter; before anything is settled, the level of the class, and never released.
    """

    id: str
    source: str
    external_id: str
    fonds: str
    region: str
    state: RecordState
    version: int
    title: str
    published: datetime | None
    class_code: str | None
    doc_type: str | None
    trade_type: str | None
    stage: str | None
    level: AccessLevel
    released_from: datetime | None
    project_id: str | None
    volume_id: str | None
    item_number: int | None
    reference_code: str | None
    created_at: datetime
    updated_at: datetime
    settled_version: int | None = None
    settled_title: str | None = None

    @property
    def subject(self) -> Subject:
        """What decides who may see this record."""
        return Subject(self.region, self.level, self.released_from, self.settled_version is not None)

    def subject_of(self, grade: Grade | None) -> Subject:
        """What decides who may see the version with this grade; one without counts as the record's own level."""
        if grade is None:
            return Subject(self.region, self.level, None, settled=False)
        return Subject(self.region, grade.level, grade.released_from, grade.settled)


@dataclass(frozen=True)
class ExtractedText:
    """The text of one component, read by a named and versioned extractor: a rendition, as restricted as its record."""

    component_id: str
    text: str
    complete: bool
    extractor: str
    extractor_version: str


@dataclass(frozen=True)
class FieldValue:
    """One described value with where it came from; `confidence` is between 0 and 1."""

    name: str
    value: str
    origin: str
    confidence: float


@dataclass(frozen=True)
class Placement:
    """Where a record belongs and what follows from its class."""

    class_code: str
    doc_type: str
    trade_type: str
    stage: str
    level: AccessLevel
    released_from: datetime | None
