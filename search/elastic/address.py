"""Where an index is: `elastic+http://{user}:{password}@host:port/name?ca=/path&compat=8&replicas=0&shards=1`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from archive.errors import InvalidInput

SCHEMES = ("elastic+http://", "elastic+https://")

_PORT = 9200
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_OPTIONS = {"ca", "compat", "replicas", "shards"}
_MOST_SHARDS = 1024


@dataclass(frozen=True)
class Address:
    """An index on a server. `path` names both and never a password; only it is shown to people.

    `authority` is the file of the certificate authority that the server's certificate must come from, None for those
    the machine trusts. `release` is the major release of the server, 9 or 8. Without `replicas` there is one copy
    beside the first as soon as a second machine can hold it.
    """

    secure: bool
    host: str
    port: int
    name: str
    login: tuple[str, str] | None = field(repr=False)
    authority: Path | None
    release: int
    replicas: int | None
    shards: int

    @property
    def path(self) -> str:
        """`host:port/name`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.name}"

    @classmethod
    def read(cls, url: str) -> Self:
        """The address in `url`.

        Raises:
            InvalidInput: it is none; the message does not repeat a password.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or _PORT
            options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        except ValueError as error:
            raise _unknown(url) from error
        name = parts.path.removeprefix("/")
        known = url.startswith(SCHEMES) and host and _NAME.fullmatch(name) and not parts.fragment
        if not known or options.keys() - _OPTIONS or options.get("compat", "9") not in {"8", "9"}:
            raise _unknown(url)
        secure = parts.scheme == "elastic+https"
        if "ca" in options and not secure:
            raise _unknown(url)
        login = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
        return cls(
            secure=secure,
            host=host or "",
            port=port,
            name=name,
            login=login,
            authority=Path(options["ca"]) if "ca" in options else None,
            release=int(options.get("compat", "9")),
            replicas=_number(url, options, "replicas", 0),
            shards=_number(url, options, "shards", 1) or 1,
        )


def _number(url: str, options: Mapping[str, str], name: str, least: int) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or not least <= int(text[:9]) <= _MOST_SHARDS:
        raise _unknown(url)
    return int(text)


def _unknown(url: str) -> InvalidInput:
    return InvalidInput("search-url", url=url.rsplit("@", maxsplit=1)[-1])
