"""What data push, uploads and the feed ask of a database, for the comparison of the two databases."""

from datetime import timedelta

from archive.records.feed.repository import FeedRepository
from ingest.push.repository import PushRepository
from ingest.push.service import PUSH
from ingest.push.types import Shape
from ingest.uploads.repository import UploadRepository
from ingest.uploads.types import Upload, UploadState
from tests.push_messages import valid, xml
from tests.small_archive import START, SmallArchive

_SENDER = "sender"
_PROJECT, _TENDER = "M3701001234567890", "M3701001234567890001"


def delivered(archive: SmallArchive) -> None:
    """Messages of which the child comes first, uploads in every state, a reader of the feed."""
    _pushed(archive)
    _uploaded(archive)
    _fed(archive)


def _pushed(archive: SmallArchive) -> None:
    source = archive.ingest.sources.register(_SENDER, "push", "push:", {"token": "secret:push-token"})
    push = archive.ingest.push
    child = xml("501", "child", valid("501", PROJECT_CODE=_PROJECT, TENDER_PROJECT_CODE=_TENDER))
    for message in (child, child, xml("500", "parent", valid("500", PROJECT_CODE=_PROJECT))):
        push.service.receive(source, message, Shape.GENERAL_XML)
        while (job := archive.kernel.jobs.claim("test", frozenset({PUSH}))) is not None:
            push.joiner.join(job.key)
            archive.kernel.jobs.complete(job)
            with archive.kernel.database.reading() as connection:
                PushRepository(connection).held_since(START + timedelta(days=3), 10)
    with archive.kernel.database.reading() as connection:
        repository = PushRepository(connection)
        found = repository.of_key(_SENDER, "child")
        assert [message.state for message in found] == ["joined"]
        repository.of_document(found[0].document)
        repository.parents(_SENDER, [found[0].known_as])
        repository.waiting(_SENDER, found[0].known_as)


def _uploaded(archive: SmallArchive) -> None:
    with archive.kernel.database.writing() as uow:
        repository = UploadRepository(uow.connection)
        for number, state in enumerate(UploadState):
            repository.add(
                Upload(
                    id=f"upl_{number}",
                    account="acc_1",
                    account_name="zhang",
                    source="upload",
                    state=state,
                    name=f"公告-{number % 2}.pdf",
                    length=7 << 32,
                    metadata="",
                    own_id=number == 1,
                    created_at=START + timedelta(minutes=number % 3),
                    expires_at=START,
                    completed_at=START,
                    sha256="a" * 64,
                    external_id=f"公告-{number % 2}.pdf",
                )
            )
        repository.update("upl_0", state=UploadState.TAKEN, record_id="rec_1", receipt="captured")
        repository.get("upl_0")
        repository.recent("acc_1", 3)
        repository.count_open("acc_1")
        repository.unfinished("", 10)
        repository.known(["upl_0", "upl_none"])
        repository.last("upload", "公告-0.pdf")
        repository.named("upload", "公告-1.pdf")
        repository.holding("upload", "a" * 64)
        repository.remove("upl_1")
        repository.forget_over(START + timedelta(days=1))


def _fed(archive: SmallArchive) -> None:
    with archive.kernel.database.reading() as connection:
        repository = FeedRepository(connection)
        last = repository.head()
        repository.leaf(last)
        repository.first_between(-1, START - timedelta(days=1), START + timedelta(days=1))
        repository.told(archive.scope, -1, last, 20)
        repository.released(archive.scope, (START - timedelta(days=900), ""), START + timedelta(days=900), 20)
