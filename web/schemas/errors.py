"""The one shape of an error."""

from pydantic import BaseModel, Field


class ErrorBody(BaseModel):
    """What went wrong: a code for programs, a sentence for people, and whether trying again may help."""

    code: str = Field(examples=["record-unknown"])
    message: str
    status: int = Field(examples=[404])
    retryable: bool


class ErrorAnswer(BaseModel):
    """Every answer that is no success."""

    error: ErrorBody
