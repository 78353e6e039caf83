"""Proofs as they are shown: where the entries about a record stand in the ledger, and whether they lead to its root."""

from collections.abc import Sequence
from dataclasses import dataclass

from archive.db.uow import Database
from archive.ledger.checkpoint import SignedCheckpoint
from archive.ledger.integrator import Integrator
from archive.ledger.merkle import leaf_hash, verify_inclusion
from archive.ledger.tree import StoredTree
from archive.ledger.types import Entry


@dataclass(frozen=True)
class ProvenEntry:
    """An entry with its inclusion proof (RFC 9162, 2.1.3), computed and verified just now.

    `leaf` and `path` are SHA-256 hashes in lower-case hex, `path` nearest to the leaf first.
    """

    entry: Entry
    leaf: str
    path: tuple[str, ...]
    holds: bool


@dataclass(frozen=True)
class Proof:
    """What can be shown of a record. `waiting` are entries that no signed checkpoint covers yet."""

    checkpoint: SignedCheckpoint | None
    proven: tuple[ProvenEntry, ...]
    waiting: tuple[Entry, ...]

    @property
    def holds(self) -> bool:
        """Whether there is a proof at all and every proof leads to the signed root."""
        return bool(self.proven) and all(entry.holds for entry in self.proven)


def prove(database: Database, checkpoints: Integrator, history: Sequence[Entry]) -> Proof:
    """Proofs for `history` under the last signed checkpoint.

    Raises:
        Damaged: the checkpoint is not one that a trusted key signed, or a node of the tree is missing.
    """
    with database.reading() as connection:
        signed = checkpoints.latest(connection)
        size = signed.checkpoint.size if signed else 0
        tree = StoredTree(connection)
        proven = tuple(
            _proven(entry, tree.inclusion(entry.index, size), signed)
            for entry in history
            if signed is not None and entry.index < size
        )
    return Proof(signed, proven, tuple(entry for entry in history if entry.index >= size))


def _proven(entry: Entry, path: Sequence[bytes], signed: SignedCheckpoint) -> ProvenEntry:
    leaf = leaf_hash(entry.data)
    holds = verify_inclusion(entry.index, signed.checkpoint.size, leaf, path, signed.checkpoint.root)
    return ProvenEntry(entry, leaf.hex(), tuple(step.hex() for step in path), holds)
