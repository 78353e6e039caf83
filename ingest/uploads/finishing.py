"""From the last byte of an upload to its record: told apart, taken in, and only then answered.

Which document a file is: the one its sender names; without a name of its own, in this order, the document of its
region whose file has this name now (other bytes are its next version), the one that has these bytes now (renamed), or a
new one. A document that its sender names and that lies in another region is touched only by who may deliver for that
one too. All of it is decided in one transaction before anything is taken in, so that a stop in between decides nothing
twice.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import structlog

from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import ArchiveError, Unavailable
from archive.messages import render
from archive.records.repository import RecordRepository
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.locale import Locale
from ingest.connectors.port import Arrival, Stated
from ingest.connectors.streams import from_bytes
from ingest.sources.repository import SourceRepository
from ingest.taking import Taker
from ingest.types import Source, Summary
from ingest.uploads.errors import Locked
from ingest.uploads.files import OpenFile, UploadFiles
from ingest.uploads.metadata import Said, read_metadata
from ingest.uploads.repository import UploadRepository
from ingest.uploads.types import Upload, UploadState

_AT_ONCE: Final = 200
_STRAY: Final = timedelta(days=2)
_REMEMBERED: Final = timedelta(days=90)
_STEP: Final = timedelta(microseconds=1)
_DIGITS: Final = 12
_RECEIPTS: Final = ("captured", "new_versions", "renamed", "unchanged", "superseded")


class Finisher:
    """Brings whole uploads to their end, at once or when a sweep finds them."""

    def __init__(self, database: Database, files: UploadFiles, taker: Taker, clock: Clock, locale: Locale) -> None:
        self.files = files
        self.locale = locale
        self._database = database
        self._taker = taker
        self._clock = clock
        self._log = structlog.get_logger()

    def said(self, upload: Upload) -> Said:
        """What came with an upload."""
        return read_metadata(upload.metadata, self.locale.zone)

    def region(self, source: Source | None, said: Said) -> str:
        """The region code of a document: what its sender says, else that of its source, else the centre's own."""
        own = source.region if source is not None else None
        return own if own is not None and not said.region else self.locale.region_of(said.region)

    def finish(self, upload: Upload, file: OpenFile, may: Callable[[str], bool] | None = None) -> Upload:
        """Take in an upload all of whose bytes are durable; how it stands then. Done twice, it is done once.

        `may` says for which regions its sender may deliver beside that of the upload; without it, what would need that
        waits until the sender asks again, as long as there is time.

        Raises:
            Unavailable: something does not answer; the upload stays whole, and a sweep goes on from there.
        """
        if upload.state is UploadState.OPEN:
            upload = self._told_apart(upload, file, may)
        if upload.state is UploadState.WHOLE:
            upload = self._taken(upload, file)
        return upload

    def _told_apart(self, upload: Upload, file: OpenFile, may: Callable[[str], bool] | None) -> Upload:
        said, sha256 = self.said(upload), file.sha256()
        if said.sha256 and said.sha256 != sha256:
            return self._refused(upload, "upload-digest-differs", {"expected": said.sha256, "found": sha256}, file)
        with self._database.writing() as uow:
            repository = UploadRepository(uow.connection)
            regions = _Regions(self, uow, upload)
            document = said.id or _document(repository, regions, upload, sha256)
            lies = regions.of(document)
            permitted = lies in {None, regions.own} or (may is not None and may(str(lies)))
            if permitted:
                last, now = repository.last(upload.source, document), self._clock.now()
                # In the order in which they became whole, whatever the clocks of several machines say.
                if last is not None and last.completed_at is not None:
                    now = max(now, last.completed_at + _STEP)
                values = {"completed_at": now, "sha256": sha256, "external_id": document}
                repository.update(upload.id, state=UploadState.WHOLE, **values)
        if not permitted:
            if may is None and upload.expires_at > self._clock.now():
                return upload
            return self._refused(upload, "upload-region", {"region": lies}, file)
        return replace(upload, state=UploadState.WHOLE, completed_at=now, sha256=sha256, external_id=document)

    def _refused(self, upload: Upload, code: str, params: Mapping[str, object], file: OpenFile) -> Upload:
        """Nothing can be made of these bytes: which of them are wrong nobody can say."""
        message = render(code, params)
        with self._database.writing() as uow:
            UploadRepository(uow.connection).update(upload.id, state=UploadState.REFUSED, code=code, message=message)
        file.remove()
        self._log.warning("upload.refused", upload=upload.id, code=code)
        return replace(upload, state=UploadState.REFUSED, code=code, message=message)

    def _taken(self, upload: Upload, file: OpenFile) -> Upload:
        assert upload.external_id is not None
        summary = Summary()
        with self._database.reading() as connection:
            source = SourceRepository(connection).get(upload.source)
        # Of two states of one document the one that was whole last is the newer, even where it is taken in first.
        stated = Stated(revised=upload.completed_at, size=upload.length)
        delivery = self._delivery(upload, self.said(upload), source, file)
        self._taker.take(upload.source, Arrival(upload.external_id, delivery, stated=stated), summary)
        values = self._outcome(upload, summary)
        with self._database.writing() as uow:
            UploadRepository(uow.connection).update(upload.id, **values)
            SourceRepository(uow.connection).update(upload.source, last_success=self._clock.now())
        if values["state"] is UploadState.TAKEN:
            file.remove()
        self._log.info("upload.ended", upload=upload.id, state=values["state"], record=values.get("record_id"))
        return replace(upload, **values)

    def _delivery(self, upload: Upload, said: Said, source: Source | None, file: OpenFile) -> Delivery:
        main = Incoming(
            name=said.file_name,
            role=ComponentRole.MAIN,
            open=file.reading,
            media_type=said.media_type,
            name_bytes=said.name_bytes,
            announced_size=upload.length,
            announced_sha256=said.sha256 or None,
        )
        envelope = Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(_envelope(upload)), "application/json")
        assert upload.external_id is not None
        return Delivery(
            external_id=upload.external_id,
            title=said.title or said.file_name.rpartition(".")[0] or said.file_name,
            region=self.region(source, said),
            published=said.published,
            components=(main, envelope),
            hints=said.hints,
        )

    def _outcome(self, upload: Upload, summary: Summary) -> dict[str, Any]:
        if summary.refused:
            refused = summary.refused[0]
            return {"state": UploadState.REFUSED, "code": refused["code"], "message": refused["message"]}
        with self._database.reading() as connection:
            seen = SourceRepository(connection).arrival(upload.source, str(upload.external_id))
        receipt = next(name for name in _RECEIPTS if getattr(summary, name))
        return {"state": UploadState.TAKEN, "record_id": seen.record_id if seen else None, "receipt": receipt}

    def sweep(self) -> int:
        """Finish what a stop left whole, end what has expired, delete what belongs to nobody; how many were ended."""
        ended, after, now = 0, "", self._clock.now()
        while True:
            with self._database.reading() as connection:
                batch = UploadRepository(connection).unfinished(after, _AT_ONCE)
            ended += sum(self._swept(upload.id) for upload in batch)
            if len(batch) < _AT_ONCE:
                break
            after = batch[-1].id
        self._tidy(self.files.old(now - _STRAY))
        with self._database.writing() as uow:
            UploadRepository(uow.connection).forget_over(now - _REMEMBERED)
        return ended

    def _swept(self, upload_id: str) -> bool:
        try:
            with self.files.held(upload_id) as file:
                # Read while it is held: what it was before may be over.
                with self._database.reading() as connection:
                    upload = UploadRepository(connection).get(upload_id)
                return upload is not None and self._ended(upload, file)
        except Locked:
            return False  # somebody is at work on it, who will end it
        except ArchiveError as error:
            say = self._log.warning if isinstance(error, Unavailable) else self._log.error
            say("upload.waits", upload=upload_id, code=error.code)
            return False

    def _ended(self, upload: Upload, file: OpenFile | None) -> bool:
        if upload.state not in {UploadState.OPEN, UploadState.WHOLE}:
            return False
        if file is not None and file.end == upload.length:
            return self.finish(upload, file).state is not UploadState.OPEN
        if upload.state is UploadState.WHOLE or upload.expires_at > self._clock.now():
            return False  # its file lies on another machine, or there is still time
        with self._database.writing() as uow:
            UploadRepository(uow.connection).update(upload.id, state=UploadState.EXPIRED)
        if file is not None:
            file.remove()
        return True

    def _tidy(self, names: list[str]) -> None:
        for name in names:
            with self._database.reading() as connection:
                upload = UploadRepository(connection).get(name)
            wanted = upload is not None and upload.state in {UploadState.OPEN, UploadState.WHOLE}
            if not wanted and (upload is None or upload.expires_at < self._clock.now()):
                with self.files.held(name) as file:
                    if file is not None:
                        file.remove()


