"""Data push over REST, through the real server: who may send, what is acknowledged, and in which order it may come."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.authorization import AccessLevel
from archive.records.repository import RecordRepository
from archive.records.types import ComponentRole, RecordState
from ingest.simulator.sftp import SftpStandIn
from ingest.types import ArrivalStatus
from tests import push_messages as messages
from tests.small_archive import SmallArchive
from tests.small_push import SECRET, SmallPush, keep_token, served

PROJECT = "M3701000000000001"
TENDER = f"{PROJECT}001"
SECTION = f"{TENDER}001"
SECTIONS = {"TENDER_PROJECT_CODE": TENDER, "BID_SECTION_CODE": SECTION, "BID_SECTION_CODES": SECTION}


@pytest.fixture
def push(tmp_path: Path) -> Iterator[SmallPush]:
    (tmp_path / "files").mkdir()
    with SmallArchive.at(tmp_path / "home") as archive:
        keep_token(archive)
        options = {"token": SECRET, "files": str(tmp_path / "files")}
        archive.ingest.sources.register("stand", "push", "push:", options)
        with served(archive) as started:
            yield started


def notice(stamp: str, content: str = "正文", **values: str) -> messages.Given:
    return messages.valid("1801", DATA_TIMESTAMP=stamp, ANNOUNCEMENT_CONNECT=content, **values)


def state(push: SmallPush, key: str) -> tuple[str, str]:
    last = push.asked(key).json()["messages"][-1]
    return last["state"], last["waiting_for"]


def test_an_unknown_sender_is_told_the_same_as_one_with_a_wrong_token(push: SmallPush) -> None:
    wrong, unknown = push.send(b"", token="other"), push.send(b"", source="nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert push.send(b"", source="portal").status_code == 401


def test_a_paused_source_is_refused_and_may_try_again(push: SmallPush) -> None:
    raw = messages.xml("1801", "k1", notice("20260520093000"))
    push.archive.ingest.sources.pause("stand")
    answer = push.send(raw)
    assert (answer.status_code, answer.json()["error"]["retryable"]) == (503, True)
    push.archive.ingest.sources.resume("stand")
    assert push.send(raw).status_code == 200


def test_a_sender_whose_clock_is_wrong_is_refused_and_his_skew_remembered(push: SmallPush) -> None:
    raw = messages.xml("1801", "k1", notice("20260520093000"))
    answer = push.send(raw, Date="Mon, 01 Jun 2026 22:00:01 GMT")
    assert answer.json()["error"]["code"] == "push-clock"
    assert push.archive.ingest.sources.get("stand").clock_skew == 13 * 3600 + 1
    assert push.send(raw, Date="Mon, 01 Jun 2026 09:00:05 GMT").status_code == 200
    assert push.archive.ingest.sources.get("stand").clock_skew == 5


@pytest.mark.parametrize("date", ["Mon, 01 Jun 2026 09:00:00 +99999999999999999999", "yesterday"])
def test_a_date_that_is_none_says_nothing_of_the_senders_clock(push: SmallPush, date: str) -> None:
    assert push.send(messages.xml("1801", "k1", notice("20260520093000")), Date=date).status_code == 200
    assert push.archive.ingest.sources.get("stand").clock_skew is None


def test_the_same_message_again_changes_nothing(push: SmallPush) -> None:
    raw = messages.xml("1801", "k1", notice("20260520093000"))
    assert push.send(raw).json()["again"] is False
    push.work()
    before = len(push.archive.entries())
    answer = push.send(raw)
    push.work()
    assert (answer.json()["again"], answer.json()["state"]) == (True, "joined")
    assert len(push.archive.entries()) == before
    assert push.archive.pending() == 1  # the record's own way through the pipeline


def test_an_acknowledged_message_survives_a_restart_before_anybody_worked_on_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with SmallArchive.at(home) as archive:
        keep_token(archive)
        archive.ingest.sources.register("stand", "push", "push:", {"token": SECRET})
        with served(archive) as push:
            assert push.send(messages.xml("1801", "k1", notice("20260520093000"))).status_code == 200
    with SmallArchive.opened(home) as archive, served(archive) as push:
        push.work()
        assert set(archive.records()) == {"1801:k1"}


def test_children_that_come_first_wait_and_join_with_what_their_parents_tell(push: SmallPush) -> None:
    push.send(messages.xml("513", "win", messages.valid("513", **SECTIONS)))
    push.send(messages.xml("502", "section", messages.valid("502", **SECTIONS, BID_SECTION_NAME="一标段")))
    push.work()
    assert state(push, "win") == ("held", f"501:{TENDER}")
    names = {"TENDER_PROJECT_CODE": TENDER, "PROJECT_CODE": PROJECT, "TENDER_PROJECT_NAME": "长江路改造工程"}
    push.send(messages.xml("501", "tender", messages.valid("501", **names)))
    push.work()
    assert state(push, "tender") == ("held", f"500:{PROJECT}")
    assert set(push.archive.records()) == set()
    push.send(messages.xml("500", "project", messages.valid("500", PROJECT_CODE=PROJECT)))
    push.work()
    assert {state(push, key) for key in ("win", "section", "tender", "project")} == {("joined", "")}
    record = push.archive.record("513:win")
    with push.archive.kernel.database.reading() as connection:
        version = RecordRepository(connection).version(record.id, 1)
    assert version is not None
    found = {name: version.hints[name] for name in ("project_code", "project_name", "section_names", "section_codes")}
    assert found == {
        "project_code": PROJECT,
        "project_name": "长江路改造工程",
        "section_names": ["一标段"],
        "section_codes": [SECTION],
    }


def test_an_older_state_that_comes_later_replaces_nothing(push: SmallPush) -> None:
    push.send(messages.xml("1801", "k1", notice("20260522093000", "新"), operation="2"))
    push.work()
    push.send(messages.xml("1801", "k1", notice("20260520093000", "旧")))
    push.work()
    assert push.archive.record("1801:k1").version == 1
    assert [one["state"] for one in push.asked("k1").json()["messages"]] == ["joined", "superseded"]


def test_a_change_of_the_same_moment_wins_over_the_adding_that_comes_later(push: SmallPush) -> None:
    push.send(messages.xml("1801", "k1", notice("20260520093000", "改"), operation="2"))
    push.send(messages.xml("1801", "k1", notice("20260520093000", "增")))
    push.work()
    assert [one["state"] for one in push.asked("k1").json()["messages"]] == ["joined", "superseded"]


@pytest.mark.parametrize("stamp", ["20260525093000", "20260520093000", ""])
def test_what_was_deleted_before_it_came_arrives_withdrawn(push: SmallPush, stamp: str) -> None:
    given = [("DATA_TIMESTAMP", stamp)] if stamp else []
    push.send(messages.xml("1801", "k1", given, operation="3"))
    push.work()
    push.send(messages.xml("1801", "k1", notice("20260520093000")))
    push.send(messages.xml("1801", "k1", notice("20260520093000", "改"), operation="2"))
    push.work()
    record = push.archive.record("1801:k1")
    # Without a moment of its own, or at the same moment, what was said last counts: the change. An older one is kept.
    later = stamp == "20260525093000"
    assert (record.state is RecordState.WITHDRAWN, record.version) == (later, 1 if later else 2)


def test_a_deletion_after_the_fact_leaves_a_tombstone_and_every_version(push: SmallPush) -> None:
    push.send(messages.xml("1801", "k1", notice("20260520093000")))
    push.send(messages.xml("1801", "k1", notice("20260521093000", "改"), operation="2"))
    push.send(messages.xml("1801", "k1", notice("20260522093000"), operation="3"))
    push.work()
    record = push.archive.record("1801:k1")
    assert (record.state, record.version) == (RecordState.WITHDRAWN, 2)
    assert state(push, "k1") == ("withdrawn", "")


def test_an_attachment_that_is_not_there_yet_is_waited_for(push: SmallPush, tmp_path: Path) -> None:
    files = messages.file_xml("WIN_NOTICE", "成交公示.pdf", "/20260520/a.pdf")
    files += messages.file_xml("WIN_NOTICE_SIGN", "成交公示（签章）.pdf", "20260520\\b.pdf")
    files += messages.file_xml("OLD", "旧.pdf", "20260520/c.pdf", dropped="1")
    push.send(messages.xml("1801", "k1", notice("20260520093000"), files=files))
    push.work()
    assert state(push, "k1") == ("held", "file:20260520/a.pdf")
    folder = tmp_path / "files" / "20260520"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(b"%PDF-1.4 a")
    (folder / "b.pdf").write_bytes(b"%PDF-1.4 b")
    push.archive.clock.advance(timedelta(minutes=1))
    push.work()
    assert state(push, "k1") == ("joined", "")
    with push.archive.kernel.database.reading() as connection:
        repository = RecordRepository(connection)
        version = repository.version(push.archive.record("1801:k1").id, 1)
        assert version is not None
        found = [(one.role, one.name, one.code) for one in repository.components(version.id)]
    assert found[1:3] == [
        (ComponentRole.ATTACHMENT, "成交公示.pdf", "WIN_NOTICE"),
        (ComponentRole.SIGNED_TWIN, "成交公示（签章）.pdf", "WIN_NOTICE_SIGN"),
    ]


def test_an_attachment_that_never_comes_shows_among_failed_jobs(push: SmallPush) -> None:
    files = messages.file_xml("WIN_NOTICE", "a.pdf", "a.pdf")
    push.send(messages.xml("1801", "k1", notice("20260520093000"), files=files))
    for _ in range(20):
        push.work()
        push.archive.clock.advance(timedelta(hours=1))
    assert [job.code for job in push.archive.kernel.jobs.failed()] == ["push-file-missing"]
    assert state(push, "k1")[0] == "held"


@pytest.mark.parametrize("path", ["../../etc/passwd", "a/../../b", "", "C:\\windows\\win.ini", "a\tb"])
def test_a_path_that_leads_out_of_the_senders_folder_is_refused(push: SmallPush, path: str) -> None:
    files = messages.file_xml("WIN_NOTICE", "a.pdf", path)
    answer = push.send(messages.xml("1801", "k1", notice("20260520093000"), files=files))
    assert [one["field"] for one in answer.json()["error"]["fields"]] == ["BINARY_CONTENT"]


def test_a_link_that_leads_out_of_the_senders_folder_is_no_file(push: SmallPush, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "files" / "a.txt").symlink_to(tmp_path / "secret.txt")
    files = messages.file_xml("WIN_NOTICE", "a.txt", "a.txt")
    push.send(messages.xml("1801", "k1", notice("20260520093000"), files=files))
    push.work()
    assert state(push, "k1") == ("held", "file:a.txt")


def test_an_attachment_may_lie_on_an_sftp_server(push: SmallPush, tmp_path: Path) -> None:
    folder = tmp_path / "sftp"
    folder.mkdir()
    with SftpStandIn(folder, "drop", "drop") as server:
        archive = push.archive
        password = archive.settings.secrets / "files"
        password.write_text(server.password, encoding="utf-8")
        password.chmod(0o600)
        options = {"token": SECRET, "files": server.location, "password": "secret:files", "host_key": server.host_key}
        archive.ingest.sources.register("remote", "push", "push:", options)
        files = messages.file_xml("WIN_NOTICE", "a.pdf", "a.pdf")
        push.send(messages.xml("1801", "k1", notice("20260520093000"), files=files), source="remote")
        push.work()
        assert push.asked("k1", source="remote").json()["messages"][0]["waiting_for"] == "file:a.pdf"
        (folder / "a.pdf").write_bytes(b"%PDF-1.4 a")
        archive.clock.advance(timedelta(minutes=1))
        push.work()
        assert push.asked("k1", source="remote").json()["messages"][0]["state"] == "joined"


def test_a_refused_message_is_kept_among_the_refused_until_it_is_mended(push: SmallPush) -> None:
    wrong = messages.xml("1801", "k1", notice("20260520093000", PROJECT_NAME=""))
    for _ in range(2):
        answer = push.send(wrong)
        assert [one["constraint"] for one in answer.json()["error"]["fields"]] == ["required"]
    seen = push.archive.arrival("1801:k1", "stand")
    assert seen is not None
    assert (seen.status, seen.code, seen.tries) == (ArrivalStatus.REFUSED, "push-refused", 2)
    assert seen.raw_sha256 is not None
    with push.archive.kernel.blobs.open(seen.raw_sha256) as stream:
        assert stream.read() == wrong
    assert state(push, "k1")[0] == "refused"
    push.send(messages.xml("1801", "k1", notice("20260520093000")))
    push.work()
    mended = push.archive.arrival("1801:k1", "stand")
    assert mended is not None
    assert mended.status is ArrivalStatus.CAPTURED


def test_a_refused_change_does_not_let_an_older_state_in(push: SmallPush) -> None:
    push.send(messages.xml("1801", "k1", notice("20260522093000", "新")))
    push.work()
    push.send(messages.xml("1801", "k1", notice("20260523093000", PROJECT_NAME=""), operation="2"))
    push.send(messages.xml("1801", "k1", notice("20260520093000", "旧"), operation="2"))
    push.work()
    assert push.archive.record("1801:k1").version == 1


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><DES>&b;</DES>', "push-not-xml"),
        (b"<DES><TITLE>", "push-not-xml"),
        (b"<DES><TITLE/></DES>", "push-not-an-envelope"),
        (b'{"TITLE": {', "push-not-json"),
        (b'{"TITLE": {}, "CONTEXT": {"A": {}}}', "push-not-an-envelope"),
        (b"\x81", "push-encoding"),
        (messages.xml("777", "k1", []), "push-data-set-unknown"),
    ],
)
def test_what_is_no_message_is_refused_with_its_reason_and_kept(push: SmallPush, raw: bytes, code: str) -> None:
    answer = push.send(raw)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert push.counting.summary.refused[0]["code"] == code


def test_a_message_that_is_far_too_large_is_refused_before_it_is_read(push: SmallPush) -> None:
    assert push.send(b"<" + b" " * (10 << 20)).status_code == 413


def test_what_is_disclosed_to_the_government_only_is_never_public(push: SmallPush) -> None:
    push.send(messages.xml("302", "k1", messages.valid("302", BODY_NAME="某某公司", SCOPE="1")))
    push.send(messages.xml("1801", "k2", notice("20260520093000", ANNOUNCEMENT_TITLE="某项目成交公示")))
    push.work()
    push.archive.advance()
    levels = {key: record.level for key, record in push.archive.records().items()}
    assert levels["302:k1"] is not AccessLevel.PUBLIC


def test_nobody_is_told_of_messages_without_the_token_and_unknown_keys_are_not_found(push: SmallPush) -> None:
    assert push.asked("k1").status_code == 404
    assert push.asked("k1", source="nobody").status_code == 401
