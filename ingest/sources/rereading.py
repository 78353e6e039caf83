"""Having documents of a source come again, whatever is remembered of them."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from archive.db.uow import UnitOfWork
from archive.jobs.port import JobQueue
from ingest.connectors.registry import Registry
from ingest.sources.repository import SourceRepository
from ingest.sources.service import IMPORTED
from ingest.waking import wake_source

_ASKED: Final = "reread"


def begun(position: Mapping[str, object]) -> dict[str, object]:
    """A position as a connector gets it: without the mark that all is to be read once more."""
    return {name: value for name, value in position.items() if name != _ASKED}


def reread(uow: UnitOfWork, jobs: JobQueue, registry: Registry, name: str, external_ids: Sequence[str]) -> bool:
    """Forget what documents were told by, and ask for their source to be read from its beginning.

    False where it is not read: paused, pushed to, or delivered by people. Then somebody has to send them again.
    """
    repository = SourceRepository(uow.connection)
    repository.forget(name, external_ids)
    source = repository.get(name)
    if source is None or source.paused_at is not None:
        return False
    if source.location == IMPORTED or not registry.is_read(source.connector):
        return False
    # What lies behind the position would not be looked at: known documents cost a look, missing ones are found.
    # The mark is another each time, so that a reading under way knows that this was asked for after it had begun.
    repository.update(name, position={_ASKED: secrets.token_hex(8)})
    wake_source(uow, jobs, name)
    return True
