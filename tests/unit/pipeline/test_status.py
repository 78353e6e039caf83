"""How the archive stands, in numbers that agree with what there is."""

import pytest

from archive.authorization import PUBLIC_ACTOR
from archive.errors import Forbidden, NotAuthenticated
from archive.records.types import RecordState
from archive.volumes.types import VolumeState
from ingest.connectors.port import Arrival, Refused
from ingest.status import StatusPorts, StatusService
from tests.small_archive import ARCHIVIST, SOURCE, SmallArchive, ending, gone, notice, tender

SCHOOL, CLINIC = "济南市第一中学教学设备采购项目", "青岛市立医院检验设备采购项目"


def service(archive: SmallArchive) -> StatusService:
    kernel = archive.kernel
    ports = StatusPorts(kernel.database, archive.authorizer, kernel.ledger, kernel.integrator, kernel.jobs, lambda _: 7)
    return StatusService(ports)


def test_everything_is_counted_once(archive: SmallArchive) -> None:
    archive.take(
        tender(1, SCHOOL), ending(1, SCHOOL), tender(2, CLINIC), notice("w1", "通知"), notice("r1", "长" * 600)
    )
    archive.take(Arrival("bad", Refused("row-without-id", {"line": 3})), gone("never"))
    archive.work()
    archive.kernel.integrator.publish()
    archive.take(notice("c1", "公告"))
    found = service(archive).overview(ARCHIVIST)
    assert {state: number for state, number in found.records.items() if number} == {
        RecordState.FILED: 2,
        RecordState.PLACED: 1,
        RecordState.WAITING: 1,
        RecordState.RETURNED: 1,
        RecordState.CAPTURED: 1,
    }
    assert (found.volumes[VolumeState.CLOSED], found.volumes[VolumeState.OPEN]) == (1, 1)
    assert (found.review, found.returned, found.refused, found.gone) == (1, 1, 1, 1)
    assert (found.ledger_size, found.ledger_published) == (len(archive.entries()), len(archive.entries()) - 1)
    assert (found.index_lag, found.pending_jobs, found.failed_jobs) == (7, 1, ())
    assert [source.name for source in found.sources] == [SOURCE]


def test_an_empty_archive_stands_at_nothing(archive: SmallArchive) -> None:
    found = service(archive).overview(ARCHIVIST)
    assert set(found.records) == set(RecordState)
    assert (sum(found.records.values()), sum(found.volumes.values()), found.ledger_published) == (0, 0, 0)


def test_not_everybody_may_know(archive: SmallArchive) -> None:
    with pytest.raises((Forbidden, NotAuthenticated)):
        service(archive).overview(PUBLIC_ACTOR)
