"""Objects in parts: how large files come in, and how they get to their digest inside the service."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from archive.blobs.conformance.types import Check, Need, Seen, Site, absent, failed, judged, passed
from archive.blobs.s3.bench import Answer, Bench

SMALLEST_PART: Final = 5 << 20
"""What S3 takes at least for a part that is not the last."""


def begin(bench: Bench, key: str, headers: Mapping[str, str] | None = None) -> tuple[str, Answer]:
    """Begin an upload; its id, empty where the service gave none, and the answer."""
    answer = bench.ask("POST", key, {"uploads": ""}, headers=headers)
    return (answer.one("UploadId") if answer.fine else "", answer)


def send(bench: Bench, key: str, upload: str, number: int, part: bytes) -> str:
    """Send a part; its tag, empty where it was refused."""
    answer = bench.ask("PUT", key, {"partNumber": str(number), "uploadId": upload}, part)
    return answer.headers.get("etag", "") if answer.fine else ""


def finish(
    bench: Bench, key: str, upload: str, tags: Sequence[str], headers: Mapping[str, str] | None = None
) -> Answer:
    """Ask for the object to be made of its parts."""
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>" for number, tag in enumerate(tags, 1)
    )
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    return bench.ask("POST", key, {"uploadId": upload}, body, headers=headers)


def take(bench: Bench, key: str, upload: str, source: str, span: str) -> tuple[str, Answer]:
    """Take the first part from another object inside the service; its tag, and the answer."""
    answer = bench.ask(
        "PUT",
        key,
        {"partNumber": "1", "uploadId": upload},
        headers={
            "x-amz-copy-source": f"/{bench.address.bucket}/{bench.address.prefix}{source}",
            "x-amz-copy-source-range": span,
        },
    )
    return (answer.one("ETag") if answer.fine else "", answer)


def _multipart(site: Site) -> Seen:
    parts = [secrets.token_bytes(SMALLEST_PART), b"the end"]
    upload, begun = begin(site.bucket, "parts")
    if not upload:
        return judged(begun, "begin")
    tags = [send(site.bucket, "parts", upload, number, part) for number, part in enumerate(parts, 1)]
    early = site.bucket.ask("HEAD", "parts")
    done = finish(site.bucket, "parts", upload, tags)
    got = site.bucket.ask("GET", "parts")
    if early.status != 404:
        return failed(f"there before it was finished: {early}")
    if done.fine and got.body == b"".join(parts):
        return passed(f"{len(got.body)} bytes in {len(parts)} parts")
    return failed(f"finish: {done}; then {got} with {len(got.body)} bytes")


def _abort(site: Site) -> Seen:
    upload, begun = begin(site.bucket, "given-up")
    if not upload:
        return judged(begun, "begin")
    tag = send(site.bucket, "given-up", upload, 1, b"half")
    if not tag:
        return failed("the part was refused")
    aborted = site.bucket.ask("DELETE", "given-up", {"uploadId": upload})
    there = site.bucket.ask("HEAD", "given-up")
    late = finish(site.bucket, "given-up", upload, [tag])
    if aborted.fine and there.status == 404 and not late.fine:
        return passed(f"{aborted}; no object, and the upload is not known any more: {late}")
    return failed(f"abort: {aborted}; HEAD: {there}; finishing afterwards: {late}")


def _open_uploads(site: Site) -> Seen:
    upload, begun = begin(site.bucket, "open")
    if not upload:
        return judged(begun, "begin")
    listed = site.bucket.ask("GET", query={"uploads": ""})
    site.bucket.ask("DELETE", "open", {"uploadId": upload})
    if not listed.fine:
        return judged(listed, "list of uploads")
    if upload in listed.all("UploadId"):
        return passed(f"{listed}, the open upload is in it")
    return absent(f"{listed}, but the open upload is not in it")


def _once_in_parts(site: Site) -> Seen:
    site.bucket.ask("PUT", "once-in-parts", body=b"first")
    upload, begun = begin(site.bucket, "once-in-parts")
    if not upload:
        return judged(begun, "begin")
    tag = send(site.bucket, "once-in-parts", upload, 1, b"second")
    done = finish(site.bucket, "once-in-parts", upload, [tag], {"If-None-Match": "*"})
    got = site.bucket.ask("GET", "once-in-parts")
    site.bucket.ask("DELETE", "once-in-parts", {"uploadId": upload})
    if done.status == 412 and got.body == b"first":
        return passed(f"{done}, and the first bytes stayed")
    return absent(f"the condition was ignored: {done}") if done.fine else judged(done, "finish with If-None-Match")


def _copy(site: Site) -> Seen:
    data = secrets.token_bytes(1 << 16)
    site.bucket.ask("PUT", "original", body=data)
    source = f"/{site.bucket.address.bucket}/{site.bucket.address.prefix}original"
    copied = site.bucket.ask("PUT", "copy", headers={"x-amz-copy-source": source})
    got = site.bucket.ask("GET", "copy")
    if copied.fine and got.body == data:
        return passed(f"{copied}, {len(data)} bytes the same")
    if copied.fine:
        return failed(f"{copied}, but then {got} with {len(got.body)} bytes that differ")
    return judged(copied, "copy")


def _part_copy(site: Site) -> Seen:
    data = secrets.token_bytes(1 << 16)
    site.bucket.ask("PUT", "whole", body=data)
    upload, begun = begin(site.bucket, "piece")
    if not upload:
        return judged(begun, "begin")
    tag, taken = take(site.bucket, "piece", upload, "whole", "bytes=16-1039")
    done = finish(site.bucket, "piece", upload, [tag]) if tag else taken
    got = site.bucket.ask("GET", "piece")
    if done.fine and got.body == data[16:1040]:
        return passed("1024 bytes from inside another object")
    if done.fine:
        return failed(f"{done}, but then {got} with {len(got.body)} bytes that differ")
    return judged(done, "copy of a part")


UPLOADS: Final = (
    Check("store-multipart", _multipart, Need.ALWAYS, "store-unfit"),
    Check("store-multipart-abort", _abort, Need.ALWAYS, "store-unfit"),
    Check("store-multipart-listing", _open_uploads, Need.NEVER, "store-multipart-listing-absent"),
    Check("store-multipart-once", _once_in_parts, Need.NEVER, "store-write-once-absent"),
    Check("store-part-copy", _part_copy, Need.ALWAYS, "store-unfit"),
    Check("store-copy", _copy, Need.NEVER, "store-copy-absent"),
)
"""The checks of objects in parts, in the order in which they are made."""
