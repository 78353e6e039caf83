"""One site shown in the ways of three kinds of portal. What is left to HTTP is `ingest.simulator.server`'s.

The plain face is our own. The two others follow public descriptions of such portals as far as these go.
"""

import hashlib
import re
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from ingest.simulator.port import Row, Site

EPOINT_LIST: Final = "/EpointWebBuilder/rest/secaction/getSecInfoListYzm"
LOGIN: Final = (
    "<!DOCTYPE html><html><head><title>统一身份认证</title></head><body><form action='/login' method='post'>"
    "<input name='user'><input type='password' name='word'></form></body></html>"
)

_EPOINT_FIELDS: Final = (
    "isconverge", "infokey", "isshowweibo", "activityguid", "infostatuscode", "projectjiaoyitypeex", "titlecolor",
    "startdate", "feedback", "secondtitle", "score", "istop", "titlesize", "sourcetype", "isstop", "urlname",
    "xiaquname", "infoid", "sysid", "author", "zhuanzai", "urlcategorynum", "collection", "haveheadnews", "enddate",
    "flowguid", "customtitle", "feedbackdesc", "xiaqucode", "pubinwebdate", "infotype", "shared", "catedescription",
    "imgcategorynum", "recommend", "specialguid", "title", "rowguid", "templateurl", "titletype", "lasteditdate",
    "oucode", "categorynum", "strcomment", "ouguid", "ishtml", "titlefontstyle", "isflow", "isshowtitle",
    "clicktimes", "ordernum", "isenable", "sourceinfoid", "userguid", "infocontent", "infourl", "categoryguid",
    "shixiao", "categoryname", "infodate", "referencetype", "infolock", "overduetype",
)  # fmt: skip
"""The 63 fields of a row, most of which say nothing."""

_BODY: Final = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL | re.IGNORECASE)


def plain_detail(site: Site, infoid: str) -> object | None:
    """A document with everything about it."""
    item = site.detail(infoid)
    return None if item is None else dict(item)


def epoint_list(site: Site, form: Mapping[str, list[str]], most: int) -> object | None:
    """A page of rows with their content, pages numbered from 0; None where the numbers are none."""
    page, size = (form.get(name, [default])[0] for name, default in (("pageIndex", "0"), ("pageSize", "20")))
    if not all(text.isascii() and text.isdigit() and len(text) <= 9 for text in (page, size)) or int(size) == 0:
        return None
    wanted = min(int(size), most)
    rows = site.listing(form.get("categoryNum", [None])[0] or None)
    shown = rows[int(page) * wanted : (int(page) + 1) * wanted]
    return {"custom": {"infodata": [_epoint_row(site, row) for row in shown], "count": len(rows)}}


def epoint_page(site: Site, infoid: str) -> str | None:
    """The notice as the portal publishes it, with links to its files."""
    item = site.detail(infoid)
    if item is None:
        return None
    title = item.get("customtitle")
    heading = f"<h1>{escape(str(title))}</h1>" if title else ""
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>公共资源交易中心</title></head><body>\n'
        f'<div class="ewb-article">{heading}{_content(item)}</div>\n{_links(item)}\n</body></html>\n'
    )


def newest_deals(site: Site, number: int, kind: str) -> object:
    """The newest so many rows, in no order."""
    every = site.listing(None)
    rows = every[:number] if not kind else [row for row in every if row.get("categoryname") == kind][:number]
    shown = [_deal_row(row) for row in rows]
    shown.sort(key=lambda row: hashlib.sha256(str(row.get("sourceDataKey")).encode("utf-8", "replace")).digest())
    return {"code": 200, "msg": "success", "data": shown}


def deal(site: Site, key: str) -> object | None:
    """What a document says, and the steps of its process."""
    item = site.detail(key)
    if item is None:
        return None
    steps = [{"noticeTypeName": item.get("categoryname"), "sourceDataKey": key}]
    return {"code": 200, "msg": "success", "data": {"dealContent": _content(item) + _links(item), "cycle": steps}}


def epoint_address(row: Row) -> str:
    """Where the page of a row lies."""
    given = row.get("infourl")
    if given:
        return str(given)
    category = str(row.get("categorynum") or "003001")
    day = str(row.get("infodate") or "")[:10].replace("-", "")
    return f"/jyxx/{category[:6]}/{category}/{day}/{row.get('infoid')}.html"


def _epoint_row(site: Site, row: Row) -> dict[str, Any]:
    infoid = row.get("infoid") if isinstance(row, Mapping) else None
    if not isinstance(infoid, str):
        return dict(row)
    item = site.detail(infoid)
    content = "" if item is None else item.get("infocontent")
    kept = {name: row.get(name) for name in _EPOINT_FIELDS} | {"infocontent": content, "infourl": epoint_address(row)}
    return kept | {name: value for name, value in row.items() if name not in kept}


def _deal_row(row: Row) -> dict[str, Any]:
    return {
        "sourceDataKey": row.get("infoid"),
        "noticeName": row.get("title"),
        "noticeSendTime": row.get("pubinwebdate") or row.get("infodate"),
        "noticeTypeName": row.get("categoryname"),
        "platformName": "公共资源交易平台",
        "regionName": row.get("xiaquname") or row.get("xiaqucode"),
    }


def _content(item: Row) -> str:
    content = str(item.get("infocontent") or "")
    body = _BODY.search(content)
    return body.group(1) if body else content


def _links(item: Row) -> str:
    files = item.get("attachments") or []
    entries = "".join(
        f'<li><a href="{escape(str(file["url"]))}">{escape(str(file["name"]))}</a></li>' for file in files
    )
    return f'<ul class="ewb-files">{entries}</ul>' if entries else ""
