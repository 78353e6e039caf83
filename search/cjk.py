"""Text as the tokens that are searched for: the same for every index, for documents and for what people type.

- Every CJK character stands at one position, as the bigram it begins; the last of a run stands there alone. So a
  phrase of bigrams at neighbouring positions is exactly a substring, wherever a run of characters begins or ends.
- Letters and digits are separate tokens without their case, so that a code is found whole and by each of its parts,
  with or without its hyphens: `GC-2026-D30` and `gc2026d30` are both `gc 2026 d 30`.
- Dates are year, month and day however they are written: `2026-03-27` and `2026年3月27日` are `2026 3月 27日`.
- Width, case and compatibility forms do not matter (Unicode NFKC, each character by itself).

Spaces and a single line break between two CJK characters do not count: headings are spaced out, and text taken from
pages is broken anywhere.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate, pairwise

HAN = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""CJK characters, as the inside of a character class."""

_GAP = r"(?: {1,8}\n? {0,8}|\n {0,8})"
_YEAR = r"(?:19|20)[0-9]{2}"
_DATE = (
    rf"(?<![0-9])(?P<y>{_YEAR}) ?年 ?(?P<m>[0-9]{{1,2}}) ?月(?: ?(?P<d>[0-9]{{1,2}}) ?[日号])?"
    r"|(?<![0-9])(?P<m2>[0-9]{1,2}) ?月(?: ?(?P<d2>[0-9]{1,2}) ?[日号])?"
    rf"|(?<![0-9a-z.-])(?P<y3>{_YEAR})(?P<s>[-/.])(?P<m3>[0-9]{{1,2}})(?P=s)(?P<d3>[0-9]{{1,2}})(?![0-9a-z-])"
)
_PLAIN = (
    rf"(?P<year>(?<![0-9]){_YEAR}) ?年(?=\s*\Z)"
    rf"|(?P<han>[{HAN}]+(?:{_GAP}[{HAN}]+)*)"
    r"|(?P<grouped>(?<![0-9,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9]))"
    # Longer runs are cut, since an index takes no term of arbitrary length.
    rf"|(?P<word>\d{{1,64}}|[a-z]{{1,64}}|(?:(?![{HAN}])[^\W\d_]){{1,64}})"
)
_WITH_DATES = re.compile(f"{_DATE}|{_PLAIN}")
_WITHOUT_DATES = re.compile(_PLAIN)
_ISO = re.compile(rf"(?P<y>{_YEAR})(?:(?P<s>[-/.])(?P<m>[0-9]{{1,2}})(?:(?P=s)(?P<d>[0-9]{{1,2}}))?)")
_COMPACT = re.compile(rf"(?P<y>{_YEAR})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12][0-9]|3[01])")
_SPACE = re.compile(r"\s+")


class _Folds(dict[int, str]):
    """What each character becomes, worked out when it is first met; `moving` are those that do not become just one."""

    def __init__(self) -> None:
        super().__init__()
        self.moving: set[str] = set()

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Cf" or character == "\r":
            image = ""
        elif category == "Cs":
            image = " "
        else:
            image = unicodedata.normalize("NFKC", character).lower()
        if len(image) != 1:
            self.moving = {*self.moving, character}
        self[code] = image
        return image


@cache
def _folds() -> _Folds:
    return _Folds()


def fold(text: str) -> str:
    """`text` without differences of width, case and compatibility form, and without invisible characters."""
    return text.translate(_folds())


class Folded:
    """Folded text that knows where each of its characters stood. Positions count characters from 0."""

    def __init__(self, text: str) -> None:
        self.text = fold(text)
        self._original = text

    @cached_property
    def _starts(self) -> list[int]:
        """Where the image of each original character starts; empty where all stay in their places."""
        folds = _folds()
        if not any(character in self._original for character in folds.moving):
            return []
        lengths = (len(folds[ord(character)]) for character in self._original)
        return list(accumulate(lengths, initial=0))[:-1]

    def origin(self, position: int) -> int:
        """Where in the original text the folded character at `position` comes from."""
        if not self._starts:
            return position
        return max(0, bisect_right(self._starts, position) - 1)

    def origin_end(self, position: int) -> int:
        """Where in the original text the folded characters before `position` end."""
        return self.origin(position - 1) + 1 if position else 0


def tokens(text: str, *, dates: bool = True) -> list[str]:
    """The tokens of `text`, one per position. With `dates` false, numbers stay as they are written."""
    found: list[str] = []
    for match in (_WITH_DATES if dates else _WITHOUT_DATES).finditer(fold(text)):
        if match.lastgroup == "han":
            run = _SPACE.sub("", match["han"])
            found += [first + second for first, second in pairwise(run)]
            found.append(run[-1])
        elif match.lastgroup == "word":
            found.append(match["word"])
        elif match.lastgroup == "grouped":
            found.append(match["grouped"].replace(",", ""))
        elif match.lastgroup == "year":
            found.append(match["year"])
        else:
            found += _date(match)
    return found


def _date(match: re.Match[str]) -> list[str]:
    year, month = match["y"] or match["y3"], match["m"] or match["m2"] or match["m3"]
    day = match["d"] or match["d2"] or match["d3"]
    parts = [year] if year else []
    parts.append(f"{int(month)}月")
    if day:
        parts.append(f"{int(day)}日")
    return parts


@dataclass(frozen=True)
class Phrase:
    """Tokens at neighbouring positions. With `prefix`, the last one is only the beginning of a token."""

    tokens: tuple[str, ...]
    prefix: bool = False


def readings(text: str, *, prefix: bool = False) -> tuple[Phrase, ...]:
    """Every way in which what somebody typed may stand in a document, likeliest first; empty if it has no token.

    `2026-03-27` may be a date or a piece of a code; both are looked for. What follows the last CJK character in the
    document is not known, so that character is left to the bigram before it, or is the beginning of a bigram.
    """
    found = [tokens(text), tokens(text, dates=False)]
    folded = fold(text).strip()
    match = _ISO.fullmatch(folded) or _COMPACT.fullmatch(folded)
    if match:
        year, month, day = match["y"], int(match["m"]), int(match["d"] or 0)
        found.append([year, f"{month}月", *([f"{day}日"] if day else [])])
        if day:
            found.append([f"{year}{month:02}{day:02}"])
    return tuple(dict.fromkeys(_phrase(reading, prefix=prefix) for reading in found if reading))


def _phrase(found: list[str], *, prefix: bool) -> Phrase:
    if not is_han(found[-1]):
        return Phrase(tuple(found), prefix)
    if len(found) > 1 and is_han(found[-2]) and found[-2].endswith(found[-1]) and len(found[-2]) > 1:
        return Phrase(tuple(found[:-1]))
    return Phrase(tuple(found), prefix=True)


def is_han(token: str) -> bool:
    """Whether a token is made of CJK characters (a date token is not)."""
    return not token[0].isdigit() and _han().match(token) is not None


@cache
def _han() -> re.Pattern[str]:
    return re.compile(f"[{HAN}]")
