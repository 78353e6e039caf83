"""What a portal is told, and how one is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from archive.errors import InvalidInput
from ingest.connectors.http.politeness import Politeness
from ingest.connectors.http.source import HttpSource
from ingest.connectors.options import Options
from ingest.connectors.port import ConnectorKind, Context, Opened, Option
from ingest.connectors.portal.connector import PortalConnector, PortalOptions
from ingest.connectors.portal.dialect import load_dialect
from ingest.connectors.portal.noise import Noise
from ingest.types import Source

_MOST_ROWS: Final = 1_000
_MOST_DAYS: Final = 36_500


@contextmanager
def open_portal(source: Source, context: Context) -> Iterator[Opened]:
    """A portal, open for one reading.

    Raises:
        InvalidInput: an option cannot be used.
        SourceFailed: its address is none.
    """
    options = Options(KIND, source)
    dialect, reading = load_dialect(options.text("dialect")), _reading(options)
    politeness = Politeness(per_second=_number(options, "requests_per_second", 0, 1_000))
    certificates = options.text("certificates")
    walked = source.position.get("walked")
    days = timedelta(days=_number(options, "whole_days", 1, _MOST_DAYS))
    reading = replace(reading, whole=not _within(walked, days, context.clock.now()))
    with HttpSource(
        source.location,
        politeness,
        hosts=options.texts("hosts"),
        certificates=context.secrets.path(certificates) if certificates else None,
        scratch=context.scratch,
    ) as http:
        connector = PortalConnector(
            http, dialect, context.locale, context.clock, context.held, reading, walked=bool(walked)
        )
        connector.position |= source.position
        # Whoever is interrupted leaves no mark, and the next walk goes to the end of the list again.
        yield Opened(connector, connector.position, reading={}, inventory=connector.inventory, clock=http.clock)


def _within(walked: object, days: timedelta, now: datetime) -> bool:
    """Whether the list was last walked to its end so lately; a moment that is yet to come says nothing."""
    try:
        moment = datetime.fromisoformat(walked) if isinstance(walked, str) else None
        return moment is not None and now - days < moment <= now
    except (ValueError, TypeError):
        return False


def _reading(options: Options) -> PortalOptions:
    return PortalOptions(
        page_size=_number(options, "page_size", 1, _MOST_ROWS),
        overlap=timedelta(days=_number(options, "overlap_days", 0, _MOST_DAYS)),
        recheck=timedelta(hours=_number(options, "recheck_hours", 0, 24 * _MOST_DAYS)),
        stale=timedelta(days=_number(options, "stale_days", 0, _MOST_DAYS)),
        stale_at_once=_number(options, "stale_at_once", 0, 10_000),
        withdraws=options.text("vanished") == "withdraw",
        parameters=options.table("parameters"),
        noise=Noise(options.texts("noise")),
    )


def _number(options: Options, name: str, least: int, most: int) -> int:
    number = options.number(name)
    if not least <= number <= most:
        raise InvalidInput("portal-option-range", option=name, least=least, most=most)
    return number


KIND: Final = ConnectorKind(
    "portal",
    "门户网站的列表与详情接口",
    "list and detail pages of a portal",
    open_portal,
    (
        Option(
            "dialect",
            "text",
            "接口方言：plain（缺省）、epoint、source-data-key",
            "how the portal is asked: `plain` (default), `epoint` or `source-data-key`",
            default="plain",
        ),
        Option(
            "parameters", "table", "随每次列表请求一同发送的参数", "what is sent along with every request for the list"
        ),
        Option(
            "hosts",
            "list",
            "除门户外允许访问的主机（附件、页面），其余一律拒绝",
            "hosts beside the portal's own that attachments and pages may lie on; all others are refused",
        ),
        Option("page_size", "number", "每次请求的列表行数", "rows asked for at once", default=50),
        Option(
            "overlap_days",
            "number",
            "每次回看多少天内发布的公告",
            "days back that are looked through each time",
            default=30,
        ),
        Option(
            "recheck_hours",
            "number",
            "已知公告隔多少小时再问",
            "hours after which a known page is asked again",
            default=6,
        ),
        Option(
            "stale_days",
            "number",
            "多少天未询问的公告要轮流复查",
            "days after which any page is asked again",
            default=30,
        ),
        Option(
            "whole_days",
            "number",
            "每隔多少天把列表从头到尾核对一遍（补登、错位的公告由此找到）",
            "days after which the list is walked to its end again, which finds what was dated back or moved",
            default=30,
        ),
        Option(
            "noise",
            "list",
            "页面中每次访问都变、比较时不计的内容（访问量、令牌等），正则表达式，重复须写作 {m,n}；"
            "只此不同即视为未变，附件也不再取",
            "what changes on a page at every visit, such as counters and tokens, and does not count when it is "
            "compared: regular expressions, repeats as {m,n}; where nothing else differs, files are not fetched either",
        ),
        Option("stale_at_once", "number", "每次轮流复查的件数", "how many of them at each reading", default=50),
        Option(
            "requests_per_second",
            "number",
            "每秒最多请求数，0 为不限",
            "most requests a second, 0 for as many as it takes",
            default=5,
        ),
        Option(
            "certificates",
            "secret",
            "另信任的证书颁发机构，PEM 文件，写作 secret:名称",
            "further certificate authorities, a PEM file, as secret:NAME",
        ),
        Option(
            "vanished",
            "text",
            "门户不再提供的公告如何处理：flag 标记（缺省），withdraw 视为撤回",
            "what a page that is no longer there means: `flag` (default) or `withdraw`",
            default="flag",
        ),
    ),
)
