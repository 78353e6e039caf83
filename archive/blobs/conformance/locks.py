"""Versions and locks. Whether a lock holds is judged by what is still there, never by the code of a refusal.

Services refuse to remove a locked object with different codes (AccessDenied, InvalidRequest), and one that does not
know locks may refuse nothing and answer that all went well.
"""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from archive.blobs.conformance.types import Check, Need, Result, Seen, Site, absent, failed, judged, passed
from archive.blobs.conformance.uploads import begin, finish, take
from archive.blobs.s3.bench import Answer, Bench

LONGEST_SECONDS: Final = 8
"""For how long at most something of the suite is locked: nobody can remove it sooner, the suite included."""

_RETAINED: Final = timedelta(seconds=6)
_LONGER: Final = timedelta(seconds=2)
_SHORTER: Final = timedelta(seconds=3)
_DATA: Final = b"locked"


def _versioning(site: Site) -> Seen:
    if site.locked is None:
        return _no_lock(site)
    told = site.locked.ask("GET", query={"versioning": ""})
    first = site.locked.ask("PUT", "versions", body=b"first")
    second = site.locked.ask("PUT", "versions", body=b"second")
    one, two = (answer.headers.get("x-amz-version-id", "") for answer in (first, second))
    if not told.fine:
        return judged(told, "versioning")
    if not one or one == two:
        return absent(f"status {told.one('Status') or 'none'}; versions {one or 'none'} and {two or 'none'}")
    old = site.locked.ask("GET", "versions", {"versionId": one})
    if old.body == b"first":
        return passed(f"status {told.one('Status')}; the first of two versions can still be read")
    return failed(f"two versions, but the first gave {old}")


def _lock_bucket(site: Site) -> Seen:
    if site.locked is None:
        return _no_lock(site)
    config = site.locked.ask("GET", query={"object-lock": ""})
    if config.fine and config.one("ObjectLockEnabled") == "Enabled":
        return passed("a bucket was made with object lock, and says so")
    return absent(f"a bucket was made, but of object lock it says {config}")


def _retention(site: Site) -> Seen:
    if site.locked is None:
        return _no_lock(site)
    until, put = _locked(site.locked, "retained")
    if not put.fine:
        return judged(put, "PUT with retention")
    return _told(site.locked, "retained", put.headers.get("x-amz-version-id", ""), until)


def _retention_in_parts(site: Site) -> Seen:
    if site.locked is None:
        return _no_lock(site)
    site.locked.ask("PUT", "source", body=_DATA)
    until, headers = _lock(site.locked)
    upload, begun = begin(site.locked, "retained-parts", headers)
    if not upload:
        return judged(begun, "begin with retention")
    tag, taken = take(site.locked, "retained-parts", upload, "source", f"bytes=0-{len(_DATA) - 1}")
    done = finish(site.locked, "retained-parts", upload, [tag]) if tag else taken
    if not done.fine:
        return judged(done, "parts with retention")
    return _told(site.locked, "retained-parts", done.headers.get("x-amz-version-id", ""), until)


def _retention_refuses(site: Site) -> Seen:
    if site.locked is None:
        return _no_lock(site)
    until, put = _locked(site.locked, "kept")
    if not put.fine:
        return judged(put, "PUT with retention")
    return _stays(site.locked, "kept", put, until)


def _is_gone(bench: Bench, key: str, version: str) -> bool:
    query = {"versionId": version} if version else {}
    bench.ask("DELETE", key, query)
    return bench.ask("GET", key, query).status == 404


def _retention_cannot_shrink(site: Site) -> Seen:
    if site.locked is None:
        return _no_lock(site)
    until, put = _locked(site.locked, "firm")
    if not put.fine:
        return judged(put, "PUT with retention")
    later, tried = _retain(site.locked, "firm", until + _LONGER)
    if later is None or later <= until:
        # Where it cannot be changed at all, a refusal to shorten it says nothing.
        return judged(tried, f"lengthening, read back as {later and _stamp(later)}")
    now, tried = _retain(site.locked, "firm", until - _SHORTER)
    if now == later:
        return passed(f"lengthened; shortening: {tried}; still until {_stamp(later)}")
    return failed(f"shortening: {tried}; now until {now and _stamp(now)} instead of {_stamp(later)}")


