"""A drop in a bucket of a real object store, with a wire between that can be cut, slowed and taken away."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random

from minio.commonconfig import CopySource

from archive.blobs.s3.address import parse_address
from ingest.types import Summary
from tests.buckets import fresh_bucket, library
from tests.intake.stand import SOURCE, Counts, Happening, Trouble
from tests.intake.stands.drop_stand import put_secret, zip_with
from tests.intake.stands.line import Line
from tests.small_archive import SmallArchive

_ANSWERS = 20_000
_SLOW_SECONDS = 0.02


class BucketStand:
    """Objects in a bucket; keys are ids."""

    name = "bucket"
    unlike: Mapping[Happening, tuple[Counts, str]] = {}

    def __init__(self, url: str, line: Line) -> None:
        self._address = parse_address(url)
        self._client = library(url)
        self._client.make_bucket(self._address.bucket)
        self.line = line

    def put(self, key: str, data: bytes) -> None:
        """Lay an object down."""
        self._client.put_object(self._address.bucket, key, io.BytesIO(data), len(data))

    def register(self, archive: SmallArchive) -> None:
        options = {
            "settle_seconds": 0,
            "access_key": put_secret(archive, "access", self._address.access_key),
            "secret_key": put_secret(archive, "secret", self._address.secret_key),
        }
        location = f"s3+http://127.0.0.1:{self.line.port}/{self._address.bucket}"
        archive.ingest.sources.register(SOURCE, "bucket", location, options)

    def publish(self, name: str, text: str) -> None:
        self.put(name, text.encode())

    def change(self, name: str, text: str) -> None:
        self.publish(name, text)

    def rename(self, name: str, title: str) -> None:
        self._client.copy_object(self._address.bucket, title, CopySource(self._address.bucket, name))
        self.vanish(name)

    def withdraw(self, name: str) -> None:
        self.put(f"{name}.withdrawn", b"")

    def vanish(self, name: str) -> None:
        self._client.remove_object(self._address.bucket, name)

    def dirty(self) -> Mapping[str, str]:
        self.put("empty", b"")
        self.put("half.part", b"half")
        self.put("folder/", b"")
        self.put("目录/公告 一.txt", b"1")
        self.put("batch.manifest", b'{"files": [{"path": "absent", "size": 1}]}')
        self.put("broken.manifest", b'{"files": [')
        self.put("climbing.zip", zip_with("../公告.txt".encode("gbk")))
        return {
            "empty": "",
            "目录/公告 一.txt": "",
            "absent": "manifest-file-missing",
            "broken.manifest": "manifest-malformed",
            "climbing.zip": "zip-unsafe-name",
        }

    @contextmanager
    def trouble(self, kind: Trouble, seed: int) -> Iterator[None]:
        if kind is Trouble.DOWN:
            self.line.stop()
        elif kind is Trouble.CUT:
            self.line.cut_after = Random(seed).randrange(_ANSWERS)  # noqa: S311 - draws bytes, guards nothing
        else:
            self.line.delay = _SLOW_SECONDS
        yield
        self.line.cut_after, self.line.delay = None, 0.0
        if kind is Trouble.DOWN:
            self.line.start()

    def deliver(self, archive: SmallArchive) -> Summary:
        return archive.ingest.intake.sync(SOURCE, archive.ingest.opener)[0]


@contextmanager
def stand(folder: Path) -> Iterator[BucketStand]:
    """A bucket on the real object store."""
    del folder
    with fresh_bucket() as url, Line(int(parse_address(url).endpoint.rpartition(":")[2])) as line:
        yield BucketStand(url, line)
