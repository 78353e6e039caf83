"""The Merkle tree as it lies in the tables: subtree hashes, roots and proofs in a few look-ups each."""

from archive.errors import Damaged
from archive.ledger import merkle
from archive.ledger.repository import Connection, LedgerRepository


class StoredTree:
    """Proofs from stored nodes. One instance serves one transaction: it remembers what it has read."""

    def __init__(self, connection: Connection) -> None:
        self._repository = LedgerRepository(connection)
        self._known: dict[tuple[int, int], bytes] = {}

    def root(self, size: int) -> bytes:
        """The root over the first `size` entries.

        Raises:
            Damaged: a node that must be there is not; so do the proofs.
        """
        return self.subtree(0, size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that entry `index` is among the first `size`."""
        return merkle.inclusion_proof(index, size, self.subtree)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the first `new` entries begin with the first `old`."""
        return merkle.consistency_proof(old, new, self.subtree)

    def subtree(self, start: int, end: int) -> bytes:
        """The hash of the subtree over the entries `[start, end)`."""
        return merkle.fold([self.node(level, index) for level, index in merkle.range_nodes(start, end)])

    def frontier(self, size: int) -> merkle.Frontier:
        """The complete subtrees of the first `size` entries, ready to grow."""
        return merkle.Frontier(size, [self.node(level, index) for level, index in merkle.range_nodes(0, size)])

    def node(self, level: int, index: int) -> bytes:
        """The hash of one complete subtree; level 0 are the leaves, kept with their entries."""
        value = self._known.get((level, index))
        if value is None:
            value = self._repository.node(level, index) if level else self._repository.leaf(index)
            if value is None:
                raise Damaged("ledger-node-missing", level=level, index=index)
            self._known[level, index] = value
        return value
