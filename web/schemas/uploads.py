"""Uploads as programs and the page of uploads see them."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from ingest.uploads.types import Upload, UploadState


class UploadAnswer(BaseModel):
    """An upload and what became of it. `url` is where it goes on while it is open."""

    id: str
    url: str
    name: str
    source: str
    length: int
    state: UploadState
    created_at: datetime
    expires_at: datetime
    record: str | None = Field(description="The record that the document became, or belongs to")
    receipt: str | None = Field(examples=["captured", "new_versions", "renamed", "unchanged", "superseded"])
    code: str | None
    message: str | None

    @classmethod
    def of(cls, upload: Upload) -> Self:
        """From an upload."""
        return cls(
            id=upload.id,
            url=f"/api/v1/uploads/{upload.id}",
            name=upload.name,
            source=upload.source,
            length=upload.length,
            state=upload.state,
            created_at=upload.created_at,
            expires_at=upload.expires_at,
            record=upload.record_id,
            receipt=upload.receipt,
            code=upload.code,
            message=upload.message,
        )
