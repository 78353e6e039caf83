"""Marks of secrecy as they stand on a page, told from the same words in running text.

A mark of state secrecy is the grade, a star, and the time for which it holds: `机密★10年` (GB/T 9704-2012, 7.2.2; the
star and the time also in the rules on marking of the Law on Guarding State Secrets). It stands at the head of the
first page. Pages show it in poorer ways too, `秘密级`, `密级：机密`, `内部资料 注意保存`, or the word alone. What is
not a state secret but not for everybody is marked 内部 [known, medium].

Taken for a mark is only what stands at the beginning of a line, and has nothing else on that line except after a gap;
a star with a time may have something before it, and a label may stand after a gap too, or be a cell of a table with
the grade in the next. 商业秘密, 保密协议, 泄露国家秘密 are words of a sentence and no mark. A
grade without anything beside it counts among the first lines of the text, or between empty lines: elsewhere it is a
cell of a table or the end of a sentence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEAD_LINES = 8
_LONGEST_LINE = 400

_SPACE = r"[ \t\u00a0\u3000]"
_FEW = rf"{_SPACE}{{0,4}}"
_OPEN, _CLOSE = r"[【〔\[（(《「]?", r"[】〕\]）)》」]?"
_GRADE = rf"(绝{_FEW}密|机{_FEW}密|秘{_FEW}密)"
_TIME = (
    rf"(?:[0-9０-９]{{1,3}}{_FEW}(?:年|个月|月|天|日)|长{_FEW}期|永{_FEW}久|启用前|解密前|公开前|开标前|"
    rf"[12][0-9]{{3}}[年./-][0-9]{{1,2}}(?:[月./-][0-9]{{1,2}}日?)?)"
)
_STAR = "[★☆*＊]"
_END = rf"(?:$|(?={_SPACE}))"
_LABEL = rf"(?:保密等级|保密级别|秘密等级|密{_FEW}级)(?:和保密期限)?(?:{_FEW}[:：]|\t){_FEW}"
_BEGINNING = rf"(?:^{_FEW}|(?<=[\t\u3000])|(?<=[ \u00a0][ \u00a0]))"

# Ways to write a mark, each with the grade as its one group. Every repetition has a bound, so time is linear.
_STARRED = re.compile(
    rf"(?:^|(?<=[\s0-9:：【〔\[（(]))(?:{_GRADE}级?|(内{_FEW}部)){_FEW}[★☆]{_FEW}(?:{_TIME}|$|(?=\s))"
)
_LABELLED = re.compile(
    rf"{_BEGINNING}{_LABEL}{_OPEN}(?:{_GRADE}|(内{_FEW}部))级?{_CLOSE}{_FEW}(?:{_STAR}?{_FEW}{_TIME})?"
    rf"(?:$|(?=[\s，,；;。]))(?!{_FEW}(?:绝|机|秘|内){_FEW}[密部])"
)
_GRADED = re.compile(
    rf"^{_SPACE}{{0,80}}{_OPEN}{_GRADE}(?:{_FEW}级|{_FEW}(?:文件|资料|材料)|{_FEW}{_STAR}?{_FEW}{_TIME}){_CLOSE}{_END}"
)
_INTERNAL = re.compile(
    rf"^{_SPACE}{{0,80}}{_OPEN}(内{_FEW}部)(?:资料|文件|材料|刊物|使用|参考|传阅){_CLOSE}"
    rf"(?:{_FEW}[，,、·•]?{_FEW}(?:请?(?:注意|妥善)(?:保存|保管|保密)|(?:严禁|不得|请勿|禁止|切勿)(?:外传|外泄|复制|翻印|公开|转载)))?"
    rf"{_FEW}[！!。]?{_SPACE}{{0,80}}$"
)
_BARE = re.compile(rf"^{_SPACE}{{0,80}}{_OPEN}{_GRADE}{_CLOSE}{_SPACE}{{0,80}}$")


@dataclass(frozen=True)
class SecrecyMark:
    """A mark: the grade it names (绝密, 机密, 秘密, 内部) and the place of the grade in the text."""

    grade: str
    place: int


def secrecy_marks(text: str) -> Iterator[SecrecyMark]:
    """The marks on a text, in order; of a line of more than 400 characters only the beginning is looked at."""
    at, written, empty_before = 0, 0, True
    lines = text.split("\n")
    for number, whole in enumerate(lines):
        line = whole[:_LONGEST_LINE].rstrip("\r")
        empty = not line.strip()
        found = None if empty else _marked(line)
        if found is None and not empty and (bare := _BARE.search(line)):
            empty_after = number + 1 == len(lines) or not lines[number + 1].strip()
            found = bare if written < _HEAD_LINES or (empty_before and empty_after) else None
        if found is not None:
            group = found.lastindex or 1
            yield SecrecyMark(_grade(found[group]), at + found.start(group))
        written += not empty
        empty_before = empty
        at += len(whole) + 1


def _marked(line: str) -> re.Match[str] | None:
    """The mark on a line that needs no help of the lines around it."""
    for way in (_STARRED, _LABELLED, _GRADED, _INTERNAL):
        if found := way.search(line):
            return found
    return None


def _grade(written: str) -> str:
    return "".join(written.split())
