"""Notices from a list in CSV that a centre puts on its web server: `list.csv` with id, title, published, page."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from archive.errors import InvalidInput, SourceFailed
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.http.source import HttpSource, Page
from ingest.connectors.locale import Locale
from ingest.connectors.moments import read_moment
from ingest.connectors.options import Options
from ingest.connectors.port import Arrival, ConnectorKind, Context, Known, Opened, Option, Refused, Same
from ingest.connectors.streams import from_bytes
from ingest.connectors.texts import well_formed
from ingest.types import Source


class CsvList:
    """Reads one list. A row that looks as it did is not fetched again."""

    def __init__(self, http: HttpSource, name: str, locale: Locale) -> None:
        self._http, self._name, self._locale = http, name, locale

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        for number, row in enumerate(self._rows(), start=1):
            mark = sha256(repr(sorted(row.items(), key=str)).encode()).hexdigest()
            external_id = well_formed(row.get("id") or "").strip()
            memory = known(external_id) if external_id else None
            if memory is not None and memory.fingerprint == mark and not memory.gone:
                yield Arrival(external_id, Same(), mark)
                continue
            try:
                what: Delivery | Refused = self._delivery(external_id, number, row)
            except InvalidInput as error:
                what = Refused(error.code, error.params, repr(row).encode())
            yield Arrival(external_id or f"row-{number}", what, mark)

    def _rows(self) -> list[dict[str, str]]:
        answer = self._http.fetch(f"/{self._name}")
        if not isinstance(answer, Page):
            raise SourceFailed("source-unreachable", source=self._http.name, detail=self._name)
        try:
            return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig", "replace"))))
        except csv.Error as error:
            raise SourceFailed("source-answer-malformed", source=self._http.name, detail=str(error)) from error

    def _delivery(self, external_id: str, number: int, row: dict[str, str]) -> Delivery:
        if not external_id:
            raise InvalidInput("row-without-id", line=number)
        page = self._http.opener("/" + quote((row.get("page") or "").lstrip("/")), external_id)
        return Delivery(
            external_id,
            title=well_formed(row.get("title") or "").strip(),
            region=self._locale.region_of(row.get("region") or ""),
            published=read_moment(row.get("published") or "", self._locale.zone),
            components=(
                Incoming("notice.html", ComponentRole.MAIN, page, "text/html"),
                Incoming("row.txt", ComponentRole.ENVELOPE, from_bytes(repr(row).encode())),
            ),
        )


@contextmanager
def open_list(source: Source, context: Context) -> Iterator[Opened]:
    """A list, open for one reading."""
    with HttpSource(source.location, scratch=context.scratch) as http:
        yield Opened(CsvList(http, Options(KIND, source).text("list"), context.locale), {}, clock=http.clock)


NAMED: Final = Option("list", "text", "列表文件名", "the name of the list", default="list.csv")
KIND: Final = ConnectorKind("csv-list", "网站上的 CSV 列表", "a list in CSV on a web server", open_list, (NAMED,))
