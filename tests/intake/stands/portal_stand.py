"""What the stands of portals share: a small portal on a real server of loopback, read by the registered connector."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from ingest.simulator.port import Manner
from ingest.simulator.server import SimulatorServer
from ingest.types import Summary
from tests.intake.stand import SOURCE, Counts, Happening, Trouble
from tests.small_archive import SmallArchive
from tests.small_portal import SmallPortal, page

_SLOW = 0.1
_MOST_REQUESTS, _MOST_BYTES = 12, 600
_A_WHILE = timedelta(hours=7)
"""After so long the portal is asked again about what it listed unchanged."""


class TroubledPortal(SmallPortal):
    """A portal whose answers take long, or end at some byte of some answer and come no more."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = False
        self.cut: tuple[int, int] | None = None
        self._answers = 0

    def manner(self, infoid: str | None) -> Manner:
        if self.cut is not None:
            answer, byte = self.cut
            self._answers += 1
            if self._answers >= answer:
                return Manner(cut_at=byte) if self._answers == answer else Manner(hang_up=True)
        return Manner(delay=_SLOW) if self.slow else super().manner(infoid)

    def trouble(self, seed: int) -> None:
        """Let the answers end at a byte that `seed` draws."""
        drawn = random.Random(seed)  # noqa: S311 - bytes that can be drawn again, not secrets
        self.cut = (drawn.randint(1, _MOST_REQUESTS), drawn.randint(0, _MOST_BYTES))
        self._answers = 0


class PortalStand:
    """A portal of one dialect."""

    unlike: Mapping[Happening, tuple[Counts, str]] = {}

    def __init__(self, name: str, dialect: str, dirt: Mapping[str, str]) -> None:
        self.name = name
        self._dialect = dialect
        self._dirt = dirt
        self.portal = TroubledPortal()
        self._server = SimulatorServer(self.portal)
        self._base = self._server.start()

    def close(self) -> None:
        """Free the port."""
        self._server.stop()

    def register(self, archive: SmallArchive) -> None:
        options = {"dialect": self._dialect, "requests_per_second": 0, "page_size": 3}
        archive.ingest.sources.register(SOURCE, "portal", self._base, options)

    def publish(self, name: str, text: str) -> None:
        self._put(name, f"{name}公告", text)

    def change(self, name: str, text: str) -> None:
        self._put(name, f"{name}公告", text)

    def rename(self, name: str, title: str) -> None:
        self.portal.put(self.portal.pages[name] | {"title": title})

    def withdraw(self, name: str) -> None:
        self.portal.drop(name)
        self.portal.manners[name] = Manner(status=410)

    def vanish(self, name: str) -> None:
        self.portal.drop(name)

    def dirty(self) -> Mapping[str, str]:
        dirt = {
            "login": Manner(login=True),
            "loop": Manner(redirect="/loop/loop.html"),
            "broken": Manner(status=403),
            "gb18030": Manner(encoding="gb18030"),
        }
        for name, manner in dirt.items():
            self._put(name, f"{name}公告", f"{name}的正文。")
            self.portal.manners[name] = manner
        self._put("control", "控制\x07字符公告", "正文\x0b。")
        nowhere = [{"name": "附件.pdf", "url": "/files/lost/lost.pdf"}]
        self._put("lost", "附件取不到的公告", "详见附件。", attachments=nowhere)
        return self._dirt

    @contextmanager
    def trouble(self, kind: Trouble, seed: int) -> Iterator[None]:
        if kind is Trouble.DOWN:
            self._server.stop()
            yield
            self._server = SimulatorServer(self.portal, int(self._base.rpartition(":")[2]))
            self._server.start()
            return
        if kind is Trouble.CUT:
            self.portal.trouble(seed)
        self.portal.slow = kind is Trouble.SLOW
        yield
        self.portal.slow, self.portal.cut = False, None

    def deliver(self, archive: SmallArchive) -> Summary:
        archive.clock.advance(_A_WHILE)
        return archive.ingest.intake.sync(SOURCE, archive.ingest.opener)[0]

    def _put(self, name: str, title: str, text: str, **values: Any) -> None:
        self.portal.put(page(name, title, infocontent=f"<p>{text}</p>", **values))
