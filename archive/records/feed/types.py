"""Values of the feed, and the cursor by which its readers go on."""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from archive.errors import InvalidInput
from archive.records.reading import RecordView

LAST_ID: Final = "~"
"""Sorts behind every id."""

_WRITTEN: Final = re.compile(r"1:(0|[1-9][0-9]{0,15}|-1):([0-9a-f]{8}|-):([0-9]{1,16}):([a-z0-9_]{1,32}|~)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LONGEST: Final = 128


@dataclass(frozen=True)
class Cursor:
    """How far a reader has come: in the ledger, and in what becomes visible by the clock alone.

    `index` is that of the last entry looked at, -1 for none, `leaf` the beginning of that entry's leaf hash, "-" for
    none: it tells another ledger, or one that was restored from a backup. Of what is released at a moment of its own,
    everything up to (`moment`, `record`) has been told.
    """

    index: int
    leaf: str
    moment: datetime
    record: str

    def text(self) -> str:
        """As readers are given it."""
        microseconds = (self.moment - _EPOCH) // _MICROSECOND
        plain = f"1:{self.index}:{self.leaf}:{microseconds}:{self.record}"
        return urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Self:
        """Read one back.

        Raises:
            InvalidInput: it is none of ours (`feed-cursor`).
        """
        try:
            if len(text) > _LONGEST or not text.isascii():
                raise InvalidInput("feed-cursor")
            plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            match = _WRITTEN.fullmatch(plain)
            if match is None:
                raise InvalidInput("feed-cursor")
            moment = _EPOCH + int(match[3]) * _MICROSECOND
        except (binascii.Error, UnicodeDecodeError, OverflowError) as error:
            raise InvalidInput("feed-cursor") from error
        return cls(int(match[1]), match[2], moment, match[4])


@dataclass(frozen=True)
class FeedPage:
    """Some records as the public sees them now, where to go on from, and whether there is more at once."""

    items: tuple[RecordView, ...]
    next: Cursor
    more: bool
