"""Restoring a snapshot into an empty archive: checked first, then bytes, key and trust file, the rows last.

Rows go in in one transaction, so that there is no archive before there is a whole one. Stopped anywhere, a restore is
simply run again; what is there already is read and compared.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.backup.files import named_errors, private_folder, sync_folder, write_file
from archive.backup.making import Progress
from archive.backup.repository import Rows, kept_tables
from archive.backup.snapshot import KEY, TRUST, Snapshot
from archive.blobs.directory import DirectoryBlobStore
from archive.blobs.port import BlobStore
from archive.clock import Clock
from archive.db.engine import build_engine
from archive.db.migrating import HEAD, migrate, revision
from archive.db.uow import Database, UnitOfWork
from archive.errors import Conflict, Damaged, InvalidInput
from archive.jobs.repository import JobRepository
from archive.settings import Settings

_ROWS_AT_ONCE = 1000
_CHARACTERS_AT_ONCE = 16 << 20


@dataclass(frozen=True)
class Restored:
    """What was put back: rows, files that the rows refer to, and jobs whose worker is no more."""

    rows: int
    blobs: int
    released: int


class Restoration:
    """Puts one snapshot where the settings say. `blobs` is the store that they name."""

    def __init__(
        self, snapshot: Snapshot, settings: Settings, blobs: BlobStore, clock: Clock, progress: Progress
    ) -> None:
        self._snapshot = snapshot
        self._settings = settings
        self._blobs = blobs
        self._kept = DirectoryBlobStore(snapshot.bytes)
        self._clock = clock
        self._progress = progress

    def run(self) -> Restored:
        """Restore.

        Raises:
            Conflict: there is an archive already (`restore-not-empty`), another key (`restore-key-differs`), other
                bytes (`restore-store-used`), or the settings name another ledger (`restore-origin`).
            Damaged: the snapshot is not what its manifest says, or bytes are missing or changed.
            InvalidInput: the home cannot be written.
            Unavailable: the database, the store or the backup folder does not work now.
        """
        tables = kept_tables()
        self._require_same_ledger()
        # All of the backup before any of the target: where the one is damaged the other is not touched.
        self._snapshot.check(tables)
        self._require_complete()
        self._require_empty()
        self._require_same_store()
        blobs = self._put_bytes()
        self._put_key()
        migrate(self._settings.database.url)
        with self._database() as database, database.writing() as uow:
            rows, released = self._put_rows(uow, tables)
        return Restored(rows, blobs, released)

    @contextlib.contextmanager
    def _database(self) -> Iterator[Database]:
        database = Database(build_engine(self._settings.database.url))
        try:
            yield database
        finally:
            database.dispose()

    def _require_same_ledger(self) -> None:
        found, told = self._settings.ledger.origin, self._snapshot.manifest.ledger.origin
        if found != told:
            raise Conflict("restore-origin", found=found, expected=told)

    def _require_empty(self) -> None:
        with self._home_errors():
            # The embedded database lies in it, and is made by being looked for.
            self._settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = revision(self._settings.database.url)
        if found not in {None, HEAD}:
            raise Conflict("restore-not-empty", what=f"alembic_version {found}")
        if found is not None:
            with self._database() as database, database.reading() as connection:
                _require_no_rows(Rows(connection))

    def _require_complete(self) -> None:
        for sha256 in self._snapshot.blobs():
            if self._kept.size(sha256) is None:
                raise Damaged("backup-bytes-missing", sha256=sha256, folder=str(self._snapshot.bytes))

    def _require_same_store(self) -> None:
        """A store may hold what an interrupted restore has put there, and nothing else: both lists are in order."""
        wanted = self._snapshot.blobs()
        for sha256 in self._blobs.digests():
            if not any(each == sha256 for each in _up_to(wanted, sha256)):
                raise Conflict("restore-store-used", sha256=sha256)

    def _put_bytes(self) -> int:
        number = 0
        for sha256 in self._snapshot.blobs():
            if self._blobs.size(sha256) is None:
                with self._kept.open(sha256) as stream:
                    found = self._blobs.put(stream).sha256
                if found != sha256:
                    raise Damaged("backup-bytes-changed", sha256=sha256, folder=str(self._snapshot.bytes))
            else:
                self._blobs.verify(sha256)
            number += 1
            self._progress("files", number)
        return number

    def _put_key(self) -> None:
        """Put the key and the trust file in their places; a key that is there must be the same."""
        settings, source = self._settings.ledger, self._snapshot.folder
        with named_errors(source):
            key, trust = (source / KEY).read_bytes(), (source / TRUST).read_bytes()
        with self._home_errors():
            if _there(settings.key_path) not in {None, key}:
                raise Conflict("restore-key-differs", path=str(settings.key_path))
            _put_file(settings.key_path, key, 0o600)
            # For everybody who is to verify a bundle.
            _put_file(settings.trust_path, trust, 0o644)

    def _put_rows(self, uow: UnitOfWork, tables: list[str]) -> tuple[int, int]:
        """Put every row in, and let the jobs wait whose worker is no more; how many of both."""
        rows, number = Rows(uow.connection), 0
        # Looked at again under the lock: somebody may have founded an archive meanwhile.
        _require_no_rows(rows)
        for table in tables:
            for batch in self._batches(table):
                rows.write(table, batch)
                number += len(batch)
                self._progress("rows", number)
        return number, JobRepository(uow.connection).release("", self._clock.now(), blamed=False)

    def _batches(self, table: str) -> Iterator[list[dict[str, Any]]]:
        batch, size = list[dict[str, Any]](), 0
        for row, characters in self._snapshot.rows(table):
            batch.append(row)
            size += characters
            if len(batch) >= _ROWS_AT_ONCE or size > _CHARACTERS_AT_ONCE:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    @contextlib.contextmanager
    def _home_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            home = str(self._settings.home)
            raise InvalidInput("home-unwritable", home=home, detail=error.strerror or "") from error


def _require_no_rows(rows: Rows) -> None:
    if (used := rows.used()) is not None:
        raise Conflict("restore-not-empty", what=used)


def _up_to(ordered: Iterator[str], last: str) -> Iterator[str]:
    """What an ordered stream still holds before and with `last`; nothing behind it is taken."""
    for each in ordered:
        yield each
        if each >= last:
            return


def _there(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _put_file(path: Path, data: bytes, mode: int) -> None:
    private_folder(path.parent)
    staged = path.with_name(f".{path.name}.{os.getpid()}.new")
    staged.unlink(missing_ok=True)
    write_file(staged, data, mode)
    staged.replace(path)
    sync_folder(path.parent)
