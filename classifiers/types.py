"""What the classifiers take and give. Plain values, no behaviour beyond putting reasons into words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from archive.messages import Language, render


@dataclass(frozen=True)
class Evidence:
    """Everything known about one document before it is understood; empty where the source said nothing.

    `data_no` is a dataset number of the national specification V2.0, with a qualifier after `/` where the source gave
    one (`503/BULLETIN_TYPE=2`). `attachment_codes` are FILE_EN_NAME values. `source_label`, `category` and
    `notice_type` are the source's own words. `published` carries its zone.
    """

    id: str
    title: str = ""
    body: str = ""
    data_no: str = ""
    attachment_codes: tuple[str, ...] = ()
    attachment_names: tuple[str, ...] = ()
    source_label: str = ""
    category: str = ""
    notice_type: str = ""
    region: str = ""
    project_code: str = ""
    project_name: str = ""
    tender_project_code: str = ""
    section_codes: tuple[str, ...] = ()
    section_names: tuple[str, ...] = ()
    unified_deal_code: str = ""
    published: datetime | None = None


@dataclass(frozen=True)
class Reason:
    """Why: `code` is a code of the message catalogue, `params` fill its sentence. Never holds text of the body."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, language: Language = "zh") -> str:
        """The reason in words."""
        return render(self.code, self.params, language)


@dataclass(frozen=True)
class Rounds:
    """What the marks in a title say: `tender` is the round of the trade (1 is the first), the others count from 0."""

    tender: int = 1
    republication: int = 0
    correction: int = 0


@dataclass(frozen=True)
class Decision:
    """What a document is, or the question to a person.

    With `needs_person` the values are the best guess, not a decision; `class_code` and `trade_type` are None where
    there is not even a guess. `confidence` lies between 0 and 1. `round`, `republication` and `correction` are those of
    `Rounds`. `is_notice` is false for what is no document of a trade, such as a penalty decision.
    """

    class_code: str | None
    doc_type: str | None
    trade_type: str | None
    stage: str | None
    confidence: float
    needs_person: bool
    reasons: tuple[Reason, ...]
    runner_up: str | None = None
    round: int = 1
    republication: int = 0
    correction: int = 0
    is_notice: bool = True


@dataclass(frozen=True)
class FieldValue:
    """One extracted value; `origin` is `given`, `body`, `title` or `code`, `confidence` lies between 0 and 1."""

    value: str
    origin: str
    confidence: float


@dataclass(frozen=True)
class Moment:
    """An extracted point in time, as a moment with its zone."""

    value: datetime
    origin: str
    confidence: float


@dataclass(frozen=True)
class Fields:
    """What joins a document to its project and bid section. None or empty where nothing was found.

    `project_key` is the project's name made comparable: equal keys suggest one project, they do not prove it.
    """

    project_name: FieldValue | None = None
    project_key: str = ""
    project_code: FieldValue | None = None
    tender_project_code: FieldValue | None = None
    section_codes: tuple[FieldValue, ...] = ()
    section_names: tuple[FieldValue, ...] = ()
    unified_deal_code: FieldValue | None = None
    region: FieldValue | None = None
    published: Moment | None = None
