"""What a portal is told, and how one is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ingest.connectors.http import HttpSource
from ingest.connectors.options import Options
from ingest.connectors.port import ConnectorKind, Context, Opened, Option
from ingest.connectors.portal.connector import PortalConnector
from ingest.types import Source


@contextmanager
def open_portal(source: Source, context: Context) -> Iterator[Opened]:
    """A portal, open for one reading.

    Raises:
        InvalidInput: an option cannot be used.
        SourceFailed: its address is none.
    """
    options = Options(KIND, source)
    walked = source.position.get("walked") is True
    with HttpSource(source.location) as http:
        connector = PortalConnector(
            http,
            context.locale,
            context.clock,
            context.held.captured,
            walked=walked,
            withdraws=options.text("vanished") == "withdraw",
        )
        # Whoever is interrupted leaves no mark, and the next walk goes to the end of the list again.
        yield Opened(connector, {"walked": True}, reading={}, clock=http.clock)


KIND: Final = ConnectorKind(
    "portal",
    "门户网站的列表与详情接口",
    "list and detail pages of a portal",
    open_portal,
    (
        Option(
            "vanished",
            "text",
            "门户不再提供的公告如何处理：flag 标记（缺省），withdraw 视为撤回",
            "what a page that is no longer there means: `flag` (default) or `withdraw`",
            default="flag",
        ),
    ),
)
