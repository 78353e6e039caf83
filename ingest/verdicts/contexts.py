"""Puts together what the checks of volumes and of the system look at, from catalogue, ledger and store.

What was registered comes from the ledger, what is there from the catalogue and the store, so that the two are told
apart. What cannot be found out stays None.
"""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from archive.blobs.port import BlobStore
from archive.clock import Clock
from archive.errors import NotFound
from archive.ledger.port import LedgerPort
from archive.ledger.types import Entry
from archive.plan.types import Outcome as Ending
from archive.plan.types import Plan
from archive.records.digests import digest_version
from archive.records.repository import RecordRepository
from archive.records.types import Record, RecordState
from archive.volumes.gate import NumberedMember, Stored
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Volume
from ingest.checks.subjects import (
    Act,
    Answer,
    Answers,
    CheckedMember,
    CheckedSystem,
    CheckedVolume,
    DatabaseState,
    Said,
    ScannerState,
)
from ingest.checks.types import Checked, Phase, Registered, SubjectKind
from ingest.verdicts.in_force import installed_tools
from ingest.verdicts.repository import Connection, TaskRepository
from ingest.verdicts.told import Told, registered_bytes, registered_digest, sealed_items
from ingest.verdicts.types import Subject, TaskState

_ROWS = 100
_COUNTS = timedelta(days=366)
"""How long an answer counts after filing."""


def no_scanner() -> ScannerState | None:
    """No virus scanner is configured."""
    return None


@dataclass(frozen=True)
class ContextPorts:
    """Where contexts come from. `origin` is the name of the ledger, which stands for the system as a whole.

    `scanner` asks the virus scanner how it is, None where none is configured.
    """

    ledger: LedgerPort
    blobs: BlobStore
    plan: Plan
    clock: Clock
    origin: str
    scanner: Callable[[], ScannerState | None] = no_scanner


