"""The formats of the field tables: C18, C..200, C..ul, N..20,6, N5, yyyyMMdd … and whether a value keeps to one.

Widths count characters, as the specification does, not bytes. A number without dots (`N5`) may be shorter than it says,
for numbers are commonly sent without leading zeros; that is remarked on.
"""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final

from ingest.connectors.moments import read_moment
from ingest.push.types import Constraint, Field, Format, FormatKind, Problem

UNLIMITED_MOST: Final = 4 << 20
"""Characters of a field without a limit of its own: no envelope that we read holds more."""

_TEXT: Final = re.compile(r"C(\.\.?)?(\d+|ul)")
_NUMBER: Final = re.compile(r"N(\.\.)?(\d+)(?:,(\d+))?")
_VALUE: Final = re.compile(r"[+-]?(\d+)(?:\.(\d+))?")
_MOMENTS: Final[Mapping[str, str]] = {
    "yyyymmddhhmmss": "%Y%m%d%H%M%S",
    "yyyymmddhhmm": "%Y%m%d%H%M",
    "yyyymmddhh": "%Y%m%d%H",
    "yyyymmdd": "%Y%m%d",
}
_WIDTHS: Final[Mapping[int, str]] = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 10: "%Y%m%d%H", 8: "%Y%m%d"}
_FIRST_YEAR: Final = 1900


def read_format(written: str) -> Format:
    """A format as a field table writes it; an empty one demands nothing.

    Raises:
        ValueError: it is none that we know.
    """
    if not written:
        return Format(written, FormatKind.ANY)
    pattern = _MOMENTS.get(written.lower())
    if pattern is not None:
        return Format(written, FormatKind.MOMENT, most=len(written), exact=True, pattern=pattern)
    text = _TEXT.fullmatch(written)
    if text is not None:
        # `C.ul` stands once for `C..ul`.
        most = None if text[2] == "ul" else int(text[2])
        return Format(written, FormatKind.TEXT, most, exact=text[1] is None and most is not None)
    number = _NUMBER.fullmatch(written)
    if number is None:
        raise ValueError(f"no format: {written!r}")
    decimals = int(number[3] or 0)
    return Format(written, FormatKind.NUMBER, int(number[2]), exact=not number[1] and not decimals, decimals=decimals)


def judge_format(field: Field, value: str, zone: tzinfo) -> Problem | None:
    """What is wrong with a value that is there, None if nothing."""
    kind = field.format.kind
    if kind is FormatKind.TEXT:
        return _text(field, value)
    if kind is FormatKind.NUMBER:
        return _number(field, value)
    if kind is FormatKind.MOMENT:
        return _moment(field, value, zone)
    return None


def _text(field: Field, value: str) -> Problem | None:
    most = UNLIMITED_MOST if field.format.most is None else field.format.most
    params = {"wanted": most, "found": len(value)}
    if field.format.exact and len(value) != most:
        return Problem(field.written, field.name_cn, Constraint.LENGTH, "push-length-exact", params)
    if len(value) > most:
        return Problem(field.written, field.name_cn, Constraint.LENGTH, "push-length-most", params)
    return None


def _number(field: Field, value: str) -> Problem | None:
    most, decimals = field.format.most or 0, field.format.decimals
    match = _VALUE.fullmatch(value)
    params: dict[str, object] = {"digits": most, "decimals": decimals}
    if match is None:
        return Problem(field.written, field.name_cn, Constraint.NUMBER, "push-number", params)
    whole, behind = match[1].lstrip("0"), (match[2] or "").rstrip("0")
    if len(behind) > decimals or len(whole) > most - decimals:
        return Problem(field.written, field.name_cn, Constraint.NUMBER, "push-number", params)
    if field.format.exact and len(value) < most:
        return Problem(field.written, field.name_cn, Constraint.NUMBER, "push-number-short", params, refuses=False)
    return None


def _moment(field: Field, value: str, zone: tzinfo) -> Problem | None:
    params = {"wanted": field.format.written}
    if len(value) == field.format.most and _digits(value, zone) is not None:
        return None
    if read_stamp(value, zone) is not None:
        return Problem(field.written, field.name_cn, Constraint.MOMENT, "push-date-form", params, refuses=False)
    return Problem(field.written, field.name_cn, Constraint.MOMENT, "push-date", params)


def read_stamp(value: str, zone: tzinfo) -> datetime | None:
    """The moment that a value names in any of the specification's forms, or as people write one; None for none."""
    return _digits(value, zone) if value.isdecimal() else read_moment(value, zone)


def _digits(value: str, zone: tzinfo) -> datetime | None:
    pattern = _WIDTHS.get(len(value))
    if pattern is None or not (value.isascii() and value.isdecimal()):
        return None
    try:
        moment = datetime.strptime(value, pattern).replace(tzinfo=zone)
    except ValueError:
        return None
    return moment if moment.year >= _FIRST_YEAR else None
