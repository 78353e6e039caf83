"""A snapshot as it lies in a backup folder: found, read, and held against its manifest."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from archive.backup import manifest
from archive.backup.files import digest_file, named_errors, read_lines
from archive.backup.manifest import Manifest, NotAManifest
from archive.db.migrating import HEAD
from archive.errors import Conflict, Damaged, NotFound

BYTES: Final = "bytes"
SNAPSHOTS: Final = "snapshots"
PARTIAL: Final = ".partial"
BLOBS: Final = "blobs.txt.gz"
KEY: Final = "keys/ledger.key"
TRUST: Final = "trust.json"


def rows_file(table: str) -> str:
    """Where the rows of a table lie within a snapshot."""
    return f"rows/{table}.jsonl.gz"


class Snapshot:
    """One snapshot, opened. Nothing in it is believed before `check` has read it whole."""

    def __init__(self, folder: Path, made: Manifest) -> None:
        self.folder = folder
        self.manifest = made

    @classmethod
    def open(cls, backup: Path, name: str | None = None) -> "Snapshot":
        """The snapshot called `name` in the folder `backup`, by default the newest.

        Raises:
            NotFound: there is none (`backup-snapshots-none`), none of that name (`backup-snapshot-unknown`), or it was
                never finished (`backup-manifest-missing`).
            Damaged: its manifest cannot be read.
            Conflict: another program must read it (`backup-format`, `backup-outdated`, `backup-newer`).
        """
        with named_errors(backup):
            folder = backup / SNAPSHOTS
            # Names are compared with what lies there: none of them leads out of the folder.
            names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
            names = [each for each in names if not each.endswith(PARTIAL)]
            if not names:
                raise NotFound("backup-snapshots-none", folder=str(backup))
            chosen = name or names[-1]
            if chosen not in names:
                raise NotFound("backup-snapshot-unknown", name=chosen, known="、".join(names[-5:]))
            try:
                data = (folder / chosen / manifest.FILE).read_bytes()
            except FileNotFoundError as error:
                raise NotFound("backup-manifest-missing", name=chosen) from error
        try:
            made = manifest.parse(data)
        except NotAManifest as error:
            raise Damaged("backup-manifest-unreadable", name=chosen, detail=str(error)) from error
        _require_ours(made, chosen)
        return cls(folder / chosen, made)

    @property
    def bytes(self) -> Path:
        """The folder of bytes that this snapshot shares with the others."""
        return self.folder.parent.parent / BYTES

    def check(self, tables: list[str]) -> None:
        """Read every file of the snapshot and hold it against the manifest. `tables` are those that are expected.

        Raises:
            Damaged: a file is missing, was changed, or is one too many or too few in the manifest.
        """
        expected = {*(rows_file(table) for table in tables), BLOBS, KEY, TRUST}
        named = set(self.manifest.files)
        if named != expected or set(self.manifest.tables) != set(tables):
            differing = min(named ^ expected, default="tables")
            raise Damaged("backup-manifest-unreadable", name=self.folder.name, detail=differing)
        for path, kept in self.manifest.files.items():
            with named_errors(self.folder):
                if digest_file(self.folder / path) != kept:
                    raise Damaged("backup-file-damaged", file=path)

    def rows(self, table: str) -> Iterator[tuple[Any, int]]:
        """The rows of one table, each with the number of characters it takes in its file.

        Raises:
            Damaged: the file holds something else, or another number of rows than the manifest says.
        """
        path, number = rows_file(table), 0
        for line in read_lines(self.folder / path, path):
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise Damaged("backup-file-damaged", file=path) from error
            if not isinstance(row, dict):
                raise Damaged("backup-file-damaged", file=path)
            number += 1
            yield row, len(line)
        if number != self.manifest.tables[table]:
            raise Damaged("backup-file-damaged", file=path)

    def blobs(self) -> Iterator[str]:
        """The digests of the files that the rows refer to, in order. Raises as `rows`."""
        number = 0
        for sha256 in read_lines(self.folder / BLOBS, BLOBS):
            number += 1
            yield sha256
        if number != self.manifest.blobs:
            raise Damaged("backup-file-damaged", file=BLOBS)


def _require_ours(made: Manifest, name: str) -> None:
    if made.format != manifest.FORMAT:
        raise Conflict("backup-format", name=name, found=made.format, expected=manifest.FORMAT)
    if made.revision != HEAD:
        told = {"name": name, "found": made.revision, "head": HEAD, "program": made.program}
        if made.revision < HEAD:
            raise Conflict("backup-outdated", **told)
        raise Conflict("backup-newer", **told)
