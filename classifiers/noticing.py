"""What a text shows that not everybody may read: personal numbers and marks of secrecy, as counts and never as values.

Built on `classifiers.personal_data`, which masks for public copies and rather masks too much. Here only that is counted
which its standard bears out: identity numbers of 18 characters whose check character holds (GB 11643), bank cards whose
check digit holds (ISO/IEC 7812). Identity numbers of the old kind (15 digits) and accounts have no check digit and
count behind a label alone: numbers of certificates look the same. Mobile numbers are told by their form. Telephones of
offices are public and do not count.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from classifiers.personal_data import PersonalKind, Span, detect, identity_label_before, identity_number_holds
from classifiers.secrecy import secrecy_marks

_MOST_PLACES = 100
_OLD_LENGTH, _LENGTH = 15, 18
_NOT_OF_NUMBER = re.compile("[^0-9Xx]")
_GRADES = ("绝密", "机密", "秘密", "内部")


class Notice(StrEnum):
    """What was noticed. Numbers count only where their check digits hold, as far as their standard has any."""

    IDENTITY_NUMBER = "identity-number"
    PHONE_NUMBER = "phone-number"
    BANK_ACCOUNT = "bank-account"
    SECRECY_MARK = "secrecy-mark"


@dataclass(frozen=True)
class Noticed:
    """One kind of content and how often it occurs. `places` are offsets into the text, at most a hundred.

    `grade` is the grade a mark of secrecy names (绝密, 机密, 秘密, 内部), "" for everything else.
    """

    kind: Notice
    count: int
    places: tuple[int, ...]
    grade: str = ""


def notice(text: str) -> tuple[Noticed, ...]:
    """What `text` shows: one entry for each kind of number and for each grade, in their order, none for what is absent.

    Takes time in proportion to the text, whatever it is.
    """
    spans = detect(text)
    identities = _apart(span for span in spans if span.kind is PersonalKind.ID_CARD and _holds(text, span))
    phones = _apart(span for span in spans if span.kind is PersonalKind.MOBILE)
    accounts = _apart(span for span in spans if span.kind is PersonalKind.BANK_ACCOUNT)
    # Every tenth identity number happens to look like a bank card.
    accounts = list(_outside(accounts, identities))
    marks = list(secrecy_marks(text))
    found = [
        _noticed(Notice.IDENTITY_NUMBER, [span.start for span in identities]),
        _noticed(Notice.PHONE_NUMBER, [span.start for span in phones]),
        _noticed(Notice.BANK_ACCOUNT, [span.start for span in accounts]),
        *(_noticed(Notice.SECRECY_MARK, [m.place for m in marks if m.grade == grade], grade) for grade in _GRADES),
    ]
    return tuple(each for each in found if each.count)


def _noticed(kind: Notice, places: list[int], grade: str = "") -> Noticed:
    return Noticed(kind, len(places), tuple(places[:_MOST_PLACES]), grade)


def _holds(text: str, span: Span) -> bool:
    number = _NOT_OF_NUMBER.sub("", _half_width(text[span.start : span.end]))
    if len(number) == _OLD_LENGTH:
        return identity_label_before(text, span.start)
    return len(number) == _LENGTH and identity_number_holds(number)


def _half_width(text: str) -> str:
    return "".join(chr(ord(letter) - 0xFEE0) if "\uff01" <= letter <= "\uff5e" else letter for letter in text)


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Spans in order without those that overlap an earlier one: the same number, found in two ways."""
    apart: list[Span] = []
    for span in spans:
        if not apart or span.start >= apart[-1].end:
            apart.append(span)
    return apart


def _outside(spans: list[Span], others: list[Span]) -> Iterator[Span]:
    """Those of `spans` that overlap none of `others`; both in order and apart."""
    at = 0
    for span in spans:
        while at < len(others) and others[at].end <= span.start:
            at += 1
        if at == len(others) or others[at].start >= span.end:
            yield span
