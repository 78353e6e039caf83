"""Hostile XML, HTML, SVG, mail, text."""

from itertools import pairwise

from tests.hostile.kinds import Kind, kind


def _entities(levels: int, times: int, word: str = "lol") -> bytes:
    """Entities that each stand for `times` of the one before; the last is `z`."""
    names = [f"e{number}" for number in range(levels)] + ["z"]
    rows = [f'<!ENTITY {names[0]} "{word}">']
    rows += [f'<!ENTITY {name} "{f"&{under};" * times}">' for under, name in pairwise(names)]
    return f'<?xml version="1.0"?><!DOCTYPE d [{"".join(rows)}]>'.encode()


BILLION = _entities(9, 10)
EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def quadratic() -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY z "{"a" * 50_000}">]><d>{"&z;" * 50_000}</d>'.encode()


def outside(address: str) -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "{address}">]><d>&x;</d>'.encode()


def deep(levels: int = 100_000) -> bytes:
    return b'<?xml version="1.0"?>' + b"<a>" * levels + b"</a>" * levels


def wide(size: int = 12 << 20) -> bytes:
    return b'<?xml version="1.0"?><a b="' + b"x" * size + b'"/>'


def page(body: str) -> bytes:
    return f"<!DOCTYPE html><html><head><title>a</title></head><body>{body}</body></html>".encode()


def drawing(inside: str) -> bytes:
    return f'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inside}</svg>'.encode()


def mail() -> bytes:
    return (
        b"From: a@example.org\r\nTo: b@example.org\r\nSubject: a\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
        b"Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; boundary="b"; type="text/html"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n'
        b"<html><body><script>alert(1)</script></body></html>\r\n--b--\r\n"
    )


def formulas() -> bytes:
    return "名称,金额\r\n=cmd|'/c calc'!A1,1\r\n@SUM(1),2\r\n+1+1,3\r\n".encode()


KINDS: tuple[Kind, ...] = (
    kind("xml-billion-laughs", "数据.xml", lambda: BILLION + b"<d>&z;</d>", "xml-entity-bomb"),
    kind("xml-quadratic", "数据.xml", quadratic, "xml-entity-bomb"),
    kind("xml-external-file", "数据.xml", lambda: outside("file:///etc/passwd"), "xml-external-entity"),
    kind("xml-external-http", "数据.xml", lambda: outside("http://198.51.100.7/x"), "xml-external-entity"),
    kind("xml-deep", "数据.xml", deep, "xml-too-deep", "xml-not-well-formed"),
    kind("xml-wide-attribute", "数据.xml", wide, "xml-not-well-formed", "text-cut", verdict="contained"),
    kind("svg-script", "图.svg", lambda: drawing("<script>alert(1)</script>"), "markup-script"),
    kind(
        "html-script",
        "公告.html",
        lambda: page("<script>alert(1)</script>"),
        "page-active",
        verdict="contained",
    ),
    kind(
        "html-frame",
        "公告.html",
        lambda: page('<iframe src="http://198.51.100.7/"></iframe>'),
        "page-active",
        "page-loads",
        verdict="contained",
    ),
    kind(
        "html-refresh",
        "公告.html",
        lambda: page('<meta http-equiv="refresh" content="0;url=http://198.51.100.7/">'),
        "page-redirects",
        verdict="contained",
    ),
    kind("mail-script", "信.eml", mail, "page-active", verdict="contained"),
    kind("text-one-line", "说明.txt", lambda: b"a" * (64 << 20), "text-cut", verdict="contained"),
    kind("json-deep", "数据.json", lambda: b"[" * 1_000_000, "json-too-deep"),
    kind("csv-formula", "清单.csv", formulas, "text-formulas", verdict="contained"),
)
