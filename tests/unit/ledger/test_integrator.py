import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Update, delete, update

from archive.clock import FixedClock
from archive.db.uow import Database, UnitOfWork
from archive.errors import Damaged
from archive.ledger import integrator as module
from archive.ledger import merkle, model
from archive.ledger.checkpoint import SignedCheckpoint
from archive.ledger.fsck import check_ledger
from archive.ledger.integrator import Integrator
from archive.ledger.repository import LedgerRepository
from archive.ledger.service import Ledger
from archive.ledger.signing import Signer
from archive.ledger.tree import StoredTree
from archive.ledger.trust import Trust
from tests.unit.ledger.filling import fill


@pytest.fixture
def integrator(database: Database, clock: FixedClock, signer: Signer) -> Integrator:
    return Integrator(database, clock, signer)


def change(database: Database, statement: Any) -> None:
    with database.writing() as uow:
        uow.connection.execute(statement)


def leaves(database: Database) -> list[bytes]:
    with database.reading() as connection:
        return [merkle.leaf_hash(entry.data) for entry in LedgerRepository(connection).entries(-1, 10_000)]


def test_an_empty_ledger_has_a_checkpoint_too(integrator: Integrator) -> None:
    checkpoint = integrator.publish()
    assert (checkpoint.size, checkpoint.root) == (0, merkle.EMPTY_ROOT)


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 2048])
def test_the_published_root_is_that_of_the_entries(
    database: Database, clock: FixedClock, integrator: Integrator, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    # A batch of one leaf can complete no node, so progress needs at least two.
    monkeypatch.setattr(module, "_BATCH", max(batch, 2))
    for count in (1, 1, 5, 20, 3):
        fill(database, clock, count)
        checkpoint = integrator.publish()
        hashes = leaves(database)
        assert (checkpoint.size, checkpoint.root) == (len(hashes), merkle.root_of(hashes))


def test_publishing_again_changes_nothing(database: Database, clock: FixedClock, integrator: Integrator) -> None:
    fill(database, clock, 5)
    first = integrator.publish()
    with database.reading() as connection:
        notes = LedgerRepository(connection).checkpoints()
    assert integrator.publish() == first
    with database.reading() as connection:
        assert LedgerRepository(connection).checkpoints() == notes
        latest = integrator.latest(connection)
    assert latest is not None
    assert latest.checkpoint == first


def test_proofs_from_stored_nodes_verify(database: Database, clock: FixedClock, integrator: Integrator) -> None:
    fill(database, clock, 37)
    checkpoint = integrator.publish()
    hashes = leaves(database)
    with database.reading() as connection:
        tree = StoredTree(connection)
        for index, leaf in enumerate(hashes):
            proof = tree.inclusion(index, checkpoint.size)
            assert merkle.verify_inclusion(index, checkpoint.size, leaf, proof, checkpoint.root)
        for old in range(1, 38):
            proof = tree.consistency(old, checkpoint.size)
            assert merkle.verify_consistency(old, 37, merkle.root_of(hashes[:old]), checkpoint.root, proof)


class Stopped(Exception):
    pass


def test_stopped_between_batches_it_goes_on(
    database: Database, clock: FixedClock, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 4)
    fill(database, clock, 21)

    class Stopping(Integrator):
        def _sign(self, uow: UnitOfWork) -> SignedCheckpoint:
            raise Stopped(uow)

    with pytest.raises(Stopped):
        Stopping(database, clock, signer).publish()
    with database.reading() as connection:
        assert LedgerRepository(connection).integrated() == 20
    assert Integrator(database, clock, signer).publish().root == merkle.root_of(leaves(database))
    with database.reading() as connection:
        assert check_ledger(connection, signer.trust()) == []


def spoil_entry(index: int) -> Update:
    return update(model.entry).where(model.entry.c.index == index).values(data=b"{}")


def test_changed_bytes_are_not_integrated(database: Database, clock: FixedClock, integrator: Integrator) -> None:
    fill(database, clock, 4)
    change(database, spoil_entry(2))
    with pytest.raises(Damaged, match="ledger-entry-unreadable"):
        integrator.publish()


def test_a_rewritten_past_is_not_signed(database: Database, clock: FixedClock, integrator: Integrator) -> None:
    fill(database, clock, 8)
    integrator.publish()
    change(database, update(model.node).where(model.node.c.level == 3).values(hash=bytes(32)))
    fill(database, clock, 1)
    with pytest.raises(Damaged, match="ledger-rewritten"):
        integrator.publish()


def test_a_shortened_ledger_is_not_signed(database: Database, clock: FixedClock, integrator: Integrator) -> None:
    fill(database, clock, 8)
    integrator.publish()
    change(database, delete(model.entry).where(model.entry.c.index > 5))
    change(database, delete(model.node))
    with pytest.raises(Damaged, match="ledger-shrunk"):
        integrator.publish()


def test_a_missing_node_is_an_alarm(database: Database, clock: FixedClock, integrator: Integrator) -> None:
    fill(database, clock, 8)
    integrator.publish()
    change(database, delete(model.node).where(model.node.c.level == 3))
    with pytest.raises(Damaged, match="ledger-node-missing"):
        integrator.publish()


def test_a_foreign_or_broken_last_checkpoint_is_an_alarm(
    database: Database, clock: FixedClock, integrator: Integrator
) -> None:
    fill(database, clock, 2)
    stranger = Signer("archive.test/ledger", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    Integrator(database, clock, stranger).publish()
    with pytest.raises(Damaged, match="ledger-checkpoint-untrusted"):
        integrator.publish()
    change(database, update(model.checkpoint).values(note=b"nothing"))
    with pytest.raises(Damaged, match="ledger-checkpoint-unreadable"):
        integrator.publish()


def test_a_new_key_continues_when_the_old_one_is_trusted(database: Database, clock: FixedClock, signer: Signer) -> None:
    fill(database, clock, 3)
    old = Signer("archive.test/ledger", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    Integrator(database, clock, old).publish()
    fill(database, clock, 1)
    trust = Trust(signer.name, (signer.trusted_key, old.trusted_key))
    assert Integrator(database, clock, signer, trust).publish().size == 4
    with database.reading() as connection:
        assert check_ledger(connection, trust) == []
        assert [finding.code for finding in check_ledger(connection, signer.trust())] == ["ledger.checkpoint-signature"]


def test_appending_stays_cheap_on_a_long_ledger(database: Database, clock: FixedClock) -> None:
    fill(database, clock, 2000)
    started = time.process_time()
    fill(database, clock, 500)
    # The promise is 0.3 ms beyond the insert; the bound allows for the insert and for a busy machine.
    assert (time.process_time() - started) / 500 < 0.002
    with database.reading() as connection:
        assert Ledger(clock).size(connection) == 2500
