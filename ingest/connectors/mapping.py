"""Which field of a source means what: from the columns of a row to what a delivery says.

A source option `mapping` names for each target where it comes from: the name of a field, several names of which the
first that says something counts, or an object that also says how it is read:

    {"title": ["TITLE", "NOTICE_NAME"],
     "published": {"field": "NOTICE_SEND_TIME", "as": "date"},
     "hints.budget": {"field": "BUDGET", "as": "money", "unit": "万元"}}

Names are compared without blanks and letter case, and through the misspellings that the published data sets
themselves contain. What a field says is kept as it was given; what is read from it stands beside it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from unicodedata import normalize

from archive.errors import InvalidInput
from ingest.connectors.locale import Locale
from ingest.connectors.moments import read_moment
from ingest.connectors.texts import is_well_formed, well_formed

TARGETS: Final = ("id", "title", "published", "revised", "region", "content", "category", "source_label", "data_no")
HINTS: Final = "hints."
MOMENTS: Final = frozenset({"published", "revised"})

_SOUGHT: Final = frozenset({"field", "as", "unit", "unit_field", "required"})
_KINDS: Final = frozenset({"text", "html", "date", "money", "list"})
_MISSPELT: Final = (("excepiton", "exception"), ("price_uint", "price_unit"), ("bid_ection", "bid_section"))
_LIST_ENDS: Final = re.compile(r"[;；]")
_AMOUNT: Final = re.compile(r"¥?(-?[0-9]{1,3}(?:,[0-9]{3})+|-?[0-9]{1,18})(\.[0-9]{1,12})?(元|万元)?(?:人民币)?")
_FEN: Final[Mapping[str, int]] = {"元": 100, "0": 100, "万元": 1_000_000, "1": 1_000_000}
"""Fen to one of the unit, by its name and by its code in the list PRICE_UNIT (发改办法规〔2018〕1156号)."""
_PRINTED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Problem:
    """What is wrong with one target of one row; `code` and `params` as in the message catalogue."""

    code: str
    params: Mapping[str, object]


@dataclass(frozen=True)
class Mapped:
    """What a row says, target by target; only targets that say something are there.

    `hints` are texts or lists of texts. `refusal` is what makes the row unusable, `problems` all that is wrong.
    """

    texts: Mapping[str, str]
    moments: Mapping[str, datetime]
    hints: Mapping[str, str | list[str]]
    problems: tuple[Problem, ...] = ()
    refusal: Problem | None = None


@dataclass(frozen=True)
class _Origin:
    """Where one target comes from."""

    fields: tuple[str, ...]
    kind: str = "text"
    unit: str = ""
    unit_field: str = ""
    required: bool = False


@dataclass
class _Reading:
    """One row while it is read."""

    row: Mapping[str, object]
    texts: dict[str, str] = field(default_factory=dict)
    moments: dict[str, datetime] = field(default_factory=dict)
    hints: dict[str, str | list[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, code: str, target: str, origin: _Origin) -> Problem:
        """Note what is wrong. The value itself is not repeated: it may be anything, a person's data among it."""
        found = Problem(code, {"field": "、".join(origin.fields), "target": target})
        self.problems.append(found)
        return found


