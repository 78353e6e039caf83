"""Which piece of a text to show for a question, and what to mark in it."""

import re
from collections.abc import Sequence
from functools import lru_cache

from search.cjk import Folded, Phrase, is_han
from search.types import Snippet

WIDTH = 120
_LEAD = 30
_CHUNK = 4_000
_OVERLAP = 400
_SPACE = re.compile(r"\s+")

_MOST_TOKENS = 24
"""Of one phrase: the beginning of a longer one is marked instead of all of it, so that a look costs little."""

_MOST_TOGETHER = 96
"""Of all phrases of a question, shared out evenly: many phrases are marked by shorter beginnings."""

# Possessive: what stands between two tokens is taken in one way only. With a choice in every gap, a text that almost
# answers would be tried in exponentially many ways.
_BETWEEN_HAN = r"\s{0,16}+"
_BETWEEN = r"[\W_]{0,6}+"
_BETWEEN_DATED = r"[\W_]{0,6}+(?:年[\W_]{0,3}+)?+"


def excerpt(text: str, phrases: Sequence[Phrase], width: int = WIDTH) -> Snippet:
    """About `width` characters of `text` around the first place that says what is looked for, else its beginning."""
    if phrases:
        for start in range(0, len(text), _CHUNK):
            found = _ranges(text[start : start + _CHUNK + _OVERLAP], tuple(phrases))
            if found:
                return _window(text, [(a + start, b + start) for a, b in found], width)
    return _window(text, [], width)


def marked(text: str, phrases: Sequence[Phrase]) -> Snippet:
    """The whole of a short `text` with its marks."""
    return Snippet(text, tuple(_ranges(text, tuple(phrases))) if phrases else ())


def _window(text: str, ranges: Sequence[tuple[int, int]], width: int) -> Snippet:
    start = max(0, ranges[0][0] - _LEAD) if ranges else 0
    end = start + width
    inside = [(a, min(b, end)) for a, b in ranges if a < end]
    output, position = "…" if start else "", start
    marks: list[tuple[int, int]] = []
    for a, b in inside:
        output += _tight(text[position:a], output)
        begin = len(output)
        output += _tight(text[a:b], output)
        marks.append((begin, len(output)))
        position = b
    output += _tight(text[position:end], output).rstrip()
    return Snippet(output + ("…" if end < len(text) else ""), tuple(mark for mark in marks if mark[0] < mark[1]))


def _tight(text: str, before: str) -> str:
    short = _SPACE.sub(" ", text)
    return short.lstrip() if not before or before.endswith((" ", "…")) else short


def _ranges(text: str, phrases: tuple[Phrase, ...]) -> list[tuple[int, int]]:
    folded = Folded(text)
    found: list[tuple[int, int]] = []
    for match in _pattern(phrases).finditer(folded.text):
        start, end = folded.origin(match.start()), folded.origin_end(match.end())
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


@lru_cache(maxsize=64)
def _pattern(phrases: tuple[Phrase, ...]) -> re.Pattern[str]:
    most = min(_MOST_TOKENS, max(2, _MOST_TOGETHER // len(phrases)))
    cut = dict.fromkeys(_beginning(phrase, most) for phrase in phrases)
    return re.compile("|".join(_expression(phrase) for phrase in sorted(cut, key=_length, reverse=True)))


def _beginning(phrase: Phrase, most: int) -> Phrase:
    return phrase if len(phrase.tokens) <= most else Phrase(phrase.tokens[:most])


def _length(phrase: Phrase) -> int:
    return sum(map(len, phrase.tokens))


def _expression(phrase: Phrase) -> str:
    """The characters that the tokens were made of: a bigram stands for its first one, the last for both."""
    units = [token[0] if is_han(token) else token for token in phrase.tokens]
    last = phrase.tokens[-1]
    if is_han(last) and len(last) > 1:
        units.append(last[1])
    output = ""
    for n, unit in enumerate(units):
        if n:
            output += _gap(units[n - 1], unit)
        output += _unit(unit, ends=n < len(units) - 1 or not phrase.prefix)
    return output


def _gap(before: str, after: str) -> str:
    if is_han(before) and is_han(after):
        return _BETWEEN_HAN
    # Where 年 is itself what is looked for next, the gap must leave it alone.
    return _BETWEEN if after.startswith("年") else _BETWEEN_DATED


def _unit(unit: str, *, ends: bool) -> str:
    if is_han(unit):
        return re.escape(unit)
    if unit[0].isdigit():
        number = unit.rstrip("月日")
        digits = ",?".join(number) if number == unit and len(number) > 3 else number
        zero, tail = ("0?", "(?:[ ]?[月日号])?") if number != unit else ("", "")
        return rf"(?<!\d){zero}{digits}" + (rf"(?!\d){tail}" if ends else "")
    if not unit.isascii():
        return re.escape(unit)
    return f"(?<![a-z]){unit}" + ("(?![a-z])" if ends else "")
