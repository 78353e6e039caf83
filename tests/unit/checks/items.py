"""Items for the tests of checks: sound ones, which the tests then spoil."""

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO

from archive.errors import InvalidInput
from ingest.checks.types import ATTACHMENT, MAIN, Checked, CheckedComponent
from ingest.examining.types import Examination, Stage
from ingest.extractors.port import Limits
from ingest.extractors.reading import Problem, read_component
from ingest.formats.inspecting import inspect
from ingest.signatures.finding import find
from ingest.signatures.types import NOBODY
from tests.unit.extractors import documents

PUBLISHED = datetime(2031, 3, 1, 9, 30, tzinfo=UTC)
NOW = datetime(2031, 3, 2, 9, 30, tzinfo=UTC)


def examined(content: bytes, name: str) -> Examination:
    """What an examination finds, without the process that bounds it."""
    reading = read_component(io.BytesIO(content), name)
    problems: dict[Stage, Problem] = {}
    inspections, signatures = inspect(io.BytesIO(content), reading.identified, Limits()), None
    try:
        signatures = find(io.BytesIO(content), reading.identified.mime, NOBODY, NOW)
    except InvalidInput as error:
        problems[Stage.SIGNATURES] = Problem(error.code, error.params)
    return Examination(reading, inspections, signatures, problems=problems)


def component(content: bytes, name: str = "公告.pdf", role: str = MAIN, identifier: str = "cmp_1") -> CheckedComponent:
    """A component as the steps before would hand it over."""

    def opened() -> BinaryIO:
        return io.BytesIO(content)

    opener: Callable[[], BinaryIO] = opened
    return CheckedComponent(
        id=identifier,
        name=name,
        name_bytes=None,
        role=role,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        sm3=hashlib.new("sm3", content).hexdigest(),
        announced_size=None,
        announced_sha256=None,
        open=opener,
        examination=examined(content, name),
    )


def item(*components: CheckedComponent, title: str = "云岭市试验公告") -> Checked:
    """A sound item of these components, by default of one PDF and one attachment."""
    parts = components or (
        component(documents.pdf()),
        component(documents.docx_file(), "附件.docx", ATTACHMENT, "cmp_2"),
    )
    return Checked(
        title=title,
        published=PUBLISHED,
        source="portal",
        external_id="YL-0042",
        components=parts,
        now=NOW,
        duplicates=0,
    )
