"""A drop on an SFTP server, over the real protocol."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from ingest.simulator.sftp import SftpFaults, SftpStandIn
from tests.intake.stand import SOURCE, Trouble
from tests.intake.stands.drop_stand import FolderOfFiles, put_secret
from tests.small_archive import SmallArchive

_BYTES = 5 * len("n1的正文。".encode() * 200)
_SLOW_SECONDS = 0.05


class SftpStand(FolderOfFiles):
    """A folder that a stand-in server shows."""

    name = "sftp"

    def __init__(self, server: SftpStandIn) -> None:
        super().__init__(server.root)
        self.server = server

    def register(self, archive: SmallArchive) -> None:
        options = {
            "settle_seconds": 0,
            "password": put_secret(archive, "sftp", self.server.password),
            "host_key": self.server.host_key,
        }
        archive.ingest.sources.register(SOURCE, "sftp", self.server.location, options)

    @contextmanager
    def trouble(self, kind: Trouble, seed: int) -> Iterator[None]:
        if kind is Trouble.DOWN:
            self.server.stop()
        elif kind is Trouble.CUT:
            self.server.faults = SftpFaults(cut_after=Random(seed).randrange(_BYTES))  # noqa: S311 - draws bytes, guards nothing
        else:
            self.server.faults = SftpFaults(delay=_SLOW_SECONDS)
        yield
        self.server.faults = SftpFaults()
        if kind is Trouble.DOWN:
            self.server.start()


@contextmanager
def stand(folder: Path) -> Iterator[SftpStand]:
    """An SFTP server on loopback."""
    root = folder / "drop"
    root.mkdir()
    with SftpStandIn(root, "drop", "drop") as server:
        yield SftpStand(server)
