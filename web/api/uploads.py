"""Uploads that may be interrupted at any byte, over tus 1.0.0 (https://tus.io/protocols/resumable-upload).

Spoken are its core and the extensions creation, creation-with-upload, checksum, termination and expiration.

Who asks is known and permitted before a byte of a body is read. Other sites cannot send these requests in a visitor's
name: the cookie stays behind (SameSite), and each that changes something must carry the header `Tus-Resumable`, which
browsers do not send across sites without asking first.
"""

import binascii
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from email.utils import format_datetime
from typing import Annotated, Any, Final

import anyio
import structlog
from fastapi import APIRouter, Depends, Header
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from archive.authorization import Actor, Permission
from archive.errors import ArchiveError, InvalidInput
from ingest.uploads.errors import BrokenOff
from ingest.uploads.service import UploadService, Writing
from ingest.uploads.types import ALGORITHMS, Checksum, Upload
from web.dependencies import Provided, Visited, allow
from web.errors import NotAllowed, json_error
from web.schemas.uploads import UploadAnswer
from web.visits import language_of

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,termination,checksum,expiration"
_BYTES: Final = "application/offset+octet-stream"
_AT_ONCE: Final = 1 << 20
_SILENCE_SECONDS: Final = 60
_MOST_DIGITS: Final = 18


class WrongVersion(InvalidInput):
    """The request is not of this version of the protocol."""

    status = 412


class WrongContentType(InvalidInput):
    """A body comes as something else than bytes."""

    status = 415


class _TusRoute(APIRoute):
    """A route all of whose answers name the version, errors too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def named(request: Request) -> Response:
            try:
                response = await answer(request)
            except ArchiveError as error:
                if error.status >= 500:
                    structlog.get_logger().error("http.failed", code=error.code)
                response = json_error(error, language_of(request))
                if isinstance(error, WrongVersion):
                    response.headers["Tus-Version"] = VERSION
            response.headers["Tus-Resumable"] = VERSION
            return response

        return named


def _own_version(tus: Annotated[str, Header(alias="Tus-Resumable")] = "") -> None:
    """A dependency that refuses what is not of this version, or was not sent by a program of ours or a tus client."""
    if tus != VERSION:
        raise WrongVersion("upload-version")


router = APIRouter(
    prefix="/uploads", tags=["uploads"], route_class=_TusRoute, dependencies=[Depends(allow(Permission.SOURCE_MANAGE))]
)

Offset = Annotated[str, Header(alias="Upload-Offset")]
Length = Annotated[str, Header(alias="Upload-Length")]
Metadata = Annotated[str, Header(alias="Upload-Metadata")]
Sum = Annotated[str, Header(alias="Upload-Checksum")]
Kind = Annotated[str, Header(alias="Content-Type")]


@router.options("", status_code=204, response_class=Response)
def abilities(services: Provided) -> Response:
    """What of the protocol is spoken here, and how long an upload may be."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(services.uploads.most),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


@router.get("")
def recent(services: Provided, visit: Visited) -> list[UploadAnswer]:
    """The caller's own uploads, newest first, and what became of them."""
    return [UploadAnswer.of(upload) for upload in services.uploads.recent(visit.actor)]


@router.post("", status_code=201, response_class=Response, dependencies=[Depends(_own_version)])
async def create(
    request: Request,
    services: Provided,
    visit: Visited,
    length: Length = "",
    metadata: Metadata = "",
    checksum: Sum = "",
    kind: Kind = "",
) -> Response:
    """Begin an upload; with a body of bytes, also send its first ones. An empty file is taken in at once."""
    if not (length.isascii() and length.isdigit()) or len(length) > _MOST_DIGITS:
        raise InvalidInput("upload-length")
    with_bytes = _is_bytes(kind)
    wanted = _checksum(checksum) if with_bytes else None
    upload = await run_in_threadpool(services.uploads.create, visit.actor, int(length), metadata)
    offset = 0
    if with_bytes or upload.length == 0:
        place = (0, _announced(request) if with_bytes else 0)
        source = _blocks(request) if with_bytes else _nothing()
        upload, offset = await _receive(services.uploads, visit.actor, upload.id, place, wanted, source)
    headers = _headers(upload, offset) | {"Location": f"/api/v1/uploads/{upload.id}"}
    return Response(status_code=201, headers=headers)


@router.head("/{upload_id}", response_class=Response)
def position(services: Provided, visit: Visited, upload_id: str) -> Response:
    """How many bytes of an upload are durable."""
    upload, offset = services.uploads.position(visit.actor, upload_id)
    headers = _headers(upload, offset) | {"Upload-Length": str(upload.length), "Cache-Control": "no-store"}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return Response(status_code=200, headers=headers)


