"""Identifying codes with right check characters, for bodies, people and transactions that do not exist.

Every code of a body or person lies in the administrative division 379900, which GB/T 2260 does not assign, so none can
belong to anyone.
"""

from collections.abc import Sequence
from datetime import date

from ingest.simulator.draw import Draw

NOWHERE = "379900"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_DEAL_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def credit_code(draw: Draw, kind: str = "91") -> str:
    """A unified social credit code (GB 32100), 18 characters. `kind`: 91 enterprise, 12 institution, 11 organ."""
    body = kind + NOWHERE + _organisation_code(draw)
    return body + credit_check_character(body)


def credit_check_character(body: str) -> str:
    """The eighteenth character for the first seventeen, GB 32100."""
    total = _weighted(body, _CREDIT_ALPHABET, _CREDIT_WEIGHTS)
    return _CREDIT_ALPHABET[(31 - total % 31) % 31]


def _organisation_code(draw: Draw) -> str:
    """Nine characters of GB 11714: eight drawn, one check character, drawn again until it fits the credit alphabet."""
    while True:
        body = "MB" + draw.digits(6)
        rest = 11 - _weighted(body, _ORGANISATION_ALPHABET, _ORGANISATION_WEIGHTS) % 11
        if rest != 10:  # 10 is written X, which the first seventeen of a credit code may hold, but few bodies have
            return body + ("0" if rest == 11 else str(rest))


def unified_deal_code(trade_type: str, platform: str, day: date, serial: int) -> str:
    """The 统一交易标识码 of 数据规范V2.0: class 3 - platform 18 - day 8 - serial 6 - check 1, 40 characters in all."""
    parts = (trade_type, platform, day.strftime("%Y%m%d"), f"{serial:06d}")
    return "-".join((*parts, _mod_37_2("".join(parts))))


def _mod_37_2(body: str) -> str:
    """The check character of ISO 7064 MOD 37-2 (GB/T 17710)."""
    total = 0
    for character in body:
        total = (total + _DEAL_ALPHABET.index(character)) * 2 % 37
    return _DEAL_ALPHABET[(1 - total) % 37]


def identity_number(draw: Draw) -> str:
    """A resident identity number (GB 11643) with a right check digit, 18 characters."""
    born = date(draw.integer(1962, 1988), draw.integer(1, 12), draw.integer(1, 28))
    body = NOWHERE + born.strftime("%Y%m%d") + draw.digits(3)
    total = _weighted(body, "0123456789", _IDENTITY_WEIGHTS)
    return body + "10X98765432"[total % 11]


def mobile_number(draw: Draw) -> str:
    """Eleven digits in the shape of a mobile number, with the four zeros that examples carry."""
    return draw.choice(("138", "139", "150", "158", "186", "188")) + "0000" + draw.digits(4)


def telephone_number(draw: Draw) -> str:
    """A landline of Shandong in the shape `0531-5550nnnn`."""
    return f"05{draw.integer(31, 39)}-5550{draw.digits(4)}"


def _weighted(body: str, alphabet: str, weights: Sequence[int]) -> int:
    return sum(alphabet.index(character) * weight for character, weight in zip(body, weights, strict=True))
