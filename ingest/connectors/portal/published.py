"""A notice as a portal publishes it in HTML: its character set, and the files it links to."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from posixpath import splitext
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

FILE_ENDINGS: Final = frozenset(
    f".{ending}"
    for ending in (
        "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "wps", "et", "dps", "ofd", "ceb", "sep", "txt", "csv",
        "rtf", "zip", "rar", "7z", "tar", "gz", "dwg", "dxf", "jpg", "jpeg", "png", "tif", "tiff", "mp3", "mp4", "xml",
        "edc", "gef", "hzbj", "zbwj", "tbwj", "czbj",
    )
)  # fmt: skip
"""Ends of names of files as trading centres attach them, those of tendering tools included."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
# No link reaches into the next one: else a page of nothing but their beginnings would be read thousands of times over.
_LINK: Final = re.compile(r"<a\b((?:(?!<a\b)[^>]){0,4000})>((?:(?!<a\b).){0,2000}?)</a\s*>", re.IGNORECASE | re.DOTALL)
_HREF: Final = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")
_LONGEST_NAME: Final = 255
_HEAD: Final = 4_096


@dataclass(frozen=True)
class Link:
    """A link to a file: the name that the reader sees, or that its address ends with, and the address as written."""

    name: str
    reference: str


def read_html(body: bytes, content_type: str) -> tuple[str, str, str]:
    """The text of a page, how it could be read, and what its header or the page itself says of that ("" for nothing).

    What the bytes begin with counts more than what is said of them; where neither fits, UTF-8 and GB18030 are tried.
    What cannot be read stands as U+FFFD: the text only serves to look for something, the bytes are what is kept.
    """
    said = _CHARSET.search(content_type) or _CHARSET.search(body[:_HEAD].decode("latin-1"))
    declared = said.group(1).lower() if said else ""
    for encoding in (*_by_bytes(body), "utf-8", "gb18030", _usable(declared)):
        try:
            return body.decode(encoding), encoding, declared
        except UnicodeDecodeError:
            continue
    return body.decode("gb18030", "replace"), "gb18030", declared


def file_links(text: str) -> Iterator[Link]:
    """Links to files, as they come; pictures that only illustrate are none of them, unless somebody links to them."""
    for found in _LINK.finditer(text):
        href = _HREF.search(found.group(1))
        if href is None:
            continue
        reference = unescape(next(part for part in href.groups() if part is not None)).strip()
        ending, named = _ending(reference)
        if ending:
            told = " ".join(unescape(_TAG.sub("", found.group(2))).split())
            yield Link((told if told.lower().endswith(ending) else named)[-_LONGEST_NAME:], reference)


def _ending(reference: str) -> tuple[str, str]:
    """What a file's name ends with, and the name; nothing where this is no link to a file."""
    try:
        parts = urlsplit(reference)
    except ValueError:
        return "", ""
    if parts.scheme not in {"", "http", "https", "ftp"}:
        return "", ""
    names = [parts.path, *(value for _, value in parse_qsl(parts.query, max_num_fields=100) if "." in value)]
    for name in names:
        last = unquote(name).replace("\\", "/").rpartition("/")[2]
        ending = splitext(last)[1].lower()
        if ending in FILE_ENDINGS:
            return ending, last
    return "", ""


def _by_bytes(body: bytes) -> Iterator[str]:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            yield encoding
    head = body[:_HEAD]
    if head and head.count(0) * 3 > len(head):
        yield "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"


def _usable(declared: str) -> str:
    try:
        return codecs.lookup(declared).name if declared else "utf-8"
    except LookupError:
        return "utf-8"
