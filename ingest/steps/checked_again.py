"""Looks into a record outside of the pipeline, as the check step does inside."""

from archive.blobs.port import BlobStore
from archive.db.uow import Database
from archive.errors import Conflict
from archive.records.repository import RecordRepository
from archive.records.types import Record
from ingest.checks.types import Checked
from ingest.steps.check import CheckStep
from ingest.steps.port import Item


class RecordSubjects:
    """Loads records and shows them to the checks; nothing of them is moved."""

    def __init__(self, database: Database, blobs: BlobStore, step: CheckStep) -> None:
        self._database = database
        self._blobs = blobs
        self._step = step

    def checked(self, record: Record) -> Checked:
        """The present version of a record as the checks see it; bytes that are missing are theirs to find.

        Raises:
            Conflict: it has no such version (`record-version-missing`).
            Unavailable: the store, or what helps with reading, does not answer.
        """
        with self._database.reading() as connection:
            records = RecordRepository(connection)
            version = records.version(record.id, record.version)
            if version is None:
                raise Conflict("record-version-missing", record=record.id, version=record.version)
            components, texts = tuple(records.components(version.id)), records.texts(version.id)
        item = Item(record, version, components, {}, texts, None, self._blobs)
        return self._step.checked_again(item)
