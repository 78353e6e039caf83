"""The second and third stage: entries become leaves of the stored tree, and the tree's root is signed."""

from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import Damaged
from archive.ledger.checkpoint import Checkpoint, NotACheckpoint, SignedCheckpoint, Verdict, examine, parse_note
from archive.ledger.merkle import leaf_hash, verify_consistency
from archive.ledger.repository import Connection, EntryRow, LedgerRepository
from archive.ledger.signing import Signer
from archive.ledger.tree import StoredTree
from archive.ledger.trust import Trust

_BATCH = 2048


class Integrator:
    """Brings the tree up to the head of the ledger and publishes a checkpoint.

    Works in batches, each in a transaction of its own: stopped anywhere, the next run goes on from there. Two of them
    at once wait for each other. `trust` names every key that may have signed earlier checkpoints; without it, only the
    signer's own.
    """

    def __init__(self, database: Database, clock: Clock, signer: Signer, trust: Trust | None = None) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer
        self._trust = trust or signer.trust()

    def publish(self) -> Checkpoint:
        """Integrate every entry and sign a checkpoint; with nothing new, the last checkpoint again.

        Raises:
            Damaged: the bytes of an entry do not match its leaf, a node is missing, or the tree no longer continues
                the last published checkpoint. Nothing is signed then.
        """
        while True:
            with self._database.writing() as uow:
                if self._integrate(uow):
                    return self._sign(uow).checkpoint

    @property
    def origin(self) -> str:
        """The name of the ledger, as it stands in checkpoints."""
        return self._signer.name

    def latest(self, connection: Connection) -> SignedCheckpoint | None:
        """The last published checkpoint; None before the first.

        Raises:
            Damaged: what is stored is no checkpoint, or not one that a trusted key signed.
        """
        note = LedgerRepository(connection).last_checkpoint()
        if note is None:
            return None
        try:
            signed = parse_note(note)
        except NotACheckpoint as error:
            raise Damaged("ledger-checkpoint-unreadable") from error
        if examine(signed, self._trust) is not Verdict.VALID:
            raise Damaged("ledger-checkpoint-untrusted", size=signed.checkpoint.size)
        return signed

    def _integrate(self, uow: UnitOfWork) -> bool:
        """Integrate one batch; whether the tree now reaches the head."""
        repository = LedgerRepository(uow.connection)
        frontier = StoredTree(uow.connection).frontier(repository.integrated())
        nodes = []
        rows = repository.rows(frontier.size, _BATCH)
        for row in rows:
            _examine(row, frontier.size)
            nodes += frontier.add(row.leaf_hash)
        repository.insert_nodes(nodes)
        return len(rows) < _BATCH

    def _sign(self, uow: UnitOfWork) -> SignedCheckpoint:
        repository = LedgerRepository(uow.connection)
        tree = StoredTree(uow.connection)
        size = repository.size()
        last = self.latest(uow.connection)
        checkpoint = Checkpoint(self._signer.name, size, tree.root(size))
        if last is not None:
            _require_continuation(last.checkpoint, checkpoint, tree)
            if last.checkpoint.size == size:
                return last
        signed = self._signer.sign(checkpoint)
        repository.insert_checkpoint(size, signed.note(), self._clock.now())
        return signed


def _examine(row: EntryRow, expected: int) -> None:
    if row.index != expected or leaf_hash(row.data) != row.leaf_hash:
        raise Damaged("ledger-entry-unreadable", index=expected)


def _require_continuation(old: Checkpoint, new: Checkpoint, tree: StoredTree) -> None:
    if old.size > new.size:
        raise Damaged("ledger-shrunk", published=old.size, size=new.size)
    proof = tree.consistency(old.size, new.size) if 0 < old.size < new.size else []
    # An empty ledger is the beginning of every ledger; there is no proof of that and none is needed.
    if old.size and not verify_consistency(old.size, new.size, old.root, new.root, proof):
        raise Damaged("ledger-rewritten", published=old.size)
