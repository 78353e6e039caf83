"""Codes that carry their own check: credit codes (GB 32100), the unified deal code, section codes, and placeholders.

The check character of the unified deal code follows MOD 37-2 in one province only, and known codes fail it: it is
remarked on and never refuses. Its structure does.
"""

import re
from typing import Final

from ingest.push.types import Constraint, Field, FormatKind, Problem

_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_DEAL_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_DEAL: Final = re.compile(r"[A-Z]\d{2}-[0-9A-Z]{18}-\d{8}-\d{6}-[0-9A-Z*]", re.ASCII)
_SECTION: Final = re.compile(r"[A-Z]\d{16}[0-9a-z]{6}", re.ASCII)
_PLACEHOLDER: Final = re.compile(r"[A-Za-z]?(.)\1{7,}")
_SEPARATORS: Final = re.compile("[;；]")
_DEAL_FIELDS: Final = frozenset({"UNIFIED_DEAL_CODE", "UNIFIED_DEAL_CODES"})
_SECTION_FIELDS: Final = frozenset({"BID_SECTION_CODE", "BID_SECTION_CODES"})
_CREDIT_LENGTH: Final = 18


def parts(value: str) -> tuple[str, ...]:
    """The codes of a `;`-joined list, each once and in order; a single code is a list of one."""
    stripped = (part.strip() for part in _SEPARATORS.split(value))
    return tuple(dict.fromkeys(part for part in stripped if part))


def is_placeholder(value: str) -> bool:
    """Whether a code only stands where one is missing: `A999999999999999`."""
    return _PLACEHOLDER.fullmatch(value) is not None


def is_code(field: Field) -> bool:
    """Whether a field holds one code, or a list of them."""
    return field.format.kind is FormatKind.TEXT and field.written.endswith(("CODE", "CODES"))


def is_credit_code(value: str) -> bool:
    """Whether the last character of a unified social credit code fits the others (GB 32100, clause 4.5)."""
    if len(value) != _CREDIT_LENGTH or any(letter not in _CREDIT_ALPHABET for letter in value):
        return False
    total = sum(_CREDIT_ALPHABET.index(letter) * weight for letter, weight in zip(value, _CREDIT_WEIGHTS, strict=False))
    return _CREDIT_ALPHABET[(31 - total % 31) % 31] == value[-1]


def is_deal_checked(value: str) -> bool:
    """Whether the last character of a unified deal code fits the others under ISO 7064 MOD 37-2."""
    remainder = 0
    for letter in value.replace("-", "")[:-1]:
        remainder = (remainder + _DEAL_ALPHABET.index(letter)) * 2 % 37
    return (remainder + _DEAL_ALPHABET.index(value[-1])) % 37 == 1


def judge_codes(field: Field, value: str) -> Problem | None:
    """What is wrong with the code, or with one of the codes, in a field; None if nothing, or if it holds no code."""
    if field.written in _DEAL_FIELDS:
        return _deal(field, parts(value))
    if field.written in _SECTION_FIELDS and any(_SECTION.fullmatch(part) is None for part in parts(value)):
        return Problem(field.written, field.name_cn, Constraint.CODE, "push-section-code", refuses=False)
    credit = field.format.most == _CREDIT_LENGTH and field.written.endswith("CODE")
    if credit and len(value) == _CREDIT_LENGTH and not is_credit_code(value):
        return Problem(field.written, field.name_cn, Constraint.CODE, "push-credit-code", refuses=False)
    return None


def _deal(field: Field, codes: tuple[str, ...]) -> Problem | None:
    if any(_DEAL.fullmatch(code) is None for code in codes):
        return Problem(field.written, field.name_cn, Constraint.CODE, "push-deal-code")
    if not all(is_deal_checked(code) for code in codes):
        return Problem(field.written, field.name_cn, Constraint.CODE, "push-deal-check", refuses=False)
    return None
