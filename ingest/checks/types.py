"""What is checked, what comes out of it, and the port of a check."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol, TypeVar

from ingest.examining.types import Examination
from ingest.extractors.reading import Reading
from ingest.formats.types import UNIDENTIFIED, Identified
from ingest.outcomes import Outcome
from ingest.signatures.types import Signature

MAIN = "main"
ATTACHMENT = "attachment"


class Nature(StrEnum):
    """The four natures: 真实性, 完整性, 可用性, 安全性."""

    AUTHENTICITY = "authenticity"
    INTEGRITY = "integrity"
    USABILITY = "usability"
    SECURITY = "security"


class Phase(StrEnum):
    """When a check is made: at filing (归档 GD), at transfer (移交与接收 YJ), in long-term keeping (长期保存 CQ)."""

    FILING = "filing"
    TRANSFER = "transfer"
    KEEPING = "keeping"


class SubjectKind(StrEnum):
    """What a check looks at: one item (件), one volume (卷), one information package, or the system itself."""

    ITEM = "item"
    VOLUME = "volume"
    PACKAGE = "package"
    SYSTEM = "system"


@dataclass(frozen=True)
class CheckedComponent:
    """One file of the item. `name_bytes` is its name as received where that is no UTF-8, else None.

    `size`, `sha256` and `sm3` (hexadecimal) are what was taken while the bytes came in; the `announced_…` are what the
    source said before. `open` gives the stored bytes anew each time. `examination` is None where nothing has looked
    into the file.
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
    examination: Examination | None

    @property
    def reading(self) -> Reading | None:
        """What reading the file gave."""
        return self.examination.reading if self.examination is not None else None

    @property
    def identified(self) -> Identified:
        """What its content shows it to be."""
        return self.examination.reading.identified if self.examination is not None else UNIDENTIFIED


@dataclass(frozen=True)
class Registered:
    """The two digests, in hexadecimal, of an item's description: as the ledger took it down, and as it reads now."""

    then: str
    now: str


@dataclass(frozen=True)
class Checked:
    """An item as the checks see it.

    `published_text` is the moment as the source wrote it, where it wrote one. `announced` are the names of the
    attachments that the envelope lists, None where the source lists none. `fields` are further elements of the envelope
    by name, such as `region` and `unified_deal_code`. `now` is the moment of checking. `duplicates` is how many other
    items have the same title, publication and main document, None where nobody has counted. `twins` are the verified
    detached signatures of components, by the id of what was signed. `registered` is None unless
    the ledger was asked.
    """

    title: str
    published: datetime | None
    source: str
    external_id: str
    components: tuple[CheckedComponent, ...]
    published_text: str = ""
    announced: tuple[str, ...] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    now: datetime | None = None
    duplicates: int | None = None
    twins: Mapping[str, tuple[Signature, ...]] = field(default_factory=dict)
    registered: Registered | None = None


@dataclass(frozen=True)
class Finding:
    """What a check says of its subject (`component` None) or of one part of it.

    `evidence` is what was compared, as JSON: counts, digests, names of rules, never the content of a document. `tool`
    names what looked, with its version, "" where that is the archive itself.
    """

    outcome: Outcome
    component: str | None = None
    reason_code: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    evidence: Mapping[str, object] = field(default_factory=dict)
    tool: str = ""


@dataclass(frozen=True)
class CheckResult:
    """A finding as it is stored: by which check, of which version, in which phase, in how many milliseconds."""

    code: str
    nature: Nature
    component: str | None
    outcome: Outcome
    reason_code: str | None
    params: Mapping[str, object]
    rule_version: str
    milliseconds: float
    evidence: Mapping[str, object] = field(default_factory=dict)
    tool: str = ""
    phase: Phase = Phase.FILING


_SubjectT_contra = TypeVar("_SubjectT_contra", contravariant=True)


class CheckOf(Protocol[_SubjectT_contra]):
    """One check. It says something about everything it covers; silence counts as not checked at the gate.

    Phase, object, purpose and basis of a check stand with its number, in `ingest.checks.items`.
    """

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
        """Changes whenever the same subject would get another outcome."""
        ...

    def run(self, item: _SubjectT_contra, /) -> Iterator[Finding] | Sequence[Finding]:
        """Look at the subject. Whatever it cannot look at, it reports as not checked with a reason."""
        ...


Check = CheckOf[Checked]
"""A check of one item."""


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


def not_applicable(component: str | None = None, reason: str = "nothing-to-check", **params: object) -> Finding:
    """There is nothing of the kind to check, for `reason`."""
    return Finding(Outcome.NOT_APPLICABLE, component, reason, params)


def not_checked(reason: str, component: str | None = None, **params: object) -> Finding:
    """It should have been checked and was not, for `reason`."""
    return Finding(Outcome.NOT_CHECKED, component, reason, params)


def seen(finding: Finding, evidence: Mapping[str, object], tool: str = "") -> Finding:
    """The finding with what it rests on: `evidence` is what was compared, `tool` what looked."""
    return replace(finding, evidence={**finding.evidence, **evidence}, tool=tool or finding.tool)
