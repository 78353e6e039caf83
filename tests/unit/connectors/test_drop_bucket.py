"""A drop in a bucket of a real object store."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from archive.blobs.s3.address import parse_address
from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.drop.bucket import KIND, bucket_tree
from ingest.connectors.drop.bucket_tree import BucketTree
from ingest.connectors.drop.reading import Patience, steady
from ingest.connectors.options import Options
from ingest.connectors.secrets import Secrets
from ingest.types import Source
from tests.buckets import fresh_bucket
from tests.intake.stands.bucket import BucketStand
from tests.intake.stands.line import Line
from tests.small_archive import START
from tests.unit.connectors.drop_bench import Bench

pytestmark = pytest.mark.services

HASTY = Patience(tries=4, pause=0.0)
SIZE = 3 << 20
_IN_FLIGHT = 512 << 10
"""Bytes of an answer that buffers of both machines may hold when the line breaks."""


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_bucket() as made:
        yield made


@pytest.fixture
def far(url: str) -> Iterator[BucketStand]:
    with Line(int(parse_address(url).endpoint.rpartition(":")[2])) as line:
        yield BucketStand(url, line)


def opened(far: BucketStand, url: str, home: Path, **options: object) -> BucketTree:
    address = parse_address(url)
    secrets = home / "secrets"
    secrets.mkdir(exist_ok=True)
    for name, text in (("access", address.access_key), ("secret", address.secret_key), ("wrong", "no")):
        (secrets / name).write_text(text)
        (secrets / name).chmod(0o600)
    told = {"access_key": "secret:access", "secret_key": "secret:secret"} | options
    location = f"s3+http://127.0.0.1:{far.line.port}/{address.bucket}"
    source = Source("drop", "bucket", location, {}, START, options=told)
    return bucket_tree(location, Options(KIND, source), Secrets(secrets))


@pytest.mark.parametrize("seed", range(4))
def test_a_download_that_breaks_goes_on_at_the_byte_where_it_broke(
    far: BucketStand, url: str, tmp_path: Path, seed: int
) -> None:
    data = Random(7).randbytes(SIZE)  # noqa: S311 - draws bytes, guards nothing
    far.put("a", data)
    tree = opened(far, url, tmp_path)
    (leaf,) = tree.entries(b"")
    far.line.passed = 0
    far.line.cut_after = Random(seed).randrange(SIZE)  # noqa: S311 - draws bytes, guards nothing

    with steady(tree, leaf, HASTY) as stream:
        assert stream.read() == data
    assert SIZE <= far.line.passed <= SIZE + _IN_FLIGHT


def test_an_object_replaced_while_it_is_read_is_not_pieced_together(far: BucketStand, url: str, tmp_path: Path) -> None:
    data = Random(7).randbytes(SIZE)  # noqa: S311 - draws bytes, guards nothing
    far.put("a", data)
    tree = opened(far, url, tmp_path)
    (leaf,) = tree.entries(b"")

    with steady(tree, leaf, HASTY) as stream:
        stream.read(1000)
        far.put("a", data[::-1])
        with pytest.raises(InvalidInput, match="file-changed-while-read"):
            stream.read()


def test_only_what_lies_below_the_prefix_is_taken(far: BucketStand, url: str, tmp_path: Path) -> None:
    far.put("交换/甲/a.txt", b"1")
    far.put("交换/b.txt", b"1")
    far.put("交换区外.txt", b"1")
    bench = Bench(tmp_path / "drop", tree=opened(far, url, tmp_path, prefix="交换"))

    assert bench.read() == {"b.txt": "captured", "甲/a.txt": "captured"}
    assert bench.read() == {}


def test_keys_that_are_refused_are_the_source_s_failure(far: BucketStand, url: str, tmp_path: Path) -> None:
    tree = opened(far, url, tmp_path, secret_key="secret:wrong")

    with pytest.raises(SourceFailed, match="source-login-refused"):
        list(tree.entries(b""))


def test_an_address_with_keys_in_it_is_refused_without_repeating_them(tmp_path: Path) -> None:
    options = {"access_key": "secret:access", "secret_key": "secret:secret"}
    source = Source("drop", "bucket", "s3+http://a:hidden@127.0.0.1/b", {}, START, options=options)

    with pytest.raises(InvalidInput, match="source-location-form") as refused:
        bucket_tree(source.location, Options(KIND, source), Secrets(tmp_path))
    assert "hidden" not in refused.value.message()
