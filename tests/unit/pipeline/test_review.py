"""The people's queue: what waits there, and what a decision does."""

from dataclasses import replace

import pytest

from archive.authorization import PUBLIC_ACTOR
from archive.errors import Conflict, Forbidden, InvalidInput, NotAuthenticated, NotFound
from archive.ledger.canonical import JSON
from archive.records.repository import RecordRepository
from archive.records.types import Delivery, RecordState
from ingest.review import question_of
from ingest.types import Status
from tests.small_archive import ARCHIVIST, SmallArchive, attachment, code_of, notice, tender

SCHOOL, CLINIC = "济南市第一中学教学设备采购项目", "青岛市立医院检验设备采购项目"
UNCLEAR = notice("u1", f"{SCHOOL}通知", hints={"project_code": code_of(1)})
EMPTY = notice("m1", f"{SCHOOL}公开招标公告", attachment("空.pdf", b""), hints={"data_no": "551"})


def asked(archive: SmallArchive, external_id: str) -> str:
    """The question that a person has before the eyes; "" where nothing asks."""
    outcomes = archive.outcomes(external_id).values()
    return next((question_of(outcome) for outcome in outcomes if outcome.status is not Status.DONE), "")


def decide(archive: SmallArchive, external_id: str, choice: dict[str, JSON], reason: str = "已核对原件") -> None:
    record_id, question = archive.record(external_id).id, asked(archive, external_id)
    archive.review.decide(ARCHIVIST, record_id, choice, reason, question)


def stopped(archive: SmallArchive, delivery: Delivery) -> str | None:
    """Take one document in, let it go as far as it goes; the code of what stopped it."""
    archive.take(delivery)
    archive.work()
    return next((o.code for o in archive.outcomes(delivery.external_id).values() if o.status is not Status.DONE), None)


def test_what_stopped_is_listed_with_its_reason(archive: SmallArchive) -> None:
    archive.take(UNCLEAR, EMPTY, tender(1, SCHOOL))
    archive.work()
    (waiting,), (returned,) = archive.review.waiting(ARCHIVIST), archive.review.returned(ARCHIVIST)
    assert (waiting.record.external_id, waiting.outcome.step) == ("u1", "classify")
    assert (returned.record.external_id, returned.outcome.step, returned.outcome.code) == ("m1", "check", "file-empty")
    assert archive.review.count_waiting(ARCHIVIST) == 1
    checks = archive.review.checks(ARCHIVIST, returned.record.id)
    assert {check["code"] for check in checks if check["outcome"] == "fail"} >= {"GD-2-7"}
    assert archive.review.outcomes(ARCHIVIST, waiting.record.id)["classify"].status is Status.WAITING


def test_nobody_else_sees_the_queue(archive: SmallArchive) -> None:
    stopped(archive, UNCLEAR)
    record_id = archive.record("u1").id
    assert archive.review.waiting(PUBLIC_ACTOR) == []
    assert archive.review.count_waiting(PUBLIC_ACTOR) == 0
    for look in (archive.review.outcomes, archive.review.checks):
        with pytest.raises(NotFound):
            look(PUBLIC_ACTOR, record_id)
    with pytest.raises((Forbidden, NotAuthenticated)):
        archive.review.refused(PUBLIC_ACTOR)
    with pytest.raises(NotFound):
        archive.review.decide(PUBLIC_ACTOR, record_id, {"retry": True}, "因为", asked(archive, "u1"))
    assert archive.record("u1").state is RecordState.WAITING


def test_a_class_named_by_a_person_stands(archive: SmallArchive) -> None:
    assert stopped(archive, UNCLEAR) is not None
    decide(archive, "u1", {"class_code": "ZC.02.04"})
    archive.work()
    record = archive.record("u1")
    assert (record.state, record.class_code) == (RecordState.PLACED, "ZC.02.04")
    with archive.kernel.database.reading() as connection:
        acts = archive.kernel.ledger.entries_for(connection, "record", record.id)
    told = [(str(act.event.type), act.event.actor) for act in acts]
    assert told[-3:] == [
        ("decision.made", ARCHIVIST.id),
        ("record.classified", ARCHIVIST.id),
        ("record.placed", "system"),
    ]


def test_a_class_the_plan_does_not_have_asks_again(archive: SmallArchive) -> None:
    code = stopped(archive, UNCLEAR)
    decide(archive, "u1", {"class_code": "XX.99.99"})
    archive.work()
    assert archive.record("u1").state is RecordState.WAITING
    assert archive.outcomes("u1")["classify"].code == code


def test_what_failed_a_check_may_be_accepted_with_open_eyes(archive: SmallArchive) -> None:
    assert stopped(archive, EMPTY) == "file-empty"
    decide(archive, "m1", {"accept": True}, "附件确为空白页")
    archive.work()
    assert archive.record("m1").state is RecordState.PLACED
    blocking = archive.outcomes("m1")["check"].detail["blocking"]
    assert isinstance(blocking, list)
    assert {entry["reason"] for entry in blocking} >= {"file-empty"}


def test_an_acceptance_does_not_hold_for_the_next_version(archive: SmallArchive) -> None:
    stopped(archive, EMPTY)
    decide(archive, "m1", {"accept": True})
    archive.work()
    assert stopped(archive, replace(EMPTY, title=f"{SCHOOL}招标公告")) == "file-empty"


