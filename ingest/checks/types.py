"""What is checked, what comes out of it, and the port of a check."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol

from ingest.extractors.reading import Reading
from ingest.formats.types import Identified

MAIN = "main"
ATTACHMENT = "attachment"


class Nature(StrEnum):
    """The four natures: 真实性, 完整性, 可用性, 安全性."""

    AUTHENTICITY = "authenticity"
    INTEGRITY = "integrity"
    USABILITY = "usability"
    SECURITY = "security"


class Outcome(StrEnum):
    """How a check ended. Not checked is never passed."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class CheckedComponent:
    """One file of the item. `name_bytes` is its name as received where that is no UTF-8, else None.

    `size`, `sha256` and `sm3` (hexadecimal) are what was taken while the bytes came in; the `announced_…` are what the
    source said before. `open` gives the stored bytes anew each time. `reading` is None where nothing has read the file.
    """

    id: str
    name: str
    name_bytes: bytes | None
    role: str
    size: int
    sha256: str
    sm3: str
    announced_size: int | None
    announced_sha256: str | None
    open: Callable[[], BinaryIO]
    identified: Identified
    reading: Reading | None


@dataclass(frozen=True)
class Checked:
    """An item as the checks see it.

    `published_text` is the moment as the source wrote it, where it wrote one. `announced` are the names of the
    attachments that the envelope lists, None where the source lists none. `fields` are further elements of the envelope
    by name, such as `region` and `unified_deal_code`.
    """

    title: str
    published: datetime | None
    source: str
    external_id: str
    components: tuple[CheckedComponent, ...]
    published_text: str = ""
    announced: tuple[str, ...] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """What a check says of the item (`component` None) or of one component."""

    outcome: Outcome
    component: str | None = None
    reason_code: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckResult:
    """A finding as it is stored: by which check, of which version, in how many milliseconds."""

    code: str
    nature: Nature
    component: str | None
    outcome: Outcome
    reason_code: str | None
    params: Mapping[str, object]
    rule_version: str
    milliseconds: float


class Check(Protocol):
    """One check. It says something about everything it covers; silence counts as not checked at the gate."""

    @property
    def code(self) -> str:
        """The number of DA/T 70-2018 (`GD-1-2`), or one of ours (`JZ-4-1`)."""
        ...

    @property
    def nature(self) -> Nature:
        """Which of the four natures it belongs to."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same item would get another outcome."""
        ...

    def run(self, item: Checked) -> Iterator[Finding] | Sequence[Finding]:
        """Look at the item. Whatever it cannot look at, it reports as not checked with a reason."""
        ...


_ELEMENTS = {
    "title": "题名",
    "published": "发布时间",
    "source": "来源",
    "external_id": "来源标识",
    "name": "文件名",
    "region": "行政区划代码",
    "unified_deal_code": "统一交易标识码",
}


def element_name(element: str) -> str:
    """The name of a metadata element as a reader knows it, with the name programs use: `题名 title`."""
    known = _ELEMENTS.get(element)
    return f"{known} {element}" if known else element


def passed(component: str | None = None) -> Finding:
    """Nothing wrong."""
    return Finding(Outcome.PASS, component)


def failed(reason: str, component: str | None = None, **params: object) -> Finding:
    """Something wrong: `reason` is a code of the message catalogue."""
    return Finding(Outcome.FAIL, component, reason, params)


def not_applicable(component: str | None = None) -> Finding:
    """There is nothing of the kind to check."""
    return Finding(Outcome.NOT_APPLICABLE, component)


def not_checked(reason: str, component: str | None = None, **params: object) -> Finding:
    """It should have been checked and was not, for `reason`."""
    return Finding(Outcome.NOT_CHECKED, component, reason, params)
