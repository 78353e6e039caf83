"""Each kind of damage to the ledger's tables, and what the check says of it."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, update

from archive.clock import FixedClock
from archive.db.uow import Database
from archive.ledger import model
from archive.ledger.checkpoint import Checkpoint
from archive.ledger.fsck import CODES, check_ledger
from archive.ledger.integrator import Integrator
from archive.ledger.merkle import leaf_hash
from archive.ledger.signing import Signer
from archive.messages import catalogue
from tests.unit.ledger.filling import fill

ENTRY, NODE, CHECKPOINT = model.entry, model.node, model.checkpoint
FORGED = Checkpoint("archive.test/ledger", 13, bytes(32))


def forged_note() -> bytes:
    return Signer("archive.test/ledger", Ed25519PrivateKey.from_private_bytes(bytes(range(32)))).sign(FORGED).note()


DAMAGES: list[tuple[Any, set[str]]] = [
    (delete(ENTRY).where(ENTRY.c.index == 14), {"ledger.index-gap"}),
    (delete(ENTRY).where(ENTRY.c.index == 5), {"ledger.index-gap", "ledger.checkpoint-beyond"}),
    (delete(ENTRY).where(ENTRY.c.index > 11), {"ledger.checkpoint-beyond"}),
    (
        update(ENTRY).where(ENTRY.c.index == 14).values(data=b"[]", leaf_hash=leaf_hash(b"[]")),
        {"ledger.bytes-wrong"},
    ),
    (update(ENTRY).where(ENTRY.c.index == 3).values(subject_id="rec_9"), {"ledger.row-differs"}),
    (update(ENTRY).where(ENTRY.c.index == 3).values(leaf_hash=bytes(32)), {"ledger.leaf-wrong"}),
    (update(NODE).where(NODE.c.level == 2, NODE.c.index == 1).values(hash=bytes(32)), {"ledger.node-wrong"}),
    (delete(NODE).where(NODE.c.level == 2, NODE.c.index == 1), {"ledger.node-missing"}),
    (insert(NODE).values(level=9, index=0, hash=bytes(32)), {"ledger.node-extra"}),
    (update(CHECKPOINT).values(note=b"nothing"), {"ledger.checkpoint-unreadable"}),
    (update(CHECKPOINT).values(note=forged_note()), {"ledger.checkpoint-root"}),
]


@pytest.fixture
def filled(database: Database, clock: FixedClock, signer: Signer) -> Database:
    """Twelve entries integrated (more than enough for three levels), thirteen published, sixteen in all."""
    fill(database, clock, 13)
    Integrator(database, clock, signer).publish()
    clock.advance(timedelta(minutes=1))
    fill(database, clock, 3)
    return database


def test_a_sound_ledger_has_no_findings(filled: Database, signer: Signer) -> None:
    with filled.reading() as connection:
        assert check_ledger(connection, signer.trust()) == []


@pytest.mark.parametrize(("damage", "codes"), DAMAGES)
def test_damage_is_named(filled: Database, signer: Signer, damage: Any, codes: set[str]) -> None:
    with filled.writing() as uow:
        uow.connection.execute(damage)
    with filled.reading() as connection:
        findings = check_ledger(connection, signer.trust())
    assert {finding.code for finding in findings} == codes
    assert all("{" not in finding.message and finding.path for finding in findings)


def test_changed_content_is_found_at_every_level(filled: Database, signer: Signer) -> None:
    with filled.writing() as uow:
        uow.connection.execute(update(ENTRY).where(ENTRY.c.index == 3).values(data=b"[]"))
    with filled.reading() as connection:
        found = {(finding.code, finding.path) for finding in check_ledger(connection, signer.trust())}
    assert found == {
        ("ledger.bytes-wrong", "ledger_entry/3"),
        ("ledger.leaf-wrong", "ledger_entry/3"),
        ("ledger.node-wrong", "ledger_node/1/1"),
        ("ledger.node-wrong", "ledger_node/2/0"),
        ("ledger.node-wrong", "ledger_node/3/0"),
        ("ledger.checkpoint-root", "ledger_checkpoint/13"),
    }


def test_every_code_is_described() -> None:
    page = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text()
    assert sorted(re.findall(r"^\| `(ledger\.[a-z]+-[a-z]+)` \|", page, re.MULTILINE)) == sorted(CODES)


def test_every_code_has_its_damage_and_its_sentence() -> None:
    shown = {code for _, codes in DAMAGES for code in codes} | {"ledger.checkpoint-signature"}
    assert shown == set(CODES)
    assert set(CODES) <= set(catalogue())
