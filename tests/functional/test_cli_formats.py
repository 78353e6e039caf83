"""The policy of formats and what the archive holds, from the command line."""

from pathlib import Path

import pytest

from tests.functional.command_line import called, json_lines
from tests.functional.test_cli_intake import CANDIDATES, MEETING


def test_the_policy_says_why(empty_home: Path) -> None:
    ran = called("formats", "policy", "--home", empty_home, "--json")
    assert ran.code == 0, ran.err
    entries = {entry["name"]: entry for entry in ran.value["formats"]}
    assert entries["OFD"]["action"] == "preserve"
    assert entries["Programs"] | {"mimes": [], "puids": []} == {
        "name": "Programs",
        "puids": [],
        "mimes": [],
        "action": "refuse",
        "risk": "high",
        "grounds": ["risk-runs"],
        "basis": "proposal",
    }
    shown = called("formats", "policy", "--home", empty_home)
    assert (shown.code, "拒收" in shown.out, ran.value["version"] in shown.out) == (0, True, True)


def test_an_empty_archive_holds_no_formats(empty_home: Path) -> None:
    assert called("formats", "overview", "--home", empty_home, "--json").value["formats"] == []
    assert "没有文件" in called("formats", "overview", "--home", empty_home).out


@pytest.mark.slow
def test_the_overview_counts_what_was_taken_in(empty_home: Path, tmp_path: Path) -> None:
    notices = json_lines(tmp_path / "notices.jsonl", [CANDIDATES, MEETING])
    assert called("import", notices, "--connector", "notices", "--home", empty_home).code == 0
    assert called("run", "--home", empty_home).code == 0
    ran = called("formats", "overview", "--home", empty_home, "--json")
    found = [(entry["mime"], entry["files"], entry["action"]) for entry in ran.value["formats"]]
    assert found == [("text/plain", 2, "preserve")]
    assert "保存原样" in called("formats", "overview", "--home", empty_home).out
