"""The address of a bucket: `s3+http(s)://{access}:{secret}@host:port/bucket[/prefix][?region=…&ca=…]`."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from archive.errors import InvalidInput

SCHEMES: Final = ("s3+http", "s3+https")

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_REGION: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_OPTIONS: Final = frozenset({"region", "ca"})


@dataclass(frozen=True)
class Address:
    """Where a bucket is and who asks for it.

    `endpoint` is host and port, `prefix` is empty or ends with a slash, `ca` is a file of certificates to trust.
    """

    endpoint: str
    secure: bool
    bucket: str
    prefix: str
    region: str | None
    ca: Path | None
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)

    @property
    def place(self) -> str:
        """What may be said to people: host, port, bucket and prefix, never the keys."""
        return f"{self.endpoint}/{self.bucket}/{self.prefix}".rstrip("/")


def parse_address(url: str) -> Address:
    """The address that `url` spells; keys are percent-encoded in it.

    Raises:
        InvalidInput: it is no such address, or `ca` names no file.
    """
    try:
        return _parse(urlsplit(url))
    except ValueError as error:
        raise InvalidInput("blobs-url", url=without_keys(url)) from error


def without_keys(url: str) -> str:
    """The part of an address that may be shown: what follows the keys, without options."""
    _, at, shown = url.rpartition("@")
    # Without the sign nobody can say where the keys end.
    return shown.partition("?")[0] if at else url.partition(":")[0]


def _parse(parts: SplitResult) -> Address:
    path = parts.path.strip("/")
    bucket, _, prefix = path.partition("/")
    options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True) if parts.query else {}
    region, ca = (options.get(name, [None])[-1] for name in ("region", "ca"))
    sound = (
        parts.scheme in SCHEMES
        and parts.hostname
        and parts.username
        and parts.password
        and not parts.fragment
        and _BUCKET.fullmatch(bucket)
        and ".." not in bucket
        and (not prefix or _PREFIX.fullmatch(prefix))
        and options.keys() <= _OPTIONS
        and (region is None or _REGION.fullmatch(region))
    )
    if not sound or (parts.port is not None and not parts.port > 0):
        raise ValueError("no address of a bucket")
    if ca is not None and not Path(ca).is_file():
        raise InvalidInput("blobs-ca", path=ca)
    return Address(
        endpoint=parts.netloc.rpartition("@")[2].lower(),
        secure=parts.scheme == "s3+https",
        bucket=bucket,
        prefix=f"{prefix}/" if prefix else "",
        region=region,
        ca=Path(ca) if ca is not None else None,
        access_key=unquote(parts.username or ""),
        secret_key=unquote(parts.password or ""),
    )
