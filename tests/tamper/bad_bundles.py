"""One bad bundle for each finding code, made from the clean one."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.authorization import SYSTEM_ACTOR
from archive.evidence import documents
from archive.evidence.strict import Limits
from archive.ledger.canonical import dump
from archive.ledger.signing import Signer, write_trust
from archive.ledger.trust import Trust
from tests.tamper.bench import ORIGIN, Bench, bundle_file

HTML, PDF, TEXT = "files/cmp_1.html", "files/cmp_2.pdf", "files/cmp_3.txt"


@dataclass(frozen=True)
class Case:
    """What to verify, under which trust and limits."""

    path: Path
    trust: Path | None
    limits: Limits


Maker = Callable[[Bench, pytest.MonkeyPatch], Case]
BAD: dict[str, Maker] = {}


def bad(code: str) -> Callable[[Maker], Maker]:
    def register(maker: Maker) -> Maker:
        assert code not in BAD
        BAD[code] = maker
        return maker

    return register


def case(bench: Bench, path: Path | None = None, **other: Any) -> Case:
    return Case(**{"path": path or bench.clean, "trust": bench.trust, "limits": Limits(), **other})


def simple(code: str, make: Callable[[Bench], Path]) -> None:
    BAD[code] = lambda bench, _: case(bench, make(bench))


def member(code: str, change: Callable[[dict[str, bytes]], object]) -> None:
    simple(code, lambda bench: bench.altered(change))


def written(bench: Bench, data: bytes) -> Path:
    bench.path().write_bytes(data)
    return bench.path()


# The file and its container.
simple("bundle.unreadable", lambda bench: bench.folder)
simple("bundle.not-a-bundle", lambda bench: bench.rezipped([("word/document.xml", b"<w:document/>")]))
simple("container.not-canonical", lambda bench: bench.rezipped(bench.members().items(), zipfile.ZIP_STORED))
simple("container.truncated", lambda bench: written(bench, bench.clean.read_bytes()[:-5]))
simple("container.trailing-bytes", lambda bench: written(bench, bench.clean.read_bytes() + b"\n"))
simple("container.checksum-wrong", lambda bench: bench.canonical(bench.members().items(), {PDF: 1}))
simple(
    "container.duplicate-name", lambda bench: bench.canonical([*bench.members().items(), (HTML, bench.members()[HTML])])
)
simple("container.name-unsafe", lambda bench: bench.canonical([*bench.members().items(), ("../../etc/cron.d/x", b"")]))
simple(
    "container.order-wrong", lambda bench: bench.canonical(sorted(bench.members().items(), key=lambda m: m[0] != HTML))
)


@bad("limit.entries")
def too_many(bench: Bench, _: pytest.MonkeyPatch) -> Case:
    return case(bench, limits=Limits(entries=3))


@bad("limit.name")
def too_long(bench: Bench, _: pytest.MonkeyPatch) -> Case:
    return case(bench, limits=Limits(name=20))


@bad("limit.size")
def too_large(bench: Bench, _: pytest.MonkeyPatch) -> Case:
    return case(bench, limits=Limits(held=len(bench.members()[documents.MANIFEST]) - 1))


# Trust and checkpoint.
@bad("trust.missing")
def no_trust(bench: Bench, _: pytest.MonkeyPatch) -> Case:
    return case(bench, trust=None)


@bad("trust.unreadable")
def broken_trust(bench: Bench, _: pytest.MonkeyPatch) -> Case:
    bench.trust.write_text('{"version": 1}')
    return case(bench)


@bad("checkpoint.origin-wrong")
def trust_of_another_archive(bench: Bench, _: pytest.MonkeyPatch) -> Case:
    write_trust(bench.trust, Trust("elsewhere.test/ledger", (bench.signer.trusted_key,)))
    return case(bench)


@bad("checkpoint.key-unknown")
def signed_by_a_stranger(bench: Bench, _: pytest.MonkeyPatch) -> Case:
    stranger = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    write_trust(bench.trust, stranger.trust())
    return case(bench)


def other_signature(members: dict[str, bytes]) -> None:
    note = members[documents.CHECKPOINT].decode()
    head, _, encoded = note.rstrip("\n").rpartition(" ")
    raw = bytearray(base64.b64decode(encoded))
    raw[10] ^= 1
    members[documents.CHECKPOINT] = f"{head} {base64.b64encode(bytes(raw)).decode()}\n".encode()


def append(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.update({name: members[name] + data})


def drop(name: str) -> Callable[[dict[str, bytes]], object]:
    return lambda members: members.pop(name)


def signed_twice(members: dict[str, bytes]) -> None:
    members[documents.CHECKPOINT] += members[documents.CHECKPOINT].splitlines(keepends=True)[-1]


STRANGER = f"— 本包已由监督机构复核无误 {base64.b64encode(bytes(3_000)).decode()}\n".encode()

member("checkpoint.signature-wrong", other_signature)
member("checkpoint.signature-repeated", signed_twice)
member("checkpoint.signature-unknown", append(documents.CHECKPOINT, STRANGER))
member("checkpoint.malformed", append(documents.CHECKPOINT, b"\n"))


# Proofs.
def other_hash(members: dict[str, bytes]) -> None:
    value = json.loads(members[documents.INCLUSION])
    value["entries"][0]["hashes"][0] = "00" * 32
    members[documents.INCLUSION] = dump(value)


def other_entry(members: dict[str, bytes]) -> None:
    members[documents.BUILT_ENTRY] = members[documents.EXTRACT].split(b"\n")[0]


def other_order(members: dict[str, bytes]) -> None:
    value = json.loads(members[documents.INCLUSION])
    value["entries"].reverse()
    members[documents.INCLUSION] = dump(value)


def proof_for_nothing(members: dict[str, bytes]) -> None:
    value = json.loads(members[documents.INCLUSION])
    value["entries"].append({"hashes": [], "index": 424_242})
    members[documents.INCLUSION] = dump(value)


member("proof.not-in-order", other_order)
member("proof.unexpected", proof_for_nothing)
member("proof.missing", drop(documents.INCLUSION))
member("proof.malformed", append(documents.INCLUSION, b" "))
member("proof.inclusion-wrong", other_hash)
member("proof.not-for-manifest", other_entry)


# Manifest.
def other_date(members: dict[str, bytes]) -> None:
    members[documents.MANIFEST] = members[documents.MANIFEST].replace(b"2026-03-01", b"2026-02-28")


member("manifest.missing", drop(documents.MANIFEST))
member("manifest.changed", other_date)
simple("manifest.not-canonical", lambda bench: bench.vouched(json.dumps(bench.manifest(), indent=1).encode()))
simple("manifest.malformed", lambda bench: bench.vouched(dump({**bench.manifest(), "remark": "more"})))


# Files.
def swap(members: dict[str, bytes]) -> None:
    members[HTML], members[PDF] = members[PDF], members[HTML]


member("file.missing", drop(PDF))
simple("file.unexpected", lambda bench: bench.canonical([*bench.members().items(), ("files/cmp_9.pdf", b"%PDF")]))
member("file.changed", append(PDF, b"\n"))
member("file.swapped", swap)


# Ledger extract.
def cut(members: dict[str, bytes]) -> None:
    members[documents.EXTRACT] = members[documents.EXTRACT].split(b"\n")[0] + b"\n"


def extra(members: dict[str, bytes]) -> None:
    members[documents.EXTRACT] += members[documents.BUILT_ENTRY] + b"\n"


def other_actor(members: dict[str, bytes]) -> None:
    first, second, _ = members[documents.EXTRACT].split(b"\n")
    members[documents.EXTRACT] = first + b"\n" + second.replace(b'"system"', b'"nobody"') + b"\n"


member("ledger.extract-cut", cut)
member("ledger.extract-extra", extra)
member("ledger.entry-changed", other_actor)


@bad("record.digest-not-in-ledger")
def never_captured(bench: Bench, _: pytest.MonkeyPatch) -> Case:
    path = bench.path()
    file = bundle_file("files/cmp_1.html", b"<p>never came in</p>")
    bench.builder.build(bench.contents([file]), SYSTEM_ACTOR, path)
    return case(bench, path)


@bad("digest.sm3-unavailable")
def without_sm3(bench: Bench, patch: pytest.MonkeyPatch) -> Case:
    def refuse(name: str) -> None:
        raise ValueError(name)

    patch.setattr(hashlib, "new", refuse)
    return case(bench)
