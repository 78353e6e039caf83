"""Packages in a folder: ZIP containers with a bag in each."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tests.intake.stand import SOURCE
from tests.intake.stands.drop_stand import zip_with
from tests.intake.stands.folder import FolderStand
from tests.small_archive import SmallArchive

_BOMB_BYTES = 64 << 20
_MOMENT = (2026, 5, 4, 9, 30, 0)


class PackagesStand(FolderStand):
    """Containers in a folder; each is one document, named without `.zip`."""

    name = "packages"
    troubled = "n3.zip"

    def register(self, archive: SmallArchive) -> None:
        archive.ingest.sources.register(SOURCE, "packages", str(self.root), {"settle_seconds": 1})

    def publish(self, name: str, text: str) -> None:
        self._file(name).write_bytes(zipped(bag({"notice.txt": text.encode(), "附件/一.txt": b"1"})))

    def rename(self, name: str, title: str) -> None:
        self._file(name).rename(self._file(title))

    def vanish(self, name: str) -> None:
        self._file(name).unlink()

    def _file(self, name: str) -> Path:
        return self.root / f"{name}.zip"

    def dirty(self) -> Mapping[str, str]:
        self.root.joinpath("loose.txt").write_bytes(b"1")
        good = bag({"notice.txt": b"1"})
        wrong, extra, short = dict(good), dict(good), dict(good)
        wrong["data/notice.txt"] = b"2"
        extra["data/other.txt"] = b"1"
        del short["data/notice.txt"]
        short["data/other.txt"] = b"1"
        for name, members in (("wrong", wrong), ("extra", extra), ("short", short)):
            self._file(name).write_bytes(zipped(members))
        with zipfile.ZipFile(self._file("bomb"), "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("零.txt", bytes(_BOMB_BYTES))
        self._file("climbing").write_bytes(zip_with("../公告.txt".encode("gbk")))
        self._file("gbk").write_bytes(zip_with("公告.txt".encode("gbk")))
        self._file("none").write_bytes(zipped({}))
        return {
            "loose.txt": "package-expected",
            "wrong": "manifest-digest-differs",
            "extra": "bag-unlisted",
            "short": "bag-incomplete",
            "bomb": "zip-bomb",
            "climbing": "zip-unsafe-name",
            "gbk": "",
            "none": "package-empty",
        }


def bag(payload: Mapping[str, bytes]) -> dict[str, bytes]:
    """A bag of version 1.0 around these files."""
    lines = [f"{sha256(data).hexdigest()}  data/{name}" for name, data in payload.items()]
    size = sum(len(data) for data in payload.values())
    return {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": f"Payload-Oxum: {size}.{len(payload)}\n".encode(),
        "manifest-sha256.txt": ("\n".join(lines) + "\n").encode(),
        **{f"data/{name}": data for name, data in payload.items()},
    }


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A ZIP container of these files, the same bytes each time."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in members.items():
            container.writestr(zipfile.ZipInfo(name, _MOMENT), data)
    return packed.getvalue()


@contextmanager
def stand(folder: Path) -> Iterator[PackagesStand]:
    """A folder for packages."""
    root = folder / "drop"
    root.mkdir()
    yield PackagesStand(root)
