"""What the stands of drops have in common: documents are files in a folder that the far end shows."""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from ingest.types import Summary
from tests.intake.stand import SOURCE, Counts, Happening
from tests.small_archive import SmallArchive

_BOMB_BYTES = 64 << 20


class FolderOfFiles:
    """A far end that keeps its documents in a folder of this machine."""

    unlike: Mapping[Happening, tuple[Counts, str]] = {}

    def __init__(self, root: Path) -> None:
        self.root = root

    def publish(self, name: str, text: str) -> None:
        self.root.joinpath(name).write_text(text, encoding="utf-8")

    def change(self, name: str, text: str) -> None:
        self.publish(name, text)

    def rename(self, name: str, title: str) -> None:
        self.root.joinpath(name).rename(self.root / title)

    def withdraw(self, name: str) -> None:
        self.root.joinpath(f"{name}.withdrawn").touch()

    def vanish(self, name: str) -> None:
        self.root.joinpath(name).unlink()

    def dirty(self) -> Mapping[str, str]:
        return dirt_in(self.root)

    def deliver(self, archive: SmallArchive) -> Summary:
        return archive.ingest.intake.sync(SOURCE, archive.ingest.opener)[0]


def dirt_in(root: Path) -> Mapping[str, str]:
    """What is wrong in any drop, whatever it is read by."""
    root.joinpath("empty").touch()
    root.joinpath("half.part").write_bytes(b"half")
    (root / "link").symlink_to("/etc/passwd")
    os.mkfifo(root / "pipe")
    Path(os.fsdecode(os.fsencode(root) + b"/" + "公告".encode("gb18030"))).write_bytes(b"1")
    root.joinpath("batch.manifest").write_text(json.dumps({"files": [{"path": "absent", "size": 1}]}), "utf-8")
    root.joinpath("outside.manifest").write_text(json.dumps({"files": [{"path": "../x"}]}), "utf-8")
    with zipfile.ZipFile(root / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("零.txt", bytes(_BOMB_BYTES))
    root.joinpath("climbing.zip").write_bytes(zip_with("../公告.txt".encode("gbk")))
    return {
        "empty": "",
        "link": "drop-not-a-file",
        "pipe": "drop-not-a-file",
        "/%B9%AB%B8%E6": "",
        "absent": "manifest-file-missing",
        "outside.manifest": "manifest-path-unsafe",
        "bomb.zip": "zip-bomb",
        "climbing.zip": "zip-unsafe-name",
    }


def zip_with(name: bytes, data: bytes = b"1") -> bytes:
    """A ZIP container with one member whose name is these bytes, as tools write it that know no UTF-8."""
    plain = b"x" * len(name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as container:
        container.writestr(plain.decode(), data)
    return packed.getvalue().replace(plain, name)


def put_secret(archive: SmallArchive, name: str, text: str) -> str:
    """Put a credential where sources find it; its reference."""
    folder = archive.settings.secrets
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return f"secret:{name}"
