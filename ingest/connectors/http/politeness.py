"""How a source is treated: how often it is asked, how long it is waited for, what it asks for itself."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_WAIT: Final = 60.0
"""Seconds that a source may ask to be left alone in the middle of a reading; for more than that the reading ends."""


@dataclass(frozen=True)
class Politeness:
    """How a source is treated.

    Seconds to wait for an answer, tries per request, the first pause between tries in seconds, requests a second (0
    for as many as it takes), and seconds for one page from its first byte to its last.
    """

    timeout: float = 20.0
    tries: int = 4
    pause: float = 0.2
    per_second: float = 5.0
    longest: float = 300.0


USUAL: Final = Politeness()


class Pace:
    """Keeps the pace of requests. A bucket holds the requests of one second and fills as time goes by.

    `draw` gives numbers from 0 to 1, so that many readers whose source went down do not all come back at once.
    """

    def __init__(
        self,
        politeness: Politeness,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._politeness = politeness
        self._sleep = sleep
        self._draw = draw
        self.now = now
        self._most = max(1.0, politeness.per_second)
        self._left = self._most
        self._filled = now()

    def turn(self) -> None:
        """Wait until the next request may be made."""
        rate = self._politeness.per_second
        if rate <= 0:
            return
        now = self.now()
        self._left = min(self._most, self._left + (now - self._filled) * rate) - 1
        self._filled = now
        if self._left < 0:
            self._sleep(-self._left / rate)

    def rest(self, attempt: int, asked: float) -> None:
        """Pause before the try number `attempt`, from 1: from half of the whole pause on, and no less than `asked`."""
        pause = self._politeness.pause * 2**attempt * (0.5 + self._draw() / 2)
        self._sleep(max(pause, asked))


def asked_to_wait(headers: Mapping[str, str]) -> float:
    """Seconds after which the source asks to be asked again (`Retry-After`, RFC 9110, 10.2.3); 0 where it does not.

    A moment is taken by the source's own clock, which stands beside it.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    then, now = read_http_date(text), read_http_date(headers.get("Date", ""))
    if then is None or now is None:
        return 0.0
    return max(0.0, (then - now).total_seconds())


def read_http_date(text: str) -> datetime | None:
    """The moment that a header gives; None where it gives none, or none with a zone."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None
