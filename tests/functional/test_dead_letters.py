"""Dead letters from outside: the command line and the API."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.functional.command_line import called
from tests.functional.pages.conftest import own_pages, pages_home  # noqa: F401 - fixtures, asked for by name
from tests.functional.pages.world import ARCHIVIST, INSPECTOR, SOURCE, World

BAD = "不是 JSON\n" + '{"id": "n-9", "title": "没有正文"}\n'


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Path:
    """A home to which a file of nothing but bad lines was brought."""
    (tmp_path / "bad.jsonl").write_text(BAD, encoding="utf-8")
    told = ("--connector", "notices", "--source", "centre", "--home", empty_home)
    assert called("import", tmp_path / "bad.jsonl", *told).code == 1
    return empty_home


def test_the_command_line_lists_them_with_reason_step_and_advice(home: Path) -> None:
    value = called("dead-letters", "--home", home, "--json").value
    assert value["reasons"] == {"row-not-json": 1, "row-without-content": 1}
    assert {letter["code"] for letter in value["dead_letters"]} == set(value["reasons"])
    for letter in value["dead_letters"]:
        assert (letter["what"], letter["source"], letter["step"], letter["tries"]) == (
            "arrival",
            "centre",
            "receive",
            1,
        )
        assert letter["first"] == letter["last"]
        assert letter["raw_sha256"] in letter["advice"]
    only = called("dead-letters", "--reason", "row-not-json", "--home", home, "--json").value
    assert [letter["code"] for letter in only["dead_letters"]] == ["row-not-json"]
    assert "row-not-json" in called("dead-letters", "--home", home).out


def test_what_can_only_be_sent_again_is_counted_as_that(home: Path) -> None:
    value = called("dead-letters", "--resume", "--reason", "row-not-json", "--home", home, "--json").value
    assert value["resumed"] == {"jobs": 0, "arrivals": 0, "sender": 1}


def test_nothing_belongs_to_nothing(home: Path) -> None:
    value = called("dead-letters", "--orphans", "--home", home, "--json").value
    assert value == {"arrivals": [], "records": [], "unremembered": []}


@pytest.fixture
def client(own_pages: World) -> Iterator[httpx.Client]:  # noqa: F811 - the fixture above
    with own_pages.client(ARCHIVIST) as logged_in:
        yield logged_in


def test_a_program_lists_them_and_goes_on_with_those_of_a_reason(
    client: httpx.Client,
    own_pages: World,  # noqa: F811 - the fixture above
) -> None:
    value = client.get("/api/v1/dead-letters", params={"source": SOURCE}).json()
    (letter,) = [item for item in value["items"] if item["code"] == "file-empty"]
    assert (letter["key"], letter["by_us"], letter["advice"]) == ("n8", True, None)
    assert value["reasons"]["file-empty"] == 1
    resumed = client.post("/api/v1/dead-letters/resume", json={"reason": "file-empty"})
    assert resumed.json() == {"jobs": 0, "arrivals": 1, "sender": 0}
    job = own_pages.runtime.kernel.jobs.claim("test", frozenset({"sync"}))
    assert job is not None
    assert job.key == SOURCE
    assert client.get("/api/v1/dead-letters/orphans").json() == {"arrivals": [], "records": [], "unremembered": []}


def test_who_may_not_manage_sources_goes_on_with_nothing(own_pages: World) -> None:  # noqa: F811 - the fixture above
    for account, refused in ((None, 401), (INSPECTOR, 403)):
        with own_pages.client(account) as other:
            assert other.post("/api/v1/dead-letters/resume", json={}).status_code == refused
