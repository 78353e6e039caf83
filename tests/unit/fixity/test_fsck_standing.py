"""Every column that the ledger speaks of is held against it: a change by hand is named, what acts changed is not."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from archive.ledger.canonical import JSON
from archive.records.types import Delivery
from ingest.review import question_of
from tests.functional.command_line import called
from tests.small_archive import ARCHIVIST, SmallArchive, attachment, code_of, ending, notice, taken_back, tender

SCHOOL, CLINIC, PARK = (
    "济南市第一中学教学设备采购项目",
    "青岛市立医院检验设备采购项目",
    "济南市大明湖公园绿化养护采购项目",
)


def award(number: int, project: str) -> Delivery:
    hints = {"data_no": "553", "project_code": code_of(number)}
    return notice(f"r{number}", f"{project}中标公告", day=15, hints=hints)


def decide(small: SmallArchive, external_id: str, choice: dict[str, JSON]) -> None:
    (asked,) = [outcome for outcome in small.outcomes(external_id).values() if outcome.status != "done"]
    small.review.decide(ARCHIVIST, small.record(external_id).id, choice, "已核对原件", question_of(asked))


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A volume closed, with a supplement and a withdrawn record; one closed by declaration; one open; decisions."""
    home = tmp_path_factory.mktemp("busy") / "home"
    known = {"project_code": code_of(1)}
    with SmallArchive.at(home) as small:
        small.take(tender(1, SCHOOL, body="第一稿"), notice("u1", f"{SCHOOL}通知", hints=known))
        small.work()
        decide(small, "u1", {"class_code": "ZC.02.04"})
        small.work()
        small.take(tender(1, SCHOOL), ending(1, SCHOOL), tender(2, CLINIC), award(2, CLINIC), tender(3, PARK))
        small.work()
        small.take(notice("s1", f"{SCHOOL}更正公告", hints=known | {"data_no": "552"}), taken_back("t1"))
        small.take(notice("n1", "通知"), notice("x1", f"{SCHOOL}公告", attachment("空.pdf", b"")))
        small.work()
        decide(small, "n1", {"return": True})
        (lacking,) = [volume for volume in small.volumes() if volume.missing]
        with small.kernel.database.writing() as uow:
            assert small.kernel.closing.declare_missing(
                uow, small.authorizer, ARCHIVIST, lacking.id, "采购人说明未制作"
            )
        small.take(ending(1, SCHOOL, category="D", note="重发"), taken_back("t3"))
        small.work()
        small.kernel.integrator.publish()
    return home


@pytest.fixture
def archive(busy: Path, tmp_path: Path) -> Iterator[SmallArchive]:
    """A copy to be tampered with."""
    shutil.copytree(busy, tmp_path / "home")
    with SmallArchive.opened(tmp_path / "home") as small:
        yield small


def change(archive: SmallArchive, statement: str) -> None:
    with archive.kernel.database.writing() as uow:
        uow.connection.exec_driver_sql("pragma defer_foreign_keys=on")
        assert uow.connection.execute(text(statement)).rowcount == 1, "the tampering itself must work"


def found(archive: SmallArchive) -> set[tuple[str, str]]:
    return {(finding.code, finding.path) for finding in archive.fsck().findings}


def test_what_acts_have_changed_is_as_the_ledger_says(archive: SmallArchive) -> None:
    assert archive.fsck().findings == ()
    states = {external_id: str(state) for external_id, state in archive.states().items()}
    assert {"filed", "withdrawn", "returned"} <= set(states.values())
    assert (states["t1"], states["t3"], states["s1"], states["n1"]) == ("withdrawn", "withdrawn", "filed", "returned")
    assert archive.record("s1").item_number is not None
    assert sorted(str(volume.state) for volume in archive.volumes()) == ["closed", "closed", "open"]


