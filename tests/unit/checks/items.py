"""Items for the tests of checks: sound ones, which the tests then spoil."""

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO

from ingest.checks.types import ATTACHMENT, MAIN, Checked, CheckedComponent
from ingest.extractors.reading import read_component
from tests.unit.extractors import documents

PUBLISHED = datetime(2031, 3, 1, 9, 30, tzinfo=UTC)


def component(content: bytes, name: str = "公告.pdf", role: str = MAIN, identifier: str = "cmp_1") -> CheckedComponent:
    """A component as the steps before would hand it over."""
    reading = read_component(io.BytesIO(content), name)

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
        identified=reading.identified,
        reading=reading,
    )


def item(*components: CheckedComponent, title: str = "云岭市试验公告") -> Checked:
    """A sound item of these components, by default of one PDF and one attachment."""
    parts = components or (
        component(documents.pdf()),
        component(documents.docx_file(), "附件.docx", ATTACHMENT, "cmp_2"),
    )
    return Checked(title=title, published=PUBLISHED, source="portal", external_id="YL-0042", components=parts)
