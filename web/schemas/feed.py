"""The feed as programs read it."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from archive.records.feed.types import FeedPage
from archive.records.reading import RecordView


class FeedFile(BaseModel):
    """A file of a notice. Digests are null where the original holds personal data, as everywhere in public."""

    name: str
    size: int
    sha256: str | None
    sm3: str | None


class FeedItem(BaseModel):
    """A record as the public sees it now. The same record, version and state may come more than once."""

    model_config = ConfigDict(populate_by_name=True)

    record: str
    reference: str | None = Field(description="The reference code (档号), once it has one")
    title: str
    class_code: str | None = Field(serialization_alias="class")
    region: str
    published: datetime | None
    version: int
    state: Literal["shown", "withdrawn"]
    url: str = Field(description="Where people read it, below the address of this server")
    files: list[FeedFile] = Field(description="Empty once withdrawn")

    @classmethod
    def of(cls, view: RecordView) -> Self:
        """From the public copy of a record."""
        record = view.record
        return cls(
            record=record.id,
            reference=record.reference_code,
            title=record.title,
            class_code=record.class_code,
            region=record.region,
            published=view.version.published,
            version=view.version.number,
            state="withdrawn" if view.withdrawn else "shown",
            url=f"/records/{record.id}",
            files=[
                FeedFile(name=file.name, size=file.size, sha256=file.sha256 or None, sm3=file.sm3 or None)
                for file in view.components
            ],
        )


class FeedAnswer(BaseModel):
    """A page of the feed. `next` is where to go on from, `more` whether to do so at once."""

    items: list[FeedItem]
    next: str
    more: bool

    @classmethod
    def of(cls, page: FeedPage) -> Self:
        """From a page."""
        return cls(items=[FeedItem.of(view) for view in page.items], next=page.next.text(), more=page.more)
