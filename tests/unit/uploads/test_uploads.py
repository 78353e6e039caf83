"""Uploads without HTTP: what a document is told apart by, what a stop leaves, what is swept."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from access_control.memory import EVERYTHING, AllowList
from archive.authorization import AccessLevel, Actor, Clause, Permission
from archive.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from archive.records.types import ComponentRole
from ingest.connectors.port import Arrival
from ingest.sources.service import IMPORTED
from ingest.types import Summary
from ingest.uploads.errors import ChecksumWrong, Over, TooLong
from ingest.uploads.service import LIFETIME, UploadPorts, UploadService
from ingest.uploads.types import Checksum, Upload, UploadState
from tests.services import fresh_database
from tests.small_archive import ARCHIVIST, SmallArchive

CITY = Actor("acc_city", "city")


def metadata(**values: str) -> str:
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items())


@dataclass(frozen=True)
class Desk:
    """Somebody who uploads, without a network in between."""

    archive: SmallArchive
    uploads: UploadService

    def send(self, name: str, data: bytes, **said: str) -> Upload:
        upload = self.uploads.create(ARCHIVIST, len(data), metadata(filename=name, **said))
        return self.go_on(upload, 0, data)

    def go_on(self, upload: Upload, offset: int, data: bytes, checksum: Checksum | None = None) -> Upload:
        writing = self.uploads.begin(ARCHIVIST, upload.id, offset, len(data), checksum)
        try:
            writing.write(data)
            return writing.finish()[0]
        finally:
            writing.break_off()
            writing.close()

    def receipts(self, *sent: Upload) -> list[tuple[str | None, str | None]]:
        return [(upload.external_id, upload.receipt) for upload in sent]

    @property
    def documents(self) -> dict[str, int]:
        """Versions of the records by external id."""
        return {name: record.version for name, record in self.archive.records().items()}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database()) if request.param == "postgresql" else None
        archive = stack.enter_context(SmallArchive.at(tmp_path / "home", database))
        city = Clause(("3701",), frozenset(AccessLevel), released_only=False)
        allowed = {
            ARCHIVIST.id: dict.fromkeys(Permission, (EVERYTHING,)),
            CITY.id: dict.fromkeys(Permission, (city,)),
        }
        kernel, ingest = archive.kernel, archive.ingest
        authorizer = AllowList(archive.clock, allowed)
        ports = UploadPorts(
            kernel.database, ingest.uploads, ingest.sources, authorizer, kernel.clock, kernel.ids, 1 << 30
        )
        yield Desk(archive, UploadService(ports))


def test_the_matrix_of_second_deliveries(desk: Desk) -> None:
    sent = [
        desk.send("a.txt", b"one"),  # both new
        desk.send("a.txt", b"one"),  # same bytes, same name
        desk.send("b.txt", b"one"),  # same bytes, other name
        desk.send("b.txt", b"two"),  # other bytes, same name
        desk.send("c.txt", b"three"),  # both new
        desk.send("a.txt", b"four"),  # a name that is free again, and other bytes
    ]
    again = f"a.txt#{hashlib.sha256(b'four').hexdigest()[:12]}"
    assert desk.receipts(*sent) == [
        ("a.txt", "captured"),
        ("a.txt", "unchanged"),
        ("a.txt", "renamed"),
        ("a.txt", "new_versions"),
        ("c.txt", "captured"),
        (again, "captured"),
    ]
    assert desk.documents == {"a.txt": 3, "c.txt": 1, again: 1}


def test_whoever_names_the_document_means_that_one(desk: Desk) -> None:
    sent = [
        desk.send("page.html", b"same", id="n1"),
        desk.send("page.html", b"same", id="n2"),
        desk.send("page.html", b"same"),
        desk.send("page.html", b"other", id="n1"),
        desk.send("renamed.html", b"same", id="n2"),
    ]
    assert [upload.receipt for upload in sent] == ["captured", "captured", "captured", "new_versions", "renamed"]
    assert desk.documents == {"n1": 2, "n2": 2, "page.html": 1}
    assert len(set(desk.archive.kernel.blobs.digests())) == 7


def test_a_document_of_another_time_can_come_back(desk: Desk) -> None:
    sent = [desk.send("a", data) for data in (b"one", b"two", b"one")]
    assert [upload.receipt for upload in sent] == ["captured", "new_versions", "new_versions"]


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_stop_around_the_taking_leaves_one_record(desk: Desk, where: str) -> None:
    taker, upload = desk.archive.ingest.uploads._taker, desk.uploads.create(ARCHIVIST, 3, metadata(filename="a"))
    real = taker.take

    def stopped(source: str, arrival: Arrival, summary: Summary) -> None:
        if where == "after":
            real(source, arrival, summary)
        raise Unavailable("database-unavailable", detail="stopped")

    with patch.object(taker, "take", stopped), pytest.raises(Unavailable):
        desk.go_on(upload, 0, b"one")
    later = desk.send("a", b"two") if where == "before" else None
    assert desk.archive.ingest.uploads.sweep() == 1
    found, offset = desk.uploads.position(ARCHIVIST, upload.id)
    assert (found.state, offset) == (UploadState.TAKEN, 3)
    assert set(desk.documents) == {"a"}
    if later is not None:
        # What was whole first does not become newer by being taken in last.
        assert (found.receipt, desk.documents["a"]) == ("superseded", 1)
    assert list((desk.archive.settings.home / "uploads").iterdir()) == []
    assert desk.archive.fsck().findings == ()


def test_asking_how_far_it_came_finishes_what_is_whole(desk: Desk) -> None:
    upload = desk.uploads.create(ARCHIVIST, 3, metadata(filename="a"))
    writing = desk.uploads.begin(ARCHIVIST, upload.id, 0, None, None)
    writing.write(b"one")
    writing.break_off()
    writing.close()
    assert desk.documents == {}
    assert desk.uploads.position(ARCHIVIST, upload.id)[0].state is UploadState.TAKEN
    assert desk.documents == {"a": 1}
    assert desk.go_on(upload, 3, b"").receipt == "captured"


def test_a_wrong_digest_of_the_whole_is_refused_and_ends_the_upload(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.send("a", b"one", sha256="0" * 64)
    assert refused.value.code == "upload-refused"
    upload = desk.uploads.recent(ARCHIVIST)[0]
    assert (upload.state, upload.code) == (UploadState.REFUSED, "upload-digest-differs")
    with pytest.raises(Over):
        desk.uploads.position(ARCHIVIST, upload.id)
    assert desk.documents == {}
    assert desk.send("a", b"one", sha256=hashlib.sha256(b"one").hexdigest()).receipt == "captured"


def test_a_wrong_checksum_drops_the_bytes_of_that_request_only(desk: Desk) -> None:
    upload = desk.uploads.create(ARCHIVIST, 6, metadata(filename="a"))
    desk.go_on(upload, 0, b"one", Checksum("sha256", hashlib.sha256(b"one").digest()))
    with pytest.raises(ChecksumWrong) as refused:
        desk.go_on(upload, 3, b"two", Checksum("sha256", hashlib.sha256(b"too").digest()))
    assert refused.value.status == 460
    assert desk.uploads.position(ARCHIVIST, upload.id)[1] == 3


def test_more_than_was_announced_is_refused(desk: Desk) -> None:
    upload = desk.uploads.create(ARCHIVIST, 3, metadata(filename="a"))
    with pytest.raises(TooLong):
        desk.go_on(upload, 0, b"four")
    writing = desk.uploads.begin(ARCHIVIST, upload.id, 0, None, None)
    with pytest.raises(TooLong):
        writing.write(b"four")
    writing.close()
    assert desk.uploads.position(ARCHIVIST, upload.id)[1] == 0
    with pytest.raises(TooLong):
        desk.uploads.create(ARCHIVIST, (1 << 30) + 1, metadata(filename="a"))


def test_what_expires_is_swept_and_told(desk: Desk) -> None:
    upload = desk.uploads.create(ARCHIVIST, 3, metadata(filename="a"))
    desk.archive.clock.advance(LIFETIME + timedelta(seconds=1))
    with pytest.raises(Over):
        desk.uploads.position(ARCHIVIST, upload.id)
    assert desk.archive.ingest.uploads.sweep() == 1
    assert desk.uploads.recent(ARCHIVIST)[0].state is UploadState.EXPIRED
    assert list((desk.archive.settings.home / "uploads").iterdir()) == []
    desk.archive.clock.advance(timedelta(days=100))
    assert desk.archive.ingest.uploads.sweep() == 0
    assert desk.uploads.recent(ARCHIVIST) == []


def test_an_upload_can_be_given_up_but_not_a_record(desk: Desk) -> None:
    upload = desk.uploads.create(ARCHIVIST, 3, metadata(filename="a"))
    desk.uploads.terminate(ARCHIVIST, upload.id)
    with pytest.raises(NotFound):
        desk.uploads.position(ARCHIVIST, upload.id)
    with pytest.raises(Conflict) as refused:
        desk.uploads.terminate(ARCHIVIST, desk.send("a", b"one").id)
    assert refused.value.code == "upload-taken"


def test_an_account_delivers_only_for_its_own_region(desk: Desk) -> None:
    with pytest.raises(Forbidden) as refused:
        desk.uploads.create(CITY, 1, metadata(filename="a", region="370200"))
    assert refused.value.code == "upload-region"
    upload = desk.uploads.create(CITY, 1, metadata(filename="a", region="370102"))
    with pytest.raises(NotFound):
        desk.uploads.position(ARCHIVIST, upload.id)


def test_a_source_must_be_one_that_people_upload_to(desk: Desk) -> None:
    sources = desk.archive.ingest.sources
    for source, kind in (("portal", InvalidInput), ("nowhere", NotFound)):
        with pytest.raises(kind):
            desk.uploads.create(ARCHIVIST, 1, metadata(filename="a", source=source))
    sources.register("archive-room", "upload", IMPORTED, region="370102")
    assert desk.uploads.sources(ARCHIVIST) == ["archive-room"]
    desk.send("a", b"one", source="archive-room")
    assert desk.archive.record("a").region == "370102"
    sources.pause("archive-room")
    with pytest.raises(Conflict) as refused:
        desk.uploads.create(ARCHIVIST, 1, metadata(filename="a", source="archive-room"))
    assert refused.value.code == "source-paused"


def test_there_is_an_end_to_open_uploads(desk: Desk) -> None:
    with patch("ingest.uploads.service._MOST_OPEN", 1):
        desk.uploads.create(ARCHIVIST, 1, metadata(filename="a"))
        with pytest.raises(Conflict) as refused:
            desk.uploads.create(ARCHIVIST, 1, metadata(filename="b"))
    assert refused.value.code == "upload-too-many"


def test_who_sent_it_and_what_came_with_it_is_kept_in_the_envelope(desk: Desk) -> None:
    desk.send("目录/公告.txt", b"one", title="公告", hints='{"project_code": "X"}')
    record = desk.archive.record("目录/公告.txt")
    view = desk.archive.reader().find(ARCHIVIST, record.id)
    assert (view.version.title, view.version.hints) == ("公告", {"project_code": "X"})
    main, envelope = view.components
    assert (main.name, main.name_bytes) == ("公告.txt", "目录/公告.txt".encode())
    assert envelope.role is ComponentRole.ENVELOPE
    with desk.archive.kernel.blobs.open(envelope.sha256) as stream:
        assert ARCHIVIST.id.encode() in stream.read()


@pytest.mark.parametrize("said", [{"id": "X"}, {}])
def test_nobody_changes_or_moves_a_document_of_a_region_that_is_not_his(desk: Desk, said: dict[str, str]) -> None:
    first = desk.send("a.pdf", b"one", region="370200", **said)
    for name, data in (("a.pdf", b"two"), ("b.pdf", b"one"), ("a.pdf", b"three"), ("a.pdf", b"one")):
        upload = desk.uploads.create(CITY, len(data), metadata(filename=name, region="370100", **said))
        writing = desk.uploads.begin(CITY, upload.id, 0, len(data), None)
        writing.write(data)
        if said:
            with pytest.raises(InvalidInput):
                writing.finish()
        else:
            assert writing.finish()[0].external_id != first.external_id
        writing.close()
    record = desk.archive.record(str(first.external_id))
    assert (record.region, record.version) == ("370200", 1)
    assert len(desk.documents) == (1 if said else 3)
    # Each goes on with its own.
    assert desk.send("a.pdf", b"four", region="370200", **said).external_id == first.external_id
    assert desk.documents[str(first.external_id)] == 2


def test_whoever_may_deliver_for_both_regions_can_move_a_document_that_he_names(desk: Desk) -> None:
    desk.send("a.pdf", b"one", region="370200", id="X")
    assert desk.send("a.pdf", b"two", region="370100", id="X").receipt == "new_versions"
    assert desk.archive.record("X").region == "370100"


def test_a_sweep_moves_nothing_to_another_region_and_waits_for_the_sender(desk: Desk) -> None:
    desk.send("a.pdf", b"one", region="370200", id="X")
    upload = desk.uploads.create(ARCHIVIST, 3, metadata(filename="a.pdf", region="370100", id="X"))
    writing = desk.uploads.begin(ARCHIVIST, upload.id, 0, 3, None)
    writing.write(b"two")
    writing.break_off()  # the last byte is durable, and the server is gone
    writing.close()
    assert desk.archive.ingest.uploads.sweep() == 0
    assert desk.archive.record("X").region == "370200"
    assert desk.uploads.position(ARCHIVIST, upload.id)[0].state is UploadState.TAKEN
    assert desk.archive.record("X").region == "370100"
