"""What every command has in common: where the home is, what goes to which stream, how it ends."""

from pathlib import Path

import pytest

from tests.functional.command_line import called, juanzong, only_value

COMMANDS = (
    *("init", "status", "fsck", "reindex", "doctor", "import", "sync", "run", "classify", "search", "show"),
    *("evidence", "verify", "serve", "worker", "simulator", "account", "demo"),
)
FAILURES = {
    "home not founded": (1, "home-missing", ["status", "--home", "nowhere"]),
    "actor unknown": (1, "actor-unknown", ["search", "公告", "--as", "nobody"]),
    "reference unknown": (1, "reference-unknown", ["show", "Z999"]),
    "source unknown": (1, "source-unknown", ["sync", "nothing"]),
    "file to import missing": (1, "import-path", ["import", "missing.jsonl", "--connector", "notices"]),
    "file to classify missing": (1, "import-path", ["classify", "missing.jsonl"]),
    "file to replay missing": (1, "import-path", ["demo", "--no-serve", "--replay", "missing.jsonl"]),
    "query unreadable": (1, "search-quote", ["search", '"公告']),
    "option unknown": (2, "wrong-usage", ["status", "--colour"]),
    "command unknown": (2, "wrong-usage", ["stutas"]),
    "connector unknown": (2, "wrong-usage", ["import", "x", "--connector", "fax"]),
    "address for another connector": (2, "wrong-usage", ["import", "http://localhost/", "--connector", "folder"]),
    "connector not given": (2, "wrong-usage", ["import", "x"]),
    "argument missing": (2, "wrong-usage", ["search"]),
    "no number": (2, "wrong-usage", ["demo", "--no-serve", "--projects", "many"]),
    "number out of range": (2, "wrong-usage", ["search", "x", "--size", "1000"]),
    "two subjects of evidence": (
        2,
        "wrong-usage",
        ["evidence", "build", "--record", "a", "--volume", "b", "--as", "inspector"],
    ),
    "text that is not UTF-8": (2, "wrong-usage", ["show", "\udcff"]),
}


@pytest.mark.parametrize("place", ["before", "after", "environment", "inner wins"])
def test_the_home_is_named_in_any_of_three_ways(demo_home: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if place == "environment":
        monkeypatch.setenv("ARCHIVE_HOME", str(demo_home))
    ran = {
        "before": lambda: called("--home", demo_home, "status", "--json"),
        "after": lambda: called("status", "--home", demo_home, "--json"),
        "environment": lambda: called("status", "--json"),
        "inner wins": lambda: called("--home", "nowhere", "status", "--home", demo_home, "--json"),
    }[place]()
    assert ran.code == 0, ran.err
    assert sum(ran.value["records"].values()) > 0


def test_the_home_on_the_command_line_wins_over_the_environment(
    demo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVE_HOME", "/nowhere")
    assert called("status", "--home", demo_home).code == 0


def test_options_stand_before_a_group_inside_it_or_at_the_end(demo_home: Path) -> None:
    answers = [
        called("--json", "--home", demo_home, "account", "list"),
        called("account", "--home", demo_home, "--json", "list"),
        called("account", "list", "--json", "--home", demo_home),
    ]
    assert [answer.code for answer in answers] == [0, 0, 0]
    assert answers[0].value == answers[1].value == answers[2].value


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_one_json_value_and_words_for_people(
    case: str, demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, error, arguments = FAILURES[case]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARCHIVE_HOME", str(demo_home))
    if arguments[:2] == ["evidence", "build"]:
        arguments = [*arguments, "--out", "bundle.zip"]
    ran = called(*arguments, "--json")
    assert (ran.code, ran.value["error"]["code"]) == (code, error)
    assert set(ran.value) == {"error"}
    assert set(ran.value["error"]) == {"code", "message"}
    assert ran.err.strip()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("case", FAILURES)
def test_without_json_nothing_of_a_failure_goes_to_standard_output(
    case: str, demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, arguments = FAILURES[case]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARCHIVE_HOME", str(demo_home))
    ran = called(*arguments)
    assert ran.out == ""
    assert ran.err.strip()
    assert ran.code in {code, 2}


def test_a_failure_is_told_in_both_languages(demo_home: Path) -> None:
    said = called("show", "Z999", "--home", demo_home).err
    assert "reference-unknown" in said
    assert "没有找到" in said
    assert "Nothing is called Z999" in said


def test_an_unknown_setting_is_an_error_that_names_the_nearest(
    demo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVE_WORKRES", "2")
    ran = called("status", "--home", demo_home, "--json")
    assert (ran.code, ran.value["error"]["code"]) == (1, "setting-unknown")
    assert "ARCHIVE_WORKERS" in ran.value["error"]["message"]


def test_a_setting_that_does_not_fit_is_an_error(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_WORKERS", "0")
    ran = called("status", "--home", demo_home, "--json")
    assert (ran.code, ran.value["error"]["code"]) == (1, "setting-number")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_takes_home_and_json(command: str) -> None:
    ran = called(command, "--help")
    assert ran.code == 0
    assert "--home" in ran.out
    assert "--json" in ran.out


def test_the_list_of_commands_is_complete() -> None:
    said = called("--help").out
    assert [command for command in COMMANDS if f"\n  {command} " not in said] == []


@pytest.mark.slow
def test_the_installed_command_keeps_the_streams_apart(demo_home: Path, tmp_path: Path) -> None:
    good = juanzong("fsck", "--json", settings={"ARCHIVE_HOME": str(demo_home)}, cwd=tmp_path)
    assert (good.code, good.value["clean"]) == (0, True), good.err
    bad = juanzong("--json", "status", "--home", tmp_path / "nowhere", cwd=tmp_path)
    assert (bad.code, bad.value["error"]["code"]) == (1, "home-missing")
    assert "home-missing" in bad.err
    wrong = juanzong("status", "--json", "--nothing", cwd=tmp_path)
    assert (wrong.code, wrong.value["error"]["code"]) == (2, "wrong-usage")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_demo_answers_with_its_summary(demo_home: Path) -> None:
    summary = only_value(demo_home.with_suffix(".summary").read_text(encoding="utf-8"))
    status = called("status", "--home", demo_home, "--json").value
    assert summary["status"] == status
    assert summary["captured"] == sum(status["records"].values())
    assert summary["filed"] == status["records"]["filed"] > 0
    assert summary["waiting"] == status["review"]
    assert summary["returned"] == status["records"]["returned"]
    assert summary["withdrawn"] == status["records"]["withdrawn"]
    assert summary["volumes_closed"] == status["volumes"]["closed"] > 0
    assert summary["ledger"] == status["ledger"]
