import io
import os
import struct
import zipfile

import pytest

from archive.errors import InvalidInput
from ingest.formats.containers import Container, ContainerLimits, open_container
from tests.unit.extractors import documents


def opened(content: bytes, limits: ContainerLimits | None = None) -> Container:
    return open_container(io.BytesIO(content), limits)


def code_of(content: bytes, limits: ContainerLimits | None = None) -> str:
    """The code of the first error met while opening and reading everything, "" for none."""
    try:
        container = opened(content, limits)
        for name in container.entries:
            for _ in container.chunks(name):
                pass
    except InvalidInput as error:
        return error.code
    return ""


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_entries_come_out_whole(method: int) -> None:
    large = bytes(range(256)) * 2_000
    container = opened(documents.zipped({"甲/乙.txt": "内容", "大.bin": large, "空": b""}, method))
    assert container.read("甲/乙.txt").decode() == "内容"
    assert b"".join(container.chunks("大.bin")) == large
    assert container.read("空") == b""
    assert "没有" not in container


def test_names_in_gb18030_are_read_as_meant() -> None:
    name = "公告.txt"
    content = documents.zipped({"XXXX.txt": b"x"})
    assert list(opened(content.replace(b"XXXX.txt", name.encode("gb18030"))).entries) == [name]


def test_a_name_in_no_encoding_is_refused() -> None:
    content = documents.zipped({"XXXX.txt": b"x"})
    assert code_of(content.replace(b"XXXX.txt", b"\xff\xff\xff\xff.txt")) == "name-not-utf8"


@pytest.mark.parametrize("name", ["../a.xml", "a/../../b", "/etc/a", "C:/a", "C:\\a"])
def test_paths_that_leave_the_container_are_refused(name: str) -> None:
    assert code_of(documents.zipped({name: b"x"})) == "zip-unsafe-name"


def test_links_are_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        link = zipfile.ZipInfo("a")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert code_of(target.getvalue()) == "zip-unsafe-name"


def test_too_many_entries_are_refused() -> None:
    content = documents.zipped({f"{number}": b"" for number in range(11)})
    assert code_of(content, ContainerLimits(entries=10)) == "zip-bomb"


def test_a_directory_larger_than_permitted_is_not_read() -> None:
    content = documents.zipped({f"{'n' * 200}{number}": b"" for number in range(100)})
    assert code_of(content, ContainerLimits(directory_bytes=5_000)) == "zip-bomb"


@pytest.mark.parametrize(
    ("content", "code"), [(bytes(10_000), "zip-bomb"), (os.urandom(101), "file-too-large-to-read")]
)
def test_one_entry_beyond_its_size_is_a_bomb_only_where_it_is_packed_like_one(content: bytes, code: str) -> None:
    assert code_of(documents.zipped({"a": content}), ContainerLimits(entry_bytes=100)) == code


@pytest.mark.parametrize(("content", "code"), [(bytes(9_000), "zip-bomb"), (os.urandom(60), "file-too-large-to-read")])
def test_all_entries_together_beyond_their_size_likewise(content: bytes, code: str) -> None:
    limits = ContainerLimits(entry_bytes=10_000, total_bytes=100)
    assert code_of(documents.zipped({"a": content, "b": content}), limits) == code


def test_a_ratio_beyond_belief_is_refused() -> None:
    assert code_of(documents.zipped({"a": b"\0" * 20_000_000})) == "zip-bomb"


def test_the_same_entry_read_again_and_again_counts() -> None:
    container = opened(documents.zipped({"a": b"x" * 60}), ContainerLimits(total_bytes=150))
    assert container.read("a") == container.read("a")
    with pytest.raises(InvalidInput) as caught:
        container.read("a")
    assert caught.value.code == "zip-bomb"


def test_a_small_read_has_a_limit_of_its_own() -> None:
    with pytest.raises(InvalidInput) as caught:
        opened(documents.zipped({"a": b"x" * 60})).read("a", limit=59)
    assert caught.value.code == "zip-bomb"


@pytest.mark.parametrize("size", [10, 5_000])
@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_size_that_lies_is_found(size: int, *, local: bool, method: int) -> None:
    content = documents.zipped({"first": b"1", "lying": b"y" * 1_000}, method)
    assert code_of(documents.with_declared_size(content, "lying", size, local=local)) == "zip-lies"


def test_the_same_name_twice_is_refused() -> None:
    content = documents.zipped({"aa": b"1", "bb": b"2"})
    assert code_of(content.replace(b"bb", b"aa")) == "zip-lies"


def test_a_local_name_other_than_the_listed_one_is_found() -> None:
    content = documents.zipped({"aa": b"1"})
    assert code_of(content.replace(b"aa", b"ab", 1)) == "zip-lies"


def test_entries_that_share_bytes_are_found() -> None:
    content = documents.zipped({"aa": b"1" * 50, "bb": b"2" * 50}, zipfile.ZIP_STORED)
    at = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", at + 4)
    moved = bytearray(content)
    moved[second + 46 : second + 48] = b"aa"
    struct.pack_into("<L", moved, second + 42, 0)
    struct.pack_into("<L", moved, second + 16, struct.unpack_from("<L", content, at + 16)[0])
    assert code_of(bytes(moved)) == "zip-lies"


def test_a_wrong_checksum_is_damage() -> None:
    content = documents.zipped({"a": b"word" * 10}, zipfile.ZIP_STORED)
    assert code_of(content.replace(b"wordword", b"wordward", 1)) == "file-damaged"


def test_broken_deflate_is_damage() -> None:
    content = bytearray(documents.zipped({"a": bytes(range(256)) * 20}))
    content[40:60] = b"\xff" * 20
    assert code_of(bytes(content)) in {"file-damaged", "zip-lies"}


def test_an_encrypted_entry_is_named() -> None:
    content = bytearray(documents.zipped({"a": b"x"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert code_of(bytes(content)) == "file-encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_named(method: int) -> None:
    assert code_of(documents.zipped({"a": b"x" * 100}, method)) == "zip-method"


def test_a_container_without_its_end_is_truncated() -> None:
    content = documents.zipped({"a": b"x" * 100})
    assert code_of(content[:-30]) == "file-truncated"
    assert code_of(b"no container at all") == "file-damaged"


def test_containers_inside_containers_stay_closed() -> None:
    inner = documents.zipped({"../evil": b"x"})
    assert opened(documents.zipped({"inner.zip": inner})).read("inner.zip") == inner
