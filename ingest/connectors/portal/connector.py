"""A portal's list and detail pages, without a cursor: read from the newest back, and diff by content.

The list is walked until a page holds nothing new that is younger than the overlap window, and to its end as long as no
walk has reached that. A row that is unknown, that looks different, or that has not been asked about for a while is
fetched again, conditionally. What the list shows and the portal then answers with 404 is gone, with 410 withdrawn; so
is a captured document that should stand in the walked stretch of the list, has left it, and answers so.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, urlsplit

from archive.clock import Clock
from archive.errors import InvalidInput, SourceFailed
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.http import HttpSource, Missing, NotModified
from ingest.connectors.locale import Locale
from ingest.connectors.moments import read_moment
from ingest.connectors.port import GONE, WITHDRAWN, Arrival, Captured, Gone, Known, Refused, Same, Withdrawn
from ingest.connectors.streams import from_bytes
from ingest.connectors.texts import hint, is_well_formed, scalar
from ingest.types import ArrivalStatus, SeenArrival

_ROLES = {"main": ComponentRole.MAIN, "signed": ComponentRole.SIGNED_TWIN}

_PATIENCE = 3
"""So many unanswered pages in a row mean that the source is down, not that pages are broken."""

_HINTS = (
    "data_no",
    "project_code",
    "project_name",
    "tender_project_code",
    "section_codes",
    "section_names",
    "unified_deal_code",
)

_RENAMED = {"source_label": "categorynum", "category": "projectjiaoyitypeex", "url": "infourl"}
_COUNTERS = {"clicktimes", "click", "ordernum"}
_DATES = ("pubinwebdate", "infodate")


@dataclass(frozen=True)
class PortalOptions:
    """How a portal is read: page size, how far back changes are looked for, how soon a known page is asked again."""

    page_size: int = 50
    overlap: timedelta = timedelta(days=30)
    recheck: timedelta = timedelta(hours=6)


class PortalConnector:
    """Reads one portal over HTTP. `captured` gives what intake holds of it, for documents that left the list.

    `walked` says that an earlier walk reached the end of the list: only then may one end before it. `withdraws` says
    that this portal takes back what it no longer shows, rather than only tidying up.
    """

    def __init__(
        self,
        http: HttpSource,
        locale: Locale,
        clock: Clock,
        captured: Captured,
        options: PortalOptions = PortalOptions(),
        *,
        walked: bool = False,
        withdraws: bool = False,
    ) -> None:
        self._http = http
        self._locale = locale
        self._clock = clock
        self._captured = captured
        self._options = options
        self._walked = walked
        self._withdraws = withdraws

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        listed: dict[str, str] = {}
        patience = _Patience(self._http.name)
        since: datetime | None = None
        for rows, last in self._pages():
            fresh = False
            for external_id, mark, row in _told_apart(rows, listed):
                if row is None:
                    fresh = True
                    yield self._malformed(external_id, "infoid", b"", mark)
                    continue
                memory = known(external_id)
                fresh = fresh or memory is None or not memory.fingerprint.startswith(mark) or self._young(row)
                yield from patience.watch(self._arrival(external_id, mark, memory))
            if self._walked and not fresh and not last:
                since = self._oldest(rows)
                break
        for seen in self._captured(since):
            if seen.external_id not in listed:
                yield from patience.watch(self._unlisted(seen))
        self._walked = True

    def _pages(self) -> Iterator[tuple[list[object], bool]]:
        """Pages of list rows, newest first, each with whether it is the last."""
        page, seen = 1, 0
        while True:
            answer = self._http.json(f"/api/list?page={page}&size={self._options.page_size}")
            items = answer.get("items")
            total = answer.get("total")
            if not isinstance(items, list) or not isinstance(total, int):
                raise SourceFailed("source-answer-malformed", source=self._http.name, detail="items, total")
            seen += len(items)
            last = seen >= total or not items
            yield items, last
            if last:
                return
            page += 1

    def _oldest(self, rows: list[object]) -> datetime | None:
        """The earliest date in `rows`: how far back a walk came that ends with them."""
        dates = (str(row.get(field) or "") for row in rows if isinstance(row, dict) for field in _DATES)
        moments = (read_moment(date, self._locale.zone) for date in dates)
        return min((moment for moment in moments if moment is not None), default=None)

    def _young(self, row: Mapping[str, object]) -> bool:
        published = read_moment(str(row.get("infodate") or ""), self._locale.zone)
        return published is None or published >= self._clock.now() - self._options.overlap

    def _arrival(self, external_id: str, mark: str, memory: Known | None) -> Arrival:
        if memory is not None and memory.fingerprint.startswith(mark):
            if memory.checked_at > self._clock.now() - self._options.recheck:
                return Arrival(external_id, Same())
            # What was gone and is listed again is a new capture, even if not a byte of it has changed.
            return self._fetch(external_id, mark, "" if memory.gone else memory.fingerprint.removeprefix(mark))
        return self._fetch(external_id, mark, "")

    def _fetch(self, external_id: str, mark: str, etag: str) -> Arrival:
        try:
            answer = self._http.fetch(f"/api/detail/{quote(external_id, safe='')}", etag)
        except SourceFailed as error:
            # One page that breaks must not hide the others; it is asked for again next time.
            return Arrival(external_id, Refused(error.code, error.params), mark)
        if isinstance(answer, Missing):
            said = answer.for_good or self._withdraws
            return Arrival(external_id, Withdrawn(WITHDRAWN) if said else Gone(GONE), mark)
        if isinstance(answer, NotModified):
            return Arrival(external_id, Same(confirmed=True), mark + etag)
        page = _page(answer.body)
        if page is None:
            return self._malformed(external_id, f"{len(answer.body)} bytes", answer.body, mark)
        try:
            delivery = self._delivery(_Fields(external_id, page), answer.body)
        except InvalidInput as error:
            return Arrival(external_id, Refused(error.code, error.params, answer.body), mark)
        return Arrival(external_id, delivery, mark + answer.etag)

    def _malformed(self, external_id: str, detail: str, raw: bytes, mark: str) -> Arrival:
        params = {"source": self._http.name, "detail": detail}
        return Arrival(external_id, Refused("source-answer-malformed", params, raw), mark)

    def _delivery(self, page: "_Fields", raw: bytes) -> Delivery:
        content = page.text("infocontent").encode()
        components = [Incoming("notice.html", ComponentRole.MAIN, from_bytes(content), "text/html")]
        components += [self._attachment(attachment) for attachment in page.parts("attachments")]
        components.append(Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(raw)))
        return Delivery(
            external_id=page.external_id,
            title=page.text("title").strip(),
            region=self._locale.region_of(page.text("xiaqucode") or page.text("xiaquname")),
            published=self._published(page),
            components=tuple(components),
            hints=_hints(page),
        )

    def _published(self, page: "_Fields") -> datetime | None:
        for field in _DATES:
            moment = read_moment(page.text(field), self._locale.zone)
            if moment is not None:
                return moment
        return None

    def _attachment(self, attachment: "_Fields") -> Incoming:
        name, size = attachment.text("name"), attachment.values.get("size")
        try:
            relative = urlsplit(attachment.text("url"))
        except ValueError as error:
            raise InvalidInput("attachment-unreachable", name=name, detail=str(error)) from error
        if not relative.path:
            raise InvalidInput("attachment-unreachable", name=name, detail="no URL")
        # A portal may not send us anywhere but to itself.
        target = "/" + quote(relative.path.lstrip("/"), safe="/%") + (f"?{relative.query}" if relative.query else "")
        return Incoming(
            name=name,
            role=_ROLES.get(attachment.text("role"), ComponentRole.ATTACHMENT),
            open=self._http.opener(target, name),
            announced_size=size if type(size) is int else None,
            code=attachment.text("code") or None,
        )

    def _unlisted(self, seen: SeenArrival) -> Arrival | None:
        """What a document is that intake knows and the walk has not met; None where it is what it was."""
        mark, _, etag = seen.fingerprint.partition(":")
        if seen.external_id == f"row-{mark}":
            return None
        refused = seen.status is ArrivalStatus.REFUSED
        arrival = self._fetch(seen.external_id, f"{mark}:", "" if refused else etag)
        return arrival if refused or isinstance(arrival.what, Gone | Refused | Withdrawn) else None


class _Patience:
    """Counts pages in a row that did not come."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._failures = 0

    def watch(self, arrival: Arrival | None) -> Iterator[Arrival]:
        """Hand an arrival on.

        Raises:
            SourceFailed: it is one failure too many.
        """
        failed = arrival is not None and _failed(arrival)
        self._failures = self._failures + 1 if failed else 0
        if arrival is not None:
            yield arrival
        if arrival is not None and self._failures >= _PATIENCE:
            raise SourceFailed("source-unreachable", source=self._source, detail=arrival.external_id)


