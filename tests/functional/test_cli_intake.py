"""Commands that bring documents in and on: import, sync, run, classify."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from archive.settings import Settings
from ingest.worker import build_runtime
from tests.functional.command_line import called, json_lines, juanzong

SUMMARY = ["received", "captured", "new_versions", "renamed", "unchanged", "withdrawn", "gone", "superseded", "refused"]
LINE = ["id", "class", "doc_type", "trade_type", "stage", "confidence", "needs_person", "reasons"]
CANDIDATES = {
    "id": "n-1",
    "title": "望岳大道改造工程中标候选人公示",
    "body": "望岳大道改造工程（项目编号：M3715002025000123）中标候选人公示如下。第一中标候选人：示例建设有限公司。",
    "published": "2025-05-01 09:00:00",
    "source_label": "中标候选人公示",
    "category": "工程建设",
    "region": "371500",
}
MEETING = {"id": "n-2", "title": "通知", "body": "今天下午开会。", "region": "371500"}
BAD_LINES = "不是 JSON\n" + '{"title": "没有编号", "body": "正文"}\n' + '{"id": "n-9", "title": "没有正文"}\n[1, 2]\n'


def imported(home: Path, path: Path, *more: str, connector: str = "notices") -> Any:
    ran = called("import", path, "--connector", connector, "--home", home, "--json", *more)
    assert ran.code == 0, ran.err
    assert list(ran.value) == SUMMARY
    parts = sum(ran.value[name] for name in SUMMARY[1:-1])
    assert parts + len(ran.value["refused"]) == ran.value["received"]
    return ran.value


def counted(**parts: object) -> dict[str, object]:
    return dict.fromkeys(SUMMARY[:-1], 0) | {"refused": []} | parts


@pytest.fixture
def notices(tmp_path: Path) -> Path:
    return json_lines(tmp_path / "notices.jsonl", [CANDIDATES, MEETING])


def test_an_import_counts_what_came_and_a_second_one_finds_it_unchanged(empty_home: Path, notices: Path) -> None:
    assert imported(empty_home, notices) == counted(received=2, captured=2)
    status = called("status", "--home", empty_home, "--json").value
    assert imported(empty_home, notices) == counted(received=2, unchanged=2)
    assert called("status", "--home", empty_home, "--json").value == status


def test_an_import_tells_changed_renamed_and_new_apart(empty_home: Path, notices: Path, tmp_path: Path) -> None:
    imported(empty_home, notices, "--source", "centre")
    changed = CANDIDATES | {"body": f"{CANDIDATES['body']}第二中标候选人：另一建设有限公司。"}
    later = [changed, MEETING | {"title": "会议通知"}, MEETING | {"id": "n-3"}]
    again = imported(empty_home, json_lines(tmp_path / "later.jsonl", later), "--source", "centre")
    assert again["received"] == 3
    assert again["captured"] == 1
    assert again["new_versions"] + again["renamed"] == 2


def test_bad_lines_are_refused_by_name_and_the_rest_goes_on(empty_home: Path, notices: Path) -> None:
    notices.write_text(notices.read_text(encoding="utf-8") + BAD_LINES, encoding="utf-8")
    summary = imported(empty_home, notices)
    assert (summary["received"], summary["captured"]) == (6, 2)
    assert [list(refused) for refused in summary["refused"]] == [["id", "code", "message"]] * 4
    codes = [refused["code"] for refused in summary["refused"]]
    assert codes == ["row-not-json", "row-without-id", "row-without-content", "row-not-json"]
    assert summary["refused"][2]["id"] == "n-9"
    status = called("status", "--home", empty_home, "--json").value
    assert status["refused"] == 4
    again = imported(empty_home, notices)
    assert (again["captured"], again["unchanged"], len(again["refused"])) == (0, 2, 4)
    assert called("status", "--home", empty_home, "--json").value == status


def test_a_file_of_nothing_but_bad_lines_is_a_failure(empty_home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text(BAD_LINES, encoding="utf-8")
    ran = called("import", tmp_path / "bad.jsonl", "--connector", "notices", "--home", empty_home, "--json")
    assert (ran.code, len(ran.value["refused"])) == (1, 4)


def test_an_empty_file_brings_nothing_and_is_no_failure(empty_home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert imported(empty_home, tmp_path / "empty.jsonl") == counted()


def test_a_typing_error_leaves_no_source_behind(empty_home: Path, tmp_path: Path) -> None:
    before = called("status", "--home", empty_home, "--json").value
    assert called("import", tmp_path / "notcies.jsonl", "--connector", "notices", "--home", empty_home).code == 1
    assert called("status", "--home", empty_home, "--json").value == before


def test_a_source_name_stands_for_one_connector(empty_home: Path, notices: Path) -> None:
    imported(empty_home, notices, "--source", "centre")
    ran = called("import", notices, "--connector", "folder", "--source", "centre", "--home", empty_home, "--json")
    assert (ran.code, ran.value["error"]["code"]) == (1, "source-differs")


def test_a_file_whose_name_is_not_utf8_is_imported_under_a_readable_name(empty_home: Path, notices: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(notices.parent) + b"/\xd5\xd0\xb1\xea.jsonl"))
    shutil.copy(notices, odd)
    assert imported(empty_home, odd) == counted(received=2, captured=2)
    (source,) = called("status", "--home", empty_home, "--json").value["sources"]
    assert source["name"].startswith("notices:")
    assert source["failure"] is None


def test_a_folder_is_imported_whatever_its_files_are_called(empty_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "交来材料"
    folder.mkdir()
    (folder / "2025-05-01 招标公告.txt").write_text("望岳大道改造工程招标公告", encoding="utf-8")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xd5\xd0\xb1\xea.txt")).write_text("另一份招标公告", encoding="utf-8")
    (folder / "empty.txt").touch()
    summary = imported(empty_home, folder, connector="folder")
    assert summary["received"] == 3
    assert imported(empty_home, folder, connector="folder")["captured"] == 0


@pytest.mark.slow
def test_run_takes_everything_as_far_as_it_goes(empty_home: Path, notices: Path) -> None:
    imported(empty_home, notices)
    ran = juanzong("run", "--home", empty_home, "--json")
    assert ran.code == 0, ran.err
    status = called("status", "--home", empty_home, "--json").value
    assert ran.value == status
    assert status["records"]["placed"] == 1
    assert status["records"]["waiting"] + status["records"]["returned"] == 1
    assert status["index"] == {"lag": 0}
    assert status["ledger"]["size"] == status["ledger"]["published"]
    again = juanzong("run", "--home", empty_home, "--json")
    assert (again.code, again.value) == (0, status)
    (hit,) = called("search", "中标候选人", "--as", "public", "--home", empty_home, "--json").value["hits"]
    assert hit["title"] == CANDIDATES["title"]


def test_sync_reads_a_registered_source_and_a_broken_one_does_not_stop_the_others(demo_copy: Path) -> None:
    register(demo_copy, "a-broken", "portal", "http://127.0.0.1:9/")
    ran = called("sync", "--home", demo_copy, "--json")
    assert ran.code == 1
    assert list(ran.value) == ["a-broken", "simulator-7-3"]
    assert ran.value["a-broken"]["error"]["code"] == "source-unreachable"
    answer = ran.value["simulator-7-3"]
    assert list(answer) == SUMMARY
    assert answer["captured"] == 0
    assert answer["received"] == answer["unchanged"] + answer["withdrawn"] > 0
    named = called("sync", "simulator-7-3", "--home", demo_copy, "--json")
    assert (named.code, list(named.value)) == (0, ["simulator-7-3"])
    failures = {
        source["name"]: source["failure"] for source in called("status", "--home", demo_copy, "--json").value["sources"]
    }
    assert failures == {"a-broken": "source-unreachable", "simulator-7-3": None}


def register(home: Path, name: str, connector: str, location: str) -> None:
    runtime = build_runtime(Settings.load({}, home))
    runtime.ingest.sources.register(name, connector, location)
    runtime.kernel.database.dispose()


def test_what_sources_write_is_never_read_as_markup(empty_home: Path, tmp_path: Path) -> None:
    odd = CANDIDATES | {"id": "n-[/red]", "title": "[bold]改造工程[/x] 中标候选人公示"}
    rows = json_lines(tmp_path / "odd [bold].jsonl", [odd, {"id": "[/red]", "title": "没有正文"}])
    ran = called("import", rows, "--connector", "notices", "--home", empty_home)
    assert ran.code == 0
    assert "[/red]" in ran.out
    assert juanzong("run", "--home", empty_home).code == 0
    found = called("search", "中标候选人", "--as", "system", "--home", empty_home)
    assert found.code == 0
    assert "[/x]" in found.out.replace("\n", "")


def test_sync_of_nothing_is_an_empty_answer(empty_home: Path) -> None:
    ran = called("sync", "--home", empty_home, "--json")
    assert (ran.code, ran.value) == (0, {})


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_classify_answers_in_json_lines_and_files_nothing(tmp_path: Path, notices: Path, flags: list[str]) -> None:
    ran = called("classify", notices, "--home", tmp_path / "nowhere", *flags)
    assert ran.code == 0, ran.err
    candidates, meeting = ran.lines
    assert list(candidates) == LINE
    assert (candidates["id"], candidates["doc_type"], candidates["trade_type"]) == ("n-1", "中标候选人公示", "A")
    assert candidates["class"] == "GC.06.01"
    assert not candidates["needs_person"]
    assert 0.5 < candidates["confidence"] <= 1
    assert all(isinstance(reason, str) for reason in candidates["reasons"])
    assert candidates["reasons"]
    assert (meeting["id"], meeting["class"], meeting["needs_person"]) == ("n-2", None, True)
    assert not (tmp_path / "nowhere").exists()


def test_classify_names_the_lines_it_cannot_read(tmp_path: Path, notices: Path) -> None:
    notices.write_text(notices.read_text(encoding="utf-8") + BAD_LINES, encoding="utf-8")
    ran = called("classify", notices, "--home", tmp_path / "nowhere")
    assert ran.code == 1
    assert len(ran.lines) == 6
    assert [set(line) for line in ran.lines[2:]] == [{"id", "error"}] * 4
    assert ran.lines[2]["error"]["code"] == "row-not-json"
    assert ran.lines[2]["error"]["message"]
    assert ran.err.strip()
