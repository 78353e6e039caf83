"""A portal's list and detail pages, without a cursor: read from the newest back, and diff by content.

The list is walked until a page holds nothing new that is younger than the overlap window. A row that is unknown, that
looks different, or that has not been asked about for a while is fetched again, conditionally. What the list shows and
the portal then answers with 404 is gone; so is a captured document that has left the list and answers 404.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, urlsplit

from archive.clock import Clock
from archive.errors import SourceFailed
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.http import HttpSource, Missing, NotModified
from ingest.connectors.moments import read_moment
from ingest.connectors.notices import Locale
from ingest.connectors.port import Arrival, Gone, Known, Refused, Same
from ingest.connectors.streams import from_bytes
from ingest.types import SeenArrival

GONE = "gone-at-source"

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


@dataclass(frozen=True)
class PortalOptions:
    """How a portal is read: page size, how far back changes are looked for, how soon a known page is asked again."""

    page_size: int = 50
    overlap: timedelta = timedelta(days=30)
    recheck: timedelta = timedelta(hours=6)


class PortalConnector:
    """Reads one portal over HTTP. `captured` gives what intake holds of it, for documents that left the list."""

    def __init__(
        self,
        http: HttpSource,
        locale: Locale,
        clock: Clock,
        captured: Callable[[], list[SeenArrival]],
        options: PortalOptions = PortalOptions(),
    ) -> None:
        self._http = http
        self._locale = locale
        self._clock = clock
        self._captured = captured
        self._options = options

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        listed: dict[str, str] = {}
        complete = True
        failures = 0
        for rows, last in self._pages():
            fresh = False
            for row in rows:
                external_id = str(row["infoid"])
                mark = _mark(row)
                if listed.get(external_id) == mark:
                    # The same row again, pushed down by newer ones while we were reading.
                    continue
                listed[external_id] = mark
                memory = known(external_id)
                fresh = fresh or memory is None or not memory.fingerprint.startswith(mark) or self._young(row)
                arrival = self._arrival(external_id, mark, memory)
                failures = failures + 1 if _failed(arrival) else 0
                yield arrival
                if failures >= _PATIENCE:
                    raise SourceFailed("source-unreachable", source=self._http.name, detail=external_id)
            if not fresh and not last:
                complete = False
                break
        if complete:
            yield from self._vanished(listed)

    def _pages(self) -> Iterator[tuple[list[Mapping[str, object]], bool]]:
        """Pages of list rows, newest first, each with whether it is the last."""
        page, seen = 1, 0
        while True:
            answer = self._http.json(f"/api/list?page={page}&size={self._options.page_size}")
            items = answer.get("items")
            total = answer.get("total")
            if not isinstance(items, list) or not isinstance(total, int):
                raise SourceFailed("source-answer-malformed", source=self._http.name, detail="items, total")
            rows: list[Mapping[str, object]] = [row for row in items if isinstance(row, dict) and row.get("infoid")]
            if len(rows) != len(items):
                raise SourceFailed("source-answer-malformed", source=self._http.name, detail="infoid")
            seen += len(rows)
            last = seen >= total or not rows
            yield rows, last
            if last:
                return
            page += 1

    def _young(self, row: Mapping[str, object]) -> bool:
        published = read_moment(str(row.get("infodate") or ""), self._locale.zone)
        return published is None or published >= self._clock.now() - self._options.overlap

    def _arrival(self, external_id: str, mark: str, memory: Known | None) -> Arrival:
        if memory is not None and memory.fingerprint.startswith(mark):
            if memory.checked_at > self._clock.now() - self._options.recheck:
                return Arrival(external_id, Same())
            return self._fetch(external_id, mark, memory.fingerprint.removeprefix(mark))
        return self._fetch(external_id, mark, "")

    def _fetch(self, external_id: str, mark: str, etag: str) -> Arrival:
        try:
            answer = self._http.fetch(f"/api/detail/{quote(external_id, safe='')}", etag)
        except SourceFailed as error:
            # One page that breaks must not hide the others; it is asked for again next time.
            return Arrival(external_id, Refused(error.code, error.params), mark)
        if isinstance(answer, Missing):
            return Arrival(external_id, Gone(GONE), mark)
        if isinstance(answer, NotModified):
            return Arrival(external_id, Same(confirmed=True), mark + etag)
        page = _page(answer.body)
        if page is None:
            params = {"source": self._http.name, "detail": f"{len(answer.body)} bytes"}
            return Arrival(external_id, Refused("source-answer-malformed", params, answer.body), mark)
        return Arrival(external_id, self._delivery(external_id, page, answer.body), mark + answer.etag)

    def _delivery(self, external_id: str, page: Mapping[str, object], raw: bytes) -> Delivery:
        content = str(page.get("infocontent") or "")
        components = [Incoming("notice.html", ComponentRole.MAIN, from_bytes(content.encode()), "text/html")]
        attachments = page.get("attachments")
        listed = attachments if isinstance(attachments, list) else []
        components += [self._attachment(attachment) for attachment in listed if isinstance(attachment, dict)]
        components.append(Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(raw)))
        region = str(page.get("xiaqucode") or page.get("xiaquname") or "")
        return Delivery(
            external_id=external_id,
            title=str(page.get("title") or "").strip(),
            region=self._locale.region_of(region),
            published=self._published(page),
            components=tuple(components),
            hints=_hints(page),
        )

    def _published(self, page: Mapping[str, object]) -> datetime | None:
        for field in ("pubinwebdate", "infodate"):
            moment = read_moment(str(page.get(field) or ""), self._locale.zone)
            if moment is not None:
                return moment
        return None

    def _attachment(self, attachment: Mapping[str, object]) -> Incoming:
        name, path = str(attachment.get("name") or ""), str(attachment.get("url") or "")
        size, code = attachment.get("size"), attachment.get("code")
        relative = urlsplit(path)
        # A portal may not send us anywhere but to itself.
        target = quote(relative.path, safe="/%") + (f"?{relative.query}" if relative.query else "")
        return Incoming(
            name=name,
            role=_role(attachment.get("role")),
            open=self._http.opener(target, name),
            announced_size=size if isinstance(size, int) else None,
            code=str(code) if code else None,
        )

    def _vanished(self, listed: Mapping[str, str]) -> Iterator[Arrival]:
        for seen in self._captured():
            if seen.external_id not in listed:
                answer = self._http.fetch(f"/api/detail/{quote(seen.external_id, safe='')}", "")
                if isinstance(answer, Missing):
                    yield Arrival(seen.external_id, Gone(GONE), seen.fingerprint)


def _failed(arrival: Arrival) -> bool:
    return isinstance(arrival.what, Refused) and arrival.what.code == "source-unreachable"


def _page(body: bytes) -> Mapping[str, object] | None:
    """The page as an object, whatever encoding the portal claims: UTF-8 with or without its mark, else GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            page = json.loads(body.decode(encoding))
        except (ValueError, RecursionError):
            continue
        return page if isinstance(page, dict) else None
    return None


def _role(given: object) -> ComponentRole:
    return _ROLES.get(str(given), ComponentRole.ATTACHMENT)


def _mark(row: Mapping[str, object]) -> str:
    """What a list row looks like, as a short digest; counters a portal bumps on every visit are left out."""
    kept = {key: value for key, value in row.items() if key not in {"clicktimes", "click", "ordernum"}}
    data = json.dumps(kept, ensure_ascii=False, sort_keys=True, default=str)
    return sha256(data.encode("utf-8", "surrogatepass")).hexdigest()[:16] + ":"


def _hints(page: Mapping[str, object]) -> dict[str, object]:
    hints = {key: page[key] for key in _HINTS if page.get(key)}
    label, category = page.get("categorynum"), page.get("projectjiaoyitypeex")
    if label:
        hints["source_label"] = str(label)
    if category:
        hints["category"] = str(category)
    if page.get("infourl"):
        hints["url"] = str(page["infourl"])
    return hints
