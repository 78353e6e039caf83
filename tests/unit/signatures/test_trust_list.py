"""A trust list is a folder that people keep; what is broken in it is told, and nothing of it is dropped in silence."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archive.errors import InvalidInput
from ingest.signatures.trust import from_json, read_folder, to_json
from ingest.signatures.types import NOBODY, TrustList
from tests.unit.signatures.authority import NOW, Holder, answer, issue, revoking

ROOT = issue("测试根", is_authority=True)
SECOND = issue("第二个根", is_authority=True)
SIGNER = issue("测试招标人", ROOT)


def pem(holder: Holder) -> bytes:
    return holder.certificate.public_bytes(Encoding.PEM)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trust.toml").write_text('version = "2026-11"\n', encoding="utf-8")
    for name in ("anchors", "intermediates", "revocations", "answers"):
        (tmp_path / name).mkdir()
    (tmp_path / "anchors" / "roots.pem").write_bytes(pem(ROOT) + pem(SECOND))
    (tmp_path / "revocations" / "root.crl").write_bytes(revoking(ROOT, at=NOW))
    (tmp_path / "answers" / "signer.ors").write_bytes(answer(ROOT, SIGNER))
    return tmp_path


def test_a_folder_is_read_with_its_version(folder: Path) -> None:
    trust = read_folder(folder)
    assert trust.version == "2026-11"
    assert trust.anchors == (ROOT.der, SECOND.der)
    assert trust.intermediates == ()
    assert len(trust.revocations) == len(trust.answers) == 1


def test_der_and_pem_say_the_same(folder: Path) -> None:
    (folder / "anchors" / "roots.pem").write_bytes(ROOT.der)
    crl = x509.load_der_x509_crl((folder / "revocations" / "root.crl").read_bytes())
    (folder / "revocations" / "root.crl").write_bytes(crl.public_bytes(Encoding.PEM))
    trust = read_folder(folder)
    assert trust.anchors == (ROOT.der,)
    assert trust.revocations == (crl.public_bytes(Encoding.DER),)


def test_hidden_files_are_not_part_of_the_list(folder: Path) -> None:
    (folder / "anchors" / ".DS_Store").write_bytes(b"nothing")
    assert len(read_folder(folder).anchors) == 2


@pytest.mark.parametrize("description", ["", "version = 7", 'version = " "', "other = 'x'"])
def test_a_list_without_a_version_is_refused(folder: Path, description: str) -> None:
    (folder / "trust.toml").write_text(description, encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_folder(folder)
    assert refused.value.code == "trust-list-incomplete"


def test_a_list_without_a_description_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_folder(tmp_path / "nowhere")
    assert refused.value.code == "trust-list-incomplete"
    (tmp_path / "trust.toml").write_text("version =", encoding="utf-8")
    with pytest.raises(InvalidInput) as broken:
        read_folder(tmp_path)
    assert broken.value.code == "trust-list-unreadable"


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n", ROOT.der[:-9]])
def test_one_broken_file_breaks_the_list_and_is_named(folder: Path, content: bytes) -> None:
    (folder / "anchors" / "broken.cer").write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        read_folder(folder)
    assert refused.value.code == "trust-list-unreadable"
    assert refused.value.params["file"] == "broken.cer"


def test_a_certificate_is_no_revocation_list(folder: Path) -> None:
    (folder / "revocations" / "wrong.crl").write_bytes(ROOT.der)
    with pytest.raises(InvalidInput) as refused:
        read_folder(folder)
    assert refused.value.params["file"] == "wrong.crl"


def test_a_list_survives_json(folder: Path) -> None:
    for trust in (read_folder(folder), NOBODY, TrustList("x", (b"\0",), (b"1", b"2"), (b"3",), (b"4",))):
        assert from_json(to_json(trust)) == trust


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "1", "anchors": ["*"]}'])
def test_json_that_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        from_json(text)
    assert refused.value.code == "trust-list-unreadable"
