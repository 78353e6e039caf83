"""A watched folder: a medium that goes away, a copy that breaks off, a file that is written slowly."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.intake.stand import SOURCE, Trouble
from tests.intake.stands.drop_stand import FolderOfFiles
from tests.small_archive import SmallArchive

_SETTLE_SECONDS = 1
_PIECES = 8
_PAUSE_SECONDS = 0.2


class FolderStand(FolderOfFiles):
    """Files in a folder, written in place by whoever writes them."""

    name = "folder"
    troubled = "n3"
    """The file that is being written when there is trouble."""

    def register(self, archive: SmallArchive) -> None:
        archive.ingest.sources.register(SOURCE, "watched", str(self.root), {"settle_seconds": _SETTLE_SECONDS})

    @contextmanager
    def trouble(self, kind: Trouble, seed: int) -> Iterator[None]:
        make = {Trouble.CUT: self._cut, Trouble.DOWN: self._down, Trouble.SLOW: self._slow}[kind]
        with make(seed):
            yield

    @contextmanager
    def _cut(self, seed: int) -> Iterator[None]:
        """A copy under a temporary name breaks off at some byte, and is made again afterwards."""
        whole = self.root / self.troubled
        data, half = whole.read_bytes(), self.root / "copy.part"
        whole.unlink()
        half.write_bytes(data[: Random(seed).randrange(len(data))])  # noqa: S311 - draws bytes, guards nothing
        yield
        half.write_bytes(data)
        half.rename(whole)

    @contextmanager
    def _down(self, seed: int) -> Iterator[None]:
        del seed
        away = self.root.with_name("away")
        self.root.rename(away)
        yield
        away.rename(self.root)

    @contextmanager
    def _slow(self, seed: int) -> Iterator[None]:
        """Somebody writes a file in place, piece by piece, while the folder is read."""
        del seed
        whole = self.root / self.troubled
        data = whole.read_bytes()
        whole.write_bytes(b"")

        def write() -> None:
            with whole.open("ab", buffering=0) as file:
                for number in range(_PIECES):
                    time.sleep(_PAUSE_SECONDS)
                    file.write(data[len(data) * number // _PIECES : len(data) * (number + 1) // _PIECES])

        writer = threading.Thread(target=write)
        writer.start()
        yield
        writer.join()


@contextmanager
def stand(folder: Path) -> Iterator[FolderStand]:
    """A watched folder."""
    root = folder / "drop"
    root.mkdir()
    yield FolderStand(root)
