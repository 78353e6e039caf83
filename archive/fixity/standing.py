"""How a record, a volume or a project stands by the ledger alone, and where its row says otherwise.

The entries of one subject are gone through in order, each saying what it changed; the outcome is held against the row.
Compared is what entries tell: of a record its source and external id, state, class, trade type, access level, release,
settled version, project, volume, item number and reference code, and the grade of every version; of a volume its
project, section, declared gaps and everything its closing sealed; of a project its codes and fonds. Names of projects
and sections, doc type and stage (both follow from the class under the plan), the fonds of a record, trade type and
region of a project, and the moments of rows are not in the ledger, so nothing is said of them here; nor of what an
unclosed volume lacks, which every sweep works out anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive.authorization import AccessLevel
from archive.ledger.canonical import JSON, moment_text
from archive.ledger.types import Entry, EventType
from archive.records.types import Grade, Record, RecordState
from archive.volumes.types import Project, Volume, VolumeState

CAPTURES = frozenset({EventType.RECORD_CAPTURED, EventType.RECORD_VERSION_ADDED, EventType.RECORD_RENAMED})

_STATES: Mapping[EventType, RecordState] = {
    **dict.fromkeys(CAPTURES, RecordState.CAPTURED),
    EventType.RECORD_CHECKED: RecordState.CHECKED,
    EventType.RECORD_REFERRED: RecordState.WAITING,
    EventType.RECORD_RETURNED: RecordState.RETURNED,
    EventType.RECORD_CLASSIFIED: RecordState.CLASSIFIED,
    EventType.RECORD_PLACED: RecordState.PLACED,
    EventType.RECORD_FILED: RecordState.FILED,
    EventType.RECORD_WITHDRAWN: RecordState.WITHDRAWN,
}

_FIELDS: Mapping[EventType, Mapping[str, str]] = {
    EventType.RECORD_CAPTURED: {"source": "source", "external_id": "external_id"},
    EventType.RECORD_CLASSIFIED: {"class_code": "class", "trade_type": "trade_type"},
    EventType.RECORD_PLACED: {"project_id": "project", "volume_id": "volume"},
    EventType.RECORD_FILED: {"volume_id": "volume", "item_number": "item", "reference_code": "reference_code"},
    EventType.PROJECT_OPENED: {"code": "code", "deal_code": "deal_code", "fonds": "fonds"},
    EventType.PROJECT_CHANGED: {"code": "code", "deal_code": "deal_code"},
    EventType.VOLUME_OPENED: {"project_id": "project", "section": "section"},
    EventType.VOLUME_CLOSED: {"outcome": "outcome", "retention": "retention"},
}
"""Which columns an event sets, and the key of its body that says to what."""

_NEVER_TOLD = "?"
"""Stands for what an entry should have said and did not; no column ever holds it."""


@dataclass(frozen=True)
class Difference:
    """One column whose row says `found` where the ledger says `told`."""

    field: str
    found: object
    told: object


def record_differences(
    record: Record, grades: Mapping[int, Grade], entries: Sequence[Entry], project_of: Mapping[str, str]
) -> Iterator[Difference]:
    """Where the rows of a record say something else than its entries; `grades` are its own by version.

    `project_of` gives the project of a volume by id: a supplement names its volume only.
    """
    standing = _RecordStanding(project_of)
    for entry in entries:
        standing.take(entry)
    if standing.told["settled_version"] is None:
        standing.told["settled_title"] = None
    found: dict[str, object] = {field: getattr(record, field) for field in standing.told}
    yield from _compare(found | {"released_from": _moment(record.released_from)}, standing.told)
    for version in sorted(grades.keys() | standing.grades.keys()):
        yield from _compare(_grade_found(grades.get(version), version), _grade_told(standing.grades, version))


def volume_differences(volume: Volume, entries: Sequence[Entry]) -> Iterator[Difference]:
    """Where the row of a volume says something else than its entries. Whether it was closed at all is not asked."""
    told: dict[str, object] = {}
    declared: list[JSON] = []
    for entry in entries:
        told |= _set_by(entry)
        if entry.event.type is EventType.VOLUME_CLOSED:
            # The running number stands at the end of the reference code.
            tail = str(entry.event.body.get("reference_code")).rpartition("-")[2]
            told["number"] = int(tail) if tail.isdecimal() else None
        classes = entry.event.body.get("classes")
        if entry.event.type is EventType.DECISION_MADE and isinstance(classes, list):
            declared += classes
    found: dict[str, object] = {field: getattr(volume, field) for field in told}
    if volume.state is not VolumeState.CLOSED and "number" not in told:
        given = ("number", "reference_code", "retention", "closed_at")
        found |= {"item_count": volume.item_count} | {field: getattr(volume, field) for field in given}
        told |= {"item_count": 0} | dict.fromkeys(given)
    yield from _compare(found | {"declared": list(volume.declared)}, told | {"declared": declared})


def project_differences(project: Project, entries: Sequence[Entry]) -> Iterator[Difference]:
    """Where the row of a project says something else than its entries."""
    told: dict[str, object] = {}
    for entry in entries:
        told |= _set_by(entry)
    yield from _compare({field: getattr(project, field) for field in told}, told)


_Grade = dict[str, object]


class _RecordStanding:
    """What one record's entries come to: `told` by column, `grades` by version."""

    def __init__(self, project_of: Mapping[str, str]) -> None:
        self._project_of = project_of
        kinds = (
            EventType.RECORD_CAPTURED,
            EventType.RECORD_CLASSIFIED,
            EventType.RECORD_PLACED,
            EventType.RECORD_FILED,
        )
        self.told: dict[str, object] = {field: None for kind in kinds for field in _FIELDS[kind]}
        self.told |= {"state": None, "level": AccessLevel.INTERNAL, "released_from": None, "settled_version": None}
        self.grades: dict[int, _Grade] = {}

    def take(self, entry: Entry) -> None:
        kind, body, before = entry.event.type, entry.event.body, self.told["volume_id"]
        self.told |= _set_by(entry)
        if kind is EventType.RECORD_FILED and self.told["volume_id"] != before:
            self.told["project_id"] = self._project_of.get(str(self.told["volume_id"]))
        if kind is EventType.RECORD_CLASSIFIED:
            self._classified(body)
        elif kind is EventType.RECORD_WITHDRAWN:
            for grade in self.grades.values():
                grade["withdrawn"] = True
        elif kind is EventType.RECORD_PLACED or (kind is EventType.RECORD_FILED and self._settles(body)):
            self._settled(body.get("version"))
        # A withdrawn record is understood and filed like any other, but stays withdrawn until captured again.
        if self.told["state"] != RecordState.WITHDRAWN or kind in CAPTURES:
            self.told["state"] = _STATES.get(kind, self.told["state"])

    def _settles(self, body: Mapping[str, JSON]) -> bool:
        """Closing only numbers what is withdrawn; it settles everything else, and so does every supplement."""
        return body.get("supplement") is True or self.told["state"] != RecordState.WITHDRAWN

    def _classified(self, body: Mapping[str, JSON]) -> None:
        version, level = body.get("version"), body.get("level", _NEVER_TOLD)
        if not isinstance(version, int):
            return
        withdrawn = self.told["state"] == RecordState.WITHDRAWN
        grade = self.grades.setdefault(version, {"settled": False, "withdrawn": withdrawn})
        grade |= {"level": level, "released_from": body.get("released", _NEVER_TOLD)}
        if self.told["settled_version"] is None or _closed(level) > _closed(self.told["level"]):
            self.told |= {"level": level, "released_from": None}

    def _settled(self, version: JSON) -> None:
        if isinstance(version, int) and version in self.grades:
            grade = self.grades[version]
            grade["settled"] = True
            self.told |= {"level": grade["level"], "released_from": grade["released_from"], "settled_version": version}