@pytest.mark.parametrize("external_id", ["t1", "s1", "u1", "t3"])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("source", "'elsewhere'"),
        ("external_id", "'other'"),
        ("state", "'placed'"),
        ("state", "'classified'"),
        ("class_code", "'GC.01.01'"),
        ("class_code", "null"),
        ("trade_type", "'A'"),
        ("level", "'sealed'"),
        ("released_from", "'2001-01-01 00:00:00.000000'"),
        ("settled_version", "null"),
        ("project_id", "'prj_x'"),
        ("volume_id", "'vol_x'"),
        ("item_number", "77"),
        ("reference_code", "'Z002-ZY·D·370100-2026-D15-00001-0077'"),
    ],
)
def test_a_changed_column_of_a_record_is_named(
    archive: SmallArchive, external_id: str, column: str, value: str
) -> None:
    record = archive.record(external_id)
    change(archive, f"update records_item set {column} = {value} where id = '{record.id}'")  # noqa: S608 - our own text
    named = [f for f in archive.fsck().findings if f.code == "fsck-record-differs"]
    assert {finding.path for finding in named} == {f"record/{record.id}"}
    assert any(f"登记项 {column} 为" in finding.message for finding in named)


def test_opening_what_is_closed_is_named(archive: SmallArchive) -> None:
    record = archive.record("n1")
    change(archive, f"update records_item set level = 'public', state = 'filed' where id = '{record.id}'")  # noqa: S608 - our own
    messages = [finding.message for finding in archive.fsck().findings]
    assert len(messages) == 2
    assert any("level 为 public，账本所记为 internal" in message for message in messages)
    assert any("state 为 filed，账本所记为 returned" in message for message in messages)


@pytest.mark.parametrize(
    "assignment",
    ["level = 'sealed'", "released_from = '2001-01-01 00:00:00.000000'", "settled = 0", "withdrawn = 0"],
)
def test_a_changed_grade_is_named(archive: SmallArchive, assignment: str) -> None:
    record = archive.record("t1")
    change(archive, f"update records_grade set {assignment} where record_id = '{record.id}' and version = 1")  # noqa: S608 - our own
    assert found(archive) == {("fsck-record-differs", f"record/{record.id}")}


def test_a_lost_and_an_invented_grade_are_named(archive: SmallArchive) -> None:
    lost, invented = archive.record("t1").id, archive.record("n1").id
    change(archive, f"delete from records_grade where record_id = '{lost}' and version = 1")  # noqa: S608 - our own
    change(archive, f"insert into records_grade values ('{invented}', 1, 'public', '2001-01-01 00:00:00', 1, 0)")  # noqa: S608 - our own
    assert found(archive) == {("fsck-record-differs", f"record/{each}") for each in (lost, invented)}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("outcome", "'renewed'"),
        ("retention", "'Y'"),
        ("section", "'九标段'"),
        ("declared", "'[\"ZC.09.99\"]'"),
        ("number", "9"),
        ("project_id", "(select id from volumes_project where code like '%0003'), section = '九标段'"),
    ],
)
def test_a_changed_column_of_a_closed_volume_is_named(archive: SmallArchive, column: str, value: str) -> None:
    volume = archive.volumes()[-1]
    change(archive, f"update volumes_volume set {column} = {value} where id = '{volume.id}'")  # noqa: S608 - our own
    named = [f for f in archive.fsck().findings if f.code == "fsck-volume-differs"]
    assert {finding.path for finding in named} == {f"volume/{volume.id}"}
    assert any(f"登记项 {column} 为" in finding.message for finding in named)


@pytest.mark.parametrize(
    "assignment", ["reference_code = 'Z'", "retention = 'Y'", "number = 3", "item_count = 1", "closed_at = opened_at"]
)
def test_what_only_closing_gives_no_open_volume_has(archive: SmallArchive, assignment: str) -> None:
    volume = archive.volumes()[0]
    change(archive, f"update volumes_volume set {assignment} where id = '{volume.id}'")  # noqa: S608 - our own
    assert found(archive) == {("fsck-volume-differs", f"volume/{volume.id}")}