class FieldMapping:
    """How the rows of one source are read.

    Raises:
        InvalidInput: the option names a target that there is not (`mapping-target-unknown`), or says where one comes
            from in a way nobody reads (`mapping-origin`).
    """

    def __init__(self, option: Mapping[str, object], locale: Locale) -> None:
        self._origins = {target: _origin(target, said) for target, said in option.items()}
        self._locale = locale

    def __contains__(self, target: str) -> bool:
        return target in self._origins

    def with_defaults(self, option: Mapping[str, object]) -> "FieldMapping":
        """The same, and for targets it is silent about what `option` says."""
        mapping = FieldMapping(option, self._locale)
        mapping._origins.update(self._origins)
        return mapping

    def fields(self) -> tuple[str, ...]:
        """Every field that some target comes from."""
        return tuple(dict.fromkeys(name for origin in self._origins.values() for name in origin.fields))

    def apply(self, row: Mapping[str, object]) -> Mapped:
        """What a row says."""
        reading = _Reading({folded(name): value for name, value in reversed(list(row.items()))})
        refusal: Problem | None = None
        for target, origin in self._origins.items():
            text = self._text(reading, target, origin)
            if text.strip():
                self._read(reading, target, origin, text)
            elif origin.required:
                refusal = refusal or reading.problem("field-empty", target, origin)
        return Mapped(reading.texts, reading.moments, reading.hints, tuple(reading.problems), refusal)

    def _text(self, reading: _Reading, target: str, origin: _Origin) -> str:
        for name in origin.fields:
            text = plain(reading.row.get(folded(name)))
            if text is None:
                reading.problem("field-not-plain", target, origin)
            elif text.strip():
                if not is_well_formed(text) or _PRINTED.search(text):
                    reading.problem("field-control-characters", target, origin)
                return _PRINTED.sub("\ufffd", well_formed(text))
        return ""

    def _read(self, reading: _Reading, target: str, origin: _Origin, text: str) -> None:
        if target in MOMENTS:
            moment = read_moment(text, self._locale.zone)
            if moment is None:
                reading.problem("field-not-a-date", target, origin)
            else:
                reading.moments[target] = moment
        elif not target.startswith(HINTS):
            reading.texts[target] = text if target == "content" else text.strip()
        else:
            self._hint(reading, target, origin, text.strip())

    def _hint(self, reading: _Reading, target: str, origin: _Origin, text: str) -> None:
        name = target.removeprefix(HINTS)
        reading.hints[name] = text
        if origin.kind == "list":
            reading.hints[name] = [part.strip() for part in _LIST_ENDS.split(text) if part.strip()]
        elif origin.kind == "date":
            moment = read_moment(text, self._locale.zone)
            if moment is None:
                reading.problem("field-not-a-date", target, origin)
        elif origin.kind == "money":
            unit = origin.unit or (plain(reading.row.get(folded(origin.unit_field))) or "").strip()
            fen = read_fen(text, unit)
            if fen is None:
                reading.problem("field-not-money", target, origin)
            else:
                reading.hints[f"{name}_fen"] = str(fen)


def folded(name: str) -> str:
    """A field's name as names are compared: no blanks, no letter case, known misspellings corrected."""
    found = "".join(normalize("NFKC", name).split()).casefold()
    for wrong, right in _MISSPELT:
        found = found.replace(wrong, right)
    return found


def plain(value: object) -> str | None:
    """A value as text, "" for nothing; None for what is no single value."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return format(value, "f") if isinstance(value, Decimal) and value.is_finite() else str(value)
    return None


def read_fen(text: str, unit: str = "") -> int | None:
    """An amount in fen, rounded to nothing: None where it is none, has no unit, or is no whole number of fen.

    A unit that stands with the amount goes before `unit`, which is 元 or 万元 or their codes 0 and 1.
    """
    match = _AMOUNT.fullmatch("".join(normalize("NFKC", text).split()))
    if match is None:
        return None
    factor = _FEN.get(match[3] or unit)
    if factor is None:
        return None
    try:
        fen = Decimal(match[1].replace(",", "") + (match[2] or "")) * factor
    except InvalidOperation:
        return None
    return int(fen) if fen == fen.to_integral_value() else None


def _origin(target: str, said: object) -> _Origin:
    if target not in TARGETS and not (target.startswith(HINTS) and len(target) > len(HINTS)):
        raise InvalidInput("mapping-target-unknown", target=target, known="、".join((*TARGETS, "hints.*")))
    if not isinstance(said, Mapping):
        return _Origin(_fields(target, said))
    kind, unit, unit_field = (said.get(name, "") for name in ("as", "unit", "unit_field"))
    required = said.get("required", False)
    usable = isinstance(kind, str) and isinstance(unit, str) and isinstance(unit_field, str) and said.keys() <= _SOUGHT
    if not usable or not isinstance(required, bool) or (kind or "text") not in _KINDS or (unit and unit not in _FEN):
        raise InvalidInput("mapping-origin", target=target)
    return _Origin(_fields(target, said.get("field")), str(kind) or "text", str(unit), str(unit_field), required)


def _fields(target: str, said: object) -> tuple[str, ...]:
    names = [said] if isinstance(said, str) else said
    if isinstance(names, Sequence) and names and all(isinstance(name, str) and name.strip() for name in names):
        return tuple(names)
    raise InvalidInput("mapping-origin", target=target)