@dataclass(frozen=True)
class _Fields:
    """The fields of one document or attachment, each read as what it should be."""

    external_id: str
    values: Mapping[str, object]

    def text(self, field: str) -> str:
        """A text or number; "" where there is none.

        Raises:
            InvalidInput: it is something else (`row-field-type`).
        """
        value = scalar(self.values.get(field))
        if value is None:
            raise InvalidInput("row-field-type", external_id=self.external_id, field=field)
        return value

    def hint(self, field: str) -> str | list[str]:
        """A text or a list of texts. Raises as `text`."""
        value = hint(self.values.get(field))
        if value is None:
            raise InvalidInput("row-field-type", external_id=self.external_id, field=field)
        return value

    def parts(self, field: str) -> "list[_Fields]":
        """A list of objects. Raises as `text`."""
        value = self.values.get(field)
        parts = [] if value is None else value
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise InvalidInput("row-field-type", external_id=self.external_id, field=field)
        return [_Fields(self.external_id, part) for part in parts]


def _told_apart(rows: list[object], listed: dict[str, str]) -> Iterator[tuple[str, str, Mapping[str, object] | None]]:
    """Rows with id and mark, each once: newer ones push others down while we read. A row without an id gives no row."""
    for row in rows:
        mark = _mark(row)
        external_id = _id(row)
        key = external_id or f"row-{mark.rstrip(':')}"
        if listed.get(key) != mark:
            listed[key] = mark
            yield key, mark, row if external_id and isinstance(row, dict) else None


