"""The Merkle tree of RFC 9162, section 2.1 (the same as RFC 6962), over SHA-256. Standard library only.

Vocabulary: a *leaf* is the hash of one entry's bytes; a *node* `(level, index)` is the root of the complete subtree
over the leaves `[index << level, (index + 1) << level)`; a *subtree* `(start, end)` is what the tree makes of those
leaves, complete or not. Proofs are lists of 32-byte hashes, nearest to the leaf first. Proof makers ask for subtree
hashes through a function, so that they work alike over a list in memory and over stored nodes.

Verifiers answer True or False for any input: a proof of the wrong length or with hashes of the wrong size is False.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

SubtreeHash = Callable[[int, int], bytes]
"""Gives the hash of the subtree over the leaves `[start, end)`."""


def leaf_hash(data: bytes) -> bytes:
    """The leaf of an entry: SHA-256 of a zero byte and the entry's bytes."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash above two: SHA-256 of a one byte, the left and the right hash."""
    return sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """Where a tree of `size` (at least 2) parts: the largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def range_nodes(start: int, end: int) -> list[tuple[int, int]]:
    """The fewest nodes `(level, index)` that together cover the leaves `[start, end)`, from left to right."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that shrink from left to right, as `range_nodes` lists them for a subtree."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def subtrees_of(leaves: Sequence[bytes]) -> SubtreeHash:
    """Subtree hashes over leaf hashes held in memory."""

    def subtree(start: int, end: int) -> bytes:
        if end - start <= 1:
            return leaves[start] if end > start else EMPTY_ROOT
        middle = start + split(end - start)
        return node_hash(subtree(start, middle), subtree(middle, end))

    return subtree


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes held in memory."""
    return subtrees_of(leaves)(0, len(leaves))


def inclusion_proof(index: int, size: int, subtree: SubtreeHash) -> list[bytes]:
    """The path from leaf `index` to the root of the first `size` leaves (RFC 9162, 2.1.3.1).

    Raises:
        ValueError: the leaf is not among the first `size`.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, subtree: SubtreeHash) -> list[bytes]:
    """That the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162, 2.1.4.1).

    Raises:
        ValueError: `old` is zero or larger than `new`; nothing can be shown then.
    """
    if not 0 < old <= new:
        raise ValueError(f"no consistency from {old} to {new}")
    path: list[bytes] = []
    start, end = 0, new
    whole = True
    while end > old:
        middle = start + split(end - start)
        if old <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
            whole = False
    if not whole:
        path.append(subtree(start, old))
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` leads from `leaf` at `index` to `root`, the root of `size` leaves (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _hashes([leaf, root, *proof]):
        return False
    position, last = index, size - 1
    value = leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            value = node_hash(sibling, value)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            value = node_hash(value, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and value == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `new` leaves begins with that of `old` (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root and (old > 0 or old_root == EMPTY_ROOT)
    return old > 0 and verify_subtree(0, old, new, (old_root, new_root), proof)


def is_subtree(start: int, end: int) -> bool:
    """Whether larger trees have a subtree over `[start, end)`: one whose start is a multiple of its rounded length.

    Rounded up to a power of two, that is (draft-ietf-plants-merkle-tree-certs, section 4.1).
    """
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


def verify_subtree(start: int, end: int, size: int, roots: tuple[bytes, bytes], proof: Sequence[bytes]) -> bool:
    """Whether a tree of `size` leaves with `roots[1]` contains, over `[start, end)`, the subtree with `roots[0]`.

    This is the consistency check freed from starting at leaf 0, as Merkle tree certificates define it
    (draft-ietf-plants-merkle-tree-certs, section 4.4). An empty subtree is in every tree.
    """
    if not _hashes(proof) or not 0 <= start <= end <= size:
        return False
    if start == end:
        return not proof and roots[0] == EMPTY_ROOT
    if not is_subtree(start, end):
        return False
    first, second, last = _below(start, end - 1, size - 1)
    rest = list(proof)
    if first == second:
        value = roots[0]
    elif rest:
        value = rest.pop(0)
    else:
        return False
    return _climb(first, second, last, value, rest) == roots


def _below(first: int, second: int, last: int) -> tuple[int, int, int]:
    """Climb to the level where old and new tree begin to differ."""
    while first != second and (second == last or second & 1):
        first, second, last = first >> 1, second >> 1, last >> 1
    return first, second, last


def _climb(first: int, second: int, last: int, value: bytes, proof: Iterable[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots that the proof leads to, or None if its length does not fit."""
    old, new = value, value
    for sibling in proof:
        if last == 0:
            return None
        if second & 1 or second == last:
            if first < second:
                old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not second & 1 and second:
                first, second, last = first >> 1, second >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        first, second, last = first >> 1, second >> 1, last >> 1
    return (old, new) if last == 0 else None


def _hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_SIZE for value in values)


class Frontier:
    """The complete subtrees of a growing tree: enough to add leaves and to name the root, in O(log n) memory."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)

    def add(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf; gives the nodes `(level, index, hash)` that it completed, without the leaf itself."""
        position, level, value = self.size, 0, leaf
        completed = []
        while position & 1:
            value = node_hash(self._hashes.pop(), value)
            position >>= 1
            level += 1
            completed.append((level, position, value))
        self._hashes.append(value)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """The root over every leaf so far."""
        return fold(self._hashes)
