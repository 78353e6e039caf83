"""`juanzong checks`: what was found out, by which policy, what people are asked, and the reports."""

import hashlib
import json
from pathlib import Path

import pytest

from ingest.checks.gate import default_text
from tests.functional.command_line import called

pytestmark = pytest.mark.slow


def volumes(home: Path) -> list[str]:
    runs = called("checks", "list", "--home", home, "--json").value["runs"]
    return [run["subject"] for run in runs if run["kind"] == "volume"]


def test_an_empty_archive_says_so_everywhere(empty_home: Path) -> None:
    for command, word in (("list", "没有检测记录"), ("tasks", "没有任务"), ("stale", "0")):
        ran = called("checks", command, "--home", empty_home)
        assert (ran.code, word in ran.out) == (0, True), ran.err
    assert called("checks", "policy", "list", "--home", empty_home, "--json").value == {"policies": []}
    assert called("checks", "again", "--stale", "--home", empty_home, "--json").value == {"asked": 0}


def test_every_volume_of_the_demo_has_its_report_in_three_forms(demo_home: Path, tmp_path: Path) -> None:
    found = volumes(demo_home)
    assert found
    for form, start in (("json", b"{"), ("html", b"<!doctype html>"), ("pdf", b"%PDF-")):
        file = tmp_path / f"report.{form}"
        ran = called("checks", "report", found[0], "--format", form, "-o", file, "--home", demo_home, "--json")
        assert ran.code == 0, ran.err
        data = file.read_bytes()
        assert data.startswith(start)
        assert (ran.value["sha256"], ran.value["size"]) == (hashlib.sha256(data).hexdigest(), len(data))


def test_what_is_not_there_or_cannot_be_written_is_said(demo_home: Path, tmp_path: Path) -> None:
    volume = volumes(demo_home)[0]
    asked = [
        (("report", "none", "-o", tmp_path / "x"), "volume-unknown"),
        (("report", volume, "--phase", "keeping", "-o", tmp_path / "x"), "check-report-missing"),
        (("report", volume, "-o", tmp_path / "none" / "x"), "check-report-unwritable"),
        (("again", "--record", "none"), "record-unknown"),
        (("answer", "none", "--pass", "--note", "略"), "check-task-unknown"),
        (("run", "--volume", "none"), "volume-unknown"),
    ]
    for arguments, code in asked:
        ran = called("checks", *arguments, "--home", demo_home, "--json")
        assert (ran.code, ran.value["error"]["code"]) == (1, code)
    for wrong in (("again",), ("run",), ("answer", "none", "--note", "略")):
        assert called("checks", *wrong, "--home", demo_home).code == 2


def test_a_run_in_keeping_asks_people_and_counts_their_answers(demo_copy: Path, tmp_path: Path) -> None:
    volume = volumes(demo_copy)[0]
    (run,) = called("checks", "run", "--phase", "keeping", "--volume", volume, "--home", demo_copy, "--json").value[
        "runs"
    ]
    assert (run["subject"], run["phase"], run["ruling"]) == (volume, "keeping", "ask")
    tasks = called("checks", "tasks", "--home", demo_copy, "--json").value["tasks"]
    assert tasks
    assert tasks[0]["id"] in called("checks", "tasks", "--home", demo_copy).out
    for task in tasks:
        given = called("checks", "answer", task["id"], "--pass", "--note", "已核对", "--home", demo_copy, "--json")
        assert (given.code, given.value["task"]["state"]) == (0, "answered"), given.err
    ran = called("checks", "run", "--phase", "keeping", "--volume", volume, "--home", demo_copy, "--json")
    assert (ran.value["runs"][0]["ruling"], ran.value["runs"][0]["worse"]) == ("accept", False)
    file = tmp_path / "kept.json"
    taken = called(
        "checks", "report", volume, "--phase", "keeping", "--format", "json", "-o", file, "--home", demo_copy, "--json"
    )
    assert taken.code == 0, taken.err
    assert {task["state"] for task in json.loads(file.read_bytes())["tasks"]} == {"answered"}


def test_a_policy_is_tried_set_and_makes_records_stale_until_they_are_checked(demo_copy: Path, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(default_text().replace('version = "2026.3"', 'version = "centre.1"'), encoding="utf-8")
    trial = called("checks", "policy", "try", file, "--home", demo_copy, "--json").value
    assert (trial["judged"] > 0, trial["changes"]) == (True, {})
    past = called(
        "checks", "policy", "set", file, "--from", "2020-01-01", "--reason", "试行", "--home", demo_copy, "--json"
    )
    assert past.value["error"]["code"] == "check-policy-in-the-past"
    shown = called("checks", "policy", "show", "--home", demo_copy, "--json").value
    assert (shown["policy"], shown["text"]) == (None, default_text())
    file.write_text("version = 1", encoding="utf-8")
    wrong = called("checks", "policy", "try", file, "--home", demo_copy, "--json")
    assert (wrong.code, wrong.value["error"]["code"]) == (1, "check-policy-malformed")
