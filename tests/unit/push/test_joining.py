from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import Unavailable
from archive.records.types import RecordState
from ingest.connectors.port import Arrival
from ingest.push.joining import Joiner
from ingest.push.repository import PushRepository
from ingest.push.service import PUSH
from ingest.push.types import MessageState, Pushed, Shape
from ingest.sources.repository import SourceRepository
from ingest.taking import Taker
from ingest.types import Source, Summary
from tests import push_messages as messages
from tests.small_archive import SmallArchive
from tests.small_push import SECRET, keep_token, work_one

PROJECT = "M3701000000000001"


class Killed(BaseException):
    """The process is gone."""


class KillingTaker(Taker):
    """Takes a document, and then the process is gone."""

    def __init__(self, taker: Taker) -> None:
        self.__dict__.update(vars(taker))

    def take(self, source: str, arrival: Arrival, summary: Summary) -> None:
        super().take(source, arrival, summary)
        raise Killed


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        keep_token(small)
        small.ingest.sources.register("sender", "push", "push:", {"token": SECRET})
        yield small


def send(archive: SmallArchive, number: str, key: str, given: messages.Given, operation: str = "1") -> None:
    raw = messages.xml(number, key, given, operation)
    answer = archive.ingest.push.service.receive(_source(archive), raw, Shape.GENERAL_XML)
    assert answer.accepted


def work(archive: SmallArchive) -> None:
    jobs = archive.kernel.jobs
    while (job := jobs.claim("test", frozenset({PUSH}))) is not None:
        work_one(archive.ingest.push.joiner, jobs, job)


def rows(archive: SmallArchive, key: str) -> list[Pushed]:
    with archive.kernel.database.reading() as connection:
        return PushRepository(connection).of_key("sender", key)


def _source(archive: SmallArchive) -> Source:
    return archive.ingest.sources.get("sender")


def test_a_kill_right_after_the_document_was_taken_doubles_nothing(archive: SmallArchive) -> None:
    send(archive, "1801", "k1", messages.valid("1801"))
    own = archive.ingest.push.joiner._ports
    killed = Joiner(replace(own, taker=KillingTaker(own.taker)))
    with pytest.raises(Killed):
        killed.join(rows(archive, "k1")[0].document)
    assert rows(archive, "k1")[0].state is MessageState.RECEIVED
    before = len(archive.entries())
    work(archive)
    assert rows(archive, "k1")[0].state is MessageState.JOINED
    assert len(archive.entries()) == before
    assert archive.record("1801:k1").version == 1


def test_a_store_that_is_away_holds_nobody_to_blame(archive: SmallArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object) -> None:
        raise Unavailable("blob-store-unavailable", path="", detail="away")

    monkeypatch.setattr(archive.kernel.blobs, "put", away)
    raw = messages.xml("1801", "k1", messages.valid("1801"))
    with pytest.raises(Unavailable):
        archive.ingest.push.service.receive(_source(archive), raw, Shape.GENERAL_XML)
    assert rows(archive, "k1") == []


def test_whoever_joins_a_parent_wakes_all_that_wait_for_it_and_no_others(archive: SmallArchive) -> None:
    for number in range(3):
        codes = {"PROJECT_CODE": PROJECT, "TENDER_PROJECT_CODE": f"{PROJECT}00{number}"}
        send(archive, "501", f"t{number}", messages.valid("501", **codes))
    send(archive, "501", "other", messages.valid("501", PROJECT_CODE=f"{PROJECT[:-1]}9"))
    work(archive)
    assert archive.pending() == 0
    send(archive, "500", "p", messages.valid("500", PROJECT_CODE=PROJECT))
    work(archive)
    assert set(archive.records()) == {"500:p", "501:t0", "501:t1", "501:t2"}
    assert rows(archive, "other")[0].waiting_for == f"500:{PROJECT[:-1]}9"


def test_a_placeholder_waits_for_nobody(archive: SmallArchive) -> None:
    send(archive, "501", "t", messages.valid("501", PROJECT_CODE="A999999999999999"))
    work(archive)
    assert set(archive.records()) == {"501:t"}


def test_a_section_is_waited_for_in_a_list_too(archive: SmallArchive) -> None:
    tender = f"{PROJECT}001"
    send(archive, "500", "p", messages.valid("500", PROJECT_CODE=PROJECT))
    send(archive, "501", "t", messages.valid("501", PROJECT_CODE=PROJECT, TENDER_PROJECT_CODE=tender))
    listed = {"TENDER_PROJECT_CODE": tender, "BID_SECTION_CODES": f"{tender}001；{tender}002"}
    send(archive, "503", "n", messages.valid("503", **listed))
    for number in ("001", "002"):
        work(archive)
        assert rows(archive, "n")[0].waiting_for == f"502:{tender}{number}"
        codes = {"TENDER_PROJECT_CODE": tender, "BID_SECTION_CODE": f"{tender}{number}"}
        send(archive, "502", f"s{number}", messages.valid("502", **codes))
    work(archive)
    assert rows(archive, "n")[0].state is MessageState.JOINED


def test_without_moments_what_had_to_wait_longer_does_not_replace_what_came_later(archive: SmallArchive) -> None:
    first = messages.valid("501", PROJECT_CODE=PROJECT, DATA_TIMESTAMP="", TENDER_CONTENT="旧")
    second = messages.valid("501", PROJECT_CODE="A999999999999999", DATA_TIMESTAMP="", TENDER_CONTENT="新")
    send(archive, "501", "t", first)
    send(archive, "501", "t", second, operation="2")
    work(archive)
    send(archive, "500", "p", messages.valid("500", PROJECT_CODE=PROJECT))
    work(archive)
    assert [one.state for one in rows(archive, "t")] == [MessageState.SUPERSEDED, MessageState.JOINED]
    assert archive.record("501:t").version == 1


