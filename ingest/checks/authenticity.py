"""Authenticity (真实性): the metadata are well-formed, and the bytes are what they are said to be."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator

from archive.errors import ArchiveError, Unavailable
from ingest.checks.types import (
    Checked,
    CheckedComponent,
    Finding,
    Nature,
    element_name,
    failed,
    not_applicable,
    not_checked,
    passed,
)
from ingest.formats.types import EXTENSION_MISMATCH

_CHUNK = 1 << 20
# Elements with a form of their own: region codes of GB/T 2260; unified trading codes of 40 characters, which are
# letters, digits and the hyphens of the national data specification; the check character may be an asterisk.
_FORMS = {
    "region": re.compile(r"\d{6}"),
    "unified_deal_code": re.compile(r"[0-9A-Z-]{39}[0-9A-Z*]"),
}
_PERMITTED_CONTROLS = frozenset("\t\n\r")


class LengthOfMetadata:
    """GD-1-2: no element is longer than the metadata scheme allows; `title_limit` is in characters."""

    code = "GD-1-2"
    nature = Nature.AUTHENTICITY
    version = "1"

    def __init__(self, title_limit: int = 500, name_limit: int = 255) -> None:
        self._title_limit = title_limit
        self._name_limit = name_limit

    def run(self, item: Checked) -> Iterator[Finding]:
        lengths = {
            "title": (len(item.title), self._title_limit),
            "external_id": (len(item.external_id), self._name_limit),
        }
        for element, (length, limit) in lengths.items():
            if length > limit:
                yield failed("metadata-too-long", element=element_name(element), length=length, limit=limit)
                return
        for component in item.components:
            if len(component.name) > self._name_limit:
                yield failed(
                    "metadata-too-long",
                    element=element_name("name"),
                    length=len(component.name),
                    limit=self._name_limit,
                )
                return
        yield passed()


class FormOfMetadata:
    """GD-1-3: dates are dates, codes have the form their standard gives them, a title stands on one line."""

    code = "GD-1-3"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked) -> Iterator[Finding]:
        if item.published is None and item.published_text.strip():
            yield failed("metadata-malformed", element=element_name("published"))
            return
        if item.published is not None and item.published.tzinfo is None:
            yield failed("metadata-malformed", element=element_name("published"))
            return
        if "\n" in item.title.strip() or "\r" in item.title.strip():
            yield failed("metadata-malformed", element=element_name("title"))
            return
        for element, form in _FORMS.items():
            value = item.fields.get(element, "")
            if value and not form.fullmatch(value):
                yield failed("metadata-malformed", element=element_name(element))
                return
        yield passed()


class SpecialCharacters:
    """GD-1-6: no control characters, no characters that stand for nothing, no names that cannot be decoded."""

    code = "GD-1-6"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked) -> Iterator[Finding]:
        values = {"title": item.title, "external_id": item.external_id, **item.fields}
        strange = [element for element, value in values.items() if _strange(value)]
        yield failed("metadata-special-characters", element=element_name(strange[0])) if strange else passed()
        for component in item.components:
            if component.name_bytes is not None and not _decodes(component.name_bytes):
                yield failed("name-not-utf8", component.id)
            elif _strange(component.name) or "\n" in component.name:
                yield failed("metadata-special-characters", component.id, element=element_name("name"))
            else:
                yield passed(component.id)


class ElectronicAttributes:
    """GD-1-10: the name, size, digest and format announced are those of the bytes received."""

    code = "GD-1-10"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            yield _attributes(component)


class Consistency:
    """GD-1-14: the bytes read again from the store have the digests (SHA-256 and SM3) taken when they came in."""

    code = "GD-1-14"
    nature = Nature.AUTHENTICITY
    version = "1"

    def run(self, item: Checked) -> Iterator[Finding]:
        if not item.components:
            yield not_applicable()
        for component in item.components:
            try:
                agrees = _digests(component) == (component.sha256, component.sm3)
            except Unavailable:
                # The store is away, which says nothing of the file: looked at when it is there again.
                raise
            except (OSError, ArchiveError) as error:
                yield not_checked("file-unreadable", component.id, detail=type(error).__name__)
                continue
            yield passed(component.id) if agrees else failed("digest-differs", component.id)


def _attributes(component: CheckedComponent) -> Finding:
    if component.announced_size is not None and component.announced_size != component.size:
        return failed("size-differs", component.id, announced=component.announced_size, received=component.size)
    if component.announced_sha256 and component.announced_sha256.lower() != component.sha256.lower():
        return failed("announced-digest-differs", component.id)
    if component.identified.warning == EXTENSION_MISMATCH:
        return failed(EXTENSION_MISMATCH, component.id, format=component.identified.label)
    return passed(component.id)


def _digests(component: CheckedComponent) -> tuple[str, str]:
    sha256, sm3 = hashlib.sha256(), hashlib.new("sm3")
    with component.open() as stream:
        while piece := stream.read(_CHUNK):
            sha256.update(piece)
            sm3.update(piece)
    return sha256.hexdigest(), sm3.hexdigest()


def _strange(value: str) -> bool:
    """Controls, surrogates, noncharacters and the replacement character; rare and private characters may be names."""
    return any(_stands_for_nothing(character) for character in value)


def _stands_for_nothing(character: str) -> bool:
    if character in _PERMITTED_CONTROLS:
        return False
    point = ord(character)
    nonentity = point == 0xFFFD or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
    return nonentity or unicodedata.category(character) in {"Cc", "Cs"}


def _decodes(name: bytes) -> bool:
    for encoding in ("utf-8", "gb18030"):
        try:
            name.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
