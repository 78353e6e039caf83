"""The conversation with veraPDF, which tells whether a document keeps the promises of PDF/A.

It is a service of its own (veraPDF-rest): the document goes up in a stream as `file` of a form, to
`/api/validate/FLAVOUR`, where `auto` takes the flavour the document claims; the report comes back as JSON, the one that
the command line writes with `--format json`. Nothing in it is believed but the few facts that a verdict needs.
"""

import io
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, BinaryIO

import httpx

from archive.errors import InvalidInput, Unavailable
from ingest.formats.inspection import Aspect, Inspection
from ingest.outcomes import Observation, Outcome

_BLOCK = 1 << 20
_MOST_ANSWERED = 32 << 20
_MOST_RULES = 50
_FLAVOUR = re.compile(r"PDF/(?:A|UA)-?\s*([0-9][A-Za-z]?)")
_KNOWN_FLAVOUR = re.compile(r"[1-4][abuef]?|ua[12]")


@dataclass(frozen=True)
class Patience:
    """How long veraPDF is waited for, in seconds: for a connection, and from the first byte sent to the last answered.

    `largest` is the size in bytes above which a document is not sent: the service itself refuses more than its own
    setting, 100 MB as it is delivered.
    """

    connect: float = 5.0
    document: float = 120.0
    largest: int = 100 << 20


@dataclass(frozen=True)
class Conformance:
    """What veraPDF found.

    `compliant` is None where it could not tell, and `reason` then is a code of the message catalogue. `profile` is the
    name of the profile it judged by, `flavour` its short form such as `2B`, `version` that of veraPDF. `failed_rules`
    counts the rules broken, `rules` names the first of them by clause and test, `failed_checks` counts the places.
    """

    compliant: bool | None
    profile: str = ""
    flavour: str = ""
    version: str = ""
    failed_rules: int = 0
    failed_checks: int = 0
    rules: tuple[str, ...] = ()
    reason: str = ""

    def inspection(self) -> Inspection:
        """The same as an inspection. A document that could not be judged is not checked, never passed."""
        tool = f"veraPDF {self.version}".strip()
        if self.compliant is None:
            return Inspection(Aspect.CONFORMANCE, Outcome.NOT_CHECKED, tool, (Observation(self.reason),))
        if self.compliant:
            said = Observation("pdfa-validated", {"level": self.flavour})
            return Inspection(Aspect.CONFORMANCE, Outcome.PASS, tool, (said,))
        params = {"level": self.flavour, "rules": self.failed_rules, "places": self.failed_checks}
        broken = [Observation("pdfa-rule-broken", {"rule": rule}) for rule in self.rules]
        return Inspection(Aspect.CONFORMANCE, Outcome.FAIL, tool, (Observation("pdfa-broken", params), *broken))


class _NonsenseError(Exception):
    """The answer is none of veraPDF's."""


class VeraPdf:
    """A veraPDF service, by its URL; messages name host and port only.

    Making one raises:
        InvalidInput: the URL is none of a service (`verapdf-url`).
    """

    def __init__(self, url: str, patience: Patience = Patience()) -> None:
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise InvalidInput("verapdf-url", detail="") from error
        if address.scheme not in {"http", "https"} or not address.host:
            raise InvalidInput("verapdf-url", detail=address.scheme)
        self.name = f"{address.host}:{address.port or {'https': 443}.get(address.scheme, 80)}"
        self._patience = patience
        self._client = httpx.Client(
            base_url=address,
            timeout=httpx.Timeout(patience.document, connect=patience.connect),
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"},
            follow_redirects=False,
            trust_env=False,
        )

    def validate(self, stream: BinaryIO, flavour: str | None = None) -> Conformance:
        """Judge the whole of `stream` by `flavour` (such as `2b`), or by the one it claims. The stream is left open.

        Raises:
            InvalidInput: `file-unreadable`, the stream fails; `verapdf-flavour`, there is no such flavour.
            Unavailable: `verapdf-unavailable`; nothing was learned about the document.
        """
        if flavour is not None and not _KNOWN_FLAVOUR.fullmatch(flavour.lower()):
            raise InvalidInput("verapdf-flavour", flavour=flavour[:10])
        try:
            size = stream.seek(0, io.SEEK_END)
        except (OSError, ValueError) as error:
            raise InvalidInput("file-unreadable") from error
        if size > self._patience.largest:
            return Conformance(None, reason="verapdf-too-large")
        try:
            return _told(json.loads(self._ask(stream, size, (flavour or "auto").lower())))
        except (_NonsenseError, ValueError, RecursionError):
            return Conformance(None, reason="verapdf-answer")

    def _ask(self, stream: BinaryIO, size: int, flavour: str) -> bytes:
        until = time.monotonic() + self._patience.document
        form = _Form.drawn()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={form.boundary}",
            "Content-Length": str(len(form.head) + size + len(form.foot)),
            "X-File-Size": str(size),
        }
        content = form.around(stream, until)
        try:
            with self._client.stream("POST", f"/api/validate/{flavour}", content=content, headers=headers) as response:
                self._require_answer(response)
                return _body(response, until)
        except httpx.LocalProtocolError as error:
            # The store gave fewer or more bytes than it said there were.
            raise InvalidInput("file-unreadable") from error
        except (httpx.TransportError, TimeoutError) as error:
            raise Unavailable("verapdf-unavailable", server=self.name, detail=type(error).__name__) from error

    def _require_answer(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.NOT_FOUND}:
            # What it says of documents it cannot cope with, and what other services say that are not veraPDF.
            raise _NonsenseError
        raise Unavailable("verapdf-unavailable", server=self.name, detail=f"HTTP {status}")