def test_a_volume_reopened_or_closed_by_hand_is_named(archive: SmallArchive) -> None:
    first, *_, last = archive.volumes()
    change(archive, f"update volumes_volume set state = 'open' where id = '{last.id}'")  # noqa: S608 - our own
    change(archive, f"update volumes_volume set state = 'closed' where id = '{first.id}'")  # noqa: S608 - our own
    assert {("fsck-volume-missing", f"volume/{last.id}"), ("fsck-volume-unsealed", f"volume/{first.id}")} <= found(
        archive
    )


@pytest.mark.parametrize("column", ["code", "deal_code", "fonds"])
def test_a_changed_column_of_a_project_is_named(archive: SmallArchive, column: str) -> None:
    project = archive.record("t1").project_id
    change(archive, f"update volumes_project set {column} = 'X' where id = '{project}'")  # noqa: S608 - our own
    assert found(archive) == {("fsck-project-differs", f"project/{project}")}


def test_rows_the_ledger_never_opened_are_named(archive: SmallArchive) -> None:
    columns = "trade_type, fonds, region, created_at"
    name = "(id, name, trade_type, fonds, region, created_at)"
    change(archive, f"insert into volumes_project {name} select 'prj_x', 'X', {columns} from volumes_project limit 1")  # noqa: S608 - our own
    columns = "state, item_count, missing, declared, opened_at"
    target = f"(id, project_id, section, section_name, {columns})"
    row = f"select 'vol_x', 'prj_x', '', '', {columns} from volumes_volume where state = 'open' limit 1"  # noqa: S608 - our own
    change(archive, f"insert into volumes_volume {target} {row}")
    assert found(archive) == {("fsck-project-unopened", "project/prj_x"), ("fsck-volume-unopened", "volume/vol_x")}


def test_lost_projects_and_open_volumes_are_named(archive: SmallArchive) -> None:
    volume = archive.volumes()[0]
    with archive.kernel.database.writing() as uow:
        for statement in (
            f"delete from volumes_project_key where project_id = '{volume.project_id}'",  # noqa: S608 - our own
            f"delete from volumes_volume where id = '{volume.id}'",  # noqa: S608 - our own
            f"delete from volumes_project where id = '{volume.project_id}'",  # noqa: S608 - our own
        ):
            uow.connection.execute(text(statement))
    lost = {("fsck-project-missing", f"project/{volume.project_id}"), ("fsck-volume-missing", f"volume/{volume.id}")}
    assert found(archive) == lost


def test_rows_that_mean_nothing_do_not_end_the_examination(archive: SmallArchive) -> None:
    record, volume = archive.record("n1"), archive.volumes()[0]
    change(archive, f"update records_item set state = 'gone' where id = '{record.id}'")  # noqa: S608 - our own
    change(archive, f"update volumes_volume set state = 'gone' where id = '{volume.id}'")  # noqa: S608 - our own
    change(archive, "update volumes_project set code = 'X' where code like '%0001'")
    unreadable = {("fsck-row-unreadable", f"record/{record.id}"), ("fsck-row-unreadable", f"volume/{volume.id}")}
    examined = found(archive)
    assert unreadable <= examined
    assert "fsck-project-differs" in {code for code, _ in examined}


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b'{"version":1,"origin":"x","keys":[]}'])
def test_without_a_readable_trust_file_nothing_is_said_to_be_clean(
    busy: Path, tmp_path: Path, content: bytes | None
) -> None:
    shutil.copytree(busy, tmp_path / "home")
    trust = tmp_path / "home" / "trust.json"
    trust.unlink(missing_ok=True)
    if content is not None:
        trust.write_bytes(content)
    ran = called("fsck", "--home", tmp_path / "home", "--json")
    assert (ran.code, ran.value["error"]["code"]) == (1, "fsck-trust-unreadable")
    assert str(trust) in ran.value["error"]["message"]
