from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.clock import FixedClock
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.ledger.signing import Signer


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(build_engine(f"sqlite:///{tmp_path / 'archive.db'}"))
    metadata.create_all(database.engine)
    yield database
    database.dispose()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 1, 8, 0, tzinfo=UTC))


@pytest.fixture
def signer() -> Signer:
    return Signer("archive.test/ledger", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
