"""What reconciliation and dead letters ask of a database, for the comparison of the two databases."""

from datetime import timedelta

from archive.authorization import SYSTEM_ACTOR
from ingest.connectors.port import Arrival, Listed, Refused, Stated
from ingest.dead_letters.repository import DeadLetterRepository
from ingest.reconciliation.repository import ReconciliationRepository
from ingest.reconciliation.types import DifferenceState, Kind
from ingest.sources.repository import SourceRepository
from tests.small_archive import SOURCE, START, SmallArchive, notice

_NAMES = ("公告-a", "公告-Ａ", "ab", "a-b", "Z")


def reconciled(archive: SmallArchive) -> None:
    """Runs, repairs and an acceptance, and every question about them; refused documents in between."""
    for name in _NAMES:
        archive.take(Arrival(name, notice(name, "对账公告"), stated=Stated("551", None, None, 7, f"mark:{name}")))
    archive.take(Arrival("bad", Refused("row-without-id", {"line": 1}, b"x")))
    archive.clock.advance(timedelta(hours=1))
    reconciliation = archive.ingest.reconciliation
    listed = [Listed(name, Stated("551", None, None, 7, "mark:other")) for name in (*_NAMES[:2], "new", "公告-b")]
    for _ in range(2):
        run = reconciliation.service.hand_in(SOURCE, iter(listed))
    reconciliation.service.reconcile(SOURCE)
    reconciliation.service.latest(SOURCE)
    reconciliation.service.buckets(run.id, 5)
    changed, *_ = reconciliation.service.differences(SOURCE, kind=Kind.CHANGED)
    reconciliation.repairs.accept(SYSTEM_ACTOR, changed.id, "说明")
    reconciliation.repairs.repair_all(SYSTEM_ACTOR, SOURCE, Kind.MISSING)
    reconciliation.repairs.settle(SOURCE)
    reconciliation.service.hand_in(SOURCE, iter(listed[:1]))
    reconciliation.dead_letters.resume(SYSTEM_ACTOR, "row-without-id", SOURCE)
    reconciliation.dead_letters.all()
    reconciliation.dead_letters.by_reason()
    reconciliation.dead_letters.orphans()
    with archive.kernel.database.reading() as connection:
        repository = ReconciliationRepository(connection)
        repository.count(SOURCE)
        repository.runs(START, START + timedelta(days=1), SOURCE)
        repository.differences(None, tuple(DifferenceState), None, changed.id, 3)
        repository.ours(SOURCE, "a", 100)
        repository.ours_of(SOURCE, _NAMES)
        records = [record.id for record in archive.records().values()]
        DeadLetterRepository(connection).sources_of(records)
        SourceRepository(connection).refused(5)