class _Regions:
    """Where the documents of an upload's source lie, and where the upload's `own` one does."""

    def __init__(self, finisher: Finisher, uow: UnitOfWork, upload: Upload) -> None:
        self._finisher = finisher
        self._name = upload.source
        self._uploads = UploadRepository(uow.connection)
        self._records = RecordRepository(uow.connection)
        self._sources = SourceRepository(uow.connection)
        self._source = self._sources.get(upload.source)
        self.own = self._said(upload)

    def of(self, document: str) -> str | None:
        """The region of a document; None where there is none of it yet."""
        record = self._records.by_source(self._name, document)
        if record is not None:
            return record.region
        # Whole, and not yet taken in.
        last = self._uploads.last(self._name, document)
        return None if last is None else self._said(last)

    def free(self, document: str) -> bool:
        """Whether nothing has been delivered under this external id."""
        known = self._uploads.last(self._name, document) or self._sources.arrival(self._name, document)
        return known is None

    def _said(self, upload: Upload) -> str:
        return self._finisher.region(self._source, self._finisher.said(upload))


def _document(repository: UploadRepository, regions: _Regions, upload: Upload, sha256: str) -> str:
    """The external id of a file whose sender does not name its document."""
    for delivered in (repository.named(upload.source, upload.name), repository.holding(upload.source, sha256)):
        # Of another region is another document, whatever it is called and holds.
        found = next((one for one in delivered if regions.of(str(one.external_id)) == regions.own), None)
        last = repository.last(upload.source, str(found.external_id)) if found is not None else None
        # What a document was called once, or held once, is no longer what it is told by.
        if last is not None and found is not None and last.id == found.id:
            return str(last.external_id)
    if regions.free(upload.name):
        return upload.name
    document = f"{upload.name}#{sha256[:_DIGITS]}"
    return document if regions.of(document) in {None, regions.own} else f"{document}#{regions.own}"


def _envelope(upload: Upload) -> bytes:
    """Who sent it and what came with it, as it came; the same however often it is made."""
    said = {
        "upload": upload.id,
        "account": upload.account,
        "account_name": upload.account_name,
        "created_at": upload.created_at.isoformat(),
        "length": upload.length,
        "sha256": upload.sha256,
        "metadata": upload.metadata,
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()
