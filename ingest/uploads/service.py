"""What people do with uploads. Permission is decided here, before a byte is read; other people's uploads are not there.

While bytes of one request come, its upload is held; a second request at the same time is told so.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from archive.authorization import AccessLevel, Actor, Authorizer, Permission, Subject
from archive.clock import Clock
from archive.db.uow import Database
from archive.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from archive.ids import Ids
from ingest.sources.service import IMPORTED, SourceService
from ingest.types import Source
from ingest.uploads.errors import ChecksumWrong, Over, TooLong
from ingest.uploads.files import OpenFile
from ingest.uploads.finishing import Finisher
from ingest.uploads.kind import NAME
from ingest.uploads.metadata import Said, read_metadata
from ingest.uploads.repository import UploadRepository
from ingest.uploads.types import OVER, Checksum, Upload, UploadState

LIFETIME: Final = timedelta(days=7)
"""How long the bytes of an upload are waited for."""

_MOST_OPEN: Final = 100
_PATIENCE_SECONDS: Final = 0.3
# Whoever asks how far it came may have lost a connection that this side has not yet noticed to be gone.
_HEAD_PATIENCE_SECONDS: Final = 3.0


@dataclass(frozen=True)
class UploadPorts:
    """What uploads need. `most` is the longest upload in bytes."""

    database: Database
    finisher: Finisher
    sources: SourceService
    authorizer: Authorizer
    clock: Clock
    ids: Ids
    most: int


class Writing:
    """Bytes of one request on their way into their upload; `close` must be called. Errors are those of `OpenFile`."""

    def __init__(
        self,
        upload: Upload,
        file: OpenFile | None,
        finish: Callable[[Upload, OpenFile], Upload],
        checksum: Checksum | None,
    ) -> None:
        self._upload = upload
        self._file = file
        self._finish = finish
        self._wanted = checksum
        self._digester = None if checksum is None else hashlib.new(checksum.algorithm, usedforsecurity=False)
        self._open = file is not None
        if file is not None:
            file.start(checked=checksum is not None)

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            TooLong: there are more than the upload was announced with; all of this request are dropped.
        """
        file = self._file
        if not data:
            return
        if file is None or file.end + len(data) > self._upload.length:
            if file is not None:
                file.drop()
                self._open = False
            raise TooLong("upload-too-long", length=self._upload.length)
        if self._digester is not None:
            self._digester.update(data)
        file.write(data)

    def finish(self) -> tuple[Upload, int]:
        """Make the bytes durable and, if they were the last, take the document in; the upload and its offset.

        Raises:
            ChecksumWrong: the bytes are not those announced; they are dropped.
            InvalidInput: what is whole now is not what was announced for the whole.
        """
        if self._file is None:
            return self._upload, self._upload.length
        self._open = False
        if self._digester is not None and self._wanted is not None and self._digester.digest() != self._wanted.digest:
            self._file.drop()
            raise ChecksumWrong("upload-checksum", offset=self._file.end)
        offset = self._file.keep()
        if offset == self._upload.length:
            self._upload = self._finish(self._upload, self._file)
            if self._upload.state is UploadState.REFUSED:
                raise InvalidInput("upload-refused", reason=self._upload.message)
        return self._upload, offset

    def break_off(self) -> None:
        """Keep what came, unless it was still to be checked. After `finish` or an error of `write` nothing is left."""
        if self._open and self._file is not None:
            self._open = False
            if self._wanted is None:
                self._file.keep()
            else:
                self._file.drop()

    def close(self) -> None:
        """Let another request work on the upload."""
        if self._file is not None:
            self._file.close()


