"""No bit of a bundle can change unnoticed."""

import random
import zipfile

import pytest

from archive.evidence.codes import CODES
from archive.evidence.verifier import Report, verify
from tests.tamper.bench import Bench

FLIPS = 200


def flipped(bench: Bench, clean: bytes, bit: int) -> Report:
    data = bytearray(clean)
    data[bit // 8] ^= 1 << bit % 8
    bench.path().write_bytes(data)
    return verify(bench.path(), bench.trust)


def assert_noticed(report: Report, bit: int) -> None:
    assert not report.valid, f"bit {bit} changed unnoticed"
    assert report.is_bundle, f"with bit {bit} changed, it is no longer called a bundle"
    assert {finding.code for finding in report.findings} <= set(CODES)


def test_two_hundred_random_bits(bench: Bench) -> None:
    clean = bench.clean.read_bytes()
    chosen = random.Random(20260301)  # noqa: S311 - a seeded sample, not a secret
    for bit in chosen.sample(range(len(clean) * 8), FLIPS):
        assert_noticed(flipped(bench, clean, bit), bit)


def test_every_bit_of_the_first_header_and_of_the_end(bench: Bench) -> None:
    clean = bench.clean.read_bytes()
    head, tail = range(43 * 8), range((len(clean) - 22) * 8, len(clean) * 8)
    for bit in [*head, *tail]:
        assert_noticed(flipped(bench, clean, bit), bit)


def test_bits_of_every_header(bench: Bench) -> None:
    clean = bench.clean.read_bytes()
    with zipfile.ZipFile(bench.clean) as archive:
        offsets = [info.header_offset for info in archive.infolist()]
    for offset in offsets:
        for bit in range(offset * 8, (offset + 30) * 8, 11):
            assert_noticed(flipped(bench, clean, bit), bit)


@pytest.mark.parametrize("seed", range(60))
def test_coarser_damage_is_noticed_and_never_raises(bench: Bench, seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - a seeded sample, not a secret
    if seed % 2:
        bench.rezipped(bench.members().items())
    else:
        bench.path().write_bytes(bench.clean.read_bytes())
    data = bytearray(bench.path().read_bytes())
    for _ in range(chosen.randint(1, 6)):
        start = chosen.randrange(len(data))
        data[start : start + chosen.randint(0, 40)] = chosen.randbytes(chosen.randint(0, 40))
    bench.path().write_bytes(data)
    report = verify(bench.path(), bench.trust)
    assert data == bench.clean.read_bytes() or not report.valid
