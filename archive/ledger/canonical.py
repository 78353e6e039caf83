"""One value, one spelling: JSON bytes that two machines always write alike (RFC 8785, without fractions).

Keys are sorted by their UTF-16 code units, there is no white space, text is UTF-8 with only the escapes that JSON
demands. Numbers are integers within ±(2^53 - 1), which every JSON reader keeps exact (RFC 7493, 2.2); fractions are
refused because their spelling is where canonical forms break. Standard library only.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

JSON = None | bool | int | str | Sequence["JSON"] | Mapping[str, "JSON"]

MAX_INTEGER = 2**53 - 1
_MAX_DEPTH = 64
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


class NotCanonical(ValueError):
    """A value that has no canonical form, or bytes that are not one."""


def dump(value: JSON) -> bytes:
    """The canonical bytes of `value`.

    Raises:
        NotCanonical: a fraction, an integer that is too large, a key that is no text, text that is no Unicode, nesting
            deeper than 64, or anything that JSON does not have.
    """
    plain = _plain(value, 0)
    try:
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("text with half a character") from error


def load(data: bytes) -> Any:
    """The value that `data` spells.

    Raises:
        NotCanonical: `data` is not JSON, or is not spelt as `dump` spells it.
    """
    try:
        value = json.loads(
            data.decode(), parse_float=_refuse, parse_constant=_refuse, object_pairs_hook=_without_duplicates
        )
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"not canonical JSON: {type(error).__name__}") from error
    if dump(value) != data:
        raise NotCanonical("JSON, but spelt otherwise")
    return value


def moment_text(moment: datetime) -> str:
    """A point in time as canonical documents write it: UTC with six decimals, `2026-03-01T08:00:00.000000Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment_of(text: str) -> datetime:
    """The point in time that `moment_text` wrote.

    Raises:
        NotCanonical: it is written otherwise, or there is no such moment.
    """
    if not _MOMENT.fullmatch(text):
        raise NotCanonical("a moment is written as 2026-03-01T08:00:00.000000Z")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise NotCanonical("no such moment") from error


def _plain(value: JSON, depth: int) -> object:
    # Exact types: a bool is an int to Python, and a str subclass may print as anything.
    if value is None or isinstance(value, bool) or type(value) is str:
        return value
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise NotCanonical("an integer beyond 2^53 - 1")
        return int(value)
    if depth >= _MAX_DEPTH:
        raise NotCanonical("nested too deeply")
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return {key: _plain(value[key], depth + 1) for key in sorted(value, key=_utf16)}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    raise NotCanonical(f"{type(value).__name__} has no canonical form")


def _utf16(key: str) -> bytes:
    if not isinstance(key, str):
        raise NotCanonical("a key that is not text")
    try:
        return key.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise NotCanonical("a key with half a character") from error


def _refuse(text: str) -> NoReturn:
    raise NotCanonical(f"the number {text[:20]} is not an integer")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotCanonical("a key stands twice")
    return value
