"""How far a growing column has been read, and from where to go on.

Rows are committed later than they are numbered, so reading goes on some way before the last value seen; clocks of the
far end run ahead, so no position ever lies in the future. What this still misses, a full reading finds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from math import isfinite
from typing import Final

from ingest.connectors.moments import read_moment

_FORMS: Final = (
    ("%Y-%m-%d %H:%M:%S", 19),
    ("%Y-%m-%dT%H:%M:%S", 19),
    ("%Y/%m/%d %H:%M:%S", 19),
    ("%Y%m%d%H%M%S", 14),
    ("%Y-%m-%d", 10),
    ("%Y%m%d", 8),
)
_FIRST_YEAR: Final = 1900


@dataclass(frozen=True)
class Position:
    """What is remembered of one reading to the next.

    `after` is the greatest value read of the growing column, None where nothing can be gone on from; `full_at` when
    all of the table was last read; `told` a digest of what the source is told, since a table read otherwise is read
    anew.
    """

    after: str | int | None = None
    full_at: datetime | None = None
    told: str = ""

    @classmethod
    def read(cls, stored: Mapping[str, object]) -> "Position":
        """What was remembered; nothing where it makes no sense."""
        after, full_at, told = stored.get("after"), stored.get("full_at"), stored.get("told")
        known = read_moment(full_at, UTC) if isinstance(full_at, str) else None
        return cls(after if isinstance(after, str | int) else None, known, told if isinstance(told, str) else "")

    def as_json(self) -> dict[str, object]:
        """What to remember."""
        full_at = self.full_at.isoformat() if self.full_at else None
        return {"after": self.after, "full_at": full_at, "told": self.told}


class Growth:
    """The growing column over one reading. `now` is the moment by the clock of the far end."""

    def __init__(self, zone: tzinfo, now: datetime) -> None:
        self._zone = zone
        self._now = now
        self._greatest: str | int | None = None
        self._form: str | None = None
        self._mixed = False

    def saw(self, value: object) -> None:
        """Take note of a value; one that cannot be gone on from makes the next reading a full one."""
        if isinstance(value, Decimal | float) and isfinite(value) and value == int(value):
            value = int(value)
        if value is None:
            return
        if not isinstance(value, str | int) or isinstance(value, bool):
            self._mixed = True
            return
        form = form_of(value) if isinstance(value, str) else "number"
        if form is None or self._form not in {None, form}:
            self._mixed = True
            return
        self._form = form
        if isinstance(value, str) and self._is_ahead(value):
            value = self._written(self._now, value)
        if self._greatest is None or _is_greater(value, self._greatest):
            self._greatest = value

    def after(self, before: str | int | None) -> str | int | None:
        """From where to go on next time, given from where this reading went on."""
        if self._mixed:
            return None
        if self._greatest is None or type(before) is not type(self._greatest):
            return self._greatest if self._greatest is not None else before
        return self._greatest if before is None or _is_greater(self._greatest, before) else before

    def since(self, after: str | int | None, overlap: int) -> str | int | None:
        """The least value to be read: `overlap` seconds, or as many numbers, before `after`."""
        if after is None or isinstance(after, int):
            return after if after is None else after - overlap
        moment = _moment(after, self._zone)
        return None if moment is None else self._written(min(moment, self._now) - timedelta(seconds=overlap), after)

    def _is_ahead(self, value: str) -> bool:
        moment = _moment(value, self._zone)
        return moment is not None and moment > self._now

    def _written(self, moment: datetime, like: str) -> str:
        """A moment in the form and zone of another one, without parts of seconds: never later than it is."""
        form = form_of(like) or _FORMS[0][0]
        if _has_zone(like):
            return moment.astimezone(UTC).strftime(form) + "+00"
        return moment.astimezone(self._zone).strftime(form)


def _is_greater(value: str | int, other: str | int) -> bool:
    if isinstance(value, str) and isinstance(other, str):
        return value > other
    return isinstance(value, int) and isinstance(other, int) and value > other


def form_of(text: str) -> str | None:
    """The form in which a moment is written; None for one that does not sort as it is written."""
    for form, length in _FORMS:
        try:
            # Whatever follows are parts of a second or a zone.
            found = datetime.strptime(text[:length], form)  # noqa: DTZ007 - only its form is asked for
        except ValueError:
            continue
        rest = text[length:]
        if len(text) >= length and found.year >= _FIRST_YEAR and (not rest or rest[0] in ".+Z"):
            return form
    return None


def _has_zone(text: str) -> bool:
    return "+" in text or text.endswith("Z")


def _moment(text: str, zone: tzinfo) -> datetime | None:
    form = form_of(text)
    if form is None:
        return None
    length = next(length for known, length in _FORMS if known == form)
    moment = datetime.strptime(text[:length], form)  # noqa: DTZ007 - the zone follows
    return moment.replace(tzinfo=UTC if _has_zone(text) else zone)