class Contexts:
    """Builds contexts on a connection of the caller."""

    def __init__(self, ports: ContextPorts) -> None:
        self._ports = ports

    def closed(self, connection: Connection, volume: Volume, phase: Phase, items: Mapping[str, Said]) -> CheckedVolume:
        """A closed volume as it stands now, supplements included. `items` are those looked into, by id.

        Raises:
            Unavailable: the store does not answer.
        """
        records = RecordRepository(connection).members(volume.id)
        numbered = [
            NumberedMember(record, record.item_number, record.reference_code or "")
            for record in sorted(records, key=lambda record: (record.item_number or 0, record.id))
            if record.item_number is not None
        ]
        told = self._told(connection, records)
        context = self._volume(connection, volume, numbered, phase, told)
        members = tuple(replace(each, filed=True, item=items.get(each.id)) for each in context.members)
        of_volume = self._ports.ledger.entries_for(connection, "volume", volume.id)
        return replace(context, members=members, sealed=sealed_items(volume.id, of_volume, told))

    def volume(
        self,
        connection: Connection,
        volume: Volume,
        members: Sequence[NumberedMember],
        phase: Phase,
        stored: Stored | None = None,
    ) -> CheckedVolume:
        """A volume with the members and numbers it has or is about to get.

        `stored` is what the store was asked before; what is not in it is not asked now. None: it is asked now.

        Raises:
            Unavailable: the store does not answer.
        """
        told = self._told(connection, [member.record for member in members])
        return self._volume(connection, volume, members, phase, told, stored)

    def _volume(
        self,
        connection: Connection,
        volume: Volume,
        members: Sequence[NumberedMember],
        phase: Phase,
        told: Told,
        stored: Stored | None = None,
    ) -> CheckedVolume:
        sizes = [registered_bytes(member.record, told[member.record.id]) for member in members]
        return CheckedVolume(
            id=volume.id,
            reference_code=volume.reference_code,
            numbers=self._ports.plan.numbers,
            expected=self._expected(volume, [member.record for member in members]),
            members=tuple(self._member(connection, member, told[member.record.id], stored) for member in members),
            registered_items=self._registered_items(connection, volume, told),
            registered_bytes=None if None in sizes else sum(size for size in sizes if size is not None),
            required=self._required(connection, volume, members),
            present=_present(connection, volume),
            declared=frozenset(volume.declared),
            now=self._ports.clock.now(),
            answers=answers(connection, Subject(SubjectKind.VOLUME, volume.id), phase, self._ports.clock.now()),
        )

    def system(self, connection: Connection, phase: Phase) -> CheckedSystem:
        """The system itself. That it answers here is what there is to say of its database."""
        rows = len(RecordRepository(connection).ids_after("", _ROWS))
        numbers = connection.dialect.server_version_info or ()
        version = ".".join(map(str, numbers))
        name = connection.dialect.name
        environment = {"operating-system": platform.platform(), "machine": platform.machine(), "database": version}
        now = self._ports.clock.now()
        return CheckedSystem(
            now=now,
            database=DatabaseState(reachable=True, version=f"{name} {version}".strip(), rows=rows),
            scanner=self._ports.scanner(),
            environment={**environment, **installed_tools()},
            answers=answers(connection, Subject(SubjectKind.SYSTEM, self._ports.origin), phase, now),
        )

    def _told(self, connection: Connection, records: Sequence[Record]) -> Told:
        ledger = self._ports.ledger
        return {record.id: ledger.entries_for(connection, "record", record.id) for record in records}

    def compared(self, connection: Connection, record: Record, item: Checked) -> Checked:
        """The item with its description as the ledger took it down beside what the catalogue shows now.

        The title and the moment are those of the record, which are what readers find; its version has them too.
        """
        records, told = RecordRepository(connection), self._told(connection, [record])[record.id]
        version, then = records.version(record.id, record.version), registered_digest(record, told)
        if version is None or then is None:
            return item
        shown = replace(version, title=record.title, published=record.published)
        now = digest_version(shown, record.region, records.components(version.id)).everything
        return replace(item, registered=Registered(then, now))

    def _member(
        self, connection: Connection, member: NumberedMember, told: Sequence[Entry], stored: Stored | None
    ) -> CheckedMember:
        record, records = member.record, RecordRepository(connection)
        version = records.version(record.id, record.version)
        files = records.components(version.id) if version is not None else []
        digests = [file.sha256 for file in files]
        sizes = {sha256: self._ports.blobs.size(sha256) for sha256 in digests} if stored is None else stored
        return CheckedMember(
            id=record.id,
            number=member.number,
            reference_code=member.reference_code or None,
            class_code=record.class_code,
            size=sum(file.size for file in files),
            files=len(files),
            # A file that is not in the store has no bytes there, which is not the same as not having asked.
            stored=sum(sizes[each] or 0 for each in digests) if sizes.keys() >= set(digests) else None,
            history=tuple(Act(str(entry.event.type), entry.event.actor, entry.at) for entry in told),
            withdrawn=record.state is RecordState.WITHDRAWN,
        )

    def _expected(self, volume: Volume, records: Sequence[Record]) -> Mapping[str, str]:
        """What the segments of the reference code have to say.

        Fonds, trade and region are those of the document that ended the process; where several could have and differ,
        nothing is expected of the segment.
        """
        ends = [record for record in records if self._may_have_ended(volume, record)] or list(records)
        found = {
            "fonds": {record.fonds for record in ends},
            "trade_letter": {record.trade_type or "" for record in ends},
            "region": {record.region for record in ends},
            "year": {str(volume.ended_on.year)} if volume.ended_on is not None else set(),
            "retention": {volume.retention} if volume.retention is not None else set(),
        }
        return {segment: next(iter(values)) for segment, values in found.items() if len(values) == 1}

    def _may_have_ended(self, volume: Volume, record: Record) -> bool:
        if record.class_code is None or record.state is RecordState.WITHDRAWN:
            return False
        return self._ports.plan.ends(record.class_code, record.title) == volume.outcome

    def _registered_items(self, connection: Connection, volume: Volume, told: Told) -> int | None:
        """What the ledger says was sealed in, with the supplements that it tells of; the catalogue's count before."""
        entries = self._ports.ledger.entries_for(connection, "volume", volume.id)
        sealed = sealed_items(volume.id, entries, told)
        return volume.item_count if sealed is None else len(sealed)

    def _required(
        self, connection: Connection, volume: Volume, members: Sequence[NumberedMember]
    ) -> tuple[str, ...] | None:
        project = VolumeRepository(connection).project(volume.project_id)
        ends = [member.record for member in members if self._may_have_ended(volume, member.record)]
        trade = next((record.trade_type for record in ends if record.trade_type), None)
        trade = trade or (project.trade_type if project is not None else None)
        if volume.outcome is None or trade is None:
            return None
        try:
            return self._ports.plan.required(trade, Ending(volume.outcome))
        except NotFound:
            return None


def answers(connection: Connection, subject: Subject, phase: Phase, now: datetime | None = None) -> Answers:
    """What has been answered about a subject and still counts at `now`, by the code of the item.

    At filing an answer counts for ever. In keeping and at transfer it counts for a year: that a person found things in
    order once says nothing of how they are long after.
    """
    since = now - _COUNTS if now is not None and phase is not Phase.FILING else datetime.min.replace(tzinfo=UTC)
    tasks = TaskRepository(connection).of(subject, phase)
    return {
        task.code: Answer(task.outcome, task.actor or "", task.answered_at, task.note)
        for task in tasks
        if task.state is TaskState.ANSWERED and task.outcome is not None and task.answered_at is not None
        if task.answered_at >= since
    }


def _present(connection: Connection, volume: Volume) -> frozenset[str]:
    """The classes that a volume has or shares: a bid section with the whole project, the project with all sections."""
    siblings = VolumeRepository(connection).volumes_of(volume.project_id)
    records = RecordRepository(connection)
    return frozenset(
        record.class_code
        for sibling in siblings
        if not volume.section or sibling.section in {volume.section, ""}
        for record in records.members(sibling.id)
        if record.class_code is not None
    )
