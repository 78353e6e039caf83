"""The suite that a centre runs against its own service before trusting it with bytes.

It works in buckets of its own and removes them; where it may not make buckets it works below a prefix of the bucket
given, and says of locks that it could not look. Nothing is ever called working that was not seen to work.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from archive.blobs.conformance.locks import LOCKS, LONGEST_SECONDS
from archive.blobs.conformance.objects import OBJECTS
from archive.blobs.conformance.types import Check, Finding, Need, Report, Seen, Site, failed
from archive.blobs.conformance.uploads import UPLOADS
from archive.blobs.s3.address import SCHEMES, parse_address
from archive.blobs.s3.bench import Answer, Bench
from archive.blobs.s3.naming import named
from archive.clock import Clock
from archive.errors import InvalidInput, Unavailable

CHECKS: Final = (*OBJECTS, *UPLOADS, *LOCKS)

_AT_ONCE: Final = 8
_ROUNDS: Final = 50


def examine(url: str, retention_days: int, clock: Clock, look: Callable[[Finding], None]) -> Report:
    """Look at the service of `url`; `look` is told of each finding as it comes. Takes about fifteen seconds.

    What belongs to locks is required where `retention_days` is not 0.

    Raises:
        InvalidInput: the address is none of an S3 store.
        Unavailable: the service does not answer at all.
        ArchiveError: it refuses the keys (`blob-store-refused`).
    """
    if url.partition("://")[0] not in SCHEMES:
        raise InvalidInput("store-not-s3", scheme=url.partition("://")[0])
    given = Bench(parse_address(url), clock)
    site, own = _open(given)
    findings = []
    try:
        for check in CHECKS:
            seen = _made(check, site)
            required = check.need is Need.ALWAYS or (check.need is Need.TO_RETAIN and retention_days > 0)
            findings.append(Finding(check.code, seen.result, seen.evidence, required, check.instead))
            look(findings[-1])
    finally:
        left = [name for bench in own for name in _cleared(bench, locked=bench is site.locked)]
    return Report(given.address.place, tuple(findings), tuple(left))


def _made(check: Check, site: Site) -> Seen:
    try:
        return check.look(site)
    except Unavailable as error:
        # A service that drops the connection at one request may answer the next.
        return failed(f"no answer: {error.params.get('detail')}")


def _open(given: Bench) -> tuple[Site, list[Bench]]:
    """Where to work, and what is to be cleared away afterwards."""
    place = given.address.place
    there = given.ask("GET", query={"list-type": "2", "max-keys": "1"})
    if there.status in {401, 403}:
        raise named(place, there.code, there.status)
    name = f"juanzong-conformance-{secrets.token_hex(6)}"
    bucket, locked = given.at(name), given.at(f"{name}-lock")
    made = _make(bucket)
    if not made.fine:
        if not there.fine:
            raise Unavailable("blob-store-no-bucket", path=place, detail=str(made))
        return Site(given.below(name), None, None), [given.below(name)]
    try:
        made = _make(locked, {"x-amz-bucket-object-lock-enabled": "true"})
    except Unavailable:
        _cleared(bucket, locked=False)
        raise
    if made.fine:
        return Site(bucket, locked, None), [bucket, locked]
    return Site(bucket, None, made), [bucket]


def _make(bench: Bench, headers: Mapping[str, str] | None = None) -> Answer:
    region = bench.address.region
    where = f"<LocationConstraint>{region}</LocationConstraint>" if region not in {None, "us-east-1"} else ""
    body = f"<CreateBucketConfiguration>{where}</CreateBucketConfiguration>".encode() if where else b""
    return bench.ask("PUT", body=body, headers=headers)


def _cleared(bench: Bench, *, locked: bool) -> list[str]:
    """Remove everything a bench holds, and its bucket if that is the suite's own; what is left of it."""
    if locked:
        # Nobody can remove what the suite locked before that time is over.
        time.sleep(LONGEST_SECONDS + 1)
    for _ in range(_ROUNDS):
        held = list(_held(bench))
        if not held:
            break
        with ThreadPoolExecutor(_AT_ONCE) as removers:
            gone = list(removers.map(lambda one: _removed(bench, *one), held))
        if not any(gone):
            break
    if bench.address.prefix:
        return [bench.address.place] if list(_held(bench)) else []
    return [] if bench.ask("DELETE").fine else [bench.address.place]


def _held(bench: Bench) -> Iterator[tuple[str, dict[str, str]]]:
    """Up to a page of what a bench holds: key, and version where the service keeps versions."""
    prefix = bench.address.prefix
    listed = bench.ask("GET", query={"versions": "", "prefix": prefix})
    versions = listed.all("VersionId") if listed.fine else []
    if not versions:
        listed = bench.ask("GET", query={"list-type": "2", "prefix": prefix})
    keys = listed.all("Key")
    for number, key in enumerate(keys):
        query = {"versionId": versions[number]} if len(versions) == len(keys) else {}
        yield key.removeprefix(prefix), query


def _removed(bench: Bench, key: str, query: dict[str, str]) -> bool:
    return bench.ask("DELETE", key, query).fine