def _closed(level: object) -> int:
    levels = list(AccessLevel)
    return next((rank for rank, known in enumerate(levels) if known == level), len(levels))


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment_text(moment)


_GRADE_FIELDS = ("level", "released_from", "settled", "withdrawn")


def _grade_told(grades: Mapping[int, _Grade], version: int) -> dict[str, object]:
    grade = grades.get(version, {})
    return {f"grade/{version}/{field}": grade.get(field) for field in _GRADE_FIELDS}


def _grade_found(grade: Grade | None, version: int) -> dict[str, object]:
    if grade is None:
        return {f"grade/{version}/{field}": None for field in _GRADE_FIELDS}
    found = {field: getattr(grade, field) for field in _GRADE_FIELDS}
    return {f"grade/{version}/{field}": value for field, value in found.items()} | {
        f"grade/{version}/released_from": _moment(grade.released_from)
    }


def _set_by(entry: Entry) -> dict[str, object]:
    body = entry.event.body
    return {field: body.get(key, _NEVER_TOLD) for field, key in _FIELDS.get(entry.event.type, {}).items()}


def _compare(found: Mapping[str, object], told: Mapping[str, object]) -> Iterator[Difference]:
    for field in told:
        if found[field] != told[field]:
            yield Difference(field, found[field], told[field])
