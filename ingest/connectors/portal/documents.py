"""One document of a portal: asked for, judged, and made a delivery."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from archive.errors import InvalidInput, SourceFailed
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.http.answers import Twice, is_html, is_login, is_too_deep, read_json
from ingest.connectors.http.source import HttpSource, Missing, NotModified, Page
from ingest.connectors.locale import Locale
from ingest.connectors.port import GONE, WITHDRAWN, Arrival, Gone, Refused, Same, Stated, Withdrawn
from ingest.connectors.portal.attachments import AttachmentReader, Attachments
from ingest.connectors.portal.dialect import Dialect, at
from ingest.connectors.portal.fields import Fields
from ingest.connectors.portal.listing import first_moment
from ingest.connectors.portal.noise import Noise
from ingest.connectors.portal.published import read_html
from ingest.connectors.portal.trace import Trace
from ingest.connectors.streams import from_bytes
from ingest.connectors.texts import is_well_formed

NO_ROW: Final = "portal-row-left"
"""The page has changed and the list no longer says what the page does not."""

_WHOLE_SOURCE: Final = frozenset(
    {
        "source-asks-to-wait",
        "source-certificate-expired",
        "source-certificate-host",
        "source-certificate-unknown",
        "source-tls",
    }
)
"""What concerns every page of a source, not one: the reading ends."""

_KEPT_HEADERS: Final = ("content-disposition", "content-language", "content-type")
"""Headers that say something about the page. Others change at every answer, or whenever the portal writes its pages
anew: with them, every reading would find another version."""

_LONGEST_KEPT: Final = 2_000


@dataclass(frozen=True)
class Asked:
    """A document to be asked for: what its row says, and what is remembered of it. None where no row is at hand."""

    external_id: str
    row: Mapping[str, object] | None
    trace: Trace
    stated: Stated = field(default_factory=Stated)


class DocumentReader:
    """Asks for documents. `withdraws` says that this portal takes back what it no longer shows.

    A page that differs in `noise` alone is the one that was taken, as if the portal itself had said so.
    """

    def __init__(self, http: HttpSource, dialect: Dialect, locale: Locale, *, withdraws: bool, noise: Noise) -> None:
        self._http = http
        self._dialect = dialect
        self._locale = locale
        self._withdraws = withdraws
        self._noise = noise
        self._attachments = AttachmentReader(http, dialect.attachment)

    def read(self, asked: Asked) -> Arrival:
        """What a document is now.

        Raises:
            SourceFailed: something that concerns the whole source.
        """
        try:
            address = self._address(asked)
            # A page's address is read as a link is, from the root of the portal; paths of the dialect lie below it.
            page = self._dialect.detail.kind == "page"
            target = self._http.reach.absolute(address) if page else address
            answer = self._http.fetch(target, asked.trace.etag, asked.trace.modified)
        except InvalidInput as error:
            return self._refused(asked, error.code, error.params)
        except SourceFailed as error:
            if error.code in _WHOLE_SOURCE:
                raise
            # One page that breaks must not hide the others; it is asked for again next time.
            return self._refused(asked, error.code, error.params)
        if isinstance(answer, Missing):
            said = answer.for_good or self._withdraws
            what = Withdrawn(WITHDRAWN) if said else Gone(GONE)
            return Arrival(asked.external_id, what, asked.trace.written(), asked.stated)
        if isinstance(answer, NotModified):
            return Arrival(asked.external_id, Same(confirmed=True), asked.trace.written(), asked.stated)
        return self._answered(asked, address, answer)

    def _address(self, asked: Asked) -> str:
        row = asked.trace.row if asked.row is None else asked.row
        address = self._dialect.detail_address(asked.external_id, row) or asked.trace.address
        if self._dialect.detail.kind != "page":
            return address
        try:
            target = self._http.reach.absolute(address) if address else ""
            allowed = self._http.reach.allows(target)
        except ValueError:
            target, allowed = "", False
        if not target:
            named = self._dialect.detail.address
            raise InvalidInput("portal-page-nowhere", external_id=asked.external_id, field=named)
        if not allowed:
            host = target.partition("://")[2].partition("/")[0].rpartition("@")[2]
            raise InvalidInput("source-points-elsewhere", source=self._http.name, host=host, detail=asked.external_id)
        return address

    def _answered(self, asked: Asked, address: str, page: Page) -> Arrival:
        trace = Trace(asked.trace.mark, page.etag, page.modified)
        if self._dialect.needs_row or self._noise:
            digest = sha256(self._noise.without(page.body) if self._noise else page.body).hexdigest()[:16]
            address = address if self._dialect.detail.kind == "page" else ""
            trace = replace(trace, address=address, digest=digest)
            if (asked.row is None or self._noise) and digest == asked.trace.digest:
                return Arrival(asked.external_id, Same(confirmed=True), trace.written(), asked.stated)
        row = asked.row if asked.row is not None else asked.trace.row
        if self._dialect.needs_row and not row:
            return self._refused(asked, NO_ROW, {"external_id": asked.external_id}, page.body)
        try:
            delivery = self._delivery(asked.external_id, row, page)
        except InvalidInput as error:
            return self._refused(asked, error.code, error.params, page.body)
        return Arrival(asked.external_id, delivery, trace.written(), asked.stated)

    def _refused(self, asked: Asked, code: str, params: Mapping[str, object], raw: bytes = b"") -> Arrival:
        trace = Trace(asked.trace.mark, address=asked.trace.address, row=asked.trace.row)
        if self._dialect.needs_row and asked.row is not None:
            # It may be further down the list than the next walk goes.
            trace = trace.with_row(asked.row, self._dialect.row.content)
        return Arrival(asked.external_id, Refused(code, params, raw), trace.written(), asked.stated)

    def _delivery(self, external_id: str, row: Mapping[str, object], page: Page) -> Delivery:
        """What a page comes to.

        Raises:
            InvalidInput: it cannot be taken in as it is.
        """
        if self._dialect.detail.kind == "page":
            return self._published(Fields(external_id, row), page)
        answer = self._said(page)
        document = Fields(external_id, {**row, **answer} if self._dialect.detail.needs_row else answer)
        text = document.text(self._dialect.fields.content)
        main = Incoming("notice.html", ComponentRole.MAIN, from_bytes(text.encode()), "text/html")
        envelope = page.body
        if self._dialect.detail.needs_row:
            envelope = self._envelope(row, {"answer": answer, "page": self._told_of(page, "utf-8")})
        return self._made(document, main, text, page.address, envelope)

    def _published(self, document: Fields, page: Page) -> Delivery:
        content_type = page.headers.get("content-type", "")
        text, encoding, declared = read_html(page.body, content_type)
        title = document.text(self._dialect.fields.title).strip()
        if is_login(page.body) and "".join(title.split()) not in "".join(text.split()):
            raise InvalidInput("source-login-page", source=self._http.name, detail=document.external_id)
        if not page.body.strip():
            raise InvalidInput("source-answer-malformed", source=self._http.name, detail="0 bytes")
        media_type = content_type.partition(";")[0].strip().lower() or "text/html"
        is_page = "html" in media_type or is_html(page.body)
        name = "notice.html" if is_page else page.address.partition("?")[0].rpartition("/")[2] or "notice"
        main = Incoming(name, ComponentRole.MAIN, from_bytes(page.body), "text/html" if is_page else media_type)
        told = self._told_of(page, encoding) | {"declared": declared}
        envelope = self._envelope(document.values, {"page": told})
        return self._made(document, main, text if is_page else "", page.address, envelope)

    def _said(self, page: Page) -> Mapping[str, Any]:
        """The object that an answer is about.

        Raises:
            InvalidInput: it is no JSON, asks to log in, says nothing, or what it says cannot be known.
        """
        source = self._http.name
        malformed = InvalidInput("source-answer-malformed", source=source, detail=f"{len(page.body)} bytes")
        try:
            answer = at(read_json(page.body), self._dialect.detail.at)
        except ValueError as error:
            if is_html(page.body) and is_login(page.body):
                raise InvalidInput("source-login-page", source=source, detail="HTML") from error
            raise malformed from error
        if not isinstance(answer, dict):
            raise malformed
        if not any(answer.get(name) for name in self._dialect.detail.says_something):
            # The pages of errors that claim to be none.
            raise malformed
        if isinstance(answer, Twice):
            raise InvalidInput("source-answer-key-twice", source=source, key=answer.key)
        if is_too_deep(answer):
            raise InvalidInput("source-answer-too-deep", source=source)
        return answer

    def _made(self, document: Fields, main: Incoming, text: str, address: str, envelope: bytes) -> Delivery:
        rules = self._dialect.fields
        links = text if rules.links else ""
        found = self._attachments.read(document, rules.attachments, links, address)
        return Delivery(
            external_id=document.external_id,
            title=document.text(rules.title).strip(),
            region=self._locale.region_of(document.first(rules.region)),
            published=first_moment(
                {name: document.text(name) for name in rules.published}, rules.published, self._locale.zone
            ),
            components=(main, *found.files, Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(envelope))),
            hints=self._hints(document, found),
        )

    def _hints(self, document: Fields, found: Attachments) -> dict[str, object]:
        dialect = self._dialect
        hints: dict[str, object] = {name: document.hint(told) for name, told in dialect.hint_lists.items()}
        hints |= {name: document.text(told) for name, told in dialect.hints.items()}
        hints = {name: value for name, value in hints.items() if value}
        if found.announced is not None:
            # An empty list says something too: there are none.
            hints["attachments"] = list(found.announced)
        return hints

    def _envelope(self, row: Mapping[str, object], more: Mapping[str, object]) -> bytes:
        """The row as it was listed, and what came with the page; without what changes at every visit."""
        kept = {name: value for name, value in row.items() if name not in self._dialect.row.counters}
        whole = {"row": kept, **more}
        text = json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1)
        return (text if is_well_formed(text) else json.dumps(whole, sort_keys=True, indent=1)).encode()

    def _told_of(self, page: Page, encoding: str) -> dict[str, object]:
        headers = {name: page.headers[name][:_LONGEST_KEPT] for name in _KEPT_HEADERS if name in page.headers}
        return {"address": self._http.reach.own_path(page.address), "headers": headers, "charset": encoding}