class UploadService:
    """Uploads of one account: made, continued, asked about, given up."""

    def __init__(self, ports: UploadPorts) -> None:
        self._ports = ports
        self._files = ports.finisher.files

    @property
    def most(self) -> int:
        """The longest upload in bytes."""
        return self._ports.most

    def create(self, actor: Actor, length: int, metadata: str) -> Upload:
        """Begin an upload of `length` bytes with the header `metadata`; an empty one still has to be finished.

        Raises:
            TooLong: it is longer than is taken (`upload-too-large`).
            InvalidInput: the metadata cannot be used, or the source is none that people upload to.
            NotFound: there is no such source.
            Conflict: the source is paused, or too many uploads of this account are open.
            Forbidden, NotAuthenticated: the actor may not deliver, or not for this region.
            Unavailable: the upload cannot be kept.
        """
        ports = self._ports
        ports.authorizer.require(actor, Permission.SOURCE_MANAGE)
        if not 0 <= length <= ports.most:
            raise TooLong("upload-too-large", length=length, most=ports.most >> 30)
        said = read_metadata(metadata, ports.finisher.locale.zone)
        source = self._source(actor, said)
        self._require_region(actor, source, said)
        now = ports.clock.now()
        upload = Upload(
            id=ports.ids.new("arr"),
            account=actor.id,
            account_name=actor.name,
            source=source.name,
            state=UploadState.OPEN,
            name=said.name,
            length=length,
            metadata=metadata,
            own_id=bool(said.id),
            created_at=now,
            expires_at=now + LIFETIME,
        )
        # The file first: a row without one would promise what is not there.
        self._files.make(upload.id)
        with ports.database.writing() as uow:
            repository = UploadRepository(uow.connection)
            if repository.count_open(actor.id) >= _MOST_OPEN:
                raise Conflict("upload-too-many", most=_MOST_OPEN)
            repository.add(upload)
        return upload

    def _source(self, actor: Actor, said: Said) -> Source:
        sources = self._ports.sources
        if said.source in {"", NAME}:
            source = sources.register(NAME, NAME, IMPORTED, actor=actor)
        else:
            source = sources.get(said.source)
        if source.connector != NAME:
            raise InvalidInput("upload-source", source=source.name)
        if source.paused_at is not None:
            raise Conflict("source-paused", source=source.name)
        return source

    def _require_region(self, actor: Actor, source: Source, said: Said) -> None:
        region = self._ports.finisher.region(source, said)
        if not self._may_deliver(actor, region):
            raise Forbidden("upload-region", region=region)

    def _may_deliver(self, actor: Actor, region: str) -> bool:
        subject = Subject(region, AccessLevel.INTERNAL, None, settled=False)
        return self._ports.authorizer.decide(actor, Permission.SOURCE_MANAGE, subject).allowed

    def _finish(self, actor: Actor, upload: Upload, file: OpenFile) -> Upload:
        return self._ports.finisher.finish(upload, file, partial(self._may_deliver, actor))

    def position(self, actor: Actor, upload_id: str) -> tuple[Upload, int]:
        """An upload and how many of its bytes are durable; one that is whole is brought to its end first.

        Raises:
            NotFound: no such upload of this actor.
            Over: it was refused or has expired.
            Locked: another request is still at work on it.
            Unavailable: its file cannot be read, or does not lie on this machine.
        """
        self._own(actor, upload_id)
        with self._files.held(upload_id, _HEAD_PATIENCE_SECONDS) as file:
            upload = self._own(actor, upload_id)
            if upload.state is UploadState.TAKEN:
                return upload, upload.length
            present = _present(upload, file)
            if present.end == upload.length:
                upload = self._finish(actor, upload, present)
                _require_alive(upload)
            return upload, upload.length if upload.state is UploadState.TAKEN else present.end

    def begin(
        self, actor: Actor, upload_id: str, offset: int, announced: int | None, checksum: Checksum | None
    ) -> Writing:
        """Let bytes come from `offset` on, `announced` of them where that is known; the upload is held until `close`.

        Raises:
            Conflict: the upload has come to another offset (`upload-offset`).
            TooLong: more is announced than is missing (`upload-too-long`).
            NotFound, Over, Locked, Unavailable: as `position`.
        """
        self._own(actor, upload_id)
        file = self._files.take(upload_id, _PATIENCE_SECONDS)
        try:
            upload = self._own(actor, upload_id)
            if upload.state is UploadState.TAKEN and file is not None:
                # A stop kept it from being deleted; a sweep does that.
                file.close()
                file = None
            _require_fitting(upload, file, offset, announced)
            return Writing(upload, file, partial(self._finish, actor), checksum)
        except BaseException:
            if file is not None:
                file.close()
            raise

    def terminate(self, actor: Actor, upload_id: str) -> None:
        """Give an upload up and delete its bytes. What was taken in stays: a person deletes nothing.

        Raises:
            Conflict: it has been taken in already (`upload-taken`).
            NotFound, Locked, Unavailable: as `position`.
        """
        self._own(actor, upload_id)
        with self._files.held(upload_id, _PATIENCE_SECONDS) as file:
            upload = self._own(actor, upload_id)
            if upload.state in {UploadState.WHOLE, UploadState.TAKEN}:
                raise Conflict("upload-taken")
            with self._ports.database.writing() as uow:
                UploadRepository(uow.connection).remove(upload_id)
            if file is not None:
                file.remove()

    def recent(self, actor: Actor, limit: int = 50) -> list[Upload]:
        """The actor's own uploads, newest first, and what became of them.

        Raises:
            Forbidden, NotAuthenticated: the actor may not deliver.
        """
        self._ports.authorizer.require(actor, Permission.SOURCE_MANAGE)
        with self._ports.database.reading() as connection:
            return UploadRepository(connection).recent(actor.id, limit)

    def sources(self, actor: Actor) -> list[str]:
        """The names of the sources that people upload to, beside the usual one. Raises as `recent`."""
        self._ports.authorizer.require(actor, Permission.SOURCE_MANAGE)
        given = (source.name for source in self._ports.sources.all() if source.connector == NAME)
        return [name for name in given if name != NAME]

    def _own(self, actor: Actor, upload_id: str) -> Upload:
        """An upload of this actor.

        Raises:
            Over: it is over.
        """
        self._ports.authorizer.require(actor, Permission.SOURCE_MANAGE)
        with self._ports.database.reading() as connection:
            upload = UploadRepository(connection).get(upload_id)
        if upload is None or upload.account != actor.id:
            raise NotFound("upload-unknown", upload=upload_id)
        _require_alive(upload)
        if upload.state is UploadState.OPEN and upload.expires_at <= self._ports.clock.now():
            raise Over("upload-over", reason="")
        return upload


def _require_alive(upload: Upload) -> None:
    if upload.state in OVER:
        raise Over("upload-over", reason=upload.message or "")


def _require_fitting(upload: Upload, file: OpenFile | None, offset: int, announced: int | None) -> None:
    end = upload.length if upload.state is UploadState.TAKEN else _present(upload, file).end
    if offset != end:
        raise Conflict("upload-offset", given=offset, expected=end)
    if announced is not None and announced > upload.length - end:
        raise TooLong("upload-too-long", length=upload.length)


def _present(upload: Upload, file: OpenFile | None) -> OpenFile:
    if file is None:
        raise Unavailable("upload-elsewhere", upload=upload.id)
    return file
