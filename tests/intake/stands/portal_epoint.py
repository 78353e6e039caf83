"""A portal built with EpointWebBuilder: rows with their content, and the notice as published."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ingest.simulator.port import Manner
from tests.intake.stands.portal_stand import PortalStand
from tests.small_portal import page

_DIRT: Final = {
    "login": "source-login-page",
    "loop": "source-redirect-loop",
    "broken": "source-unreachable",
    "gb18030": "",
    "utf16": "",
    "control": "",
    "lost": "attachment-unreachable",
    "elsewhere": "source-points-elsewhere",
}


class _EpointStand(PortalStand):
    def dirty(self) -> dict[str, str]:
        dirt = dict(super().dirty())
        self._put("utf16", "另一编码公告", "正文。")
        self.portal.manners["utf16"] = Manner(encoding="utf-16")
        self.portal.put(page("elsewhere", "别处的公告"))
        self.portal.rows[0]["infourl"] = "http://192.0.2.1/jyxx/elsewhere.html"
        return dirt


@contextmanager
def stand(folder: Path) -> Iterator[PortalStand]:
    """A portal without a notice."""
    del folder
    made = _EpointStand("portal-epoint", "epoint", _DIRT)
    try:
        yield made
    finally:
        made.close()
