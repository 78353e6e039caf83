"""Titles of notices: made comparable, with the marks of rounds and re-publications read and taken off."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from classifiers.rulebook import rulebook
from classifiers.types import Rounds

_LIMIT = 200
_NUMERALS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_AFTER_ROUND = "招标|采购公告|公告|公开|挂牌|出让|竞争|竞价|磋商|谈判|询价|中标|成交|结果|终止|流标|废标|候选"
_N = r"(?P<n>[一二两三四五六七八九十]|[0-9]{1,2})"
_CHANGE = "(?:变更|更正|澄清|补遗|答疑|延期|修改)"
# In each pattern `mark` is what is taken off and `n` the number; what stands beside the mark still tells the type.
_CORRECTIONS = (
    re.compile(rf"{_CHANGE}(?:公告|文件|公示|通知)?(?P<mark>[:(\[【]?第?{_N}次[)\]】]?)"),
    re.compile(rf"(?P<mark>第?{_N}次){_CHANGE}"),
)
_REPUBLICATIONS = (
    re.compile(rf"(?P<mark>[(\[【]?重发(?:公告|公示)?[:(]?第?{_N}次[)\]】]*)"),
    re.compile(r"(?P<mark>[(\[【]重发(?:公告|公示)?[)\]】])"),
)
_SECOND_SHOWINGS = (re.compile(rf"(?P<mark>[(\[【]?第{_N}次公示[)\]】]?)"),)
_ROUNDS = (
    re.compile(rf"(?P<mark>[(\[【]第?{_N}次(?:招标|采购|公告|挂牌|出让|竞价|磋商|谈判)?[)\]】])"),
    re.compile(rf"(?P<mark>第{_N}次)(?:(?={_AFTER_ROUND})|$)"),
    re.compile(rf"(?P<mark>{_N}次)(?:(?={_AFTER_ROUND})|$)"),
)
_AGAIN = (re.compile(r"(?P<mark>[(\[【]?重新(?=招标|采购|公告|挂牌))"), re.compile(r"(?P<mark>[(\[【]重招[)\]】])"))
_PREFIX = re.compile(r"^(?:[\[【][^\]】]{1,20}[\]】])+")
_LEADING_MARK = re.compile(r"^[\[【](?P<text>[^\]】]{1,20})[\]】]")
_TRAILING_BRACKETS = re.compile(r"(?:[(\[【][^()\[\]【】]{0,40}[)\]】])+$")
_SECTION = re.compile(
    r"(?:第?(?:[一二三四五六七八九十]{1,3}|[0-9]{1,3})(?:标段|标包|包|标)(?![准书杆牌志识投])"
    r"|[A-Z]{1,4}-?[0-9]{0,3}(?:标段|标包|包)|(?:标段|标包|包件)(?:[一二三四五六七八九十]{1,3}|[0-9]{1,3}))"
)
_PUNCTUATION = re.compile(r"[^0-9A-Za-z\u3400-\u9fff]+")
_REGION = re.compile(r"(?:.{1,12}(?:省|市|区|县|旗|州|盟|本级))")
_GENERIC = re.compile("(?:采购项目|采购|项目)$")
_LOOSE_END = "([【-—_:·、,。"
_OPENING = re.compile(r"^关于(?:公布|发布|印发)?")


@dataclass(frozen=True)
class Title:
    """A title read: `text` is comparable and free of round marks.

    `tail` is where `text` ends when trailing brackets are not counted; `region` is the region named in a leading
    bracket, "" without one.
    """

    text: str
    tail: int
    region: str
    rounds: Rounds


def read_title(raw: str) -> Title:
    """Read a title of any length; of a very long one only the two ends count."""
    plain = "".join(unicodedata.normalize("NFKC", _clip(raw)).split())
    text, rounds = _rounds(plain)
    lead = _LEADING_MARK.match(text)
    region = lead["text"] if lead and _REGION.fullmatch(lead["text"]) else ""
    return Title(text=text, tail=len(_TRAILING_BRACKETS.sub("", text)), region=region, rounds=rounds)


def section_marks(raw: str) -> tuple[str, ...]:
    """The bid sections a title names, such as `一标段`; empty without one."""
    plain = "".join(unicodedata.normalize("NFKC", _clip(raw)).split())
    return tuple(dict.fromkeys(match[0] for match in _SECTION.finditer(plain)))


def project_name(raw: str) -> str:
    """The project a title names, as readable text: leading region, marks of rounds and notice type are taken off."""
    return _without_type(_OPENING.sub("", _PREFIX.sub("", read_title(raw).text)), _type_words())


def project_key(raw: str) -> str:
    """A title or project name reduced to what names the project.

    Notice types, a leading region, round and section marks and punctuation are taken off, so that the notices of one
    project get the same key. Empty when nothing is left.
    """
    text = _SECTION.sub("", _PREFIX.sub("", read_title(raw).text))
    text = _without_type(_OPENING.sub("", text), _type_words())
    return _PUNCTUATION.sub("", _without_type(text, _GENERIC)).casefold()


def _without_type(text: str, ending: re.Pattern[str]) -> str:
    previous = ""
    while previous != text:
        previous = text
        text = ending.sub("", text.rstrip(_LOOSE_END))
    return text.removesuffix("的").rstrip(_LOOSE_END)


def _clip(raw: str) -> str:
    return raw if len(raw) <= 2 * _LIMIT else raw[:_LIMIT] + raw[-_LIMIT:]


def _rounds(text: str) -> tuple[str, Rounds]:
    if "次" not in text and "重" not in text:
        return text, Rounds()
    text, correction = _take(text, _CORRECTIONS)
    text, republication = _take(text, _REPUBLICATIONS)
    text, showing = _take(text, _SECOND_SHOWINGS)
    text, tender = _take(text, _ROUNDS)
    text, again = _take(text, _AGAIN)
    return text, Rounds(
        tender=max(tender, again + 1),
        republication=max(republication, showing - 1, 0),
        correction=correction,
    )


def _take(text: str, patterns: tuple[re.Pattern[str], ...]) -> tuple[str, int]:
    """Take the marks off; with them comes the highest number, 1 for a mark without one, 0 without marks."""
    highest = 0
    for pattern in patterns:
        spans = []
        for match in pattern.finditer(text):
            numeral = match.groupdict().get("n")
            highest = max(highest, 1 if numeral is None else _NUMERALS.get(numeral) or int(numeral))
            spans.append(match.span("mark"))
        for start, end in reversed(spans):
            text = text[:start] + text[end:]
    return text, highest


_ENDINGS = ("公告", "公示", "信息", "交易")
"""Words of notices that end a name without being a type themselves: 股权转让信息｜预披露, 股权转让交易｜结果."""


@cache
def _type_words() -> re.Pattern[str]:
    """What may end a name without belonging to it, longest first."""
    words = {word for kind in rulebook().kinds for word in (*kind.strong, *kind.weak)}
    ordered = sorted({*words, *_ENDINGS}, key=lambda word: (-len(word), word))
    return re.compile("(?:" + "|".join(map(re.escape, ordered)) + r")[)\]】]?(?:\[[^\]]*\])?$")
