"""The Merkle tree against the recursive definition of RFC 9162, and what its proofs must never do."""

from hashlib import sha256

from hypothesis import assume, given
from hypothesis import strategies as st

from archive.ledger import merkle

SIZES = st.integers(1, 130)


def leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(size)]


def defined_root(data: list[bytes]) -> bytes:
    """MTH as RFC 9162, 2.1.1, writes it, over the entries themselves."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    middle = 1
    while middle * 2 < len(data):
        middle *= 2
    return sha256(b"\x01" + defined_root(data[:middle]) + defined_root(data[middle:])).digest()


@given(st.integers(0, 130))
def test_the_root_is_the_defined_one_however_it_is_made(size: int) -> None:
    data = [number.to_bytes(4, "big") for number in range(size)]
    hashes = [merkle.leaf_hash(item) for item in data]
    frontier = merkle.Frontier()
    nodes = {}
    for index, leaf in enumerate(hashes):
        nodes[0, index] = leaf
        nodes.update({(level, at): value for level, at, value in frontier.add(leaf)})
    folded = merkle.fold([nodes[node] for node in merkle.range_nodes(0, size)])
    assert merkle.root_of(hashes) == defined_root(data) == frontier.root() == folded
    assert len(nodes) == sum(size >> level for level in range(size.bit_length()))


@given(SIZES, st.data())
def test_inclusion_proofs_prove_their_leaf_and_nothing_else(size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    root = merkle.root_of(hashes)
    proof = merkle.inclusion_proof(index, size, merkle.subtrees_of(hashes))
    assert merkle.verify_inclusion(index, size, hashes[index], proof, root)
    assert not merkle.verify_inclusion(index, size, merkle.leaf_hash(b"another"), proof, root)
    assert not merkle.verify_inclusion(index, size, hashes[index], [*proof, root], root)
    if other != index:
        assert not merkle.verify_inclusion(other, size, hashes[index], proof, root)
    if proof:
        assert not merkle.verify_inclusion(index, size, hashes[index], proof[:-1], root)


@given(SIZES, st.data())
def test_consistency_proofs_prove_growth_only(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    hashes = leaves(size)
    old_root, root = merkle.root_of(hashes[:old]), merkle.root_of(hashes)
    proof = merkle.consistency_proof(old, size, merkle.subtrees_of(hashes))
    assert merkle.verify_consistency(old, size, old_root, root, proof)
    rewritten = [merkle.leaf_hash(b"rewritten"), *hashes[1:]]
    assert not merkle.verify_consistency(old, size, merkle.root_of(rewritten[:old]), root, proof)
    assert not merkle.verify_consistency(old, size, old_root, merkle.root_of(rewritten), proof)


@given(SIZES, st.data())
def test_one_flipped_bit_breaks_a_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    proof = merkle.inclusion_proof(index, size, merkle.subtrees_of(hashes))
    assume(proof)
    which, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    changed = bytearray(proof[which])
    changed[bit // 8] ^= 1 << bit % 8
    proof[which] = bytes(changed)
    assert not merkle.verify_inclusion(index, size, hashes[index], proof, merkle.root_of(hashes))


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(-2, 40), st.integers(-2, 40), st.binary(max_size=40))
def test_verifiers_answer_for_any_input(proof: list[bytes], first: int, second: int, value: bytes) -> None:
    assert merkle.verify_inclusion(first, second, value, proof, bytes(32)) is False
    assert merkle.verify_consistency(first, second, value, bytes(32), proof) in {True, False}
