"""Reconciliation from outside: the command line, a list that a sender hands in, what people do about differences."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import Arrival, Stated
from ingest.types import Summary
from tests.functional.command_line import called
from tests.functional.pages.conftest import own_pages, pages_home  # noqa: F401 - fixtures, asked for by name
from tests.functional.pages.world import ARCHIVIST, INSPECTOR, World
from tests.small_archive import notice

SOURCE = "handed"


@pytest.fixture
def client(own_pages: World) -> Iterator[httpx.Client]:  # noqa: F811 - the fixture above
    """An archivist, at an archive that holds three documents of a source which people deliver."""
    ingest = own_pages.runtime.ingest
    ingest.sources.register(SOURCE, "notices", "import:")
    taken = [Arrival(name, notice(name, "公告"), stated=_stated(name)) for name in ("a", "b", "c")]
    ingest.intake.take(SOURCE, MemoryConnector(taken), Summary())
    with own_pages.client(ARCHIVIST) as logged_in:
        yield logged_in


def _stated(name: str) -> Stated:
    return Stated("551", None, None, 100, f"mark:{name}")


def lines(*entries: dict[str, object]) -> bytes:
    return "".join(json.dumps(entry) + "\n" for entry in entries).encode()


def entry(name: str, mark: str | None = None) -> dict[str, object]:
    return {"external_id": name, "data_no": "551", "size": 100, "digest": f"mark:{mark or name}"}


def hand_in(client: httpx.Client, body: bytes, source: str = SOURCE) -> httpx.Response:
    return client.post(f"/api/v1/sources/{source}/inventory", content=body)


def differences(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/differences", params={"source": SOURCE, **query})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_list_that_is_handed_in_is_compared_and_what_differs_is_dealt_with(client: httpx.Client) -> None:
    run = hand_in(client, lines(entry("a"), entry("b", "other"), entry("d")))
    assert run.status_code == 200, run.text
    counts = {name: number for name, number in run.json()["counts"].items() if number}
    assert counts == {"listed": 3, "held": 3, "same": 1, "changed": 1, "missing": 1, "extra": 1}
    found = {item["external_id"]: item for item in differences(client)}
    assert {name: item["kind"] for name, item in found.items()} == {"b": "changed", "c": "extra", "d": "missing"}
    shown = client.get(f"/api/v1/reconciliation/{SOURCE}").json()
    assert (shown["run"]["id"], sum(bucket["differences"] for bucket in shown["differing"])) == (run.json()["id"], 3)

    accepted = client.post(f"/api/v1/differences/{found['b']['id']}/acceptance", json={"reason": "来源已说明"})
    assert accepted.status_code == 204
    one = client.post("/api/v1/differences/repair", json={"id": found["c"]["id"]})
    assert one.json() == {"asked": 0, "flagged": 1, "sender": 0}
    rest = client.post("/api/v1/differences/repair", json={"all": True, "source": SOURCE})
    assert rest.json() == {"asked": 0, "flagged": 0, "sender": 1}
    assert [item["external_id"] for item in differences(client, state="asked")] == ["d"]
    assert [item["reason"] for item in differences(client, state="accepted")] == ["来源已说明"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "inventory-empty"),
        (b"\n \r\n", "inventory-empty"),
        (b"no json\n", "inventory-line"),
        (lines(entry("a"), entry("")), "inventory-entry"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_and_concludes_nothing(
    client: httpx.Client, body: bytes, code: str
) -> None:
    answer = hand_in(client, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert differences(client) == []


def test_a_list_may_be_longer_than_any_other_request(client: httpx.Client) -> None:
    many = lines(*(entry(f"{'n' * 500}{number}", "1") for number in range(4_000)))
    assert len(many) > 2 << 20
    assert hand_in(client, many).json()["counts"]["missing"] == 4_000
    page = client.get("/api/v1/differences", params={"source": SOURCE, "kind": "missing", "limit": 1_000}).json()
    assert len(page["items"]) == 1_000
    after = client.get("/api/v1/differences", params={"source": SOURCE, "after": page["next"], "limit": 1_000}).json()
    assert not {item["id"] for item in page["items"]} & {item["id"] for item in after["items"]}


def test_a_list_of_a_source_that_nobody_registered_is_refused(client: httpx.Client) -> None:
    assert hand_in(client, lines(entry("a")), "nobody").status_code == 404


def test_what_to_repair_must_be_said(client: httpx.Client) -> None:
    for asked in ({}, {"id": "run_1", "all": True}):
        answer = client.post("/api/v1/differences/repair", json=asked)
        assert answer.json()["error"]["code"] == "repair-what"


def test_neither_strangers_nor_inspectors_hand_in_lists_or_repair(
    client: httpx.Client,
    own_pages: World,  # noqa: F811 - the fixture above
) -> None:
    del client
    for account, refused in ((None, 401), (INSPECTOR, 403)):
        with own_pages.client(account) as other:
            assert hand_in(other, lines(entry("a"))).status_code == refused
            assert other.post("/api/v1/differences/repair", json={"all": True}).status_code == refused
    with own_pages.client() as stranger:
        wrong = {"authorization": "Bearer of-nobody"}
        answer = stranger.post(f"/api/v1/sources/{SOURCE}/inventory", content=lines(entry("a")), headers=wrong)
        assert answer.status_code == 401
        assert stranger.get("/api/v1/differences").status_code == 401


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Path:
    """A home with two notices, and the list of their source, of which one is missing here."""
    rows = [{"id": name, "title": "公告", "body": "正文", "published": "2026-05-04"} for name in ("a", "b")]
    notices = tmp_path / "notices.jsonl"
    notices.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert called("import", notices, "--connector", "notices", "--source", SOURCE, "--home", empty_home).code == 0
    (tmp_path / "list.jsonl").write_bytes(lines({"external_id": "a"}, {"external_id": "b"}, {"external_id": "c"}))
    return empty_home


def test_the_command_line_reconciles_reports_and_repairs(home: Path, tmp_path: Path) -> None:
    told = ("--inventory", tmp_path / "list.jsonl", "--report", "--home", home, "--json")
    ran = called("reconcile", SOURCE, *told)
    assert ran.code == 1, ran.err
    counts = ran.value["runs"][SOURCE]["counts"]
    assert (counts["listed"], counts["uncompared"], counts["missing"]) == (3, 2, 1)
    assert ran.value["report"]["captured"] == 1
    listed = called("differences", "--home", home, "--json").value["differences"]
    assert [(found["external_id"], found["kind"], found["ours"]) for found in listed] == [("c", "missing", None)]
    repaired = called("differences", "--repair", listed[0]["id"], "--home", home, "--json").value
    assert repaired["repaired"] == {"asked": 0, "flagged": 0, "sender": 1}
    assert [found["state"] for found in repaired["differences"]] == ["asked"]
    accepted = called(
        "differences", "--accept", listed[0]["id"], "--reason", "来源误列", "--home", home, "--json"
    ).value
    assert accepted["differences"] == []
    assert called("reconcile", SOURCE, *told).code == 0
    assert called("differences", "--state", "accepted", "--home", home).code == 0


def test_a_source_that_cannot_be_asked_is_a_failure_with_its_reason(home: Path) -> None:
    ran = called("reconcile", SOURCE, "--home", home, "--json")
    run = ran.value["runs"][SOURCE]
    assert (ran.code, run["state"], run["code"]) == (1, "not_possible", "inventory-of-sender")
    for_people = called("reconcile", SOURCE, "--home", home)
    assert "inventory" in for_people.out


def test_without_a_source_only_those_that_can_be_asked_are(home: Path) -> None:
    assert called("reconcile", "--home", home, "--json").value == {"runs": {}}


@pytest.mark.parametrize(
    "told",
    [("reconcile", "--inventory", "LIST"), ("differences", "--repair", "x", "--all"), ("differences", "--kind", "odd")],
)
def test_what_does_not_go_together_is_wrong_usage(home: Path, tmp_path: Path, told: tuple[str, ...]) -> None:
    given = [str(tmp_path / "list.jsonl") if part == "LIST" else part for part in told]
    assert called(*given, "--home", home).code == 2


def test_reading_a_source_by_hand_closes_what_was_asked_for_and_leaves_pushed_sources_alone(
    home: Path, tmp_path: Path
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    added = ("--location", drop, "--option", "settle_seconds=0", "--home", home)
    assert called("source", "add", "drop", "--connector", "watched", *added).code == 0
    told = ("--location", "push:", "--option", "token=secret:token", "--home", home)
    assert called("source", "add", "pushed", "--connector", "push", *told).code == 0
    (drop / "公告.html").write_text("<html><body>中标结果公告</body></html>", encoding="utf-8")
    assert called("reconcile", "drop", "--home", home, "--json").code == 1
    assert called("differences", "--all", "--home", home, "--json").value["repaired"]["asked"] == 1
    ran = called("sync", "--home", home, "--json")
    assert (ran.code, list(ran.value)) == (0, ["drop"]), ran.err
    assert called("differences", "--home", home, "--json").value["differences"] == []
    assert called("source", "show", "pushed", "--home", home, "--json").value["failure"] is None


def test_the_id_of_a_difference_is_shown_whole_on_a_narrow_terminal(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "a.html").write_text("公告", encoding="utf-8")
    added = ("--connector", "watched", "--location", tmp_path / "drop", "--home", home)
    assert called("source", "add", "a-source-of-a-rather-long-name", *added).code == 0
    assert called("reconcile", "--home", home, "--json").code == 1
    monkeypatch.setenv("COLUMNS", "80")
    (found,) = called("differences", "--home", home, "--json").value["differences"]
    assert found["id"] in called("differences", "--home", home).out