def test_a_project_chosen_by_a_person_takes_the_record(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), tender(2, CLINIC))
    archive.work()
    torn = notice("x", f"{SCHOOL}更正公告", hints={"data_no": "552", "project_code": code_of(2)})
    assert stopped(archive, torn) == "project-ambiguous"
    chosen = archive.record("t2").project_id
    decide(archive, "x", {"project": chosen})
    archive.work()
    assert (archive.record("x").project_id, archive.record("x").state) == (chosen, RecordState.PLACED)


def test_a_project_that_does_not_exist_is_not_made_up(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), tender(2, CLINIC))
    archive.work()
    torn = notice("x", f"{SCHOOL}更正公告", hints={"data_no": "552", "project_code": code_of(2)})
    stopped(archive, torn)
    decide(archive, "x", {"project": "prj_mistyped"})
    archive.work()
    assert archive.outcomes("x")["place"].code == "project-unknown"
    assert len(archive.volumes()) == 2
    decide(archive, "x", {"new_project": True})
    archive.work()
    assert archive.record("x").state is RecordState.PLACED
    assert len(archive.volumes()) == 3


def test_a_person_may_send_it_back_and_think_again(archive: SmallArchive) -> None:
    stopped(archive, UNCLEAR)
    decide(archive, "u1", {"return": True}, "不是交易文件")
    archive.work()
    outcome = archive.outcomes("u1")["classify"]
    assert (archive.record("u1").state, outcome.code) == (RecordState.RETURNED, "returned-by-person")
    assert outcome.params == {"reason": "不是交易文件"}
    assert archive.review.waiting(ARCHIVIST) == []
    assert archive.history("u1")[-2:] == ["record.returned", "decision.made"]
    decide(archive, "u1", {"class_code": "ZC.02.04"})
    archive.work()
    assert archive.record("u1").state is RecordState.PLACED


def test_trying_again_changes_nothing_where_nothing_has_changed(archive: SmallArchive) -> None:
    code = stopped(archive, UNCLEAR)
    decide(archive, "u1", {"retry": True})
    assert archive.pending() == 1
    archive.work()
    assert (archive.record("u1").state, archive.outcomes("u1")["classify"].code) == (RecordState.WAITING, code)


@pytest.mark.parametrize(
    "choice", [{}, {"accept": True}, {"class_code": "ZC.02.04", "retry": True}, {"project": "prj_1"}, {"delete": True}]
)
def test_only_what_the_step_asked_can_be_answered(archive: SmallArchive, choice: dict[str, JSON]) -> None:
    stopped(archive, UNCLEAR)
    size = len(archive.entries())
    with pytest.raises(InvalidInput) as caught:
        decide(archive, "u1", choice)
    assert caught.value.code == "decision-choice"
    assert (len(archive.entries()), archive.pending()) == (size, 0)


def test_no_decision_without_a_reason_or_without_a_question(archive: SmallArchive) -> None:
    stopped(archive, UNCLEAR)
    with pytest.raises(InvalidInput) as caught:
        decide(archive, "u1", {"retry": True}, " \n")
    assert caught.value.code == "decision-without-reason"
    archive.take(tender(1, SCHOOL))
    archive.work()
    with pytest.raises(Conflict) as settled:
        decide(archive, "t1", {"retry": True})
    assert settled.value.code == "decision-not-asked"
    with pytest.raises(NotFound):
        archive.review.decide(ARCHIVIST, "rec_x", {"retry": True}, "因为", "")


def test_a_second_decision_on_the_same_question_comes_too_late(archive: SmallArchive) -> None:
    stopped(archive, UNCLEAR)
    decide(archive, "u1", {"class_code": "ZC.02.04"})
    with pytest.raises(Conflict):
        decide(archive, "u1", {"class_code": "ZC.02.01"})
    archive.work()
    assert archive.record("u1").class_code == "ZC.02.04"


def test_an_answer_to_what_is_no_longer_asked_is_no_answer(archive: SmallArchive) -> None:
    stopped(archive, UNCLEAR)
    seen = asked(archive, "u1")
    archive.take(replace(UNCLEAR, title=f"{SCHOOL}另一通知"))
    archive.work()
    assert archive.record("u1").version == 2
    size = len(archive.entries())
    with pytest.raises(Conflict) as caught:
        archive.review.decide(ARCHIVIST, archive.record("u1").id, {"class_code": "ZC.02.04"}, "已核对", seen)
    assert caught.value.code == "decision-stale"
    assert (len(archive.entries()), archive.pending()) == (size, 0)


def test_accepting_covers_what_was_shown_and_never_changed_bytes(archive: SmallArchive) -> None:
    assert stopped(archive, EMPTY) == "file-empty"
    decide(archive, "m1", {"accept": True})
    with archive.kernel.database.reading() as connection:
        repository = RecordRepository(connection)
        version = repository.versions(archive.record("m1").id)[-1]
        sha256 = next(file.sha256 for file in repository.components(version.id) if file.size and file.role == "main")
    path = archive.settings.home / "blobs" / sha256[:2] / sha256
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[::-1])
    archive.work()
    outcome = archive.outcomes("m1")["check"]
    assert outcome.status is Status.RETURNED
    assert outcome.code == "digest-differs"
