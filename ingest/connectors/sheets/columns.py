"""What the columns of a table hold, judged by heading and by looks; whether a row stands in its columns.

Tables that programs copied from pages have rows of which every value stands one column too far to one side. Such a row
looks complete and says false things: money where a date should be. It is told by what its values look like.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from unicodedata import normalize

from ingest.connectors.mapping import folded

ColumnKind = Literal["text", "ordinal", "money", "date", "yes-no", "link"]

KINDS: Final[tuple[ColumnKind, ...]] = ("text", "ordinal", "money", "date", "yes-no", "link")

_LOOKS: Final[tuple[tuple[ColumnKind, re.Pattern[str]], ...]] = (
    ("yes-no", re.compile(r"[是否]|yes|no|true|false|[yn]", re.IGNORECASE)),
    ("link", re.compile(r"(?:https?|ftp)://\S+|/\S+\.\w+\S*", re.IGNORECASE)),
    ("ordinal", re.compile(r"[0-9]{1,6}(?:\.0)?")),
    ("date", re.compile(r"(?:19|20)[0-9]{2}[-/.年][0-9]{1,2}(?:[-/.月]?[0-9]{1,2}日?)?月?")),
    ("date", re.compile(r"(?:19|20)[0-9]{2}(?:[0-9]{2}|[0-9]{4}|[0-9]{10})?年?")),
    ("date", re.compile(r"(?:19|20)[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?[ T]*[0-9]{1,2}[:时][0-9:.时分秒]*")),
    ("money", re.compile(r"[¥￥]?-?[0-9]{1,3}(?:[,，]?[0-9]{3})*(?:\.[0-9]+)?(?:元|万元|亿元)?")),
    ("money", re.compile(r"[¥￥]?-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?(?:元|万元|亿元)?", re.IGNORECASE)),
)
_HEADINGS: Final[tuple[tuple[ColumnKind, re.Pattern[str]], ...]] = (
    ("ordinal", re.compile(r"子?序号|行号|序|no\.?|#")),
    ("yes-no", re.compile(r"是否.*|.*是/否.*")),
    ("link", re.compile(r".*(?:link|url|链接|网址)")),
    # What is said in words although it ends like a date or a price.
    ("text", re.compile(r".*(?:评价|比例|(?:服务|工作|办公|营业|交货|交付|履行)时间)(?:[（(].*)?")),
    ("yes-no", re.compile(r".*预留.*")),
    ("date", re.compile(r".*(?:时间|日期|年月|月份)(?:[（(].*)?")),
    ("money", re.compile(r".*(?:金额|预算|价|限价|费用)(?:[（(].*)?")),
)

_FEWEST: Final = 2
_LONGEST: Final = 1_000
_LONGEST_HEADING: Final = 60
_MOST_CELLS: Final = 64


@dataclass(frozen=True)
class Misfit:
    """A value that does not suit its column: at `index`, where `expected` should be and `found` is."""

    index: int
    expected: str
    found: str
    shifted: bool


def kinds_of(value: str) -> tuple[ColumnKind, ...]:
    """What a value may be, likeliest first; nothing for nothing."""
    text = normalize("NFKC", value[:_LONGEST]).strip()
    if not text:
        return ()
    return (*dict.fromkeys(kind for kind, looks in _LOOKS if looks.fullmatch(text)), "text")


def heading_kind(heading: str) -> ColumnKind:
    """What a column should hold that is headed so."""
    plain = folded(heading) if len(heading) <= _LONGEST_HEADING else ""
    return next((kind for kind, words in _HEADINGS if words.fullmatch(plain)), "text")


def misfit(kinds: Sequence[ColumnKind], values: Sequence[str]) -> Misfit | None:
    """The first value that does not suit its column; None where the row stands as it should.

    `shifted` says that the row stands in other columns than it should, rather than that somebody wrote words where a
    number was asked for: two values do not suit, or one is no words either, or there are more values than columns.
    """
    surplus = next((index for index in range(len(kinds), len(values)) if values[index].strip()), None)
    if surplus is not None:
        return Misfit(surplus, "", kinds_of(values[surplus])[0], shifted=True)
    looks = [(index, kind, kinds_of(value)) for index, (kind, value) in enumerate(zip(kinds, values, strict=False))]
    wrong = [(index, kind, found[0]) for index, kind, found in looks if found and kind not in found]
    if not wrong:
        return None
    index, expected, found = wrong[0]
    return Misfit(index, expected, found, shifted=len(wrong) > 1 or found != "text")


def shifted_line(text: str) -> Misfit | None:
    """The first line of a table in a text of which the cells stand in other columns than those of the lines before.

    Cells are apart by tabs. Lines tell where they stand by a yes or no, a date and a number; a cell may itself go over
    several lines. `index` counts lines from 0, `expected` and `found` are the columns of the yes or no, from 1.
    """
    first: tuple[int, int] | None = None
    cells: list[str] = []
    for number, line in enumerate(text.split("\n")):
        parts = line.split("\t") if "\t" in line or cells else []
        headings = sum(heading_kind(part) != "text" for part in parts)
        if headings >= _FEWEST or not line.strip() or len(cells) > _MOST_CELLS:
            # A heading, after which columns may stand otherwise, the end of a table, or no table of this kind.
            first = None if headings >= _FEWEST else first
            cells = []
            continue
        looks = [next(iter(kinds_of(part)), "") for part in parts]
        cells = [*cells[:-1], "text", *looks[1:]] if cells else looks
        if not {"yes-no", "date"} <= set(cells) or not {"money", "ordinal"} & set(cells):
            continue
        places = cells.index("yes-no"), cells.index("date")
        if first is not None and places != first:
            return Misfit(number, str(first[0] + 1), str(places[0] + 1), shifted=True)
        first, cells = places, []
    return None
