"""Whole objects: written, read, listed, removed, and never half."""

import base64
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from archive.blobs.conformance.types import Check, Need, Seen, Site, absent, failed, judged, passed

_TEXT: Final = "卷宗 object".encode()
_MANY: Final = 1_100
_AT_ONCE: Final = 8
_ROUNDS: Final = 20
_LARGE: Final = 1 << 20
_OTHER: Final = hashlib.sha256(b"other bytes").hexdigest()


def _round_trip(site: Site) -> Seen:
    data = secrets.token_bytes(_LARGE)
    put = site.bucket.ask("PUT", "round", body=data)
    if not put.fine:
        return judged(put, "PUT")
    got = site.bucket.ask("GET", "round")
    if got.body != data:
        return failed(f"put {len(data)} bytes, got {got} with {len(got.body)} bytes that differ")
    return passed(f"{len(data)} bytes came back unchanged")


def _empty(site: Site) -> Seen:
    put = site.bucket.ask("PUT", "empty")
    got = site.bucket.ask("GET", "empty")
    if put.fine and got.fine and got.body == b"":
        return passed(f"{got} with 0 bytes")
    return failed(f"PUT: {put}; GET: {got} with {len(got.body)} bytes")


def _range(site: Site) -> Seen:
    site.bucket.ask("PUT", "range", body=b"0123456789")
    middle = site.bucket.ask("GET", "range", headers={"Range": "bytes=3-5"})
    rest = site.bucket.ask("GET", "range", headers={"Range": "bytes=7-"})
    if middle.status == rest.status == 206 and (middle.body, rest.body) == (b"345", b"789"):
        return passed("bytes=3-5 and bytes=7- gave exactly those")
    if middle.status == 200 and len(middle.body) == 10:
        return absent("the range was ignored: HTTP 200 with the whole object")
    return failed(f"{middle} with {len(middle.body)} bytes; {rest} with {len(rest.body)} bytes")


def _head(site: Site) -> Seen:
    site.bucket.ask("PUT", "head", body=_TEXT)
    head = site.bucket.ask("HEAD", "head")
    if head.fine and head.headers.get("content-length") == str(len(_TEXT)) and not head.body:
        return passed(f"{head}, Content-Length {len(_TEXT)}")
    return judged(head, f"HEAD with Content-Length {head.headers.get('content-length')}, {len(_TEXT)} expected")


def _missing(site: Site) -> Seen:
    head, got = site.bucket.ask("HEAD", "never-put"), site.bucket.ask("GET", "never-put")
    if head.status == got.status == 404:
        return passed(f"HEAD: {head}; GET: {got}")
    return failed(f"HEAD: {head}; GET: {got}; HTTP 404 expected")


def _error_shape(site: Site) -> Seen:
    key = site.bucket.ask("GET", "never-put")
    bucket = site.bucket.at(f"juanzong-conformance-{secrets.token_hex(8)}").ask("GET", query={"list-type": "2"})
    if (key.code, bucket.code) == ("NoSuchKey", "NoSuchBucket"):
        return passed("NoSuchKey, NoSuchBucket")
    if not key.code and not bucket.code:
        return absent(f"no error code: {key}; {bucket}")
    return failed(f"missing key: {key}; missing bucket: {bucket}")


