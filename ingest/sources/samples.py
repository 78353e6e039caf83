"""Samples of a source: what would become of its documents, as a preview shows it. Nothing of them is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from classifiers.types import Decision, Evidence
from ingest.types import ArrivalStatus

Mask = Callable[[str], str]
"""How a text may be shown to whoever looks."""

UNCHANGED = "unchanged"
"""What becomes of a document of which the source says that it is what it was."""


@dataclass(frozen=True)
class SampledFile:
    """A file of a sampled document. `size` is in bytes, None where neither the source nor we have measured it.

    `format` is a media type; it was told by the content where `opened`, else it is what the source calls it. `problem`
    is the code of the message that says why the file cannot be read.
    """

    name: str
    role: str
    size: int | None
    format: str
    opened: bool = False
    problem: str | None = None


@dataclass(frozen=True)
class Sample:
    """One document. `becomes` is a status of arrivals or `UNCHANGED`; `code` with `params` says why it is not taken.

    `decision` is what the classifier would say, None where there is no document to classify.
    """

    external_id: str
    becomes: ArrivalStatus | str
    code: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    title: str = ""
    published: datetime | None = None
    region: str = ""
    hints: Mapping[str, object] = field(default_factory=dict)
    files: tuple[SampledFile, ...] = ()
    decision: Decision | None = None


class Ending(StrEnum):
    """Why a preview ended: the source has no more, it has shown enough, its time was over, it broke off.

    `unread` is the preview of a source that is not read by us: only what it is told was looked at.
    """

    COMPLETE = "complete"
    ENOUGH = "enough"
    TIME = "time"
    FAILED = "failed"
    UNREAD = "unread"


@dataclass(frozen=True)
class Preview:
    """What a source would deliver. `code` with `params` says why it broke off; `draft` whether a draft was tried."""

    source: str
    samples: tuple[Sample, ...]
    ending: Ending
    draft: bool
    code: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)


def evidence_for(sample: Sample, body: str, codes: tuple[str, ...]) -> Evidence:
    """What the classifiers are told of a sampled document; `codes` are those of its attachments."""
    hints = sample.hints
    return Evidence(
        id=sample.external_id,
        title=sample.title,
        body=body,
        data_no=_text(hints, "data_no"),
        attachment_codes=codes,
        attachment_names=tuple(file.name for file in sample.files if file.role != "main"),
        source_label=_text(hints, "source_label"),
        category=_text(hints, "category"),
        notice_type=_text(hints, "notice_type"),
        region=sample.region,
        project_code=_text(hints, "project_code"),
        project_name=_text(hints, "project_name"),
        tender_project_code=_text(hints, "tender_project_code"),
        unified_deal_code=_text(hints, "unified_deal_code"),
        published=sample.published,
    )


def masked(value: object, mask: Mask) -> object:
    """A value of a hint or a parameter, every text in it as it may be shown."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list | tuple):
        return [masked(part, mask) for part in value]
    if isinstance(value, Mapping):
        return {name: masked(part, mask) for name, part in value.items()}
    return value


def masked_values(values: Mapping[str, object], mask: Mask) -> dict[str, object]:
    """Hints or parameters as they may be shown."""
    return {name: masked(value, mask) for name, value in values.items()}


def _text(hints: Mapping[str, object], name: str) -> str:
    value = hints.get(name)
    return value if isinstance(value, str) else ""
