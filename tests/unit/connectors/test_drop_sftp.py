"""A drop on an SFTP server: who it is, what it gives, and what happens when the line breaks."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from paramiko import ECDSAKey

from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.drop.reading import Patience, steady
from ingest.connectors.drop.sftp import KIND, sftp_tree
from ingest.connectors.drop.sftp_session import AHEAD, BLOCK
from ingest.connectors.drop.sftp_tree import SftpTree
from ingest.connectors.options import Options
from ingest.connectors.secrets import Secrets
from ingest.simulator.sftp import SftpFaults, SftpStandIn
from ingest.types import Source
from tests.small_archive import START
from tests.unit.connectors.drop_bench import Bench

HASTY = Patience(tries=3, pause=0.0)
SIZE = 3 << 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpStandIn]:
    (tmp_path / "drop").mkdir()
    with SftpStandIn(tmp_path / "drop", "drop", "drop") as running:
        yield running


@pytest.fixture
def tree(server: SftpStandIn, tmp_path: Path) -> Iterator[SftpTree]:
    with opened(server, tmp_path) as found:
        yield found


def opened(server: SftpStandIn, home: Path, **options: object) -> SftpTree:
    secrets = home / "secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "password").write_text(server.password)
    (secrets / "password").chmod(0o600)
    told = {"password": "secret:password", "host_key": server.host_key, "seconds": 5} | options
    told = {name: value for name, value in told.items() if value is not None}
    source = Source("drop", "sftp", server.location, {}, START, options=told)
    return sftp_tree(server.location, Options(KIND, source), Secrets(secrets))


def random_file(server: SftpStandIn, name: str = "a") -> bytes:
    data = Random(7).randbytes(SIZE)  # noqa: S311 - draws bytes, guards nothing
    (server.root / name).write_bytes(data)
    return data


@pytest.mark.parametrize("seed", range(5))
def test_a_download_that_breaks_goes_on_at_the_byte_where_it_broke(
    server: SftpStandIn, tree: SftpTree, seed: int
) -> None:
    data = random_file(server)
    (leaf,) = tree.entries(b"")
    server.faults = SftpFaults(cut_after=Random(seed).randrange(SIZE))  # noqa: S311 - draws bytes, guards nothing

    with steady(tree, leaf, HASTY) as stream:
        assert stream.read() == data
    # Nothing comes twice but what was under way when the line broke.
    assert SIZE <= server.served <= SIZE + AHEAD * BLOCK
    assert server.logins == 2


def test_a_line_that_never_holds_is_the_source_s_failure(server: SftpStandIn, tree: SftpTree) -> None:
    random_file(server)
    (leaf,) = tree.entries(b"")
    server.stop()

    with pytest.raises(SourceFailed, match="source-unreachable"), steady(tree, leaf, HASTY) as stream:
        stream.read()


def test_a_file_changed_after_a_break_is_not_pieced_together(server: SftpStandIn, tree: SftpTree) -> None:
    data = random_file(server)
    (leaf,) = tree.entries(b"")
    with steady(tree, leaf, HASTY) as stream:
        stream.read(1000)
        (server.root / "a").write_bytes(data + b"1")
        server.cut()
        with pytest.raises(InvalidInput, match="file-changed-while-read"):
            stream.read()


def test_no_password_is_sent_to_a_server_that_is_another(server: SftpStandIn, tmp_path: Path) -> None:
    other = ECDSAKey.generate()
    with (
        opened(server, tmp_path, host_key=f"{other.get_name()} {other.get_base64()}") as tree,
        pytest.raises(SourceFailed, match="source-host-key"),
    ):
        list(tree.entries(b""))
    assert server.logins == 0


def test_a_server_is_known_by_a_file_of_known_hosts(server: SftpStandIn, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    known = tmp_path / "secrets" / "known"
    known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
    known.chmod(0o600)
    random_file(server)

    with opened(server, tmp_path, host_key=None, known_hosts="secret:known") as tree:
        assert [leaf.path for leaf in tree.entries(b"")] == [b"a"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"host_key": None}, "source-option-missing"),
        ({"host_key": "ssh-ed25519"}, "source-option-unusable"),
        ({"password": None}, "source-option-missing"),
        ({"private_key": "secret:password"}, "source-option-unusable"),
    ],
)
def test_without_knowing_the_server_or_a_credential_nothing_is_opened(
    server: SftpStandIn, tmp_path: Path, options: dict[str, object], code: str
) -> None:
    with pytest.raises(InvalidInput, match=code) as refused:
        opened(server, tmp_path, **options)
    assert server.password not in refused.value.message()


def test_a_wrong_password_is_told_without_being_repeated(server: SftpStandIn, tmp_path: Path) -> None:
    with opened(server, tmp_path) as tree:
        server.password = "another"
        with pytest.raises(SourceFailed, match="source-login-refused") as refused:
            list(tree.entries(b""))
    assert "secret" not in refused.value.message()
    assert server.logins == 1


def test_names_that_are_no_utf8_come_over_the_wire_byte_for_byte(server: SftpStandIn, tree: SftpTree) -> None:
    raw = "招标公告".encode("gb18030")
    Path(os.fsdecode(os.fsencode(server.root) + b"/" + raw)).write_bytes(b"1")
    bench = Bench(server.root, tree=tree)

    (external_id,) = bench.read()

    assert bench.taken[external_id] == {"招标公告": b"1"}
    assert bench.read() == {}


def test_links_and_pipes_on_the_server_are_refused(server: SftpStandIn, tree: SftpTree) -> None:
    (server.root / "link").symlink_to("/etc/passwd")
    os.mkfifo(server.root / "pipe")
    random_file(server)

    assert Bench(server.root, tree=tree).read() == {
        "a": "captured",
        "link": "drop-not-a-file",
        "pipe": "drop-not-a-file",
    }


def test_many_files_and_folders_are_all_found(server: SftpStandIn, tree: SftpTree) -> None:
    for number in range(300):
        folder = server.root / f"目录{number % 7}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.txt").write_text(str(number))
    bench = Bench(server.root, tree=tree)

    assert set(bench.read().values()) == {"captured"}
    assert len(bench.taken) == 300
    assert bench.read() == {}