def _listing(site: Site) -> Seen:
    names = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(_MANY)]
    with ThreadPoolExecutor(_AT_ONCE) as writers:
        answers = list(writers.map(lambda name: site.bucket.ask("PUT", f"list/{name}", body=b"x"), names))
    if refused := [answer for answer in answers if not answer.fine]:
        return failed(f"{len(refused)} of {_MANY} PUTs failed, the first with {refused[0]}")
    prefix = f"{site.bucket.address.prefix}list/"
    query = {"list-type": "2", "prefix": prefix}
    listed: list[str] = []
    pages = 0
    while pages < _MANY:
        page = site.bucket.ask("GET", query=query)
        if not page.fine:
            return judged(page, f"page {pages + 1}")
        pages += 1
        listed += page.all("Key")
        token = page.one("NextContinuationToken")
        if page.one("IsTruncated") != "true" or not token:
            break
        query["continuation-token"] = token
    expected = [prefix + name for name in sorted(names)]
    if listed == expected:
        return passed(f"{_MANY} keys in {pages} pages, in order")
    if sorted(listed) == expected:
        return failed(f"all {_MANY} keys in {pages} pages, but not in order")
    return failed(f"{len(set(listed))} of {_MANY} keys in {pages} pages, {len(listed)} names in all")


def _read_after_write(site: Site) -> Seen:
    for number in range(_ROUNDS):
        data = str(number).encode()
        site.bucket.ask("PUT", f"fresh/{number}", body=data)
        got = site.bucket.ask("GET", f"fresh/{number}")
        if got.body != data:
            return failed(f"object {number} right after it was put: {got}")
    return passed(f"{_ROUNDS} objects were there at once")


def _list_after_write(site: Site) -> Seen:
    prefix = f"{site.bucket.address.prefix}seen/"
    for number in range(_ROUNDS):
        site.bucket.ask("PUT", f"seen/{number:02}", body=b"x")
        keys = site.bucket.ask("GET", query={"list-type": "2", "prefix": prefix}).all("Key")
        if len(keys) != number + 1:
            return failed(f"{number + 1} objects put, {len(keys)} listed")
    return passed(f"{_ROUNDS} objects were listed at once")


def _delete(site: Site) -> Seen:
    put = site.bucket.ask("PUT", "gone", body=_TEXT)
    if not put.fine:
        return judged(put, "PUT")
    deleted = site.bucket.ask("DELETE", "gone")
    if not deleted.fine:
        return judged(deleted, "DELETE")
    got = site.bucket.ask("GET", "gone")
    return passed(f"{deleted}, then {got}") if got.status == 404 else failed(f"{deleted}, then {got}")


def _utf8_keys(site: Site) -> Seen:
    key = "utf8/中标公告 é+&.txt"
    put = site.bucket.ask("PUT", key, body=_TEXT)
    got = site.bucket.ask("GET", key)
    listed = site.bucket.ask("GET", query={"list-type": "2", "prefix": f"{site.bucket.address.prefix}utf8/"})
    if put.fine and got.body == _TEXT and listed.all("Key") == [site.bucket.address.prefix + key]:
        return passed("put, got and listed under the same name")
    return failed(f"PUT: {put}; GET: {got}; listed {listed.all('Key')}")


def _overwrite(site: Site) -> Seen:
    site.bucket.ask("PUT", "twice", body=b"first")
    second = site.bucket.ask("PUT", "twice", body=b"second")
    got = site.bucket.ask("GET", "twice")
    if second.fine and got.body == b"second":
        return passed("the second put is what is read")
    return failed(f"second PUT: {second}; then {got} with {got.body[:16]!r}")


def _concurrent(site: Site) -> Seen:
    bodies = [bytes([number]) * _LARGE for number in range(2)]
    with ThreadPoolExecutor(len(bodies)) as writers:
        answers = list(writers.map(lambda body: site.bucket.ask("PUT", "raced", body=body), bodies))
    got = site.bucket.ask("GET", "raced")
    said = " and ".join(map(str, answers))
    if got.body in bodies and any(answer.fine for answer in answers):
        return passed(f"{said}; one of the two is there, whole")
    return failed(f"{said}; then {got} with {len(got.body)} bytes of neither")


def _checksum(site: Site) -> Seen:
    right = site.bucket.ask("PUT", "sound", body=_TEXT)
    if not right.fine:
        return judged(right, "bytes that match the signed SHA-256")
    put = site.bucket.ask("PUT", "torn", body=_TEXT, sha256=_OTHER)
    there = site.bucket.ask("HEAD", "torn")
    if not put.fine and there.status == 404:
        return passed(f"{put}, and nothing was stored")
    return failed(f"bytes that do not match the signed SHA-256: {put}; then HEAD: {there}")


