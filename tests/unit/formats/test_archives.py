import bz2
import gzip
import io
import lzma
import tarfile

import pytest

from ingest.formats.inspection import Aspect
from ingest.outcomes import Outcome
from tests.unit.extractors import documents
from tests.unit.formats.looking import codes, looked


def tarred(*members: tuple[str, bytes, bytes], mode: str = "w") -> bytes:
    """A tar of members: name, type, content (of a link, its target)."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]  # the mode varies
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            if kind == tarfile.REGTYPE:
                member.size = len(content)
            else:
                member.linkname = content.decode()
            archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


PLAIN = ("a.txt", tarfile.REGTYPE, b"words")
ZIP = documents.zipped({"a.txt": b"x"})


@pytest.mark.parametrize(
    "content",
    [
        documents.zipped({"folder/": b"", "folder/a.pdf": documents.pdf(), "b.txt": b"x"}),
        documents.zipped({"a.pdf": documents.pdf()}, 0),
        tarred(PLAIN, ("b.txt", tarfile.REGTYPE, b"x")),
        gzip.compress(b"words" * 1_000),
        gzip.compress(b"one") + gzip.compress(b"two"),
        tarred(PLAIN, mode="w:gz"),
    ],
)
def test_sound_archives_pass_and_what_is_in_them_is_not_checked(content: bytes) -> None:
    found = looked(content)
    for aspect in (Aspect.STRUCTURE, Aspect.CONCEALED):
        assert found[aspect].outcome is Outcome.PASS, found[aspect]
    for aspect in (Aspect.LOCKED, Aspect.ACTIVE):
        assert codes(content, aspect, Outcome.NOT_CHECKED) == {"archive-members-unchecked"}


@pytest.mark.parametrize(
    "content",
    [
        documents.zipped({"inner.zip": ZIP}),
        documents.zipped({"inner.gz": gzip.compress(b"x")}),
        tarred(("inner.zip", tarfile.REGTYPE, ZIP)),
        gzip.compress(ZIP),
        gzip.compress(gzip.compress(b"x")),
        gzip.compress(tarred(("inner.gz", tarfile.REGTYPE, gzip.compress(b"x")))),
    ],
)
def test_an_archive_inside_an_archive_is_told_and_stays_closed(content: bytes) -> None:
    assert codes(content, Aspect.CONCEALED) == {"archive-inside"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (tarred(("../a", tarfile.REGTYPE, b"x")), "archive-unsafe-name"),
        (tarred(("/etc/a", tarfile.REGTYPE, b"x")), "archive-unsafe-name"),
        (tarred(("a", tarfile.SYMTYPE, b"/etc/passwd")), "archive-link"),
        (tarred(("a", tarfile.LNKTYPE, b"b")), "archive-link"),
        (tarred(("a", tarfile.FIFOTYPE, b"")), "archive-device"),
        (tarred(PLAIN, PLAIN), "archive-name-twice"),
        (tarred(("../a", tarfile.REGTYPE, b"x"), mode="w:gz"), "archive-unsafe-name"),
        (gzip.compress(bytes(60_000_000)), "archive-bomb"),
        (gzip.compress(b"words" * 1_000)[:-12], "file-truncated"),
        (documents.zipped({"a": bytes(60_000_000)}), "zip-bomb"),
        (documents.zipped({"../a": b"x"}), "zip-unsafe-name"),
        (ZIP.replace(b"a.txt", b"b.txt", 1), "zip-lies"),
    ],
)
def test_hostile_archives_fail_by_name(content: bytes, code: str) -> None:
    assert code in codes(content, Aspect.STRUCTURE)


@pytest.mark.parametrize(
    "content",
    [gzip.compress(bytes(60_000_000)), documents.zipped({"../a": b"x"}), gzip.compress(b"words" * 1_000)[:-12]],
)
def test_where_an_archive_breaks_off_nothing_else_is_passed(content: bytes) -> None:
    found = looked(content)
    assert all(found[aspect].outcome is not Outcome.PASS for aspect in found)


def test_what_is_encrypted_is_locked() -> None:
    content = bytearray(documents.zipped({"a": b"x"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert codes(bytes(content), Aspect.LOCKED) == {"file-encrypted"}


def test_a_packing_that_is_not_public_is_locked() -> None:
    assert codes(documents.zipped({"a": b"x" * 99}, 14), Aspect.LOCKED) == {"zip-method"}


@pytest.mark.parametrize(
    "content",
    [
        b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64),
        b"Rar!\x1a\x07\x01\x00" + bytes(64),
        bz2.compress(b"x"),
        lzma.compress(b"x"),
    ],
)
def test_what_nothing_here_opens_is_not_checked(content: bytes) -> None:
    for aspect in (Aspect.STRUCTURE, Aspect.LOCKED, Aspect.ACTIVE, Aspect.CONCEALED):
        assert codes(content, aspect, Outcome.NOT_CHECKED) == {"archive-not-opened"}


def test_bytes_behind_a_gzip_are_found() -> None:
    assert "bytes-behind-end" in codes(gzip.compress(b"words") + b"secret", Aspect.CONCEALED)


def moved(content: bytes, at: int, put: bytes) -> bytes:
    """A ZIP of one entry with bytes put in before `at`, its directory moved along."""
    changed = bytearray(content[:at] + put + content[at:])
    end = changed.rindex(b"PK\x05\x06")
    start = int.from_bytes(changed[end + 16 : end + 20], "little")
    changed[end + 16 : end + 20] = (start + len(put)).to_bytes(4, "little")
    return bytes(changed)


def test_bytes_between_the_entries_of_a_zip_are_found() -> None:
    content = documents.zipped({"a": b"x" * 50, "b": b"y" * 50}, 0)
    at = content.index(b"PK\x03\x04", 4)
    hidden = bytearray(moved(content, at, b"secret words that nobody sees"))
    listed = hidden.index(b"PK\x01\x02", hidden.index(b"PK\x01\x02") + 4)
    hidden[listed + 42 : listed + 46] = (at + 29).to_bytes(4, "little")
    assert codes(bytes(hidden), Aspect.CONCEALED) == {"zip-hidden-bytes"}


def test_a_program_in_the_comment_of_a_zip_is_found() -> None:
    commented = bytearray(ZIP + b"MZ" + bytes(20))
    commented[len(ZIP) - 2 : len(ZIP)] = (22).to_bytes(2, "little")
    assert codes(bytes(commented), Aspect.CONCEALED) == {"second-format"}


def test_a_pdf_in_the_head_of_a_zip_is_found() -> None:
    content = documents.zipped({"%PDF-1.7 a": b"x"})
    assert codes(content, Aspect.CONCEALED) == {"second-format"}
