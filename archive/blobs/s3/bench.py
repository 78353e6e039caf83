"""Single signed requests to an S3 service, with its answers as they are: for looking at the service itself.

The library tries again, reads answers kindly and refuses what it thinks is wrong. To find out what a service does,
each request is made once and its answer is shown.
"""

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import SplitResult, quote, urlencode, urlsplit, urlunsplit

from minio.credentials.credentials import Credentials
from minio.signer import presign_v4, sign_v4_s3
from minio.time import to_amz_date
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from archive.blobs.s3.address import Address
from archive.blobs.s3.client import connections
from archive.blobs.s3.naming import NOT_IMPLEMENTED
from archive.clock import Clock
from archive.errors import Unavailable

_REGION: Final = "us-east-1"
_FINE: Final = frozenset({200, 204, 206})
_CODE: Final = re.compile(r"<Code>([^<]*)</Code>")


@dataclass(frozen=True)
class Answer:
    """What came back. `code` is the error code of S3, empty where there is none. Names of headers are lower case."""

    status: int
    code: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def fine(self) -> bool:
        """Whether the service did what it was asked. S3 may send an error under the head of a success."""
        return self.status in _FINE and not self.code

    @property
    def unknown(self) -> bool:
        """Whether the service does not know this request at all."""
        return self.status in {405, 501} or self.code in NOT_IMPLEMENTED

    def all(self, name: str) -> list[str]:
        """The texts of every XML element of that name, in order."""
        return [html.unescape(text) for text in re.findall(rf"<{name}>([^<]*)</{name}>", self.text)]

    def one(self, name: str) -> str:
        """The text of the first XML element of that name, empty where there is none."""
        return (self.all(name) or [""])[0]

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def __str__(self) -> str:
        return f"HTTP {self.status} {self.code}".rstrip()


class Bench:
    """Asks about one bucket; keys are below `prefix`."""

    def __init__(self, address: Address, clock: Clock) -> None:
        self.address = address
        self._clock = clock
        self._region = address.region or _REGION
        self._keys = Credentials(address.access_key, address.secret_key)
        self._pool = connections(address, Retry(total=0, redirect=0, raise_on_redirect=False))

    def at(self, bucket: str) -> "Bench":
        """The same service, another bucket, no prefix."""
        return Bench(replace(self.address, bucket=bucket, prefix=""), self._clock)

    def below(self, prefix: str) -> "Bench":
        """The same bucket, with every key below `prefix`."""
        return Bench(replace(self.address, prefix=f"{self.address.prefix}{prefix}/"), self._clock)

    def ask(
        self,
        method: str,
        key: str | None = None,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        sha256: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request about the bucket, or about the object `key`.

        `sha256` is signed instead of the digest of `body`.

        Raises:
            Unavailable: no answer came.
        """
        url = self._url(key, query or {})
        now = self._clock.now()
        digest = sha256 or hashlib.sha256(body).hexdigest()
        signed = sign_v4_s3(
            method=method,
            url=url,
            region=self._region,
            headers={
                "Host": url.netloc,
                "x-amz-content-sha256": digest,
                "x-amz-date": to_amz_date(now),
                **(headers or {}),
            },
            credentials=self._keys,
            content_sha256=digest,
            date=now,
        )
        return self._send(method, url, {name: str(value) for name, value in signed.items()}, body)

    def presigned(self, key: str) -> Answer:
        """What anybody gets who was given an address that opens one object for a minute."""
        url = presign_v4(
            method="GET",
            url=self._url(key, {}),
            region=self._region,
            credentials=self._keys,
            date=self._clock.now(),
            expires=int(timedelta(minutes=1).total_seconds()),
        )
        return self._send("GET", url, {}, b"")

    def anonymous(self, key: str) -> Answer:
        """What anybody gets who only knows where an object lies."""
        return self._send("GET", self._url(key, {}), {}, b"")

    def service_time(self) -> datetime:
        """What time it is at the service, by its own answer; ours where it does not say."""
        said = self.ask("HEAD").headers.get("date")
        try:
            return parsedate_to_datetime(said).astimezone(UTC) if said else self._clock.now()
        except ValueError:
            return self._clock.now()

    def _url(self, key: str | None, query: Mapping[str, str]) -> SplitResult:
        path = f"/{self.address.bucket}"
        if key is not None:
            path += f"/{quote(self.address.prefix + key)}"
        scheme = "https" if self.address.secure else "http"
        asked = urlencode(sorted(query.items()), quote_via=quote, safe="")
        return urlsplit(urlunsplit((scheme, self.address.endpoint, path, asked, "")))

    def _send(self, method: str, url: SplitResult, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            response = self._pool.request(
                method, urlunsplit(url), body=body or None, headers=dict(headers), redirect=False
            )
        except HTTPError as error:
            reason = getattr(error, "reason", None) or error
            place = self.address.place
            raise Unavailable("blob-store-unavailable", path=place, detail=type(reason).__name__) from error
        # The body of a GET that went well is somebody's bytes, whatever they look like.
        told = method != "GET" or response.status not in _FINE
        found = _CODE.search(response.data.decode("utf-8", "replace")) if told else None
        answered = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, found[1] if found else "", answered, response.data)
