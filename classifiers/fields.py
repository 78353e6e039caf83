"""What joins a document to its project and bid section: given codes first, then the body's labels, then the title."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import cache

from classifiers.titles import project_key, project_name, read_title, section_marks
from classifiers.types import Evidence, Fields, FieldValue, Moment

CHINA = timezone(timedelta(hours=8))
_BODY_LENGTH = 20_000
_GIVEN, _LABELLED, _DERIVED, _GUESSED = 1.0, 0.8, 0.6, 0.5

# Labels in the order in which they are trusted; brackets are compared half-width.
_LABELS: dict[str, tuple[str, ...]] = {
    "project_name": ("招标项目名称", "采购项目名称", "项目名称", "工程名称", "标的名称", "宗地名称"),
    "tender_project_code": ("招标项目编号", "招标项目代码"),
    "project_code": ("项目编号", "采购项目编号", "采购编号", "招标编号", "项目代码", "工程编号", "项目号", "宗地编号"),
    "section_code": ("标段(包)编号", "标段编号", "标段(包)代码", "标包编号", "包件编号"),
    "section_name": ("标段(包)名称", "标段名称", "标包名称", "包件名称", "分包名称"),
    "published": ("公告发布日期", "公告发布时间", "公示发布时间", "发布日期", "发布时间", "公告日期", "公示日期"),
    "region": ("行政区划", "行政区域", "所属区域", "所在地区"),
}
_DEAL_CODE = re.compile(r"(?<![0-9A-Z])[A-Z][0-9]{2}-[0-9A-Z]{18}-[0-9]{8}-[0-9]{6}-[0-9A-Z*]")
_TENDER_PROJECT = re.compile(r"[A-Z][0-9]{16}[0-9a-z]{3}")
_PROJECT = re.compile(r"[A-Z](?P<region>[1-8][0-9]{5})[0-9]{10}")
_SECTION = re.compile(r"[A-Z][0-9]{16}[0-9a-z]{6}")
_CODE = re.compile(r"[0-9A-Za-z\[【(〔][0-9A-Za-z\-_/.\[\]【】()〔〕号第年]{3,59}")
_CLOSING = {")": "(", "]": "[", "】": "【", "〕": "〔"}
_PLACEHOLDER = re.compile(r"[A-Za-z]?(.)\1{7,}")
_DATE = re.compile(
    r"(20[0-9]{2})[-/.年](1[0-2]|0?[1-9])[-/.月](3[01]|[12][0-9]|0?[1-9])日?"
    r"(?:[ T]{0,2}(2[0-3]|[01]?[0-9])[:时]([0-5][0-9])[:分]?([0-5][0-9])?)?"
)
_NAME_END = re.compile(
    r"[\n|;;。]|(?:[一二三四五六七八九十]{1,2}|[0-9]{1,2})[、.．]|\s{2,}|[,，]\s*(?:招标|采购|项目)(?:编号|人)"
)
_LOOSE = ' :-—|"“”'  # what may hang at the ends of a name
_NAME_LIMITS = (4, 200)


def read_fields(evidence: Evidence) -> Fields:
    """The fields of a document, each with where it came from and how far it can be trusted."""
    body = unicodedata.normalize("NFKC", evidence.body[:_BODY_LENGTH])
    labelled = _labelled(body)
    title = read_title(evidence.title)
    name = _first(evidence.project_name, _names(labelled, "project_name"))
    project_code = _first(evidence.project_code, _codes(labelled, "project_code"))
    tender_code = _first(evidence.tender_project_code, _codes(labelled, "tender_project_code"))
    sections = _all(evidence.section_codes, _codes(labelled, "section_code"))
    if name is None and evidence.title.strip():
        name = FieldValue(value=project_name(evidence.title), origin="title", confidence=_GUESSED)
    section_names = _all(evidence.section_names, _names(labelled, "section_name"))
    if not section_names:
        section_names = tuple(FieldValue(mark, "title", _DERIVED) for mark in section_marks(evidence.title))
    tender_code = tender_code or _part_of(sections, _SECTION, 20)
    return Fields(
        project_name=name if name and name.value else None,
        project_key=project_key(name.value if name else evidence.title),
        project_code=project_code or _part_of((tender_code,) if tender_code else (), _TENDER_PROJECT, 17),
        tender_project_code=tender_code,
        section_codes=sections,
        section_names=section_names,
        unified_deal_code=_first(evidence.unified_deal_code, _DEAL_CODE.findall(body)[:1]),
        region=_region(evidence, _names(labelled, "region"), title.region, (*sections, project_code, tender_code)),
        published=_published(evidence, labelled),
    )


def parse_moment(text: str) -> datetime | None:
    """The first date in `text`, with its time if it has one, as China standard time; None if there is none."""
    match = _DATE.search(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) if part else 0 for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=CHINA)
    except ValueError:
        return None


@cache
def _label_pattern() -> re.Pattern[str]:
    labels = sorted((label for group in _LABELS.values() for label in group), key=len, reverse=True)
    return re.compile("(" + "|".join(map(re.escape, labels)) + r")\s{0,6}(?:[)】]\s{0,6})?[:|]\s{0,12}")


@cache
def _field_of_label() -> dict[str, str]:
    return {label: field for field, labels in _LABELS.items() for label in labels}


def _labelled(body: str) -> dict[str, list[str]]:
    """What follows each known label, by field, in the order of trust."""
    found: dict[str, list[tuple[int, str]]] = {}
    fields = _field_of_label()
    for match in _label_pattern().finditer(body):
        field = fields[match[1]]
        rank = _LABELS[field].index(match[1])
        found.setdefault(field, []).append((rank, body[match.end() : match.end() + 240]))
    return {field: [text for _, text in sorted(pairs, key=lambda pair: pair[0])] for field, pairs in found.items()}


def _names(labelled: dict[str, list[str]], field: str) -> Iterator[str]:
    for text in labelled.get(field, []):
        value = _NAME_END.split(text, maxsplit=1)[0].strip(_LOOSE)
        if _NAME_LIMITS[0] <= len(value) <= _NAME_LIMITS[1]:
            yield value


def _codes(labelled: dict[str, list[str]], field: str) -> Iterator[str]:
    for text in labelled.get(field, []):
        match = _CODE.match(text)
        value = _balanced(match[0].rstrip("-_/.[【(〔第")) if match else ""
        if value and any(letter.isdigit() for letter in value) and not _PLACEHOLDER.fullmatch(value):
            yield value


def _balanced(code: str) -> str:
    """A code without a closing bracket that belongs to the sentence around it."""
    while code and code[-1] in _CLOSING and code.count(code[-1]) > code.count(_CLOSING[code[-1]]):
        code = code[:-1]
    return code


def _first(given: str, found: Iterator[str] | list[str]) -> FieldValue | None:
    if given.strip() and not _PLACEHOLDER.fullmatch(given.strip()):
        return FieldValue(value=given.strip(), origin="given", confidence=_GIVEN)
    value = next(iter(found), None)
    return FieldValue(value=value, origin="body", confidence=_LABELLED) if value else None


def _all(given: tuple[str, ...], found: Iterator[str]) -> tuple[FieldValue, ...]:
    """Given values win as a whole; a `;`-joined list is taken apart, as notices carry one code for many sections."""
    stated = [part.strip() for value in given for part in value.replace("；", ";").split(";") if part.strip()]
    if stated:
        return tuple(FieldValue(value, "given", _GIVEN) for value in dict.fromkeys(stated))
    return tuple(FieldValue(value, "body", _LABELLED) for value in dict.fromkeys(found))


def _part_of(codes: tuple[FieldValue, ...], pattern: re.Pattern[str], length: int) -> FieldValue | None:
    """The code that a longer national code begins with (PROJECT 17, TENDER_PROJECT 20, SECTION 23 characters)."""
    code = next((code for code in codes if pattern.fullmatch(code.value)), None)
    return FieldValue(code.value[:length], "code", _DERIVED) if code else None


def _region(
    evidence: Evidence, named: Iterator[str], in_title: str, codes: tuple[FieldValue | None, ...]
) -> FieldValue | None:
    if evidence.region.strip():
        return FieldValue(evidence.region.strip(), "given", _GIVEN)
    for code in codes:
        match = _PROJECT.match(code.value) if code else None
        if match:
            return FieldValue(match["region"], "code", _LABELLED)
    value = next(named, "")
    if value:
        return FieldValue(value, "body", _LABELLED)
    return FieldValue(in_title, "title", _DERIVED) if in_title else None


def _published(evidence: Evidence, labelled: dict[str, list[str]]) -> Moment | None:
    if evidence.published is not None:
        return Moment(evidence.published, "given", _GIVEN)
    for text in labelled.get("published", []):
        moment = parse_moment(text[:40])
        if moment is not None:
            return Moment(moment, "body", _LABELLED)
    return None
