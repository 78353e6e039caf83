"""Closing (归档): when a volume is complete, numbered once and sealed into the ledger.

Numbers are given in one sweep ordered by end date, ending document and section: the same material gives the same
numbers, in whatever order it came in and however often the work was interrupted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo

from archive.authorization import Actor, Authorizer, Permission
from archive.db.uow import UnitOfWork
from archive.errors import Conflict, InvalidInput, NotFound
from archive.ledger.canonical import JSON
from archive.ledger.types import Event, EventType
from archive.plan.types import Outcome, Plan
from archive.records.repository import RecordRepository
from archive.records.service import Act
from archive.records.types import SETTLED, Record, RecordState
from archive.volumes.gate import GATE_MARK, ClosingGate, NumberedMember, Stored
from archive.volumes.repository import VolumeRepository
from archive.volumes.service import Ports
from archive.volumes.types import Volume, VolumeState

NO_RULE = "*"
"""Stands among the missing classes where the plan has no completeness rule for a trade and outcome."""


@dataclass(frozen=True)
class Swept:
    """What a closing sweep did: reference codes of volumes closed, ids of volumes that lack documents."""

    closed: tuple[str, ...]
    incomplete: tuple[str, ...]


@dataclass(frozen=True)
class _Ending:
    outcome: Outcome
    ended_on: date
    record: Record


class Closing:
    """Closes volumes under one plan where `gate` opens; `zone` decides on which day a moment falls."""

    def __init__(self, ports: Ports, plan: Plan, zone: tzinfo, gate: ClosingGate) -> None:
        self._ports = ports
        self._plan = plan
        self._zone = zone
        self._gate = gate

    def sweep(self, actor: Actor) -> Swept:
        """Close every volume whose process has ended and that lacks nothing; remember what the others lack.

        Where the gate stays shut, the codes that say why stand among what is lacking, and the next sweep asks again.
        """
        reopened = []
        with self._ports.database.reading() as connection:
            volumes = VolumeRepository(connection)
            due = []
            for volume in volumes.not_closed():
                ending = self._ending(RecordRepository(connection), volumes, volume)
                if ending is None and volume.state is VolumeState.INCOMPLETE:
                    reopened.append(volume.id)
                elif ending is not None:
                    due.append(((ending.ended_on, *_origin(ending.record), volume.section), volume.id))
        for volume_id in reopened:
            # What ended it was withdrawn, or is being looked at again: nothing is missing from what goes on.
            with self._ports.database.writing() as uow:
                volumes = VolumeRepository(uow.connection)
                volumes.update_volume(volume_id, state=VolumeState.OPEN, outcome=None, ended_on=None, missing=[])
        closed, incomplete = [], []
        for _, volume_id in sorted(due):
            stored = self._look(volume_id)
            with self._ports.database.writing() as uow:
                code = self._close_if_complete(uow, volume_id, actor, stored)
            if code is None:
                incomplete.append(volume_id)
            else:
                closed.append(code)
        return Swept(tuple(closed), tuple(incomplete))

    def _ending(self, records: RecordRepository, volumes: VolumeRepository, volume: Volume) -> _Ending | None:
        """How the process of a volume ended, None while it goes on.

        A bid section ends by its own records or by those that speak of the whole project; the volume of the whole
        project when every bid section has ended.
        """
        siblings = volumes.volumes_of(volume.project_id)
        held = {sibling.section: records.members(sibling.id) for sibling in siblings}
        if not held[volume.section] or any(member.state not in SETTLED for member in held[volume.section]):
            return None
        if volume.section:
            return self._last_ending(held[volume.section]) or self._last_ending(held.get("", []))
        own = self._last_ending(held[""])
        of_sections = [self._last_ending(members) for section, members in held.items() if section]
        if own is None and (not of_sections or None in of_sections):
            return None
        return max((ending for ending in (own, *of_sections) if ending is not None), key=_rank)

    def _last_ending(self, members: Sequence[Record]) -> _Ending | None:
        """What the records of one volume say: a trade that failed and was awarded in a second round was awarded."""
        return max(
            (ending for record in members if (ending := self._ends(record)) is not None), key=_rank, default=None
        )

    def _ends(self, record: Record) -> _Ending | None:
        if record.class_code is None or record.published is None or record.state is RecordState.WITHDRAWN:
            return None
        outcome = self._plan.ends(record.class_code, record.title)
        if outcome is None:
            return None
        return _Ending(outcome, record.published.astimezone(self._zone).date(), record)

    def _look(self, volume_id: str) -> Stored:
        """What the gate has to know of the store, asked while nobody waits for the database; nothing of what lacks."""
        with self._ports.database.reading() as connection:
            volumes, records = VolumeRepository(connection), RecordRepository(connection)
            volume = volumes.volume(volume_id)
            ending = self._ending(records, volumes, volume) if volume is not None else None
            if volume is None or ending is None or self._missing(records, volumes, volume, ending):
                return {}
            members = records.members(volume_id)
        return self._gate.look(members)

    def _close_if_complete(self, uow: UnitOfWork, volume_id: str, actor: Actor, stored: Stored) -> str | None:
        volumes, records = VolumeRepository(uow.connection), RecordRepository(uow.connection)
        volume = volumes.volume(volume_id)
        if volume is None or volume.state is VolumeState.CLOSED:
            return None
        ending = self._ending(records, volumes, volume)
        if ending is None:
            return None
        missing = self._missing(records, volumes, volume, ending)
        if not missing:
            numbered = self._numbered(records, volumes, volume, ending)
            shut = self._gate.judge(uow, *numbered, stored)
            if not shut:
                return self._close(uow, *numbered, actor)
            volumes.return_number(self._scope(numbered[0], ending), numbered[0].number or 0)
            missing = tuple(GATE_MARK + code for code in dict.fromkeys(shut))
        volumes.update_volume(
            volume.id,
            state=VolumeState.INCOMPLETE,
            outcome=ending.outcome,
            ended_on=ending.ended_on,
            missing=list(missing),
        )
        return None

    def _missing(
        self, records: RecordRepository, volumes: VolumeRepository, volume: Volume, ending: _Ending
    ) -> tuple[str, ...]:
        # A bid section needs what it holds or what the whole project holds; the whole project, what any of them holds.
        present = {
            member.class_code
            for sibling in volumes.volumes_of(volume.project_id)
            if not volume.section or sibling.section in {volume.section, ""}
            for member in records.members(sibling.id)
        }
        try:
            required = self._plan.required(ending.record.trade_type or "", ending.outcome)
        except NotFound:
            # Without a rule nobody can say that the volume is complete; a person has to.
            required = (NO_RULE,)
        return tuple(code for code in required if code not in present and code not in volume.declared)

    def _numbered(
        self, records: RecordRepository, volumes: VolumeRepository, volume: Volume, ending: _Ending
    ) -> tuple[Volume, list[NumberedMember]]:
        """The volume and its members with the numbers they get if nothing stands in the way."""
        members = sorted(records.members(volume.id), key=self._order)
        retention = self._plan.longest_retention(
            tuple(self._plan.document_class(member.class_code).retention for member in members if member.class_code)
        )
        ended = replace(volume, outcome=ending.outcome, ended_on=ending.ended_on, retention=retention)
        number = volumes.next_number(self._scope(ended, ending))
        reference = self._plan.numbers.volume_code(self._values(ended, ending) | {"number": number})
        closing = replace(
            ended,
            state=VolumeState.CLOSED,
            number=number,
            reference_code=reference,
            item_count=len(members),
            missing=(),
            closed_at=self._ports.clock.now(),
        )
        codes = [
            NumberedMember(member, position, self._plan.numbers.item_code(reference, position))
            for position, member in enumerate(members, start=1)
        ]
        return closing, codes

    def _values(self, volume: Volume, ending: _Ending) -> dict[str, str | int]:
        """What the reference code of a volume is made of, but for its number."""
        return {
            "fonds": ending.record.fonds,
            "trade_letter": ending.record.trade_type or "",
            "region": ending.record.region,
            "year": ending.ended_on.year,
            "retention": volume.retention or "",
        }

    def _scope(self, volume: Volume, ending: _Ending) -> str:
        """What volumes share that are numbered in one row."""
        return "|".join(str(value) for value in self._values(volume, ending).values())

    def _close(self, uow: UnitOfWork, volume: Volume, members: Sequence[NumberedMember], actor: Actor) -> str:
        reference = volume.reference_code or ""
        VolumeRepository(uow.connection).update_volume(
            volume.id,
            state=volume.state,
            outcome=volume.outcome,
            ended_on=volume.ended_on,
            number=volume.number,
            reference_code=reference,
            retention=volume.retention,
            item_count=volume.item_count,
            missing=[],
            closed_at=volume.closed_at,
        )
        for member in members:
            record, code = member.record, member.reference_code
            state = RecordState.FILED if record.state is RecordState.PLACED else record.state
            body: dict[str, JSON] = {"volume": volume.id, "reference_code": code, "item": member.number}
            act = Act(EventType.RECORD_FILED, actor, body)
            self._ports.records.move(uow, record, state, act, item_number=member.number, reference_code=code)
        sealed: dict[str, JSON] = {
            "reference_code": reference,
            "outcome": str(volume.outcome),
            "retention": volume.retention,
            "declared": list(volume.declared),
            "items": [
                {"item": member.number, "record": member.record.id, "version": member.record.version}
                for member in members
            ],
        }
        self._ports.ledger.append(uow, Event(EventType.VOLUME_CLOSED, actor.id, "volume", volume.id, sealed))
        return reference

    def _order(self, record: Record) -> tuple[str, str, str, tuple[str, str]]:
        """Procedure order: stage, class, publication, then the source's own id and its name."""
        stage = self._plan.document_class(record.class_code).stage_order if record.class_code else ""
        published = record.published.isoformat() if record.published else ""
        return stage, record.class_code or "", published, _origin(record)

    def declare_missing(
        self, uow: UnitOfWork, authorizer: Authorizer, actor: Actor, volume_id: str, reason: str
    ) -> str | None:
        """A person declares that what a volume lacks does not exist, which lets it close; its reference code then.

        Raises:
            Forbidden, NotFound: the actor may not close volumes here.
            Conflict: the volume lacks nothing, or nothing but what its checks have to show (`volume-gate-shut`).
            InvalidInput: no reason was given.
        """
        volumes, records = VolumeRepository(uow.connection), RecordRepository(uow.connection)
        volume, members = volumes.volume(volume_id), records.members(volume_id)
        if volume is None or not members:
            raise NotFound("volume-unknown", volume=volume_id)
        authorizer.require(actor, Permission.VOLUME_CLOSE, members[0].subject)
        ending = self._ending(records, volumes, volume)
        lacking = self._missing(records, volumes, volume, ending) if ending is not None else ()
        # What has come since the list was shown is not missing, and what was not shown cannot have been declared.
        missing = tuple(code for code in lacking if code in volume.missing)
        if not missing:
            shut = any(code.startswith(GATE_MARK) for code in volume.missing)
            raise Conflict("volume-gate-shut" if shut else "volume-lacks-nothing", volume=volume_id)
        if not reason.strip():
            raise InvalidInput("decision-without-reason", record=volume_id)
        left = [code for code in lacking if code not in missing]
        volumes.update_volume(volume_id, declared=[*volume.declared, *missing], missing=left)
        body: dict[str, JSON] = {"decision": "declare-missing", "classes": list(missing), "reason": reason.strip()}
        self._ports.ledger.append(uow, Event(EventType.DECISION_MADE, actor.id, "volume", volume_id, body))
        return self._close_if_complete(uow, volume_id, actor, self._gate.look(members))


def _rank(ending: _Ending) -> tuple[bool, date, tuple[str, str]]:
    return ending.outcome is Outcome.AWARD, ending.ended_on, _origin(ending.record)


def _origin(record: Record) -> tuple[str, str]:
    """What tells a record apart wherever it came in first: two sources may give the same id."""
    return record.external_id, record.source