def _id(row: object) -> str:
    given = row.get("infoid") if isinstance(row, dict) else None
    usable = isinstance(given, str) or type(given) is int
    return str(given) if usable and str(given).strip() and is_well_formed(str(given)) else ""


def _failed(arrival: Arrival) -> bool:
    return isinstance(arrival.what, Refused) and arrival.what.code == "source-unreachable"


def _page(body: bytes) -> Mapping[str, object] | None:
    """The page as an object, whatever encoding the portal claims: UTF-8 with or without its mark, else GB18030.

    None where it is none, or says nothing: neither title nor text, as the pages of errors that claim to be none.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            page = json.loads(body.decode(encoding))
        except (ValueError, RecursionError):
            continue
        return page if isinstance(page, dict) and (page.get("title") or page.get("infocontent")) else None
    return None


def _mark(row: object) -> str:
    """What a list row looks like, as a short digest; counters a portal bumps on every visit are left out."""
    kept = {key: row[key] for key in row.keys() - _COUNTERS} if isinstance(row, dict) else row
    data = json.dumps(kept, ensure_ascii=False, sort_keys=True, default=str)
    return sha256(data.encode("utf-8", "surrogatepass")).hexdigest()[:16] + ":"


def _hints(page: _Fields) -> dict[str, object]:
    hints: dict[str, object] = {name: page.hint(name) for name in _HINTS}
    hints |= {name: page.text(field) for name, field in _RENAMED.items()}
    hints = {name: value for name, value in hints.items() if value}
    if page.values.get("attachments") is not None:
        # An empty list says something too: there are none.
        hints["attachments"] = [attachment.text("name") for attachment in page.parts("attachments")]
    return hints
