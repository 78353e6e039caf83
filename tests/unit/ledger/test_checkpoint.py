import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from archive.ledger.checkpoint import Checkpoint, NotACheckpoint, Verdict, examine, parse_note
from archive.ledger.signing import Signer
from archive.ledger.trust import Trust, TrustedKey

CHECKPOINT = Checkpoint("archive.test/ledger", 42, bytes(range(32)))


def sign(signer: Signer) -> bytes:
    return signer.sign(CHECKPOINT).note()


def test_a_note_parses_to_what_was_signed_and_back(signer: Signer) -> None:
    note = sign(signer)
    signed = parse_note(note)
    assert signed.checkpoint == CHECKPOINT
    assert signed.note() == note
    assert examine(signed, signer.trust()) is Verdict.VALID
    assert note.decode().split("\n")[:4] == [
        "archive.test/ledger",
        "42",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "",
    ]


def test_key_hash_and_signature_agree_with_another_implementation() -> None:
    # The example of Go's golang.org/x/mod/sumdb/note: its key, its text, its signature line.
    key = TrustedKey("PeterNeumann", base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:])
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = base64.b64decode(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    assert key.key_hash == line[:4] == bytes.fromhex("c74f20a3")
    Ed25519PublicKey.from_public_bytes(key.key).verify(line[4:], text.encode())


@given(st.data())
def test_no_single_bit_can_change(data: st.DataObject) -> None:
    signer = Signer("archive.test/ledger", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    note = bytearray(sign(signer))
    position = data.draw(st.integers(0, len(note) * 8 - 1))
    note[position // 8] ^= 1 << position % 8
    try:
        signed = parse_note(bytes(note))
    except NotACheckpoint:
        return
    assert examine(signed, signer.trust()) is not Verdict.VALID


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("42\n", "042\n"),
        ("42\n", "-1\n"),
        ("42\n", "٤٢\n"),
        ("42\n", "99999999999999999999\n"),
        ("archive.test/ledger\n42", "\n42"),
        ("archive.test/ledger\n42", "a b\n42"),
        ("Hh8=\n", "Hh9=\n"),
        ("Hh8=\n\n", "Hh8=\nextension\n\n"),
        ("Hh8=\n\n", "Hh8=\n"),
        ("— ", "- "),
    ],
)
def test_every_other_spelling_is_refused(signer: Signer, old: str, new: str) -> None:
    note = sign(signer).decode()
    assert old in note
    with pytest.raises(NotACheckpoint):
        parse_note(note.replace(old, new, 1).encode())


@pytest.mark.parametrize("tail", ["\n", "x", "— name\n", "— archive.test/ledger AAAA\n", "— a b c\n"])
def test_what_follows_must_be_signature_lines(signer: Signer, tail: str) -> None:
    with pytest.raises(NotACheckpoint):
        parse_note(sign(signer) + tail.encode())


def test_notes_without_signature_end_or_measure_are_refused(signer: Signer) -> None:
    note = sign(signer)
    for bad in (b"", note[:-1], CHECKPOINT.text().encode() + b"\n", b"\xff" + note, note + b"\n" * (1 << 16)):
        with pytest.raises(NotACheckpoint):
            parse_note(bad)


def test_who_signed_decides(signer: Signer) -> None:
    stranger = Signer("archive.test/ledger", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    signed = parse_note(sign(stranger))
    assert examine(signed, signer.trust()) is Verdict.UNKNOWN_KEY
    both = Trust("archive.test/ledger", (signer.trusted_key, stranger.trusted_key))
    assert examine(signed, both) is Verdict.VALID
    assert examine(signed, Trust("elsewhere", both.keys)) is Verdict.OTHER_ORIGIN


def test_one_wrong_signature_of_a_trusted_key_spoils_the_note(signer: Signer) -> None:
    good = sign(signer).decode()
    line = good.split("\n\n")[1]
    raw = bytearray(base64.b64decode(line.split(" ")[2]))
    raw[40] ^= 1
    signed = parse_note(f"{good}— archive.test/ledger {base64.b64encode(bytes(raw)).decode()}\n".encode())
    assert examine(signed, signer.trust()) is Verdict.WRONG_SIGNATURE


def test_a_witness_line_is_kept_and_does_not_disturb(signer: Signer) -> None:
    note = sign(signer) + f"— witness.test {base64.b64encode(bytes(76)).decode()}\n".encode()
    signed = parse_note(note)
    assert len(signed.signatures) == 2
    assert examine(signed, signer.trust()) is Verdict.VALID