def _checksum_header(site: Site) -> Seen:
    right, wrong = (
        {"x-amz-checksum-sha256": base64.b64encode(digest).decode()}
        for digest in (hashlib.sha256(_TEXT).digest(), bytes.fromhex(_OTHER))
    )
    taken = site.bucket.ask("PUT", "right-sum", body=_TEXT, headers=right)
    if not taken.fine:
        return judged(taken, "bytes that match the checksum")
    put = site.bucket.ask("PUT", "wrong-sum", body=_TEXT, headers=wrong)
    there = site.bucket.ask("HEAD", "wrong-sum")
    if not put.fine and there.status == 404:
        return passed(f"{put}, and nothing was stored")
    if put.fine:
        return absent(f"the checksum was ignored: {put}")
    return failed(f"{put}; then HEAD: {there}")


def _write_once(site: Site) -> Seen:
    site.bucket.ask("PUT", "once", body=b"first")
    again = site.bucket.ask("PUT", "once", body=b"second", headers={"If-None-Match": "*"})
    got = site.bucket.ask("GET", "once")
    if again.status == 412 and got.body == b"first":
        return passed(f"{again}, and the first bytes stayed")
    if again.fine:
        return absent(f"the condition was ignored: {again}")
    return judged(again, "PUT with If-None-Match")


def _private(site: Site) -> Seen:
    site.bucket.ask("PUT", "secret", body=_TEXT)
    ours, theirs = site.bucket.ask("GET", "secret"), site.bucket.anonymous("secret")
    if ours.body == _TEXT and theirs.status in {401, 403}:
        return passed(f"without a signature: {theirs}")
    return failed(f"with our signature: {ours}; without any: {theirs}")


def _presigned(site: Site) -> Seen:
    site.bucket.ask("PUT", "lent", body=_TEXT)
    got = site.bucket.presigned("lent")
    return passed(f"{got} without a key") if got.fine and got.body == _TEXT else judged(got, "presigned GET")


OBJECTS: Final = (
    Check("store-round-trip", _round_trip, Need.ALWAYS, "store-unfit"),
    Check("store-empty-object", _empty, Need.ALWAYS, "store-unfit"),
    Check("store-range-read", _range, Need.ALWAYS, "store-unfit"),
    Check("store-head", _head, Need.ALWAYS, "store-unfit"),
    Check("store-missing", _missing, Need.ALWAYS, "store-unfit"),
    Check("store-error-shape", _error_shape, Need.NEVER, "store-error-shape-absent"),
    Check("store-listing", _listing, Need.ALWAYS, "store-unfit"),
    Check("store-read-after-write", _read_after_write, Need.ALWAYS, "store-unfit"),
    Check("store-list-after-write", _list_after_write, Need.ALWAYS, "store-unfit"),
    Check("store-delete", _delete, Need.ALWAYS, "store-unfit"),
    Check("store-utf8-keys", _utf8_keys, Need.NEVER, "store-utf8-keys-absent"),
    Check("store-overwrite", _overwrite, Need.NEVER, "store-overwrite-absent"),
    Check("store-concurrent-puts", _concurrent, Need.ALWAYS, "store-unfit"),
    Check("store-checksum", _checksum, Need.ALWAYS, "store-unfit"),
    Check("store-checksum-header", _checksum_header, Need.NEVER, "store-checksum-header-absent"),
    Check("store-write-once", _write_once, Need.NEVER, "store-write-once-absent"),
    Check("store-private", _private, Need.ALWAYS, "store-unfit"),
    Check("store-presigned", _presigned, Need.NEVER, "store-presigned-absent"),
)
"""The checks of whole objects, in the order in which they are made."""
