"""Making a snapshot: rows first, in one view of the database, then the bytes they refer to, the manifest last."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import BinaryIO, Literal, cast

from archive.backup import manifest
from archive.backup.files import named_errors, private_folder, read_lines, sync_folder, write_file, writing_lines
from archive.backup.manifest import KeptFile, LedgerHead, Manifest
from archive.backup.repository import Connection, Rows, kept_tables
from archive.backup.snapshot import BLOBS, BYTES, KEY, PARTIAL, SNAPSHOTS, TRUST, rows_file
from archive.blobs.directory import DirectoryBlobStore
from archive.blobs.port import BlobStore
from archive.clock import Clock
from archive.db.migrating import HEAD
from archive.db.uow import Database
from archive.errors import Conflict, Damaged, InvalidInput, Unavailable
from archive.ledger.checkpoint import NotACheckpoint, parse_note
from archive.ledger.repository import LedgerRepository
from archive.ledger.signing import load_signer
from archive.ledger.tree import StoredTree
from archive.settings import LedgerSettings

_DISTRIBUTION = "juanzong"
_LOCK = "backup.lock"
_LEAVES_AT_ONCE = 2048
_ABANDONED = timedelta(days=2)

Progress = Callable[[Literal["rows", "files"], int], None]
"""Called with what is being worked on, and how many of them are done."""

_OWNER_ONLY = 0o700


@dataclass(frozen=True)
class Made:
    """A finished snapshot: its folder, its manifest, and how many files and bytes were new in the backup folder."""

    snapshot: Path
    manifest: Manifest
    copied: int
    copied_bytes: int


@dataclass(frozen=True)
class Original:
    """What is backed up."""

    database: Database
    blobs: BlobStore
    ledger: LedgerSettings
    clock: Clock


class Backup:
    """Makes snapshots in `folder`. `thorough` also reads again what earlier backups have copied."""

    def __init__(self, original: Original, folder: Path, progress: Progress, *, thorough: bool = False) -> None:
        self._original = original
        self._folder = folder
        self._bytes = DirectoryBlobStore(folder / BYTES)
        self._progress = progress
        self._thorough = thorough
        self._copied = 0
        self._copied_bytes = 0

    def make(self) -> Made:
        """Make a snapshot.

        Raises:
            Conflict: another backup into the same folder is running (`backup-busy`), or the database has tables that
                this program does not know (`backup-tables-unknown`).
            Damaged: bytes that the rows refer to are missing or changed, there or in the backup itself.
            InvalidInput: the key or the trust file cannot be used.
            Unavailable: the database, the store or the backup folder does not work now.
        """
        with named_errors(self._folder):
            private_folder(self._folder)
            for ours in (SNAPSHOTS, BYTES):
                private_folder(self._folder / ours)
                (self._folder / ours).chmod(_OWNER_ONLY)
            with self._alone():
                self._sweep()
                return self._make()

    def _make(self) -> Made:
        moment = self._original.clock.now()
        final = self._folder / SNAPSHOTS / moment.strftime("%Y-%m-%dT%H-%M-%S.%fZ")
        partial = final.with_name(final.name + PARTIAL)
        partial.mkdir(mode=0o700)
        try:
            files = self._keep_key(partial)
            with self._original.database.reading() as connection:
                tables = self._keep_rows(connection, partial, files)
                head = self._head(connection)
            blobs, size = self._keep_bytes(partial)
            made = Manifest(
                manifest.FORMAT,
                _program(),
                HEAD,
                moment.isoformat(),
                head,
                tables,
                blobs,
                size,
                dict(sorted(files.items())),
            )
            write_file(partial / manifest.FILE, made.dump())
            for folder in (*(path for path in partial.iterdir() if path.is_dir()), partial):
                sync_folder(folder)
            partial.rename(final)
            sync_folder(final.parent)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return Made(final, made, self._copied, self._copied_bytes)

    def _keep_key(self, partial: Path) -> dict[str, KeptFile]:
        settings = self._original.ledger
        # Loaded only to be sure that it is the key, that nobody else reads it, and that it speaks for this ledger.
        load_signer(settings.key_path, settings.origin)
        try:
            key, trust = settings.key_path.read_bytes(), settings.trust_path.read_bytes()
        except OSError as error:
            raise InvalidInput("backup-trust-missing", path=str(settings.trust_path)) from error
        return {KEY: write_file(partial / KEY, key), TRUST: write_file(partial / TRUST, trust)}

    def _keep_rows(self, connection: Connection, partial: Path, files: dict[str, KeptFile]) -> dict[str, int]:
        rows = Rows(connection)
        if unknown := rows.unknown_tables():
            raise Conflict("backup-tables-unknown", tables="、".join(unknown))
        counts, done = dict[str, int](), 0
        for name in kept_tables():
            with writing_lines(partial / rows_file(name)) as lines:
                for row in rows.read(name):
                    lines.write(json.dumps(row, separators=(",", ":")))
                    done += 1
                    self._progress("rows", done)
            counts[name], files[rows_file(name)] = lines.count, lines.kept
        with writing_lines(partial / BLOBS) as lines:
            for sha256 in rows.blobs():
                lines.write(sha256)
        files[BLOBS] = lines.kept
        return counts

    def _head(self, connection: Connection) -> LedgerHead:
        """The ledger in the view that the rows came from, entries without a node yet included."""
        ledger = LedgerRepository(connection)
        frontier = StoredTree(connection).frontier(ledger.integrated())
        while rows := ledger.rows(frontier.size, _LEAVES_AT_ONCE):
            for row in rows:
                frontier.add(row.leaf_hash)
        note = ledger.last_checkpoint()
        try:
            checkpoint = None if note is None else parse_note(note).note().decode()
        except NotACheckpoint as error:
            raise Damaged("ledger-checkpoint-unreadable") from error
        return LedgerHead(self._original.ledger.origin, frontier.size, frontier.root().hex(), checkpoint)

    def _keep_bytes(self, partial: Path) -> tuple[int, int]:
        """Copy what is not there yet; how many files the rows refer to, and of how many bytes."""
        number = total = 0
        for sha256 in read_lines(partial / BLOBS, BLOBS):
            known = self._bytes.size(sha256)
            if known is None:
                known = self._copy(sha256)
            elif self._thorough:
                self._read_again(sha256)
            number, total = number + 1, total + known
            self._progress("files", number)
        return number, total

    def _copy(self, sha256: str) -> int:
        with self._original.blobs.open(sha256) as stream:
            digest = self._bytes.put(cast("BinaryIO", _Source(stream, sha256)))
        if digest.sha256 != sha256:
            raise Damaged("blob-changed", sha256=sha256, found=digest.sha256)
        self._copied += 1
        self._copied_bytes += digest.size
        return digest.size

    def _read_again(self, sha256: str) -> None:
        try:
            self._bytes.verify(sha256)
        except Damaged as error:
            raise Damaged("backup-bytes-changed", sha256=sha256, folder=str(self._folder)) from error

    def _sweep(self) -> None:
        """Remove what an interrupted backup left: no such snapshot was ever finished."""
        for left in (self._folder / SNAPSHOTS).glob(f"*{PARTIAL}"):
            shutil.rmtree(left, ignore_errors=True)
        self._bytes.sweep(self._original.clock.now() - _ABANDONED)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with os.fdopen(os.open(self._folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Conflict("backup-busy", folder=str(self._folder)) from error
            yield


class _Source:
    """Reads from the store; what fails there is not mistaken for a fault of the backup folder."""

    def __init__(self, stream: BinaryIO, sha256: str) -> None:
        self._stream = stream
        self._sha256 = sha256

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except OSError as error:
            detail = error.strerror or type(error).__name__
            raise Unavailable("blob-unreadable", sha256=self._sha256, detail=detail) from error


def _program() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