@dataclass(frozen=True)
class _Form:
    """What stands before and behind the document on its way.

    The boundary is drawn for each: a document that knew it could end the form early and have only a part of itself
    judged.
    """

    boundary: str
    head: bytes
    foot: bytes

    @classmethod
    def drawn(cls) -> "_Form":
        boundary = f"juanzong-{secrets.token_hex(16)}"
        head = (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="file"; filename="document.pdf"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        )
        return cls(boundary, head.encode("ascii"), f"\r\n--{boundary}--\r\n".encode("ascii"))

    def around(self, stream: BinaryIO, until: float) -> Iterator[bytes]:
        yield self.head
        try:
            stream.seek(0)
            while block := stream.read(_BLOCK):
                _hurry(until)
                yield block
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:
            raise InvalidInput("file-unreadable") from error
        yield self.foot


def _body(response: httpx.Response, until: float) -> bytes:
    body = bytearray()
    for block in response.iter_raw():
        body += block
        if len(body) > _MOST_ANSWERED:
            raise _NonsenseError
        _hurry(until)
    return bytes(body)


def _hurry(until: float) -> None:
    if time.monotonic() > until:
        raise TimeoutError


def _told(answer: Any) -> Conformance:
    """What a report says. Older reports hold one result, those since 1.26 a list of them.

    Raises:
        _NonsenseError: it is no report.
    """
    report = _mapping(_mapping(answer).get("report"))
    jobs = report.get("jobs")
    job = _mapping(jobs[0] if isinstance(jobs, list) and len(jobs) == 1 else None)
    version = _version(report)
    result = _of_pdfa(job.get("validationResult"))
    if result is None:
        if "taskException" not in job:
            raise _NonsenseError
        return Conformance(None, version=version, reason="verapdf-gave-up")
    compliant = result.get("compliant")
    if not isinstance(compliant, bool) or result.get("jobEndStatus", "normal") != "normal":
        return Conformance(None, version=version, reason="verapdf-gave-up")
    details = _mapping(result.get("details"))
    profile = str(result.get("profileName", ""))[:100]
    named = _FLAVOUR.search(profile)
    failed = _count(details.get("failedRules"))
    if compliant and failed:
        raise _NonsenseError
    return Conformance(
        compliant=compliant,
        profile=profile,
        flavour=named[1].upper() if named else "",
        version=version,
        failed_rules=failed,
        failed_checks=_count(details.get("failedChecks")),
        rules=tuple(_rules(details.get("ruleSummaries"))),
    )


def _of_pdfa(results: Any) -> Mapping[str, Any] | None:
    """The one result that speaks of PDF/A: documents that claim PDF/UA or more besides have a result for each claim.

    Raises:
        _NonsenseError: there are results, and none or several speak of PDF/A.
    """
    if results is None:
        return None
    named = [_mapping(result) for result in (results if isinstance(results, list) else [results])]
    found = [result for result in named if "PDF/A" in str(result.get("profileName", ""))]
    if len(found) != 1:
        raise _NonsenseError
    return found[0]


def _rules(summaries: Any) -> Iterator[str]:
    for summary in summaries[:_MOST_RULES] if isinstance(summaries, list) else ():
        if isinstance(summary, Mapping) and str(summary.get("ruleStatus", "FAILED")).upper() == "FAILED":
            words = (str(summary.get(key, ""))[:40] for key in ("specification", "clause"))
            yield f"{' '.join(words)}-{_count(summary.get('testNumber'))}"


def _version(report: Mapping[str, Any]) -> str:
    """The version of the validation core, of the several parts that a report names."""
    releases = _mapping(report.get("buildInformation")).get("releaseDetails")
    parts = [_mapping(part) for part in releases] if isinstance(releases, list) else []
    chosen = next((part for part in parts if part.get("id") == "core"), parts[0] if parts else {})
    return str(chosen.get("version", ""))[:40]


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _NonsenseError
    return value


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
