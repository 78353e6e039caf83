"""Data push for programs: a message in, an answer once it is durable, and what has become of it since."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from archive.clock import Clock
from archive.errors import InvalidInput
from ingest.push.envelope import shape_of
from web.dependencies import Provided
from web.schemas.push import MessageAnswer, MessagesAnswer, ReceiptAnswer, RefusalAnswer
from web.visits import language_of

router = APIRouter(tags=["push"])

_SCHEME = "bearer "


async def whole_body(request: Request) -> bytes:
    """The body of a request; how long it may be is the middleware's business.

    Raises:
        InvalidInput: the sender broke off; what came of it is dropped, for he has no answer and sends it again.
    """
    try:
        return await request.body()
    except ClientDisconnect as error:
        raise InvalidInput("request-invalid", detail="body") from error


Body = Annotated[bytes, Depends(whole_body)]


def _token(request: Request) -> str:
    given = request.headers.get("authorization", "")
    return given[len(_SCHEME) :].strip() if given[: len(_SCHEME)].lower() == _SCHEME else ""


def _sent_at(request: Request, clock: Clock) -> datetime | None:
    """The moment by the sender's clock, from the header `Date`."""
    try:
        moment = parsedate_to_datetime(request.headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=clock.now().tzinfo)


@router.post("/push/{source}", response_model=ReceiptAnswer, responses={422: {"model": RefusalAnswer}})
def receive(services: Provided, request: Request, source: str, body: Body) -> JSONResponse:
    """Take a message in: the general envelope, as XML or as the same in JSON. Answered once it is durable."""
    sender = services.push.senders.by_name(source, _token(request), _sent_at(request, services.clock))
    answer = services.push.service.receive(sender, body, shape_of(body), _sent_at(request, services.clock))
    language = language_of(request)
    if not answer.accepted:
        refusal = RefusalAnswer.of(answer, language)
        return JSONResponse(refusal.model_dump(mode="json"), HTTPStatus.UNPROCESSABLE_ENTITY)
    return JSONResponse(ReceiptAnswer.of(answer, language).model_dump(mode="json"))


@router.get("/push/{source}/messages/{data_key:path}")
def messages(services: Provided, request: Request, source: str, data_key: str) -> MessagesAnswer:
    """What has become of the messages with this key."""
    sender = services.push.senders.by_name(source, _token(request))
    found = services.push.service.messages(sender, data_key)
    return MessagesAnswer(messages=[MessageAnswer.of(pushed) for pushed in found])