def _hold_refuses(site: Site) -> Seen:
    if site.locked is None:
        return _no_lock(site)
    put = site.locked.ask("PUT", "held", body=_DATA)
    laid = _hold(site.locked, "held", "ON")
    if not laid.fine:
        return judged(laid, "legal hold")
    stays = _stays(site.locked, "held", put, None)
    lifted = _hold(site.locked, "held", "OFF")
    if stays.result is not Result.PASS:
        return stays
    if _is_gone(site.locked, "held", put.headers.get("x-amz-version-id", "")):
        return passed(f"{stays.evidence} until the hold was lifted")
    return failed(f"{stays.evidence}, also after the hold was lifted: {lifted}")


def _no_lock(site: Site) -> Seen:
    if site.unlocked is None:
        return absent("not checked: no bucket could be made for it")
    return absent(f"not checked: no bucket with object lock could be made: {site.unlocked}")


def _lock(bench: Bench) -> tuple[datetime, dict[str, str]]:
    until = bench.service_time() + _RETAINED
    return until, {"x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": _stamp(until)}


def _locked(bench: Bench, key: str) -> tuple[datetime, Answer]:
    until, headers = _lock(bench)
    # S3 asks for a checksum where a lock is asked for.
    return until, bench.ask("PUT", key, body=_DATA, headers={**headers, **_checksum(_DATA)})


def _checksum(body: bytes) -> dict[str, str]:
    return {"Content-MD5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()}


def _stays(bench: Bench, key: str, put: Answer, until: datetime | None) -> Seen:
    """Try to remove a locked version, and look whether it is still there, while one without a lock can be removed."""
    free = bench.ask("PUT", f"{key}-not", body=_DATA)
    if not free.fine or not _is_gone(bench, f"{key}-not", free.headers.get("x-amz-version-id", "")):
        return failed("nothing can be removed here, locked or not")
    version = put.headers.get("x-amz-version-id", "")
    query = {"versionId": version} if version else {}
    removed = bench.ask("DELETE", key, query)
    got = bench.ask("GET", key, query)
    if got.fine and got.body == _DATA:
        return passed(f"DELETE: {removed}; the object is still there")
    if until is not None and bench.service_time() >= until:
        return absent("not checked: the service took longer than the lock was to last")
    return failed(f"DELETE: {removed}; then {got}: the lock did not hold")


def _told(bench: Bench, key: str, version: str, until: datetime) -> Seen:
    answer = bench.ask("GET", key, {"retention": "", **({"versionId": version} if version else {})})
    told = _retained_until(answer)
    if told is None:
        return absent(f"stored, but the retention was ignored: {answer}")
    if answer.one("Mode") == "COMPLIANCE" and abs(told - until) < timedelta(seconds=2):
        return passed(f"COMPLIANCE until {_stamp(told)}, as asked for")
    return failed(f"{answer.one('Mode')} until {_stamp(told)}, COMPLIANCE until {_stamp(until)} was asked for")


def _retain(bench: Bench, key: str, until: datetime) -> tuple[datetime | None, Answer]:
    """Ask for another retention; what it is afterwards, and what was answered."""
    when = _stamp(until)
    body = f"<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>{when}</RetainUntilDate></Retention>".encode()
    answer = bench.ask("PUT", key, {"retention": ""}, body, headers=_checksum(body))
    return _retained_until(bench.ask("GET", key, {"retention": ""})), answer


def _retained_until(answer: Answer) -> datetime | None:
    try:
        return datetime.fromisoformat(answer.one("RetainUntilDate"))
    except ValueError:
        return None


def _hold(bench: Bench, key: str, status: str) -> Answer:
    body = f"<LegalHold><Status>{status}</Status></LegalHold>".encode()
    return bench.ask("PUT", key, {"legal-hold": ""}, body, headers=_checksum(body))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


LOCKS: Final = (
    Check("store-versioning", _versioning, Need.TO_RETAIN, "store-lock-absent"),
    Check("store-lock-bucket", _lock_bucket, Need.TO_RETAIN, "store-lock-absent"),
    Check("store-retention", _retention, Need.TO_RETAIN, "store-lock-absent"),
    Check("store-retention-in-parts", _retention_in_parts, Need.TO_RETAIN, "store-lock-absent"),
    Check("store-retention-refuses", _retention_refuses, Need.TO_RETAIN, "store-lock-absent"),
    Check("store-retention-firm", _retention_cannot_shrink, Need.TO_RETAIN, "store-lock-absent"),
    Check("store-hold-refuses", _hold_refuses, Need.TO_RETAIN, "store-lock-absent"),
)
"""The checks of versions and locks, in the order in which they are made."""
