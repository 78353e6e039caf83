import stat
from pathlib import Path

import pytest

from archive.errors import Conflict, InvalidInput
from archive.ledger.checkpoint import Checkpoint, Verdict, examine
from archive.ledger.signing import Signer, create_key, load_signer, write_trust
from archive.ledger.trust import TrustUnreadable, dump_trust, parse_trust


def test_a_new_key_is_private_and_signs(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    signer = load_signer(path, "archive.test/ledger")
    write_trust(tmp_path / "trust.json", signer.trust())
    trust = parse_trust((tmp_path / "trust.json").read_bytes())
    signed = signer.sign(Checkpoint("archive.test/ledger", 0, bytes(32)))
    assert examine(signed, trust) is Verdict.VALID


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    create_key(path)
    before = path.read_bytes()
    with pytest.raises(Conflict, match="ledger-key-exists"):
        create_key(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    create_key(path)
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="ledger-key-readable"):
        load_signer(path, "archive.test/ledger")


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_is_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ledger.key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    with pytest.raises(InvalidInput, match="ledger-key-unusable"):
        load_signer(path, "archive.test/ledger")


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak"])
def test_a_name_that_cannot_stand_in_a_note_is_refused(tmp_path: Path, name: str) -> None:
    create_key(tmp_path / "ledger.key")
    with pytest.raises(InvalidInput, match="ledger-origin"):
        load_signer(tmp_path / "ledger.key", name)


def test_trust_files_round_trip_and_defects_are_named(signer: Signer) -> None:
    good = dump_trust(signer.trust())
    assert parse_trust(good) == signer.trust()
    for old, new in [
        (b'"version": 1', b'"version": 2'),
        (b'"version": 1', b'"version": true'),
        (b"ed25519", b"rsa"),
        (b'"origin": "archive.test/ledger"', b'"origin": ""'),
        (b'"keys": [', b'"keys": [], "others": ['),
        (b'"keys": [', b'"keys": [1,'),
        (b'"key": "', b'"key": "!'),
        (b'"key": "', b'"key": "AAAA'),
        (b'"name"', b'"title"'),
        (b"{", b"["),
    ]:
        assert old in good
        with pytest.raises(TrustUnreadable):
            parse_trust(good.replace(old, new, 1))
    with pytest.raises(TrustUnreadable):
        parse_trust(b" " * (1 << 20) + good)
