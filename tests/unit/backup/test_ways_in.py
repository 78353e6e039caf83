"""A backup of an archive that was in the middle of taking in: what was acknowledged comes back with its bytes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.backup.making import Backup, Original
from archive.backup.restoring import Restoration
from archive.backup.snapshot import Snapshot
from archive.settings import Settings
from archive.wiring import build_blobs
from ingest.push.repository import PushRepository
from ingest.push.service import PUSH
from ingest.push.types import Shape
from ingest.reconciliation.types import DifferenceState
from ingest.uploads.repository import UploadRepository
from ingest.uploads.types import Upload, UploadState
from tests.contracts.reconciled import reconciled
from tests.push_messages import valid, xml
from tests.small_archive import START, SmallArchive

_PROJECT, _TENDER = "M3701001234567890", "M3701001234567890001"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def restored(archive: SmallArchive, tmp_path: Path) -> Path:
    """A home that came out of a backup of this archive."""
    kernel = archive.kernel
    archive.settings.ledger.trust_path.write_text("{}", encoding="utf-8")
    original = Original(kernel.database, kernel.blobs, archive.settings.ledger, kernel.clock)
    Backup(original, tmp_path / "kept", lambda *_: None).make()
    settings = Settings.load({}, tmp_path / "new")
    snapshot = Snapshot.open(tmp_path / "kept", None)
    Restoration(snapshot, settings, build_blobs(settings.blobs), kernel.clock, lambda *_: None).run()
    return settings.home


def pushed(archive: SmallArchive, message: bytes) -> None:
    source = archive.ingest.sources.register("sender", "push", "push:", {"token": "secret:push-token"})
    archive.ingest.push.service.receive(source, message, Shape.GENERAL_XML)


def joined(archive: SmallArchive) -> list[str]:
    push = archive.ingest.push
    while (job := archive.kernel.jobs.claim("test", frozenset({PUSH}))) is not None:
        push.joiner.join(job.key)
        archive.kernel.jobs.complete(job)
    with archive.kernel.database.reading() as connection:
        return [message.state for message in PushRepository(connection).of_key("sender", "child")]


def upload(number: int, state: UploadState) -> Upload:
    return Upload(
        id=f"upl_{number}",
        account="acc_1",
        account_name="zhang",
        source="upload",
        state=state,
        name=f"公告-{number}.pdf",
        length=7,
        metadata="",
        own_id=False,
        created_at=START,
        expires_at=START + timedelta(days=1),
        sha256="a" * 64 if state is UploadState.WHOLE else None,
        external_id=f"公告-{number}.pdf" if state is UploadState.WHOLE else None,
        completed_at=START if state is UploadState.WHOLE else None,
    )


def test_a_message_that_waits_for_its_parent_comes_back_with_its_bytes_and_is_joined(
    archive: SmallArchive, tmp_path: Path
) -> None:
    pushed(archive, xml("501", "child", valid("501", PROJECT_CODE=_PROJECT, TENDER_PROJECT_CODE=_TENDER)))
    assert joined(archive) == ["held"]
    with SmallArchive.opened(restored(archive, tmp_path)) as again:
        pushed(again, xml("500", "parent", valid("500", PROJECT_CODE=_PROJECT)))
        assert joined(again) == ["joined"]


def test_what_reconciliation_found_comes_back_as_it_stood(archive: SmallArchive, tmp_path: Path) -> None:
    reconciled(archive)
    service, states = archive.ingest.reconciliation.service, tuple(DifferenceState)
    before = service.differences(None, states)
    with SmallArchive.opened(restored(archive, tmp_path)) as again:
        found = again.ingest.reconciliation.service
        assert before
        assert found.differences(None, states) == before
        assert found.latest("portal") == service.latest("portal")


def test_uploads_on_their_way_come_back_without_their_bytes_and_expire_as_they_would_have(
    archive: SmallArchive, tmp_path: Path
) -> None:
    with archive.kernel.database.writing() as uow:
        repository = UploadRepository(uow.connection)
        for number, state in enumerate((UploadState.OPEN, UploadState.WHOLE)):
            repository.add(upload(number, state))
    with SmallArchive.opened(restored(archive, tmp_path)) as again:
        again.clock.advance(timedelta(days=2))
        assert again.ingest.uploads.sweep() == 1
        with again.kernel.database.reading() as connection:
            states = [found.state for n in range(2) if (found := UploadRepository(connection).get(f"upl_{n}"))]
        # What was whole may lie on another machine: only its own sender ends it.
        assert states == [UploadState.EXPIRED, UploadState.WHOLE]
