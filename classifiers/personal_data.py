"""Finding and masking personal data for public copies (STANDARDS D5; the archived original is never altered).

Covered: identity card numbers (GB 11643, 18 digits with check character, 15 digits of the old kind), mobile numbers,
bank accounts, e-mail addresses. Office landlines stay. Names of persons, also behind labels such as 联系人 or
项目负责人, addresses and dates of birth are NOT masked in this cut.

People write numbers in groups: up to two characters of `_GAP` (spaces, line breaks, invisible characters, dashes, dots,
slashes, brackets) may stand between the groups of a mobile or an identity number, and behind a label between any two
of its digits.

Masking keeps the length of the text, so places found in the original hold in the copy, and it puts `*` in the place
of characters, so that a masked text holds nothing more to find.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"

# Full-width ASCII counts as what it looks like; the table keeps every place.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_FULL_WIDTH = re.compile("[０-９＠Ａ-Ｚａ-ｚ]")

_GAP = r"[\s\u00ad\u200b-\u200d\u2010-\u2015\u2060\ufeff\-－./．／()（）]{0,2}"
_MONTH, _DAY = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_MONTH_DAY = _MONTH + _DAY
_ID18 = re.compile(
    rf"(?<![0-9])[1-9][0-9]{{5}}{_GAP}(?:18|19|20)[0-9]{{2}}{_GAP}{_MONTH}{_GAP}{_DAY}{_GAP}[0-9]{{3}}{_GAP}[0-9Xx](?![0-9])"
)
_ID15 = re.compile(rf"(?<![0-9A-Za-z-])[1-8][0-9]{{3}}(?!00)[0-9]{{4}}{_MONTH_DAY}[0-9]{{3}}(?![0-9A-Za-z-])")
_ID_LABEL = r"(?:身份证|证件号)[^0-9\n]{0,12}"
_ID_LABELLED = re.compile(rf"{_ID_LABEL}([0-9](?:{_GAP}[0-9]){{13,16}}{_GAP}[0-9Xx])(?![0-9])")
_ID_LABEL_BEFORE = re.compile(rf"{_ID_LABEL}$")
_MOBILE = re.compile(
    r"(?<![0-9])(?:\+?(?:00)?86[- ]?|0)?"
    rf"(1[3-9][0-9](?:{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}|[0-9]{_GAP}[0-9]{{3}}{_GAP}[0-9]{{4}}))(?![0-9])"
)
_CONTACT = r"(?:电话|手机|联系)"
_MOBILE_LABELLED = re.compile(rf"{_CONTACT}[^0-9\n]{{0,12}}(1{_GAP}[3-9](?:{_GAP}[0-9]){{9}})(?![0-9])")
_CONTACT_BEFORE = re.compile(rf"{_CONTACT}.{{0,12}}$")
_AMOUNT_AFTER = re.compile(r"\.[0-9]{1,2}(?![0-9])| ?[万亿]?元")
_ACCOUNT = re.compile(r"(?:账\s*号|帐\s*号|账\s*户|帐\s*户|开户|卡号)[^0-9]{0,24}?([0-9](?:[ -]?[0-9]){9,29})(?![0-9])")
_CARD = re.compile(r"(?<![0-9])[34569][0-9]{15,18}(?![0-9])")  # first digits that card issuers use (ISO/IEC 7812)
_CODE_LABEL = re.compile(r"(?:编号|编码|代码|项目号|标段|文号|备案号)[^0-9\n]{0,12}$")
_LANDLINE = re.compile(r"0[0-9]{2,3}[- ][0-9]{7,8}|[48]00[- ]?[0-9]{3}[- ]?[0-9]{4}")
_DATE = re.compile(r"(?:19|20)[0-9]{2}[-./][0-9]{1,2}[-./][0-9]{1,2}")
_NOT_OF_NUMBER = re.compile("[^0-9Xx]")
_EMAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+(?=@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


class PersonalKind(StrEnum):
    """What was found."""

    ID_CARD = "id_card"
    MOBILE = "mobile"
    BANK_ACCOUNT = "bank_account"
    EMAIL = "email"


@dataclass(frozen=True)
class Span:
    """A place in the text: characters `start` up to, not including, `end`. Never holds what stood there."""

    start: int
    end: int
    kind: PersonalKind


@dataclass(frozen=True)
class Masked:
    """The text with personal data masked, of the same length, and where it was, in order."""

    text: str
    found: tuple[Span, ...]


def mask(text: str) -> Masked:
    """Mask all personal data in `text`.

    What stays readable: of an identity number the first three and last four characters, of a mobile number the same,
    of an account the last four digits, of an e-mail address the first character and the domain.
    """
    found: list[Span] = []
    while spans := detect(text):
        # What is left of one number may complete a pattern with its neighbour: look again until nothing is found.
        found.extend(spans)
        text = _cover(text, spans)
    return Masked(text=text, found=tuple(sorted(found, key=lambda span: (span.start, span.end, span.kind))))


def detect(text: str) -> tuple[Span, ...]:
    """Where personal data stands in `text`, in order; spans may overlap."""
    plain = text.translate(_HALF_WIDTH) if _FULL_WIDTH.search(text) else text
    found = {span for finder in (_id_cards, _mobiles, _accounts, _emails) for span in finder(plain)}
    return tuple(sorted(found, key=lambda span: (span.start, span.end, span.kind)))


def _cover(text: str, spans: tuple[Span, ...]) -> str:
    letters = list(text)
    for span in spans:
        kept = _KEPT[span.kind](span.end - span.start)
        for place in range(span.start + kept[0], span.end - kept[1]):
            letters[place] = "*"
    return "".join(letters)


_KEPT: dict[PersonalKind, Callable[[int], tuple[int, int]]] = {
    PersonalKind.ID_CARD: lambda _: (3, 4),
    PersonalKind.MOBILE: lambda _: (3, 4),
    PersonalKind.BANK_ACCOUNT: lambda _: (0, 4),
    PersonalKind.EMAIL: lambda length: (1 if length > 1 else 0, 0),
}


def _id_cards(text: str) -> Iterator[Span]:
    for match in _ID18.finditer(text):
        if identity_number_holds(_NOT_OF_NUMBER.sub("", match[0])):
            yield Span(match.start(), match.end(), PersonalKind.ID_CARD)
    for match in _ID15.finditer(text):
        yield Span(match.start(), match.end(), PersonalKind.ID_CARD)
    for match in _ID_LABELLED.finditer(text):
        if not _DATE.match(match[1]):
            yield Span(match.start(1), match.end(1), PersonalKind.ID_CARD)


def identity_number_holds(number: str) -> bool:
    """Whether the check character of an identity number of 18 characters is the one that GB 11643 computes."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECK[total % 11] == number[17].upper()


