"""Backup and restore as an operator does them: what comes back is what was there, and nothing damaged comes back."""

import fcntl
import gzip
import json
import secrets
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.backup.files import digest_file
from archive.backup.repository import Rows, kept_tables
from archive.db.engine import build_engine
from archive.db.migrating import HEAD
from archive.db.uow import Database
from tests.functional.command_line import called, json_lines
from tests.functional.test_cli_home import hits
from tests.functional.test_cli_intake import CANDIDATES, imported
from tests.services import fresh_database, service_url


def backed_up(home: Path, folder: Path, *more: str) -> Any:
    ran = called("backup", folder, "--home", home, "--json", *more)
    assert ran.code == 0, ran.err
    return ran.value


def restored(folder: Path, home: Path, *more: str) -> Any:
    ran = called("restore", folder, "--home", home, "--json", *more)
    assert ran.code == 0, ran.err + ran.out
    return ran.value


def refused(folder: Path, home: Path, *more: str) -> str:
    ran = called("restore", folder, "--home", home, "--json", *more)
    assert ran.code == 1, ran.out
    return str(ran.value["error"]["code"])


def status(home: Path) -> Any:
    return called("status", "--home", home, "--json").value


def all_rows(url: str) -> dict[str, list[dict[str, Any]]]:
    database = Database(build_engine(url))
    try:
        with database.reading() as connection:
            return {name: list(Rows(connection).read(name)) for name in kept_tables()}
    finally:
        database.dispose()


def rows_of(home: Path) -> dict[str, list[dict[str, Any]]]:
    return all_rows(f"sqlite:///{home}/archive.db")


