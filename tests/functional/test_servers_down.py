"""A server that is down when a command starts ends it with exit 1, its address and how to start it."""

from pathlib import Path

import pytest

from tests.functional.command_line import juanzong

NOBODY = "127.0.0.1:1"
DOWN = {
    "database": ("ARCHIVE_DATABASE_URL", f"postgresql+psycopg://archive:s3cret@{NOBODY}/rows"),
    "object store": ("ARCHIVE_BLOBS_URL", f"s3+http://archive:s3cret@{NOBODY}/bytes"),
    "search": ("ARCHIVE_SEARCH_URL", f"elastic+http://archive:s3cret@{NOBODY}/index"),
    "broker": ("ARCHIVE_QUEUE_URL", f"amqp://archive:s3cret@{NOBODY}/%2F"),
    "tika": ("ARCHIVE_TIKA_URL", f"http://{NOBODY}"),
}


@pytest.mark.slow
@pytest.mark.parametrize("server", DOWN)
def test_a_server_that_is_down_is_named_with_the_way_to_start_it(tmp_path: Path, server: str) -> None:
    name, url = DOWN[server]
    if server != "database":
        assert juanzong("init", "--home", tmp_path).code == 0
    command = "init" if server == "database" else "run"
    ran = juanzong(command, "--home", tmp_path, "--json", settings={name: url})
    assert ran.code == 1
    said = ran.value["error"]["message"] + ran.err
    assert "127.0.0.1" in said
    assert "deploy/services start" in said
    assert name in said
    assert "s3cret" not in ran.out + ran.err
    assert "Traceback" not in ran.err


@pytest.mark.slow
def test_the_doctor_says_of_each_server_whether_it_is_there(tmp_path: Path) -> None:
    assert juanzong("init", "--home", tmp_path).code == 0
    settings = dict(DOWN[server] for server in ("object store", "search", "broker", "tika"))
    ran = juanzong("doctor", "--home", tmp_path, "--json", settings=settings)
    assert ran.code == 1
    servers = {server["name"]: server for server in ran.value["servers"]}
    assert {name: server["reachable"] for name, server in servers.items()} == {
        "database": True,
        "isolation": True,
        "object store": False,
        "search": False,
        "broker": False,
        "tika": False,
    }
    assert {server["error"]["code"] for server in servers.values() if not server["reachable"]} == {
        "blob-store-unavailable",
        "search-unavailable",
        "broker-unavailable",
        "tika-unavailable",
    }
    assert "s3cret" not in ran.out + ran.err
