"""Commands about sources, and the one for whoever writes a connector."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.messages import catalogue
from ingest.simulator.server import SimulatorServer
from tests.functional.command_line import Ran, called, json_lines
from tests.small_portal import SmallPortal, page

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def home(empty_home: Path) -> Path:
    return empty_home


@pytest.fixture
def portal() -> Iterator[str]:
    site = SmallPortal(
        page("n1", "清溪河工程招标公告"), page("bad", "", infocontent=""), page("n2", "清溪河工程变更公告")
    )
    with SimulatorServer(site) as base:
        yield base


def source(home: Path, *arguments: str | Path) -> Ran:
    return called("source", *arguments, "--home", home, "--json")


def value(home: Path, *arguments: str | Path) -> Any:
    ran = source(home, *arguments)
    assert ran.code == 0, ran.err
    return ran.value


def code(ran: Ran) -> str:
    assert ran.code == 1
    found = ran.value["error"]["code"]
    assert found in catalogue()
    return str(found)


def added(home: Path, location: str, *more: str, connector: str = "portal", name: str = "site") -> Any:
    return value(home, "add", name, "--connector", connector, "--location", location, *more)


def test_a_source_is_registered_listed_and_shown(home: Path) -> None:
    first = added(home, NOWHERE, "--option", "vanished=withdraw", "--minutes", "30", "--region", "370100")
    assert (first["name"], first["state"], first["options"]) == ("site", "never", {"vanished": "withdraw"})
    # It is to be read at once, and now is always another moment.
    del first["next_reading"]
    assert value(home, "show", "site").items() >= first.items()
    (listed,) = value(home, "list")["sources"]
    assert listed.items() >= first.items()
    assert called("source", "list", "--home", home).code == 0
    assert "vanished" in called("source", "show", "site", "--home", home).out


def test_options_come_from_a_file_and_single_ones_over_it(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "options.json"
    file.write_text('\ufeff{"vanished": "flag"}', encoding="utf-8")
    assert added(home, NOWHERE, "--options-file", str(file))["options"] == {"vanished": "flag"}
    changed = value(home, "change", "site", "--options-file", file, "--option", "vanished=withdraw")
    assert changed["draft"] == {"vanished": "withdraw"}
    file.write_bytes(b"\xff\xfe")
    assert code(source(home, "change", "site", "--options-file", file)) == "source-options-file"


def test_what_cannot_be_used_is_refused_by_name(home: Path) -> None:
    def add(*more: str, location: str = NOWHERE, connector: str = "portal") -> str:
        return code(source(home, "add", "a", "--connector", connector, "--location", location, *more))

    assert add("--option", "vanishd=flag") == "source-option-unknown"
    assert add("--option", "vanished") == "source-option-unwritten"
    assert add("--minutes", "0") == "source-minutes"
    assert add(connector="portl") == "connector-unknown"
    assert add(location="http://user:hunter2@portal.example") == "source-location-secret"
    assert value(home, "list") == {"sources": []}
    assert code(source(home, "show", "a")) == "source-unknown"


def test_a_change_counts_only_after_a_preview_of_real_documents(home: Path, portal: str) -> None:
    added(home, portal)
    assert code(source(home, "apply", "site")) == "source-without-draft"
    assert value(home, "change", "site", "--option", "vanished=withdraw")["previewed"] is False
    assert code(source(home, "apply", "site")) == "source-not-previewed"
    preview = value(home, "preview", "site")
    assert (preview["draft"], preview["ending"], len(preview["samples"])) == (True, "complete", 3)
    assert {sample["external_id"]: sample["becomes"] for sample in preview["samples"]} == {
        "n1": "captured",
        "bad": "refused",
        "n2": "captured",
    }
    first = preview["samples"][0]
    assert (first["title"], first["region"]) == ("清溪河工程招标公告", "370100")
    assert "招标" in first["classified"]["doc_type"]
    assert {file["role"] for file in first["files"]} == {"main", "envelope"}
    assert value(home, "change", "site", "--option", "vanished=flag")["previewed"] is False
    assert code(source(home, "apply", "site")) == "source-not-previewed"
    assert len(value(home, "preview", "site", "--limit", "1")["samples"]) == 1
    applied = value(home, "apply", "site")
    assert (applied["options"], applied["draft"]) == ({"vanished": "flag"}, None)
    # Nothing of all this was taken in.
    assert set(called("status", "--home", home, "--json").value["records"].values()) <= {0}
    assert value(home, "show", "site")["last_success"] is None


def test_a_preview_of_what_is_in_force_leaves_the_draft_as_it_is(home: Path, portal: str) -> None:
    added(home, portal)
    value(home, "change", "site", "--option", "vanished=withdraw")
    assert value(home, "preview", "site", "--live")["draft"] is False
    assert value(home, "show", "site")["previewed"] is False
    assert "清溪河" in called("source", "preview", "site", "--home", home).out


def test_a_preview_of_a_source_that_is_down_says_so_and_counts_for_nothing(home: Path) -> None:
    added(home, NOWHERE)
    value(home, "change", "site", "--option", "vanished=withdraw")
    assert code(source(home, "preview", "site")) == "source-unreachable"
    assert value(home, "show", "site")["previewed"] is False


def test_a_source_that_people_deliver_is_previewed_without_samples(home: Path, tmp_path: Path) -> None:
    path = json_lines(tmp_path / "n.jsonl", [{"id": "1", "title": "公告", "body": "正文"}])
    called("import", path, "--connector", "notices", "--source", "files", "--home", home)
    preview = value(home, "preview", "files")
    assert (preview["ending"], preview["samples"]) == ("unread", [])
    shown = value(home, "show", "files")
    assert (shown["state"], shown["next_reading"], shown["captured"]) == ("fine", None, 1)


def test_a_source_is_paused_resumed_and_scheduled(home: Path, portal: str) -> None:
    added(home, portal)
    assert value(home, "pause", "site")["state"] == "paused"
    assert called("sync", "site", "--home", home, "--json").value["site"]["error"]["code"] == "source-paused"
    resumed = value(home, "resume", "site")
    assert (resumed["state"], resumed["asked"]) == ("never", True)
    assert value(home, "schedule", "site", "--minutes", "7")["minutes"] == 7
    assert value(home, "schedule", "site")["minutes"] is None
    assert called("sync", "site", "--home", home, "--json").value["site"]["captured"] == 2
    shown = value(home, "show", "site")
    assert (shown["state"], shown["captured"], shown["refused"]) == ("fine", 2, 1)


def test_connectors_are_listed_with_what_they_can_be_told(home: Path) -> None:
    found = value(home, "connectors")["connectors"]
    assert {"portal", "notices", "folder"} <= set(found)
    assert "vanished" in {option["name"] for option in found["portal"]["options"]}
    assert "vanished" in called("source", "connectors", "--home", home).out


def test_a_connector_is_tested_without_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portal: str) -> None:
    folder = tmp_path / "交来"
    folder.mkdir()
    (folder / "一.txt").write_text("一", encoding="utf-8")
    ran = called("connector", "test", "folder", "--location", folder, "--home", tmp_path / "none", "--json")
    assert (ran.code, ran.value["fine"]) == (0, True)
    assert {check["result"] for check in ran.value["checks"]} == {"pass", "not checked"}
    assert not (tmp_path / "none").exists()
    monkeypatch.chdir(EXAMPLES)
    # A portal has no list in CSV: the connector says so, and has nothing to show.
    bad = called("connector", "test", "csv_list:KIND", "--location", portal, "--json")
    assert (bad.code, bad.value["fine"]) == (1, False)
    results = {check["code"]: check["result"] for check in bad.value["checks"]}
    assert (results["contract-opens"], results["contract-again"]) == ("fail", "not checked")
    assert "contract-opens" in called("connector", "test", "csv_list:KIND", "--location", portal).out


def test_a_connector_that_cannot_be_tested_is_named(tmp_path: Path) -> None:
    def test(reference: str, *more: str, location: str = str(tmp_path)) -> str:
        return code(called("connector", "test", reference, "--location", location, *more, "--json"))

    assert test("nowhere:KIND") == "connector-broken"
    assert test("foldr") == "connector-unknown"
    assert test("folder", "--option", "depth=1") == "source-option-unknown"
    assert test("portal", location="http://user:hunter2@portal.example") == "source-location-secret"


def test_help_is_there_for_every_command() -> None:
    for arguments in (("source",), ("source", "add"), ("source", "preview"), ("connector", "test")):
        assert called(*arguments, "--help").code == 0
