"""Sources as programs see them: what they are told, how they are, what a preview shows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from archive.messages import Language, render
from classifiers.types import Decision
from ingest.connectors.port import ConnectorKind
from ingest.sources.desk import is_previewed
from ingest.sources.health import SKEW_SECONDS, SourceHealth
from ingest.sources.samples import Preview, Sample
from ingest.types import SeenArrival


class SourceAnswer(BaseModel):
    """A source. Options name credentials, they never hold them.

    `state` is `fine`, `failing` (`since` it last went well), `paused`, `never` (not read yet) or `late`.
    """

    name: str
    connector: str
    location: str
    region: str | None
    minutes: int | None
    options: dict[str, Any]
    draft: dict[str, Any] | None
    previewed: bool
    state: str
    since: datetime | None
    last_success: datetime | None
    last_failure: datetime | None
    failure: str | None
    failure_message: str | None
    next_reading: datetime | None
    asked: bool
    reading: bool
    set_aside: str | None
    captured: int
    refused: int
    gone: int
    clock_skew: float | None
    clock_warning: str | None

    @classmethod
    def of(cls, health: SourceHealth, language: Language) -> Self:
        """From what is known of a source."""
        source = health.source
        return cls(
            name=source.name,
            connector=source.connector,
            location=source.location,
            region=source.region,
            minutes=source.minutes,
            options=dict(source.options),
            draft=None if source.draft is None else dict(source.draft),
            previewed=is_previewed(source),
            state=str(health.state),
            since=health.since,
            last_success=source.last_success,
            last_failure=source.last_failure,
            failure=source.failure_code,
            failure_message=source.failure_message,
            next_reading=health.next_reading,
            asked=health.asked,
            reading=health.reading,
            set_aside=health.set_aside.code if health.set_aside else None,
            captured=health.captured,
            refused=health.refused,
            gone=health.gone,
            clock_skew=source.clock_skew,
            clock_warning=clock_warning(health, language),
        )


def clock_warning(health: SourceHealth, language: Language) -> str | None:
    """What to say of a clock that is wrong; None of one that is right or has not been seen."""
    if not health.skewed:
        return None
    seconds = round(abs(health.source.clock_skew or 0))
    return render("source-clock-skewed", {"seconds": seconds, "most": SKEW_SECONDS}, language)


class RefusedAnswer(BaseModel):
    """A document that was refused, with why and since when."""

    external_id: str
    code: str | None
    message: str | None
    first_seen: datetime
    last_seen: datetime
    tries: int

    @classmethod
    def of(cls, arrival: SeenArrival) -> Self:
        """From what intake remembers."""
        return cls(
            external_id=arrival.external_id,
            code=arrival.code,
            message=arrival.message,
            first_seen=arrival.first_seen,
            last_seen=arrival.last_seen,
            tries=arrival.tries,
        )


class SourceDetail(BaseModel):
    """A source with the documents that were refused last."""

    source: SourceAnswer
    refused: list[RefusedAnswer]


class SourcesAnswer(BaseModel):
    """Every source by name."""

    sources: list[SourceAnswer]


class FileAnswer(BaseModel):
    """A file of a sampled document; `opened` tells whether size and format were measured or only announced."""

    name: str
    role: str
    size: int | None
    format: str
    opened: bool
    problem: str | None


class GuessAnswer(BaseModel):
    """What the classifier would say."""

    class_code: str | None
    doc_type: str | None
    trade_type: str | None
    stage: str | None
    confidence: float
    needs_person: bool
    reasons: list[str]

    @classmethod
    def of(cls, decision: Decision, language: Language) -> Self:
        """From a decision."""
        return cls(
            class_code=decision.class_code,
            doc_type=decision.doc_type,
            trade_type=decision.trade_type,
            stage=decision.stage,
            confidence=round(decision.confidence, 3),
            needs_person=decision.needs_person,
            reasons=[reason.sentence(language) for reason in decision.reasons],
        )


class SampleAnswer(BaseModel):
    """What would become of one document: `captured`, `refused`, `gone`, `withdrawn` or `unchanged`."""

    external_id: str
    becomes: str
    code: str | None
    message: str
    title: str
    published: datetime | None
    region: str
    hints: dict[str, Any]
    files: list[FileAnswer]
    classified: GuessAnswer | None

    @classmethod
    def of(cls, sample: Sample, language: Language) -> Self:
        """From a sample."""
        return cls(
            external_id=sample.external_id,
            becomes=str(sample.becomes),
            code=sample.code,
            message=_sentence(sample.code, sample.params, language),
            title=sample.title,
            published=sample.published,
            region=sample.region,
            hints=dict(sample.hints),
            files=[
                FileAnswer(
                    name=file.name,
                    role=file.role,
                    size=file.size,
                    format=file.format,
                    opened=file.opened,
                    problem=_sentence(file.problem, {}, language) or None,
                )
                for file in sample.files
            ],
            classified=GuessAnswer.of(sample.decision, language) if sample.decision else None,
        )


class PreviewAnswer(BaseModel):
    """A few documents of a source as they would come; nothing of them is stored.

    `ending` is `complete`, `enough`, `time`, `failed` (`code` and `message` say why) or `unread`.
    """

    source: str
    draft: bool
    ending: str
    code: str | None
    message: str
    samples: list[SampleAnswer]

    @classmethod
    def of(cls, preview: Preview, language: Language) -> Self:
        """From a preview."""
        return cls(
            source=preview.source,
            draft=preview.draft,
            ending=str(preview.ending),
            code=preview.code,
            message=_sentence(preview.code, preview.params, language),
            samples=[SampleAnswer.of(sample, language) for sample in preview.samples],
        )


class OptionAnswer(BaseModel):
    """One thing that a source of some connector can be told."""

    name: str
    kind: str
    required: bool
    default: Any
    help_zh: str
    help_en: str


class ConnectorAnswer(BaseModel):
    """A way in which sources deliver; `read` is false where others push."""

    name: str
    help_zh: str
    help_en: str
    read: bool
    options: list[OptionAnswer]

    @classmethod
    def of(cls, kind: ConnectorKind) -> Self:
        """From a connector's description."""
        return cls(
            name=kind.name,
            help_zh=kind.help_zh,
            help_en=kind.help_en,
            read=kind.open is not None,
            options=[
                OptionAnswer(
                    name=option.name,
                    kind=option.kind,
                    required=option.required,
                    default=option.default,
                    help_zh=option.help_zh,
                    help_en=option.help_en,
                )
                for option in kind.options
            ],
        )


class SourceRequest(BaseModel):
    """A source to be registered. A secret is written `secret:NAME`, never as itself."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200)
    connector: str = Field(max_length=200)
    location: str = Field(max_length=2_000)
    options: dict[str, Any] = {}
    region: str | None = Field(default=None, pattern=r"^\d{6}$")
    minutes: int | None = None


class DraftRequest(BaseModel):
    """Options to be drafted, and names of those to be taken away; what is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    options: dict[str, Any] = {}
    without: list[str] = []


class PreviewRequest(BaseModel):
    """How many documents to look at; `live` asks for the options in force instead of the draft."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=5, ge=1, le=50)
    live: bool = False


class ScheduleRequest(BaseModel):
    """Minutes between two readings; null leaves it to the settings."""

    model_config = ConfigDict(extra="forbid")

    minutes: int | None


def _sentence(code: str | None, params: Mapping[str, object], language: Language) -> str:
    return render(code, params, language) if code else ""
