"""The test vectors of transparency-dev/merkle: every proof, good and bad, and the fuzz seeds of its ranges."""

import base64
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from archive.ledger import merkle

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "files" / "merkle-testvectors"


def vectors(kind: str) -> Iterator[Any]:
    paths = sorted((VECTORS / "testdata" / kind).rglob("*.json"))
    if not paths:
        yield pytest.param(None, marks=pytest.mark.skip(reason="the merkle test vectors are not on this machine"))
    for path in paths:
        yield pytest.param(json.loads(path.read_text()), id=str(path.relative_to(VECTORS / "testdata" / kind)))


def unpacked(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def proof(vector: dict[str, Any]) -> list[bytes]:
    return [unpacked(text) for text in vector["proof"] or []]


@pytest.mark.parametrize("vector", list(vectors("inclusion")))
def test_inclusion(vector: dict[str, Any]) -> None:
    leaf, root = unpacked(vector["leafHash"]), unpacked(vector["root"])
    holds = merkle.verify_inclusion(vector["leafIdx"], vector["treeSize"], leaf, proof(vector), root)
    assert holds is not vector["wantErr"]


@pytest.mark.parametrize("vector", list(vectors("consistency")))
def test_consistency(vector: dict[str, Any]) -> None:
    old_root, new_root = unpacked(vector["root1"]), unpacked(vector["root2"])
    holds = merkle.verify_consistency(vector["size1"], vector["size2"], old_root, new_root, proof(vector))
    assert holds is not vector["wantErr"]


@pytest.mark.parametrize("vector", list(vectors("subtreeinclusion")))
def test_subtree_inclusion(vector: dict[str, Any]) -> None:
    leaf, root = unpacked(vector["leafHash"]), unpacked(vector["root"])
    start, end = vector["start"], vector["end"]
    holds = merkle.is_subtree(start, end) and merkle.verify_inclusion(
        vector["leafIdx"] - start, end - start, leaf, proof(vector), root
    )
    assert holds is not vector["wantErr"]


@pytest.mark.parametrize("vector", list(vectors("subtreeconsistency")))
def test_subtree_consistency(vector: dict[str, Any]) -> None:
    roots = (unpacked(vector["root1"]), unpacked(vector["root2"]))
    holds = merkle.verify_subtree(vector["start"], vector["end"], vector["size"], roots, proof(vector))
    assert holds is not vector["wantErr"]


def seeds() -> Iterator[Any]:
    paths = sorted((VECTORS / "compact").rglob("FuzzRangeNodes/*"))
    if not paths:
        yield pytest.param(0, 0, marks=pytest.mark.skip(reason="the merkle test vectors are not on this machine"))
    for path in paths:
        _, start, end = path.read_text().split("\n")[:3]
        yield pytest.param(int(start[7:-1]), int(end[7:-1]), id=path.name[:8])


@pytest.mark.parametrize(("start", "end"), list(seeds()))
def test_ranges_are_covered_from_left_to_right_without_overlap(start: int, end: int) -> None:
    nodes = merkle.range_nodes(start, end)
    covered = [leaf for level, index in nodes for leaf in range(index << level, (index + 1) << level)]
    assert covered == list(range(start, end))
    # The fewest: two neighbours are never the two halves of one larger node.
    assert all(
        not (left[0] == right[0] and left[1] % 2 == 0 and right[1] == left[1] + 1) for left, right in pairwise(nodes)
    )
