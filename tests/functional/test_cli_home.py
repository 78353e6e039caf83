"""Commands about the archive as a whole: founding, examining, rebuilding, accounts."""

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.functional.command_line import called


def hits(home: Path, text: str) -> dict[str, dict[str, Any]]:
    """By record: weights of words may shift with a rebuild, and with them the order of hits equally good."""
    found = called("search", text, "--as", "archivist", "--size", "100", "--home", home, "--json").value
    assert len(found["hits"]) == found["total"] > 0
    return {hit["record"]: hit for hit in found["hits"]}


def components_of(home: Path, blob: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{home}/archive.db?mode=ro", uri=True)) as database:
        found = database.execute("SELECT id FROM records_component WHERE sha256 = ?", (blob.name,))
        return [component for (component,) in found]


def test_a_second_init_changes_nothing(tmp_path: Path) -> None:
    first = called("init", "--home", tmp_path / "home", "--json")
    kept = {file: file.read_bytes() for file in (tmp_path / "home").rglob("*.key")}
    second = called("init", "--home", tmp_path / "home", "--json")
    assert (first.code, first.value["created"]) == (0, True)
    assert (second.code, second.value["created"]) == (0, False)
    assert first.value["home"] == second.value["home"] == str(tmp_path / "home")
    assert first.value["trust"] == str(tmp_path / "home" / "trust.json")
    assert kept
    assert {file: file.read_bytes() for file in kept} == kept
    assert [stat.S_IMODE(file.stat().st_mode) & 0o077 for file in kept] == [0] * len(kept)
    status = called("status", "--home", tmp_path / "home", "--json").value
    assert sum(status["records"].values()) == 0


def test_a_home_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    ran = called("init", "--home", tmp_path / "file" / "home", "--json")
    assert (ran.code, ran.value["error"]["code"]) == (1, "home-unwritable")


def test_what_was_stopped_while_founding_is_said_and_mended_by_init(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert called("init", "--home", home).code == 0
    (home / "archive.db").unlink()
    ran = called("run", "--home", home, "--json")
    assert (ran.code, ran.value["error"]["code"]) == (1, "database-outdated")
    assert "juanzong init" in ran.value["error"]["message"]
    assert called("init", "--home", home).code == 0
    assert called("run", "--home", home, "--json").code == 0


def test_the_doctor_finds_a_sound_home_sound(demo_home: Path) -> None:
    ran = called("doctor", "--home", demo_home, "--json")
    assert (ran.code, ran.value["fine"]) == (0, True)
    assert {check["name"] for check in ran.value["checks"]} >= {"Python", "SQLite", "SM3", "disk", "home", "index"}
    assert all(set(check) == {"name", "ok", "detail"} and check["ok"] for check in ran.value["checks"])


def test_the_doctor_says_that_a_home_is_missing(tmp_path: Path) -> None:
    ran = called("doctor", "--home", tmp_path / "nowhere", "--json")
    assert (ran.code, ran.value["fine"]) == (1, False)
    assert [check["name"] for check in ran.value["checks"] if not check["ok"]] == ["home"]
    assert not (tmp_path / "nowhere").exists()


def test_fsck_reads_everything_and_finds_a_sound_home_clean(demo_home: Path) -> None:
    ran = called("fsck", "--home", demo_home, "--json")
    assert (ran.code, ran.value["clean"], ran.value["findings"]) == (0, True, [])
    status = called("status", "--home", demo_home, "--json").value
    assert ran.value["records"] == sum(status["records"].values())
    assert ran.value["entries"] == status["ledger"]["size"]
    assert ran.value["files"] > ran.value["records"]


def test_fsck_names_a_changed_and_a_missing_file(demo_copy: Path) -> None:
    files = sorted(file for file in (demo_copy / "blobs").rglob("*") if file.is_file())
    changed, missing = files[0], files[-1]
    changed.chmod(0o600)
    changed.write_bytes(changed.read_bytes()[:-1] + b"?")
    missing.unlink()
    ran = called("fsck", "--home", demo_copy, "--json")
    assert (ran.code, ran.value["clean"]) == (1, False)
    assert all(set(finding) == {"code", "severity", "message", "path"} for finding in ran.value["findings"])
    named = {finding["path"].rpartition("/")[2] for finding in ran.value["findings"]}
    assert named == {component for digest in (changed, missing) for component in components_of(demo_copy, digest)}
    assert len(named) >= 2


def test_reindex_brings_back_a_lost_index(demo_copy: Path) -> None:
    before = hits(demo_copy, "公告")
    shutil.rmtree(demo_copy / "index")
    ran = called("reindex", "--home", demo_copy, "--json")
    assert ran.code == 0, ran.err
    status = called("status", "--home", demo_copy, "--json").value
    assert ran.value == {
        "documents": sum(status["records"].values()),
        "position": status["ledger"]["size"] - 1,
    }
    assert status["index"] == {"lag": 0}
    assert hits(demo_copy, "公告") == before


def test_reindex_beside_an_index_in_use_changes_no_answer(demo_copy: Path) -> None:
    before = hits(demo_copy, "中标")
    assert called("reindex", "--home", demo_copy).code == 0
    assert hits(demo_copy, "中标") == before


@pytest.mark.parametrize("role", ["archivist", "inspector"])
def test_an_account_is_added_given_a_password_and_searches_as_itself(empty_home: Path, role: str) -> None:
    added = called("account", "add", "wang", "--role", role, "--region", "371500", "--home", empty_home, "--json")
    assert (added.code, added.value["roles"]) == (0, f"{role}@371500")
    again = called("account", "add", "wang", "--role", role, "--region", "371500", "--home", empty_home, "--json")
    assert again.code == 1
    chosen = called("account", "password", "wang", "--password", "lang-und-laenger-1", "--home", empty_home, "--json")
    assert (chosen.code, chosen.value) == (0, {"account": "wang"})
    listed = called("account", "list", "--home", empty_home, "--json").value["accounts"]
    assert [account["account"] for account in listed] == ["archivist", "inspector", "wang"]
    assert all(set(account) == {"account", "name", "roles", "state"} for account in listed)
    assert called("search", "公告", "--as", "wang", "--home", empty_home, "--json").value["total"] == 0


def test_built_in_accounts_have_no_password(empty_home: Path) -> None:
    listed = called("account", "list", "--home", empty_home, "--json").value["accounts"]
    assert {account["account"]: "no password" in account["state"] for account in listed} == {
        "archivist": True,
        "inspector": True,
    }
