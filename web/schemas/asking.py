"""The parameters of a search, as they stand in an address: the same for the page and for the API."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from archive.errors import InvalidInput
from search.types import Query, Sort

_MOST_PAGES = 500


class Asking(BaseModel):
    """What somebody asks. Empty means: no condition. Days are written 2026-03-27 and are inclusive."""

    model_config = ConfigDict(populate_by_name=True)

    q: str = ""
    trade: str = ""
    type: str = ""
    region: str = ""
    state: str = ""
    since: Annotated[str, Field(alias="from")] = ""
    until: Annotated[str, Field(alias="to")] = ""
    sort: str = ""
    page: Annotated[int, Field(ge=1, le=_MOST_PAGES)] = 1

    @property
    def filters(self) -> dict[str, str]:
        """The conditions besides the words, by the name of their parameter."""
        named = {
            "trade": self.trade,
            "type": self.type,
            "region": self.region,
            "state": self.state,
            "from": self.since,
            "to": self.until,
        }
        return {name: value.strip() for name, value in named.items() if value.strip()}

    @property
    def asks(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.q.strip() or self.filters or self.sort)

    def query(self, size: int) -> Query:
        """The question, `size` hits to a page.

        Raises:
            InvalidInput: a day or the order cannot be read.
        """
        given = self.filters
        return Query(
            text=self.q.strip(),
            trade_type=given.get("trade"),
            doc_type=given.get("type"),
            region=_region(given.get("region")),
            state=given.get("state"),
            published_from=_day(given.get("from")),
            published_to=_day(given.get("to")),
            sort=_sort(self.sort),
            size=size,
            offset=(self.page - 1) * size,
        )


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput("search-day", value=text) from error


def _region(text: str | None) -> str | None:
    if text is not None and not (text.isascii() and text.isdigit() and len(text) == 6):
        raise InvalidInput("region-code", region=text)
    return text


def _sort(text: str) -> Sort | None:
    if not text:
        return None
    try:
        return Sort(text)
    except ValueError as error:
        raise InvalidInput("search-sort", value=text) from error
