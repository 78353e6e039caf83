"""What a pushing sender is answered with."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from archive.messages import Language, render
from ingest.push.types import Answer, Problem, Pushed
from web.schemas.errors import ErrorBody


class ProblemAnswer(BaseModel):
    """One field that is wrong, or worth a remark: which, what it breaks, and a sentence for people."""

    field: str
    name: str
    constraint: str = Field(examples=["length"])
    code: str
    message: str

    @classmethod
    def of(cls, problem: Problem, language: Language) -> Self:
        """A problem in words."""
        return cls(
            field=problem.field,
            name=problem.name_cn,
            constraint=problem.constraint,
            code=problem.code,
            message=problem.sentence(language),
        )


class ReceiptAnswer(BaseModel):
    """A message is durable here. `again` says that the very same one had been before."""

    data_no: str
    data_key: str
    state: str = Field(examples=["received"])
    again: bool
    warnings: list[ProblemAnswer]

    @classmethod
    def of(cls, answer: Answer, language: Language) -> Self:
        """A receipt with everything that was remarked on."""
        remarks = [ProblemAnswer.of(problem, language) for problem in answer.problems]
        return cls(
            data_no=answer.data_no, data_key=answer.key, state=answer.state, again=answer.again, warnings=remarks
        )


class RefusalBody(ErrorBody):
    """An error with the fields that are its reason."""

    fields: list[ProblemAnswer]


class RefusalAnswer(BaseModel):
    """A message that was not taken, with each field that is wrong."""

    error: RefusalBody

    @classmethod
    def of(cls, answer: Answer, language: Language) -> Self:
        """A refusal; what was only remarked on is left out."""
        refusing = [problem for problem in answer.problems if problem.refuses]
        sentences = " ".join(answer.sentences(language))
        params = {"data_no": answer.data_no, "count": len(refusing), "sentences": sentences}
        message = render("push-refused", params, language) if answer.data_no else sentences
        code = "push-refused" if answer.data_no else refusing[0].code
        fields = [ProblemAnswer.of(problem, language) for problem in refusing]
        return cls(error=RefusalBody(code=code, message=message, status=422, retryable=False, fields=fields))


class MessageAnswer(BaseModel):
    """What became of one message. `waiting_for` names the parent or the file that it waits for."""

    data_no: str
    data_key: str
    operation: str
    sha256: str
    state: str
    reason: str
    waiting_for: str
    received_at: datetime

    @classmethod
    def of(cls, pushed: Pushed) -> Self:
        """A message as it stands."""
        return cls(
            data_no=pushed.data_no,
            data_key=pushed.data_key,
            operation=pushed.operation,
            sha256=pushed.sha256,
            state=pushed.state,
            reason=pushed.reason,
            waiting_for=pushed.waiting_for,
            received_at=pushed.received_at,
        )


class MessagesAnswer(BaseModel):
    """All messages with one key, in the order in which they came."""

    messages: list[MessageAnswer]
