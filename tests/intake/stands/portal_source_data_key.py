"""A portal that names documents by their sourceDataKey: the newest so many in no order, edited without notice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.intake.stands.portal_stand import PortalStand

_DIRT: Final = {
    "login": "source-login-page",
    "loop": "source-redirect-loop",
    "broken": "source-unreachable",
    "gb18030": "",
    "control": "",
    "lost": "attachment-unreachable",
}


@contextmanager
def stand(folder: Path) -> Iterator[PortalStand]:
    """A portal without a notice."""
    del folder
    made = PortalStand("portal-source-data-key", "source-data-key", _DIRT)
    try:
        yield made
    finally:
        made.close()