@router.patch("/{upload_id}", status_code=204, response_class=Response, dependencies=[Depends(_own_version)])
async def append(
    request: Request,
    services: Provided,
    visit: Visited,
    upload_id: str,
    offset: Offset = "",
    checksum: Sum = "",
    kind: Kind = "",
) -> Response:
    """Go on with an upload. Answered once the bytes are durable; with the last ones, once the document is taken in."""
    if not _is_bytes(kind):
        raise WrongContentType("upload-content-type")
    if not (offset.isascii() and offset.isdigit()) or len(offset) > _MOST_DIGITS:
        raise InvalidInput("upload-offset-missing")
    place = (int(offset), _announced(request))
    wanted, source = _checksum(checksum), _blocks(request)
    upload, reached = await _receive(services.uploads, visit.actor, upload_id, place, wanted, source)
    return Response(status_code=204, headers=_headers(upload, reached))


@router.delete("/{upload_id}", status_code=204, response_class=Response, dependencies=[Depends(_own_version)])
def terminate(services: Provided, visit: Visited, upload_id: str) -> Response:
    """Give an upload up. What has been taken in stays."""
    services.uploads.terminate(visit.actor, upload_id)
    return Response(status_code=204)


@router.post("/{upload_id}", status_code=204, response_class=Response, dependencies=[Depends(_own_version)])
async def instead(
    request: Request,
    services: Provided,
    visit: Visited,
    upload_id: str,
    method: Annotated[str, Header(alias="X-HTTP-Method-Override")] = "",
    offset: Offset = "",
    checksum: Sum = "",
) -> Response:
    """`PATCH` or `DELETE` for those whose way lets only `POST` through, named by `X-HTTP-Method-Override`."""
    if method == "PATCH":
        kind = request.headers.get("content-type", "")
        return await append(request, services, visit, upload_id, offset, checksum, kind)
    if method == "DELETE":
        return await run_in_threadpool(terminate, services, visit, upload_id)
    raise NotAllowed("method-not-allowed", method=method or "POST")


async def _receive(
    uploads: UploadService,
    actor: Actor,
    upload_id: str,
    place: tuple[int, int | None],
    checksum: Checksum | None,
    source: AsyncIterator[bytes],
) -> tuple[Upload, int]:
    """Let a body flow into an upload from a `place`, an offset with the size announced. Files are written in threads.

    Whatever breaks it off, what came is kept where it may be, and the upload is let go of.
    """
    writing = await run_in_threadpool(uploads.begin, actor, upload_id, *place, checksum)
    try:
        async for block in _gathered(source):
            await run_in_threadpool(writing.write, block)
        return await run_in_threadpool(writing.finish)
    finally:
        # A server that stops cancels requests; letting go is not to be cancelled.
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(_let_go, writing)


def _let_go(writing: Writing) -> None:
    try:
        with suppress(ArchiveError):
            # What made it break off is told already; that the rest could not be kept shows in the offset.
            writing.break_off()
    finally:
        writing.close()


async def _gathered(source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in larger blocks: a thread is called for each. What came before an error comes before it here."""
    held = bytearray()
    failure: BrokenOff | None = None
    try:
        async for block in source:
            held += block
            if len(held) >= _AT_ONCE:
                yield bytes(held)
                held.clear()
    except BrokenOff as error:
        failure = error
    if held:
        yield bytes(held)
    if failure is not None:
        raise failure


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    """The body of a request as it comes.

    Raises:
        BrokenOff: the sender went away, or was silent for a minute.
    """
    while True:
        try:
            with anyio.fail_after(_SILENCE_SECONDS):
                message = await request.receive()
        except TimeoutError as error:
            raise BrokenOff("upload-broken-off") from error
        if message["type"] == "http.disconnect":
            raise BrokenOff("upload-broken-off")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def _nothing() -> AsyncIterator[bytes]:
    """No body at all."""
    for block in tuple[bytes, ...]():
        yield block


def _announced(request: Request) -> int | None:
    given = request.headers.get("content-length", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS else None


def _is_bytes(kind: str) -> bool:
    return kind.partition(";")[0].strip().lower() == _BYTES


def _checksum(header: str) -> Checksum | None:
    """What a request says its bytes come to; None where it says nothing."""
    if not header:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    try:
        digest = b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("upload-checksum-unknown", known="、".join(ALGORITHMS)) from error
    if algorithm not in ALGORITHMS or not digest:
        raise InvalidInput("upload-checksum-unknown", known="、".join(ALGORITHMS))
    return Checksum(algorithm, digest)


def _headers(upload: Upload, offset: int) -> dict[str, str]:
    headers = {"Upload-Offset": str(offset)}
    if upload.record_id is not None:
        headers["Juanzong-Record"] = upload.record_id
        headers["Juanzong-Receipt"] = upload.receipt or ""
    else:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    return headers
