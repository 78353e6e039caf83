"""What the doctor says of real servers: versions, and what is missing with what that costs."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.command_line import juanzong
from tests.services import fresh_database, service_url

pytestmark = [pytest.mark.slow, pytest.mark.services]


@pytest.fixture
def settings() -> Iterator[dict[str, str]]:
    name = f"t{secrets.token_hex(4)}"
    with fresh_database() as rows:
        yield {
            "ARCHIVE_DATABASE_URL": rows,
            "ARCHIVE_BLOBS_URL": f"{service_url('minio')}/{name}",
            "ARCHIVE_SEARCH_URL": f"{service_url('elasticsearch')}/{name}",
            "ARCHIVE_QUEUE_URL": f"{service_url('redis')}?queues={name}",
        }


def test_each_server_is_described_with_what_it_lacks(tmp_path: Path, settings: dict[str, str]) -> None:
    assert juanzong("init", "--home", tmp_path, settings=settings).code == 0
    ran = juanzong("doctor", "--home", tmp_path, "--json", settings=settings)
    assert ran.code == 0, ran.err
    servers = {server["name"]: server for server in ran.value["servers"]}
    assert servers["database"]["version"].startswith("15.")
    assert servers["search"]["version"] == "9.2.0"
    # How far the kernel shuts a process in differs from machine to machine.
    assert servers.pop("isolation")["reachable"]
    lacks = {name: {lack["code"] for lack in server["lacks"]} for name, server in servers.items()}
    assert lacks == {
        "database": set(),
        "object store": {"server-no-lock"},
        "search": {"server-open", "server-one-node"},
        "broker": {"server-not-quorum"},
        "tika": {"server-no-tika"},
    }
    passwords = [url.split("@")[0].rpartition(":")[2] for url in settings.values() if "@" in url]
    assert not [password for password in passwords if password in ran.out + ran.err]


def test_a_second_home_does_not_make_another_key_for_the_same_ledger(tmp_path: Path, settings: dict[str, str]) -> None:
    assert juanzong("init", "--home", tmp_path / "one", settings=settings).code == 0
    ran = juanzong("init", "--home", tmp_path / "two", "--json", settings=settings)
    assert ran.code == 1
    assert ran.value["error"]["code"] == "home-key-missing"
    assert not (tmp_path / "two" / "keys" / "ledger.key").exists()
