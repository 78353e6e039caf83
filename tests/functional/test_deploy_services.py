"""`deploy/services` as a person types it; what it starts is tried by every test that needs a server."""

import subprocess

import pytest

from tests.functional.command_line import ROOT
from tests.services import service_url

pytestmark = [pytest.mark.slow, pytest.mark.services]

SERVERS = ("postgres", "minio", "elasticsearch", "tika", "rabbitmq", "redis")


def services(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "deploy" / "services"), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(autouse=True)
def _started() -> None:
    for server in SERVERS:
        service_url(server)


def test_the_state_of_each_is_told() -> None:
    told = services("status", *SERVERS)
    assert told.returncode == 0
    assert [line.split()[0] for line in told.stdout.splitlines()] == list(SERVERS)
    assert told.stdout.count("answers") == len(SERVERS)


def test_what_runs_is_not_started_again() -> None:
    before = services("status").stdout
    assert services("start", *SERVERS).returncode == 0
    assert services("status").stdout == before


def test_an_archive_is_given_addresses_of_its_own() -> None:
    told = services("env", "--profile", "tdeploy")
    assert told.returncode == 0
    names = [line.removeprefix("export ").partition("=")[0] for line in told.stdout.splitlines()]
    wanted = ("DATABASE_URL", "BLOBS_URL", "SEARCH_URL", "QUEUE_URL", "TIKA_URL")
    assert names == [f"ARCHIVE_{name}" for name in wanted]
    assert told.stdout.count("tdeploy") == 4
    asked = services("run", "--profile", "tdeploy", "--", "sh", "-c", 'test -n "$ARCHIVE_DATABASE_URL"; exit 7')
    assert asked.returncode == 7


@pytest.mark.parametrize("name", ["x", "Upper", "a-b", "a b", "a'b", "名称"])
def test_a_name_that_cannot_be_one_of_each_server_is_refused(name: str) -> None:
    told = services("env", "--profile", name)
    assert told.returncode == 1
    assert "small letters and digits" in told.stderr
    assert told.stdout == ""


def test_wrong_usage_is_told() -> None:
    assert services("start", "mysql").returncode == 2
    assert services("with").returncode == 2
    assert services("run").returncode == 2
