"""A file of JSON lines, as a crawler writes it anew each time."""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random

from ingest.types import Summary
from tests.intake.stand import SOURCE, Counts, Happening, Trouble
from tests.small_archive import SmallArchive

_SAYS_NOTHING = "a file of rows says nothing of those no longer in it"
_SLOW_SECONDS = 0.3


class NoticesStand:
    """One file."""

    name = "notices"
    unlike: Mapping[Happening, tuple[Counts, str]] = {
        Happening.WITHDRAWN: (Counts(), _SAYS_NOTHING),
        Happening.GONE: (Counts(), _SAYS_NOTHING),
    }

    def __init__(self, folder: Path) -> None:
        self._path = folder / "notices.jsonl"
        self._rows: dict[str, dict[str, object]] = {}
        self._raw: list[bytes] = []
        self._write()

    def register(self, archive: SmallArchive) -> None:
        archive.ingest.sources.register(SOURCE, "notices", str(self._path))

    def publish(self, name: str, text: str) -> None:
        self._rows[name] = {"id": name, "title": f"{name}公告", "body": text, "published": "2026-05-04"}
        self._write()

    def change(self, name: str, text: str) -> None:
        self._rows[name]["body"] = text
        self._write()

    def rename(self, name: str, title: str) -> None:
        self._rows[name]["title"] = title
        self._write()

    def withdraw(self, name: str) -> None:
        self.vanish(name)

    def vanish(self, name: str) -> None:
        del self._rows[name]
        self._write()

    def dirty(self) -> Mapping[str, str]:
        self.publish("empty", " ")
        self.publish("control", "正文\u0000尾")
        self.publish("undated", "正文")
        self._rows["undated"]["published"] = "昨天"
        self.publish("typed", "正文")
        self._rows["typed"]["title"] = 7
        shifted = "1\t甲\t12.5\t是\t2026年03月\n乙\t98\t否\t2026年04月"
        self.publish("shifted", shifted)
        self._raw = [json.dumps({"id": "gbk", "title": "国标", "body": "正文"}, ensure_ascii=False).encode("gb18030")]
        self._write()
        return {
            "empty": "row-without-content",
            "control": "",
            "undated": "",
            "typed": "row-field-type",
            "shifted": "row-table-shifted",
            "gbk": "",
        }

    @contextmanager
    def trouble(self, kind: Trouble, seed: int) -> Iterator[None]:
        whole = self._path.read_bytes()
        if kind is Trouble.CUT:
            self._path.write_bytes(whole[: Random(seed).randrange(1, len(whole))])  # noqa: S311 - drawn, not secret
        else:
            self._path.unlink()
        if kind is Trouble.SLOW:
            with _dripping(self._path, whole):
                yield
        else:
            yield
        self._path.write_bytes(whole)

    def deliver(self, archive: SmallArchive) -> Summary:
        return archive.ingest.intake.sync(SOURCE, archive.ingest.opener)[0]

    def _write(self) -> None:
        lines = [json.dumps(row, ensure_ascii=False).encode() for row in self._rows.values()]
        self._path.write_bytes(b"".join(line + b"\n" for line in [*lines, *self._raw]))


@contextmanager
def _dripping(path: Path, data: bytes) -> Iterator[None]:
    """A file that gives its bytes a few at a time, as one on a slow share."""
    os.mkfifo(path)

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            for start in range(0, len(data), len(data) // 10 + 1):
                pipe.write(data[start : start + len(data) // 10 + 1])
                threading.Event().wait(_SLOW_SECONDS / 10)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        writer.join()
        path.unlink()


@contextmanager
def stand(folder: Path) -> Iterator[NoticesStand]:
    """A file of notices in `folder`."""
    yield NoticesStand(folder)