def identity_label_before(text: str, place: int) -> bool:
    """Whether a label says that an identity number stands at `place`."""
    return _ID_LABEL_BEFORE.search(text[max(0, place - 16) : place]) is not None


def _mobiles(text: str) -> Iterator[Span]:
    for match in _MOBILE.finditer(text):
        before = text[max(0, match.start() - 14) : match.start()]
        if not _AMOUNT_AFTER.match(text, match.end()) or _CONTACT_BEFORE.search(before):
            yield Span(match.start(1), match.end(1), PersonalKind.MOBILE)
    for match in _MOBILE_LABELLED.finditer(text):
        yield Span(match.start(1), match.end(1), PersonalKind.MOBILE)


def _accounts(text: str) -> Iterator[Span]:
    for match in _ACCOUNT.finditer(text):
        if not _LANDLINE.match(match[1]) and not _DATE.match(match[1]):
            yield Span(match.start(1), match.end(1), PersonalKind.BANK_ACCOUNT)
    for match in _CARD.finditer(text):
        before = text[max(0, match.start() - 20) : match.start()]
        if _luhn(match[0]) and not _CODE_LABEL.search(before):
            yield Span(match.start(), match.end(), PersonalKind.BANK_ACCOUNT)


def _luhn(number: str) -> bool:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2]]
    return (sum(doubled) + sum(int(digit) for digit in number[-1::-2])) % 10 == 0


def _emails(text: str) -> Iterator[Span]:
    if "@" not in text:
        return
    for match in _EMAIL.finditer(text):
        yield Span(match.start(), match.end(), PersonalKind.EMAIL)
