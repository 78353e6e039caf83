"""SM2 against the published example, against OpenSSL, and against everything that is not a signature."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import InvalidInput
from ingest.signatures import sm2
from tests.unit.signatures.sealing import number, sm2_point, sm2_sign, tlv

# GB/T 32918.5-2017, annex A.2: the example on the recommended curve.
PRIVATE = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
POINT = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
DIGEST = bytes.fromhex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
MESSAGE = b"message digest"
KEY = sm2.public_key(POINT)
OPENSSL = shutil.which("openssl") or ""
needs_openssl = pytest.mark.skipif(not OPENSSL, reason="needs the openssl command line")


def pair(r: int, s: int) -> bytes:
    return tlv(0x30, number(r), number(s))


def test_the_published_example_holds_in_both_encodings() -> None:
    assert sm2.message_digest(KEY, [MESSAGE]) == DIGEST
    assert sm2.verify(KEY, DIGEST, pair(R, S))
    assert sm2.verify(KEY, DIGEST, R.to_bytes(32, "big") + S.to_bytes(32, "big"))


def test_the_private_key_of_the_example_has_its_public_key() -> None:
    assert sm2_point(PRIVATE) == POINT


def test_a_message_in_pieces_has_the_digest_of_the_whole() -> None:
    assert sm2.message_digest(KEY, [MESSAGE[:3], b"", MESSAGE[3:]]) == DIGEST


def test_another_identifier_makes_another_signature() -> None:
    signature = sm2_sign(PRIVATE, MESSAGE, b"")
    assert sm2.verify(KEY, sm2.message_digest(KEY, [MESSAGE], b""), signature)
    assert not sm2.verify(KEY, DIGEST, signature)


@pytest.mark.parametrize(
    ("r", "s"),
    [
        (0, S),
        (R, 0),
        (sm2.ORDER, S),
        (R, sm2.ORDER),
        (R + sm2.ORDER, S),
        (R, S + sm2.ORDER),
        (R, sm2.ORDER - R),
        (sm2.ORDER - 1, 1),
        (1, 1),
        (-R, S),
        (S, R),
    ],
)
def test_numbers_out_of_range_or_exchanged_are_no_signature(r: int, s: int) -> None:
    encoded = tlv(0x30, *(tlv(2, value.to_bytes(40, "big", signed=True).lstrip(b"\0") or b"\0") for value in (r, s)))
    assert not sm2.verify(KEY, DIGEST, encoded)
    assert not sm2.verify(KEY, DIGEST, pair(max(r, 0), max(s, 0)))


def test_a_point_that_adds_up_to_infinity_is_no_signature() -> None:
    # With t = -s / d the sum s·G + t·P is the point at infinity.
    s = 5
    t = -s * pow(PRIVATE, -1, sm2.ORDER) % sm2.ORDER
    assert not sm2.verify(KEY, DIGEST, pair((t - s) % sm2.ORDER, s))


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\x30\x00",
        pair(R, S) + b"\0",
        pair(R, S)[:-1],
        tlv(0x30, number(R)),
        tlv(0x30, number(R), number(S), number(1)),
        tlv(0x31, number(R), number(S)),
        tlv(0x30, tlv(2, b"\0\0" + R.to_bytes(32, "big")), number(S)),
        b"\0" * 64,
        b"\xff" * 64,
    ],
)
def test_other_encodings_are_no_signature(encoded: bytes) -> None:
    assert not sm2.verify(KEY, DIGEST, encoded)


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\0",
        b"\4" + b"\0" * 64,
        POINT[:-1],
        POINT + b"\0",
        POINT[:-1] + bytes((POINT[-1] ^ 1,)),
        b"\5" + POINT[1:],
        b"\4" + sm2.PRIME.to_bytes(32, "big") + POINT[33:],
        b"\2" + b"\xff" * 32,
    ],
)
def test_what_is_no_point_of_the_curve_is_refused(encoded: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        sm2.public_key(encoded)
    assert refused.value.code == "sm2-key-invalid"


def test_a_compressed_point_is_the_same_key() -> None:
    assert sm2.public_key(bytes((2 + (POINT[-1] & 1),)) + POINT[1:33]) == KEY
    assert sm2.public_key(bytes((3 - (POINT[-1] & 1),)) + POINT[1:33]) != KEY


@given(st.binary(max_size=200), st.integers(1, sm2.ORDER - 2), st.binary(max_size=40))
def test_what_is_signed_holds(message: bytes, private: int, name: bytes) -> None:
    key = sm2.public_key(sm2_point(private))
    assert sm2.verify(key, sm2.message_digest(key, [message], name), sm2_sign(private, message, name))


@given(st.data())
def test_no_bit_can_be_flipped(data: st.DataObject) -> None:
    flipped = {"message": MESSAGE, "signature": pair(R, S), "raw": R.to_bytes(32, "big") + S.to_bytes(32, "big")}
    where = data.draw(st.sampled_from(sorted(flipped)))
    bit = data.draw(st.integers(0, 8 * len(flipped[where]) - 1))
    changed = bytearray(flipped[where])
    changed[bit // 8] ^= 1 << bit % 8
    flipped[where] = bytes(changed)
    signature = flipped["signature"] if where == "signature" else flipped["raw"]
    assert not sm2.verify(KEY, sm2.message_digest(KEY, [flipped["message"]]), signature)


@given(st.integers(0, 8 * len(POINT) - 1))
def test_a_key_with_a_flipped_bit_is_refused_or_does_not_fit(bit: int) -> None:
    changed = bytearray(POINT)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        other = sm2.public_key(bytes(changed))
    except InvalidInput:
        return
    assert not sm2.verify(other, sm2.message_digest(other, [MESSAGE]), pair(R, S))


def openssl(*arguments: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([OPENSSL, *arguments], cwd=folder, capture_output=True, timeout=20, check=False)


@needs_openssl
@pytest.mark.parametrize("name", ["1234567812345678", "ALICE123@YAHOO.COM"])
def test_what_openssl_signs_holds_and_what_it_did_not_sign_does_not(tmp_path: Path, name: str) -> None:
    openssl("genpkey", "-algorithm", "SM2", "-out", "key.pem", folder=tmp_path)
    public = openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER", folder=tmp_path).stdout
    (tmp_path / "message").write_bytes(MESSAGE * 1_000)
    options = ("-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{name}")
    made = openssl("pkeyutl", "-sign", "-inkey", "key.pem", "-in", "message", *options, folder=tmp_path).stdout
    key = sm2.public_key(public[-65:])
    digest = sm2.message_digest(key, [MESSAGE] * 1_000, name.encode())
    assert sm2.verify(key, digest, made)
    assert not sm2.verify(key, sm2.message_digest(key, [MESSAGE] * 999, name.encode()), made)
    assert not sm2.verify(KEY, digest, made)


@needs_openssl
@pytest.mark.parametrize(("flip", "holds"), [(0, True), (1, False)])
def test_openssl_and_we_agree_on_signatures_made_here(tmp_path: Path, flip: int, *, holds: bool) -> None:
    point = sm2_point(PRIVATE)
    named = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
    (tmp_path / "key.der").write_bytes(tlv(0x30, named, tlv(3, b"\0", point)))
    made = bytearray(sm2_sign(PRIVATE, MESSAGE))
    made[-1] ^= flip
    (tmp_path / "signature").write_bytes(made)
    (tmp_path / "message").write_bytes(MESSAGE)
    answer = openssl(
        *("pkeyutl", "-verify", "-pubin", "-inkey", "key.der", "-keyform", "DER", "-sigfile", "signature"),
        *("-in", "message", "-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"),
        folder=tmp_path,
    )
    assert (answer.returncode == 0) is holds
    assert sm2.verify(KEY, DIGEST, bytes(made)) is holds
