"""What of a page changes at every visit and says nothing about the document: counters, tokens, the time of day.

Expressions that a person wrote meet pages that somebody else wrote. So that no such page can hold a reading up, only
expressions are taken whose matching has a bound, and looking ends after a while: the page then counts as it is.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from archive.errors import InvalidInput

_MOST: Final = 20
_LONGEST: Final = 300
_MOST_STEPS: Final = 100_000
"""How often, at one place of a page, all repeats of an expression together may be tried."""

_STRETCH: Final = 512
"""Places of a page that are tried between two looks at the clock."""

_SECONDS: Final = 2.0
_WANTED: Final = "regex: {m,n}; no * + | ( )"
_REPEAT: Final = re.compile(r"\{(\d{1,4})(?:,(\d{1,4}))?\}")
_SET: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_ESCAPED: Final = re.compile(r"\\[dDsSwWbB\W]")


class Noise:
    """Expressions that a source was told.

    Making one raises:
        InvalidInput: there are too many, or one is none or has no bound (`source-option-unusable`).
    """

    def __init__(self, expressions: Sequence[str] = (), now: Callable[[], float] = time.monotonic) -> None:
        if len(expressions) > _MOST:
            raise _unusable()
        self._now = now
        self._known = [_bounded(text) for text in expressions]

    def __bool__(self) -> bool:
        return bool(self._known)

    def without(self, body: bytes) -> bytes:
        """A page for comparing: the bytes that came, less what is noise, in UTF-8 or in GB18030."""
        text, encoding = _read(body)
        ends = self._now() + _SECONDS
        try:
            for expression, longest in self._known:
                text = "".join(self._kept(text, expression, longest, ends))
        except TimeoutError:
            return body
        return text.encode(encoding, "surrogateescape")

    def _kept(self, text: str, expression: re.Pattern[str], longest: int, ends: float) -> Iterator[str]:
        place = begin = 0
        while place < len(text):
            if self._now() > ends:
                raise TimeoutError
            until = place + _STRETCH
            found = expression.search(text, place, until + longest)
            if found is None or found.start() >= until or found.end() == found.start():
                place = until
                continue
            yield text[begin : found.start()]
            place = begin = found.end()
        yield text[begin:]


def _read(body: bytes) -> tuple[str, str]:
    try:
        return body.decode(), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("gb18030"), "gb18030"
    except UnicodeDecodeError:
        return body.decode("utf-8", "surrogateescape"), "utf-8"


def _bounded(text: str) -> tuple[re.Pattern[str], int]:
    """An expression, and how many characters it matches at most."""
    place, steps, longest = 0, 1, 0
    if not text or len(text) > _LONGEST:
        raise _unusable()
    while place < len(text):
        atom = _SET.match(text, place) or _ESCAPED.match(text, place)
        if atom is None and text[place] in "*+?{}()|[]\\^$":
            raise _unusable()
        place = atom.end() if atom is not None else place + 1
        repeat = _REPEAT.match(text, place)
        most = 1 if repeat is None else int(repeat[2] or repeat[1])
        if repeat is not None:
            place, steps = repeat.end(), steps * max(most, 1)
        elif text[place : place + 1] == "?":
            place, steps = place + 1, steps * 2
        longest += most
    if steps > _MOST_STEPS:
        raise _unusable()
    try:
        expression = re.compile(text, re.DOTALL)
    except re.error as error:
        raise _unusable() from error
    if expression.fullmatch("") is not None:
        # It would be found everywhere, as nothing at all.
        raise _unusable()
    return expression, longest


def _unusable() -> InvalidInput:
    return InvalidInput("source-option-unusable", option="noise", wanted=_WANTED)