def test_a_source_whose_keys_stand_alone_may_not_use_one_twice(archive: SmallArchive) -> None:
    options = {"token": SECRET, "key_alone": True}
    source = archive.ingest.sources.register("alone", "push", "push:", options)
    service = archive.ingest.push.service
    assert service.receive(source, messages.xml("1801", "k1", messages.valid("1801")), Shape.GENERAL_XML).accepted
    answer = service.receive(source, messages.xml("1800", "k1", messages.valid("1800")), Shape.GENERAL_XML)
    assert [problem.code for problem in answer.problems if problem.refuses] == ["push-key-taken"]


def tender(content: str, stamp: str = "") -> messages.Given:
    """A document that waits for nobody, and need not say at which moment it is as it is."""
    return messages.valid("501", PROJECT_CODE="A999999999999999", DATA_TIMESTAMP=stamp, TENDER_CONTENT=content)


def stand(archive: SmallArchive, key: str) -> tuple[bool, int]:
    """Whether the document is shown, and in which version."""
    record = archive.record(f"501:{key}")
    return record.state is not RecordState.WITHDRAWN, record.version


@pytest.mark.parametrize("stamp", ["", "20260520093000"])
@pytest.mark.parametrize("content", ["旧", "新"])
def test_what_was_deleted_and_is_added_again_is_there_again(archive: SmallArchive, stamp: str, content: str) -> None:
    for operation, given in (("1", tender("旧", stamp)), ("3", []), ("1", tender(content, stamp))):
        send(archive, "501", "t", given, operation)
        work(archive)
    assert stand(archive, "t") == (True, 2)
    # Whoever lost our answer sends the last of them once more, and nothing comes of it.
    before = len(archive.entries())
    send(archive, "501", "t", tender(content, stamp))
    work(archive)
    assert (stand(archive, "t"), len(archive.entries()), len(rows(archive, "t"))) == ((True, 2), before, 3)


def test_all_of_it_at_once_ends_as_one_after_the_other(archive: SmallArchive) -> None:
    for operation, given in (("1", tender("旧")), ("3", []), ("1", tender("新")), ("3", []), ("1", tender("旧"))):
        send(archive, "501", "t", given, operation)
    work(archive)
    assert stand(archive, "t") == (True, 3)
    assert [one.place for one in rows(archive, "t")] == [1, 2, 3, 4, 5]


def test_a_deletion_in_the_same_words_as_an_earlier_one_deletes_again(archive: SmallArchive) -> None:
    for operation, stamp in (("1", "20260520093000"), ("3", ""), ("2", "20260521093000"), ("3", "")):
        send(archive, "501", "t", tender(stamp, stamp) if stamp else [], operation)
        work(archive)
    assert stand(archive, "t") == (False, 2)


def test_a_replayed_adding_that_is_older_than_the_deletion_brings_nothing_back(archive: SmallArchive) -> None:
    deletion = [("DATA_TIMESTAMP", "20260521093000")]
    for operation, given in (("1", tender("旧", "20260520093000")), ("3", deletion)) * 2:
        send(archive, "501", "t", given, operation)
        work(archive)
    assert stand(archive, "t") == (False, 1)


def test_what_was_refused_and_is_sent_again_is_the_last_that_was_said(archive: SmallArchive, tmp_path: Path) -> None:
    files = messages.file_xml("TENDER", "a.pdf", "a.pdf")
    raw = messages.xml("501", "t", tender("新"), "2", files)
    service = archive.ingest.push.service
    assert not service.receive(_source(archive), raw, Shape.GENERAL_XML).accepted
    send(archive, "501", "t", tender("旧"))
    work(archive)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    with archive.kernel.database.writing() as uow:
        SourceRepository(uow.connection).update("sender", options={"token": SECRET, "files": str(tmp_path)})
    assert service.receive(_source(archive), raw, Shape.GENERAL_XML).accepted
    work(archive)
    assert [(one.place, one.state) for one in rows(archive, "t")] == [
        (2, MessageState.JOINED),
        (3, MessageState.JOINED),
    ]
    assert stand(archive, "t") == (True, 2)


def test_a_message_that_was_refused_takes_no_key_from_another_data_set(archive: SmallArchive) -> None:
    source = archive.ingest.sources.register("alone", "push", "push:", {"token": SECRET, "key_alone": True})
    service = archive.ingest.push.service
    wrong = messages.xml("1800", "k1", messages.valid("1800", PROJECT_NAME=""))
    assert not service.receive(source, wrong, Shape.GENERAL_XML).accepted
    assert service.receive(source, messages.xml("1801", "k1", messages.valid("1801")), Shape.GENERAL_XML).accepted


def test_those_for_whom_others_wait_are_woken_first(archive: SmallArchive) -> None:
    code = f"{PROJECT}001"
    for number in range(8):
        codes = {"TENDER_PROJECT_CODE": code, "BID_SECTION_CODE": f"{code}{number:03d}"}
        send(archive, "510", f"c{number}", messages.valid("510", **codes))
        send(archive, "502", f"s{number}", messages.valid("502", **codes))
    work(archive)
    with archive.kernel.database.reading() as connection:
        waiting = PushRepository(connection).waiting("sender", f"501:{code}")
    assert len(waiting) == 16
    assert set(waiting[:8]) == {rows(archive, f"s{number}")[0].document for number in range(8)}
