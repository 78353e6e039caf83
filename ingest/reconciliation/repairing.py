"""What is done about a difference: the source is read again, a document is flagged, or a person says why it may stay.

A repair concludes nothing by itself: it makes the next reading look again. Whether that helped is seen in the document,
or by the next run.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from archive.authorization import SYSTEM_ACTOR, Actor
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import Conflict, InvalidInput, NotFound
from archive.jobs.port import JobQueue
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from ingest.connectors.port import Arrival, Gone
from ingest.connectors.registry import Registry
from ingest.reconciliation.comparison import Ours, difference
from ingest.reconciliation.repository import UNSETTLED, ReconciliationRepository
from ingest.reconciliation.types import Difference, DifferenceState, Kind, Side
from ingest.sources.rereading import reread
from ingest.taking import Taker
from ingest.types import ArrivalStatus, Summary

NOT_LISTED = "not-listed-at-source"

_AT_ONCE = 100


@dataclass(frozen=True)
class RepairPorts:
    """What repairs need."""

    database: Database
    ledger: LedgerPort
    jobs: JobQueue
    clock: Clock
    registry: Registry
    taker: Taker


@dataclass
class Repaired:
    """What a repair came to.

    `asked` documents are fetched again at once, `flagged` ones no longer count as shown by their source, and `sender`
    are marked as asked for: their source is not read, and whoever sends has to send them again.
    """

    asked: int = 0
    flagged: int = 0
    sender: int = 0

    def as_json(self) -> dict[str, int]:
        """As programs get it."""
        return {"asked": self.asked, "flagged": self.flagged, "sender": self.sender}


class RepairService:
    """Use cases of whoever looks into differences. Permission is the caller's business."""

    def __init__(self, ports: RepairPorts) -> None:
        self._ports = ports

    def repair(self, actor: Actor, difference_id: str) -> Repaired:
        """Repair one difference.

        Raises:
            NotFound: there is none of this id.
            Conflict: it is settled already.
        """
        found = self._unsettled(difference_id)
        done = Repaired()
        self._repair(actor, [found], done)
        return done

    def repair_all(self, actor: Actor, source: str | None = None, kind: Kind | None = None) -> Repaired:
        """Repair every unsettled difference, of one source or kind where they are given."""
        done, after = Repaired(), ""
        while True:
            with self._ports.database.reading() as connection:
                page = ReconciliationRepository(connection).differences(source, UNSETTLED, kind, after, _AT_ONCE)
            self._repair(actor, page, done)
            if len(page) < _AT_ONCE:
                return done
            after = page[-1].id

    def _repair(self, actor: Actor, differences: Sequence[Difference], done: Repaired) -> None:
        wanted: dict[str, list[Difference]] = defaultdict(list)
        for found in differences:
            if found.kind is Kind.EXTRA:
                self._flag(actor, found)
                done.flagged += 1
            else:
                wanted[found.source].append(found)
        for source, of_source in wanted.items():
            if self._ask(actor, source, of_source):
                done.asked += len(of_source)
            else:
                done.sender += len(of_source)

    def _flag(self, actor: Actor, extra: Difference) -> None:
        self._ports.taker.take(extra.source, Arrival(extra.external_id, Gone(NOT_LISTED)), Summary())
        with self._ports.database.writing() as uow:
            self._settle(uow, actor, [extra], DifferenceState.REPAIRED, "flag")

    def _ask(self, actor: Actor, source: str, wanted: Sequence[Difference]) -> bool:
        """Have documents come again; whether the source can be read for them."""
        with self._ports.database.writing() as uow:
            ids = [found.external_id for found in wanted]
            read = reread(uow, self._ports.jobs, self._ports.registry, source, ids)
            self._settle(uow, actor, wanted, DifferenceState.ASKED, "ask")
            return read

    def _settle(
        self,
        uow: UnitOfWork,
        actor: Actor,
        differences: Sequence[Difference],
        state: DifferenceState,
        choice: str,
        reason: str | None = None,
    ) -> None:
        ids = [found.id for found in differences]
        ReconciliationRepository(uow.connection).move(ids, state, actor.id, self._ports.clock.now(), reason)
        body: dict[str, JSON] = {"step": "reconcile", "choice": {choice: [found.external_id for found in differences]}}
        self._ports.ledger.append(uow, Event(EventType.DECISION_MADE, actor.id, "source", differences[0].source, body))

    def accept(self, actor: Actor, difference_id: str, reason: str) -> None:
        """Let a difference stay, with a reason.

        Raises:
            NotFound: there is none of this id.
            Conflict: it is settled already.
            InvalidInput: no reason was given.
        """
        found = self._unsettled(difference_id)
        if not reason.strip():
            raise InvalidInput("difference-without-reason", difference=difference_id)
        with self._ports.database.writing() as uow:
            self._settle(uow, actor, [found], DifferenceState.ACCEPTED, "accept", reason.strip())

    def _unsettled(self, difference_id: str) -> Difference:
        with self._ports.database.reading() as connection:
            found = ReconciliationRepository(connection).get(difference_id)
        if found is None:
            raise NotFound("difference-unknown", difference=difference_id)
        if found.state not in UNSETTLED:
            raise Conflict("difference-settled", difference=difference_id, state=str(found.state))
        return found

    def settle(self, source: str) -> int:
        """After a reading: close what was asked for and has come as the source said; how many."""
        closed, after = 0, ""
        while True:
            with self._ports.database.reading() as connection:
                repository = ReconciliationRepository(connection)
                page = repository.differences(source, (DifferenceState.ASKED,), None, after, _AT_ONCE)
                ours = repository.ours_of(source, [found.external_id for found in page])
            come = [found.id for found in _come(page, ours)]
            if come:
                with self._ports.database.writing() as uow:
                    ReconciliationRepository(uow.connection).move(
                        come, DifferenceState.REPAIRED, SYSTEM_ACTOR.id, self._ports.clock.now()
                    )
            closed += len(come)
            if len(page) < _AT_ONCE:
                return closed
            after = page[-1].id


def _come(asked: Iterable[Difference], ours: dict[str, Ours]) -> Iterable[Difference]:
    for found in asked:
        held = ours.get(found.external_id)
        if held is None or held.status is not ArrivalStatus.CAPTURED or found.theirs is None:
            continue
        if difference(_side(dict(found.theirs)), held.side) is None:
            yield found


def _side(value: dict[str, Any]) -> Side:
    day = value["day"]
    return Side(value["data_set"], date.fromisoformat(day) if day else None, value["size"], value["digest"])
