"""JSON as portals answer it: in whatever encoding, with keys given twice, nested without end, or not JSON at all."""

import codecs
import json
import re
from typing import Any, Final

DEEPEST: Final = 40
"""How deep the values of a document may be nested; real ones come to five."""

_PASSWORD: Final = re.compile(rb"<input\b[^>]{0,500}\btype\s*=\s*[\"']?password", re.IGNORECASE)
_LOGIN_TITLE: Final = re.compile("<title[^>]{0,200}>[^<]{0,200}(登录|登陆|统一身份认证|sign in|log ?in)", re.IGNORECASE)
_LOGIN_PATH: Final = re.compile(r"/(login|logon|signin|sso|cas|oauth2?|passport)\b", re.IGNORECASE)
_HTML_BEGINS: Final = re.compile(rb"\s*<(!doctype|html|head|body|script|meta|\?xml|!--)", re.IGNORECASE)
_LOOKED_AT: Final = 256 << 10


class Twice(dict[str, Any]):
    """An object in which, or below which, a key was given twice: what it says cannot be known. `key` is that key."""

    key: str = ""


def read_json(body: bytes) -> Any:
    """What `body` says, whatever encoding the portal claims: UTF-8 with or without its mark, else GB18030.

    Control characters within texts are let through: the checks report them where they stand.

    Raises:
        ValueError: it is no JSON, or nested beyond measure.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return json.loads(body.decode(encoding), strict=False, object_pairs_hook=_object)
        except UnicodeDecodeError:
            continue
        except RecursionError as error:
            raise ValueError("nested too deep") from error
    raise ValueError("neither UTF-8 nor GB18030")


def is_too_deep(value: object) -> bool:
    """Whether a value is nested beyond `DEEPEST`."""
    level, depth = [value], 0
    while level:
        level = [part for parent in level for part in _parts(parent) if isinstance(part, dict | list)]
        depth += 1
        if depth > DEEPEST:
            return True
    return False


def is_html(body: bytes) -> bool:
    """Whether a page in HTML came."""
    return _HTML_BEGINS.match(body.removeprefix(codecs.BOM_UTF8)[:1_000]) is not None


def is_login(body: bytes) -> bool:
    """Whether a page asks for a password, or calls itself the place where one logs in."""
    head = body[:_LOOKED_AT]
    if _PASSWORD.search(head) is not None:
        return True
    return any(_LOGIN_TITLE.search(head.decode(encoding, "ignore")) is not None for encoding in ("utf-8", "gb18030"))


def leads_to_login(path: str) -> bool:
    """Whether an answer that points to `path` means that one has to log in first."""
    return _LOGIN_PATH.search(path) is not None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    twice = _given_twice(pairs, plain)
    if not twice:
        return plain
    marked = Twice(plain)
    marked.key = twice
    return marked


def _given_twice(pairs: list[tuple[str, Any]], plain: dict[str, Any]) -> str:
    if len(plain) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                return key
            seen.add(key)
    below = (part for value in plain.values() for part in (value if isinstance(value, list) else [value]))
    return next((part.key for part in below if isinstance(part, Twice)), "")


def _parts(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