def files_of(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (folder / "bytes").rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def kept(demo_home: Path, once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A backup of the finished demo. Not to be changed: take `kept_copy` for that."""

    def fill(folder: Path) -> None:
        home = Path(shutil.copytree(demo_home, folder.with_suffix(".home")))
        backed_up(home, folder)

    return once("kept", fill)


@pytest.fixture
def kept_copy(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "kept"))


def snapshot(folder: Path) -> Path:
    (found,) = (folder / "snapshots").iterdir()
    return found


def manifest_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((snapshot(folder) / "manifest.json").read_bytes()))


def changed_manifest(folder: Path, **values: object) -> None:
    file = snapshot(folder) / "manifest.json"
    file.write_text(json.dumps(manifest_of(folder) | values), encoding="utf-8")


def test_what_is_restored_is_what_was_there(demo_copy: Path, tmp_path: Path) -> None:
    ran = called(
        *("evidence", "build", "--project", rows_of(demo_copy)["volumes_project"][0]["id"], "--as", "inspector"),
        *("--out", tmp_path / "bundle.zip", "--home", demo_copy, "--json"),
    )
    assert ran.code == 0, ran.err
    made = backed_up(demo_copy, tmp_path / "kept")
    came = restored(tmp_path / "kept", tmp_path / "new")
    assert (came["rows"], came["files"], came["snapshot"]) == (made["rows"], made["files"], made["snapshot"])
    assert came["examined"]["clean"]
    assert rows_of(tmp_path / "new") == rows_of(demo_copy)
    # Taking a bundle away is an entry that the old index had no time to learn of; the new one is at the head.
    assert status(tmp_path / "new") == status(demo_copy) | {"index": {"lag": 0}}
    assert came["indexed"] == sum(status(demo_copy)["records"].values())
    assert hits(tmp_path / "new", "公告") == hits(demo_copy, "公告")
    assert called("fsck", "--home", tmp_path / "new", "--json").value["clean"]
    verified = called("verify", tmp_path / "bundle.zip", "--home", tmp_path / "new", "--json")
    assert (verified.code, verified.value) == (0, {"valid": True, "findings": []})
    key, trust = tmp_path / "new/keys/ledger.key", tmp_path / "new/trust.json"
    assert key.read_bytes() == (demo_copy / "keys/ledger.key").read_bytes()
    assert trust.read_bytes() == (demo_copy / "trust.json").read_bytes()
    assert (stat.S_IMODE(key.stat().st_mode), stat.S_IMODE(trust.stat().st_mode)) == (0o600, 0o644)


def test_a_restored_archive_goes_on_where_it_was(kept: Path, tmp_path: Path) -> None:
    restored(kept, tmp_path / "new")
    before = status(tmp_path / "new")
    imported(tmp_path / "new", json_lines(tmp_path / "notices.jsonl", [CANDIDATES]))
    assert called("run", "--home", tmp_path / "new").code == 0
    after = status(tmp_path / "new")
    assert after["ledger"]["size"] == after["ledger"]["published"] > before["ledger"]["size"]
    assert after["index"] == {"lag": 0}
    assert called("fsck", "--home", tmp_path / "new", "--json").value["clean"]


def test_a_second_backup_copies_only_what_is_new_and_both_snapshots_stay(demo_copy: Path, tmp_path: Path) -> None:
    first = backed_up(demo_copy, tmp_path / "kept")
    assert first["copied"] == first["files"] > 0
    lying = files_of(tmp_path / "kept")
    old = rows_of(demo_copy)
    imported(demo_copy, json_lines(tmp_path / "notices.jsonl", [CANDIDATES]))
    assert called("run", "--home", demo_copy).code == 0
    second = backed_up(demo_copy, tmp_path / "kept", "--thorough")
    assert 0 < second["copied"] == second["files"] - first["files"]
    assert {path: files_of(tmp_path / "kept")[path] for path in lying} == lying
    third = backed_up(demo_copy, tmp_path / "kept")
    assert (third["copied"], third["files"]) == (0, second["files"])
    restored(tmp_path / "kept", tmp_path / "newest")
    assert rows_of(tmp_path / "newest") == rows_of(demo_copy)
    restored(tmp_path / "kept", tmp_path / "oldest", "--snapshot", first["snapshot"])
    assert rows_of(tmp_path / "oldest")["records_item"] == old["records_item"]


def test_a_snapshot_says_what_it_holds_and_nobody_else_reads_it(kept: Path) -> None:
    manifest = manifest_of(kept)
    assert (manifest["format"], manifest["revision"]) == (1, HEAD)
    assert manifest["ledger"]["checkpoint"].startswith("juanzong.local/ledger\n")
    assert manifest["ledger"]["size"] == manifest["tables"]["ledger_entry"]
    assert manifest["blobs"] == len(files_of(kept))
    assert manifest["blob_bytes"] == sum(path.stat().st_size for path in files_of(kept))
    lying = {path.relative_to(snapshot(kept)).as_posix() for path in snapshot(kept).rglob("*") if path.is_file()}
    assert lying == {*manifest["files"], "manifest.json"}
    open_to_others = [path for path in snapshot(kept).rglob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_to_others == []
    for ours in ("bytes", "snapshots"):
        assert stat.S_IMODE((kept / ours).stat().st_mode) == 0o700


def test_the_same_rows_give_the_same_files(demo_copy: Path, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        backed_up(demo_copy, tmp_path / folder)
    assert manifest_of(tmp_path / "one")["files"] == manifest_of(tmp_path / "two")["files"]


def test_neither_answer_nor_complaint_tells_the_key(demo_copy: Path, tmp_path: Path) -> None:
    secret = (demo_copy / "keys/ledger.key").read_text(encoding="ascii").splitlines()[1]
    kept, new = tmp_path / "kept", tmp_path / "new"
    for command in (("backup", kept, "--home", demo_copy), ("restore", kept, "--home", new)):
        for ran in (called(*command), called(*command, "--json")):
            assert secret not in ran.out + ran.err
            assert "PRIVATE" not in ran.out + ran.err


def test_logins_and_places_of_followers_do_not_come_back(demo_copy: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(demo_copy / "archive.db")) as database, database:
        database.execute(
            "insert into access_session select 'f00d', id, '2026-01-01', '2099-01-01', '2026-01-01' "
            "from access_account limit 1"
        )
    backed_up(demo_copy, tmp_path / "kept")
    restored(tmp_path / "kept", tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "new/archive.db")) as database:
        assert database.execute("select count(*) from access_session").fetchone() == (0,)
        # Its own place, of the index that the restore has built.
        (place,) = database.execute("select position from ledger_follower").fetchone()
    assert place == status(demo_copy)["ledger"]["size"] - 1


def test_jobs_that_were_being_worked_on_wait_again(demo_copy: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(demo_copy / "archive.db")) as database, database:
        for number, (key, state, worker) in enumerate(
            [("a", "leased", "w"), ("b", "leased", "w"), ("b", "waiting", None)]
        ):
            database.execute(
                "insert into jobs_job (id, kind, key, state, attempts, due, worker, lane) "
                "values (?, 'advance', ?, ?, 1, '2026-01-01 00:00:00', ?, 'light')",
                (f"job_{number}", key, state, worker),
            )
    backed_up(demo_copy, tmp_path / "kept")
    assert restored(tmp_path / "kept", tmp_path / "new")["jobs_released"] == 2
    with closing(sqlite3.connect(tmp_path / "new/archive.db")) as database:
        assert database.execute("select key, state, worker from jobs_job order by key").fetchall() == [
            ("a", "waiting", None),
            ("b", "waiting", None),
        ]


def test_a_missing_or_changed_file_fails_the_backup_and_leaves_no_snapshot(demo_copy: Path, tmp_path: Path) -> None:
    blob = next(path for path in sorted((demo_copy / "blobs").glob("??/*")) if path.is_file())
    content = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(content + b"?")
    changed = called("backup", tmp_path / "kept", "--home", demo_copy, "--json")
    assert (changed.code, changed.value["error"]["code"]) == (1, "blob-changed")
    blob.unlink()
    missing = called("backup", tmp_path / "kept", "--home", demo_copy, "--json")
    assert (missing.code, missing.value["error"]["code"]) == (1, "blob-missing")
    assert list((tmp_path / "kept/snapshots").iterdir()) == []
    assert refused(tmp_path / "kept", tmp_path / "new") == "backup-snapshots-none"
    blob.write_bytes(content)
    assert backed_up(demo_copy, tmp_path / "kept")["files"] > 0


def test_a_thorough_backup_reads_again_what_it_has(demo_copy: Path, kept_copy: Path) -> None:
    copy = min(files_of(kept_copy))
    copy.chmod(0o600)
    copy.write_bytes(b"?")
    ran = called("backup", kept_copy, "--home", demo_copy, "--thorough", "--json")
    assert (ran.code, ran.value["error"]["code"]) == (1, "backup-bytes-changed")
    copy.unlink()
    assert backed_up(demo_copy, kept_copy, "--thorough")["copied"] == 1


def test_two_backups_into_one_folder_do_not_run_at_once(demo_copy: Path, kept_copy: Path) -> None:
    with (kept_copy / "backup.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = called("backup", kept_copy, "--home", demo_copy, "--json")
    assert (ran.code, ran.value["error"]["code"]) == (1, "backup-busy")


def test_what_an_interrupted_backup_left_is_swept_and_never_restored(demo_copy: Path, kept_copy: Path) -> None:
    left = kept_copy / "snapshots" / "9999-01-01T00-00-00.000000Z.partial"
    (left / "rows").mkdir(parents=True)
    assert refused(kept_copy, kept_copy / "new", "--snapshot", left.name) == "backup-snapshot-unknown"
    backed_up(demo_copy, kept_copy)
    assert not left.exists()


def test_a_backup_folder_that_cannot_be_written_is_said(demo_copy: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    ran = called("backup", tmp_path / "file/kept", "--home", demo_copy, "--json")
    assert (ran.code, ran.value["error"]["code"]) == (1, "backup-folder-unusable")


def test_a_restore_goes_into_nothing_that_is_in_use(kept: Path, empty_home: Path, tmp_path: Path) -> None:
    before = rows_of(empty_home)
    assert refused(kept, empty_home) == "restore-not-empty"
    assert rows_of(empty_home) == before
    other = tmp_path / "other/keys"
    other.mkdir(parents=True)
    shutil.copy(empty_home / "keys/ledger.key", other)
    assert refused(kept, other.parent) == "restore-key-differs"
    strange = tmp_path / "strange/blobs/ab"
    strange.mkdir(parents=True)
    (strange / ("ab" * 32)).write_bytes(b"?")
    assert refused(kept, strange.parent.parent) == "restore-store-used"
    assert not (strange.parent.parent / "keys").exists()


def test_an_interrupted_restore_is_simply_run_again(kept: Path, tmp_path: Path) -> None:
    restored(kept, tmp_path / "new")
    whole = rows_of(tmp_path / "new")
    for path in (tmp_path / "new").glob("archive.db*"):
        path.unlink()
    shutil.rmtree(tmp_path / "new/index")
    some = sorted((tmp_path / "new/blobs").glob("??/*"))[::2]
    for blob in some:
        blob.unlink()
    restored(kept, tmp_path / "new")
    assert rows_of(tmp_path / "new") == whole


@pytest.mark.parametrize("file", ["rows/records_item.jsonl.gz", "blobs.txt.gz", "keys/ledger.key", "trust.json"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_damaged_file_of_a_snapshot_is_found_before_anything_is_restored(
    kept_copy: Path, tmp_path: Path, file: str, how: str
) -> None:
    damaged = snapshot(kept_copy) / file
    content = bytearray(damaged.read_bytes())
    damaged.unlink()
    if how == "changed":
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
    assert refused(kept_copy, tmp_path / "new") == "backup-file-damaged"
    assert list((tmp_path / "new").rglob("*")) == []


def test_rows_that_are_well_packed_and_yet_no_rows_are_refused_whole(kept_copy: Path, tmp_path: Path) -> None:
    path = snapshot(kept_copy) / "rows/volumes_volume.jsonl.gz"
    rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    rows[-1]["state"] = 7
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    manifest = manifest_of(kept_copy)
    digest = digest_file(path)
    assert digest is not None
    manifest["files"]["rows/volumes_volume.jsonl.gz"] = {"size": digest.size, "sha256": digest.sha256}
    changed_manifest(kept_copy, files=manifest["files"])
    assert refused(kept_copy, tmp_path / "new") == "backup-rows-refused"
    assert called("status", "--home", tmp_path / "new", "--json").value["error"]["code"] == "home-missing"


def test_missing_and_changed_bytes_of_a_backup_are_found(kept_copy: Path, tmp_path: Path) -> None:
    copy = max(files_of(kept_copy))
    content = copy.read_bytes()
    copy.unlink()
    assert refused(kept_copy, tmp_path / "new") == "backup-bytes-missing"
    assert list((tmp_path / "new").rglob("*")) == []
    copy.write_bytes(content + b"?")
    assert refused(kept_copy, tmp_path / "other") == "backup-bytes-changed"
    assert called("status", "--home", tmp_path / "other", "--json").value["error"]["code"] == "home-missing"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"revision": "0000"}, "backup-outdated"),
        ({"revision": "9999"}, "backup-newer"),
        ({"format": 2}, "backup-format"),
        ({"tables": {}}, "backup-manifest-unreadable"),
        ({"files": {"../../outside": {"size": 1, "sha256": ""}}}, "backup-manifest-unreadable"),
        ({"ledger": None}, "backup-manifest-unreadable"),
        ({"blobs": -1}, "backup-manifest-unreadable"),
    ],
)
def test_a_snapshot_of_another_program_or_with_a_strange_manifest_is_refused(
    kept_copy: Path, tmp_path: Path, values: dict[str, object], code: str
) -> None:
    changed_manifest(kept_copy, **values)
    assert refused(kept_copy, tmp_path / "new") == code


def test_a_snapshot_without_a_manifest_is_none(kept_copy: Path, tmp_path: Path) -> None:
    (snapshot(kept_copy) / "manifest.json").unlink()
    assert refused(kept_copy, tmp_path / "new") == "backup-manifest-missing"
    assert refused(tmp_path / "nothing", tmp_path / "new") == "backup-snapshots-none"


def test_a_ledger_of_another_name_is_refused(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_LEDGER_ORIGIN", "elsewhere/ledger")
    assert refused(kept, tmp_path / "new") == "restore-origin"


@pytest.mark.services
@pytest.mark.slow
def test_an_embedded_archive_moves_to_servers_and_back(
    demo_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backed_up(demo_copy, tmp_path / "kept")
    bucket = f"{service_url('minio')}/b{secrets.token_hex(6)}"
    with fresh_database() as database:
        with monkeypatch.context() as servers:
            servers.setenv("ARCHIVE_DATABASE_URL", database)
            servers.setenv("ARCHIVE_BLOBS_URL", bucket)
            there = restored(tmp_path / "kept", tmp_path / "there")
            assert (there["rows"], there["files"]) == (made["rows"], made["files"])
            assert not (tmp_path / "there/archive.db").exists()
            assert not (tmp_path / "there/blobs").exists()
            assert all_rows(database) == rows_of(demo_copy)
            assert status(tmp_path / "there") == status(demo_copy)
            assert hits(tmp_path / "there", "公告") == hits(demo_copy, "公告")
            assert refused(tmp_path / "kept", tmp_path / "there") == "restore-not-empty"
            again = backed_up(tmp_path / "there", tmp_path / "kept from servers")
            both = (
                json.loads((snapshot(tmp_path / f) / "manifest.json").read_bytes())
                for f in ("kept", "kept from servers")
            )
            # The same rows are the same bytes, whichever database they came out of.
            assert next(both)["files"] == next(both)["files"]
        assert (again["rows"], again["copied"]) == (made["rows"], made["files"])
        restored(tmp_path / "kept from servers", tmp_path / "back")
    assert rows_of(tmp_path / "back") == rows_of(demo_copy)
    assert status(tmp_path / "back") == status(demo_copy)
