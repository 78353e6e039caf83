"""What the packages of the archives' own standards have in common: a description, metadata that name their files.

Names of elements are those of DA/T 46-2009. Where a standard text does not fix the form, what is read here is this
project's proposal: `name：value` lines in a description, the metadata elements of DA/T 46 in a metadata file.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from archive.errors import InvalidInput
from ingest.packages.digests import ALGORITHMS, EITHER, algorithm_named, hex_length
from ingest.packages.findings import Findings
from ingest.packages.markup import Element, parse
from ingest.packages.members import Member
from ingest.packages.names import safe_path, shown

FILE_NAME: Final = "计算机文件名"
_SIZES: Final = ("计算机文件大小", "大小")
_DIGESTS: Final = ("校验码", "数字摘要", "摘要值")
_ALGORITHMS: Final = ("校验算法", "摘要算法")
_LINE: Final = re.compile(r"\s*([^：:=]{1,40}?)\s*[：:=]\s*(.*?)\s*")
_COUNT: Final = re.compile(r"(\d{1,9})\s*件")
_PLAIN_COUNT: Final = re.compile(r"\s*(\d{1,9})\s*")
_SIZE: Final = re.compile(r"\s*(\d{1,18})\s*(?:字节|B|bytes?)?\s*", re.IGNORECASE)
_MOST_DESCRIPTION: Final = 1 << 20


@dataclass(frozen=True)
class Described:
    """What metadata say of one file: its name, its size in bytes, its digests by algorithm."""

    name: str
    size: int | None
    digests: dict[str, str]


def description(member: Member, findings: Findings) -> dict[str, str] | None:
    """The lines `name：value` of a description in UTF-8 or GB18030; None where it cannot be read."""
    try:
        data = member.read(_MOST_DESCRIPTION)
    except InvalidInput as error:
        findings.caught(error, shown(member.path))
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        lines = (_LINE.fullmatch(line) for line in text.splitlines())
        return {found[1]: found[2] for found in lines if found is not None}
    findings.error("package-description-unreadable", shown(member.path))
    return None


def announced_number(said: dict[str, str]) -> int | None:
    """How many records a description announces (档案数量); None where it says so in no way that is known here."""
    value = said.get("档案数量", "")
    found = _COUNT.search(value) or _PLAIN_COUNT.fullmatch(value)
    return int(found[1]) if found else None


def metadata(member: Member, findings: Findings) -> Element | None:
    """The root of a metadata file; None where it cannot be read, which is then a finding."""
    name = shown(member.path)
    try:
        with member.open() as stream:
            return parse(stream, name)
    except InvalidInput as error:
        findings.caught(error, name)
        return None


def described_files(root: Element) -> Iterator[Described]:
    """Everything in metadata that has the name of a file, with the size and digests that stand beside it."""
    waiting = deque([root])
    while waiting:
        element = waiting.popleft()
        waiting.extend(element.children)
        name = element.said(FILE_NAME)
        if name:
            yield Described(name, size_said(element), digests_said(element))


def described_path(name: str) -> bytes:
    """The path that the name of a file means: whichever stroke divides its folders, and without `./` before it.

    Raises:
        InvalidInput: it leads out of its folder (`manifest-path-unsafe`).
    """
    return safe_path(name.replace("\\", "/").encode())


def size_said(element: Element) -> int | None:
    """The size that stands in an element, in bytes; None where there is none, or none in bytes."""
    for name in _SIZES:
        found = _SIZE.fullmatch(element.said(name))
        if found:
            return int(found[1])
    return None


def digests_said(element: Element) -> dict[str, str]:
    """Digests that stand in an element. Of one in 64 characters whose algorithm is not named, both are possible.

    Such a one is given under the name `sha256|sm3`, for `settled` to decide once the file was read.
    """
    told = next((element.said(name) for name in _ALGORITHMS if element.said(name)), "")
    found: dict[str, str] = {}
    for name in _DIGESTS:
        value = element.said(name)
        named, _, rest = value.rpartition(":")
        digest = rest.strip().lower()
        if not re.fullmatch(r"[0-9a-f]{32,128}", digest):
            continue
        child = element.first(name)
        given = named or told or (child.attributes.get("算法", "") if child is not None else "")
        algorithm = algorithm_named(given)
        if algorithm is not None and hex_length(algorithm) == len(digest):
            found[algorithm] = digest
        elif not given and len(digest) == hex_length("sha256"):
            found[EITHER] = digest
        elif not given:
            fitting = next((one for one in ALGORITHMS if hex_length(one) == len(digest)), None)
            found |= {fitting: digest} if fitting else {}
    return found
