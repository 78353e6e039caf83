"""Watching from the command line: the metrics, and the log of one document from its capture to the index."""

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.functional.command_line import called, json_lines, juanzong
from tests.functional.test_cli_intake import CANDIDATES, MEETING

DEBUG = {"ARCHIVE_LOG_FORMAT": "json", "ARCHIVE_LOG_LEVEL": "debug", "ARCHIVE_WORKERS": "2"}
STEPS = ["identify", "check", "extract", "classify", "place"]


def logged(text: str) -> list[dict[str, Any]]:
    """The log among what a command says to people."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.mark.slow
def test_one_id_follows_a_document_from_its_capture_to_the_index(empty_home: Path, tmp_path: Path) -> None:
    notices = json_lines(tmp_path / "notices.jsonl", [CANDIDATES, MEETING])
    taking = juanzong("import", notices, "--connector", "notices", "--home", empty_home, settings=DEBUG)
    working = juanzong("run", "--home", empty_home, settings=DEBUG)
    assert (taking.code, working.code) == (0, 0), taking.err + working.err
    log = [*logged(taking.err), *logged(working.err)]
    taken = [line for line in log if line["event"] == "intake.taken"]
    assert len(taken) == 2
    record = taken[0]["record"]
    about = [line for line in log if line.get("record") == record]
    steps = [line for line in about if line["event"] == "step.done"]
    assert [(line["step"], line["status"], line["version"]) for line in steps] == [(step, "done", 1) for step in STEPS]
    assert all(line["milliseconds"] > 0 for line in steps)
    assert about[0]["event"] == "intake.taken"
    last = max(about, key=lambda line: line["timestamp"])
    assert last["event"] == "index.applied"
    # Three processes have spoken of it: the one that imported, a worker, the one that feeds the index.
    assert len({line["process"] for line in about}) == 3
    assert all({"timestamp", "level", "event", "process"} <= set(line) for line in log)


@pytest.mark.slow
def test_the_log_repeats_nothing_of_what_documents_say(empty_home: Path, tmp_path: Path) -> None:
    notices = json_lines(tmp_path / "notices.jsonl", [CANDIDATES, MEETING])
    said = juanzong("import", notices, "--connector", "notices", "--home", empty_home, "--json", settings=DEBUG).err
    said += juanzong("run", "--home", empty_home, "--json", settings=DEBUG).err
    said += juanzong("search", "望岳大道", "--home", empty_home, "--json", settings=DEBUG).err
    assert len(logged(said)) > 10
    for word in ("望岳", "公示", "示例建设", "开会", "M3715002025000123"):
        assert word not in said


def test_metrics_are_printed_as_prometheus_reads_them(empty_home: Path) -> None:
    done = called("metrics", "--home", empty_home)
    assert (done.code, done.err) == (0, "")
    found = {sample.name: sample.value for one in text_string_to_metric_families(done.out) for sample in one.samples}
    assert found["juanzong_up"] == found["juanzong_build_info"] == 1
    assert found["juanzong_ledger_entries"] > 0
    listed = called("metrics", "--home", empty_home, "--json").value["metrics"]
    entries = [one for one in listed if one["name"] == "juanzong_ledger_entries"]
    assert entries == [{"name": "juanzong_ledger_entries", "labels": {}, "value": found["juanzong_ledger_entries"]}]


def test_metrics_of_an_archive_whose_database_does_not_answer_say_so(empty_home: Path) -> None:
    for file in empty_home.glob("archive.db*"):
        file.unlink()
    (empty_home / "archive.db").mkdir()
    done = called("metrics", "--home", empty_home)
    assert done.code == 0
    assert 'juanzong_up{part="database"} 0.0' in done.out
    assert "\njuanzong_ledger_entries " not in done.out


def test_metrics_of_no_archive_are_a_failure(tmp_path: Path) -> None:
    done = called("metrics", "--home", tmp_path / "none", "--json")
    assert (done.code, done.value["error"]["code"]) == (1, "home-missing")
