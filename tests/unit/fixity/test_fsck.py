"""The examination bites: each thing that can be wrong is named, by code and by place, and nothing else is."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from archive.fixity.fsck import Examination
from archive.ledger.signing import load_signer
from tests.small_archive import SmallArchive

Tamper = Callable[[SmallArchive], None]


def sql(statement: str, **values: object) -> Tamper:
    """Change rows behind the archive's back."""

    def tamper(archive: SmallArchive) -> None:
        with archive.kernel.database.writing() as uow:
            uow.connection.exec_driver_sql("pragma defer_foreign_keys=on")
            done = uow.connection.execute(text(statement), values)
            assert done.rowcount > 0, "the tampering itself must work"

    return tamper


def lose_record(external_id: str) -> Tamper:
    """Take a record away with everything that hangs on it, as a careless DELETE would."""

    def tamper(archive: SmallArchive) -> None:
        record = archive.record(external_id)
        versions = "select id from records_version where record_id = :id"
        components = f"select id from records_component where version_id in ({versions})"  # noqa: S608 - our own text
        with archive.kernel.database.writing() as uow:
            for statement in (
                f"delete from records_text where component_id in ({components})",  # noqa: S608 - as above
                f"delete from records_component where version_id in ({versions})",  # noqa: S608 - as above
                "delete from records_version where record_id = :id",
                "delete from records_field where record_id = :id",
                "delete from records_grade where record_id = :id",
                "delete from records_item where id = :id",
            ):
                uow.connection.execute(text(statement), {"id": record.id})

    return tamper


def codes(archive: SmallArchive) -> set[str]:
    return {finding.code for finding in archive.fsck().findings}


def blob_of(archive: SmallArchive, external_id: str) -> str:
    with archive.kernel.database.reading() as connection:
        query = (
            "select c.sha256 from records_component c join records_version v on v.id = c.version_id "
            "join records_item i on i.id = v.record_id where i.external_id = :id and v.number = i.version"
        )
        return str(connection.execute(text(query), {"id": external_id}).scalar_one())


def test_an_untouched_archive_has_nothing_to_report(archive: SmallArchive) -> None:
    examined = archive.fsck()
    assert examined.findings == ()
    assert (examined.records, examined.files, examined.volumes) == (5, 6, 2)
    assert examined.entries == len(archive.entries())


def test_progress_counts_the_files_that_are_read_again(archive: SmallArchive) -> None:
    seen: list[int] = []
    signer = load_signer(archive.settings.ledger.key_path, archive.settings.ledger.origin)
    Examination(archive.kernel.database, archive.kernel.blobs, signer.trust(), seen.append).run()
    assert seen == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (sql("update records_item set title = '别的题名' where external_id = 't1'"), {"fsck-capture-differs"}),
        (sql("update records_item set published = null where external_id = 't1'"), {"fsck-capture-differs"}),
        (sql("update records_item set region = '360000' where external_id = 'e2'"), {"fsck-capture-differs"}),
        (
            sql("update records_version set title = '别的题名' where number = 1 and title like '%中学%终止%'"),
            {"fsck-capture-differs"},
        ),
        (
            sql(
                "update records_version set title = '别的', digest = :digest where number = 2",
                digest="0" * 64,
            ),
            {"fsck-capture-differs"},
        ),
        (sql("update records_version set hints = '{}' where number = 2"), {"fsck-capture-differs"}),
        (sql("update records_component set name = 'x.html' where ordinal = 1"), {"fsck-capture-differs"}),
        (
            sql("update records_component set sm3 = :sm3 where ordinal = 1", sm3="0" * 64),
            {"fsck-capture-differs", "fsck-digest-differs"},
        ),
        (
            sql("update records_component set size = size + 1 where ordinal = 1"),
            {"fsck-capture-differs", "fsck-digest-differs"},
        ),
        (
            sql("update records_component set sha256 = :sha256 where ordinal = 1", sha256="0" * 64),
            {"fsck-capture-differs", "blob-missing"},
        ),
        (sql("update records_version set number = 3 where number = 2"), {"fsck-versions", "fsck-capture-differs"}),
        (sql("update records_item set version = 3 where version = 2"), {"fsck-versions"}),
    ],
)
def test_changed_versions_and_files_are_named(archive: SmallArchive, tamper: Tamper, expected: set[str]) -> None:
    tamper(archive)
    assert codes(archive) == expected


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (lose_record("w1"), {"fsck-record-missing"}),
        (lose_record("t2"), {"fsck-record-missing", "fsck-item-numbers", "fsck-volume-items"}),
        (
            sql("update records_item set item_number = 5 where item_number = 2"),
            {"fsck-item-numbers", "fsck-volume-items", "fsck-record-differs"},
        ),
        (
            sql("update records_item set volume_id = null where external_id = 'e1'"),
            {"fsck-item-numbers", "fsck-volume-items", "fsck-record-differs"},
        ),
        (sql("update volumes_volume set item_count = 3 where number = 1"), {"fsck-item-numbers"}),
        (
            sql("update volumes_volume set number = 7 where number = 2"),
            {"fsck-volume-numbers", "fsck-volume-differs"},
        ),
        (
            sql("update volumes_volume set reference_code = 'Z002-ZY·D·370100-2026-D15-00009' where number = 2"),
            {"fsck-volume-unsealed"},
        ),
        (sql("update volumes_volume set state = 'open' where number = 2"), {"fsck-volume-missing"}),
    ],
)
def test_lost_records_and_changed_volumes_are_named(archive: SmallArchive, tamper: Tamper, expected: set[str]) -> None:
    tamper(archive)
    assert codes(archive) == expected


def test_a_volume_closed_by_hand_is_not_sealed(archive: SmallArchive) -> None:
    columns = "outcome, ended_on, 3, 'X-3', retention, 0, missing, declared, opened_at, closed_at"
    row = f"select 'vol_x', project_id, 'X', '', 'closed', {columns} from volumes_volume limit 1"  # noqa: S608 - our own
    sql(f"insert into volumes_volume {row}")(archive)
    found = archive.fsck().findings
    assert ("fsck-volume-unsealed", "volume/vol_x") in {(finding.code, finding.path) for finding in found}


def test_lost_bytes_are_named_with_their_place(archive: SmallArchive) -> None:
    sha256 = blob_of(archive, "e1")
    (archive.settings.home / "blobs" / sha256[:2] / sha256).unlink()
    (finding,) = archive.fsck().findings
    assert finding.code == "blob-missing"
    assert finding.path.startswith(f"record/{archive.record('e1').id}/")
    assert sha256 in finding.message


def test_changed_bytes_are_named(archive: SmallArchive) -> None:
    sha256 = blob_of(archive, "e1")
    path = archive.settings.home / "blobs" / sha256[:2] / sha256
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.write_bytes(data)
    assert codes(archive) == {"blob-changed"}


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (sql("update ledger_entry set data = :data", data=b"{}"), "ledger.leaf-wrong"),
        (sql("update ledger_entry set data = :data where type = 'record.captured'", data=b"{}"), "ledger.bytes-wrong"),
        (sql("update ledger_entry set actor = 'somebody' where type = 'volume.closed'"), "ledger.row-differs"),
        (sql("delete from ledger_entry where type = 'volume.closed'"), "fsck-volume-unsealed"),
        (sql("delete from ledger_entry where type = 'record.captured'"), "fsck-capture-differs"),
        (sql("update ledger_entry set type = 'record.renamed' where type = 'record.filed'"), "ledger.row-differs"),
        (sql("update ledger_checkpoint set note = :note", note=b"x"), "ledger.checkpoint-unreadable"),
        (sql('delete from ledger_node where level = 1 and "index" = 0'), "ledger.node-missing"),
    ],
)
def test_a_changed_ledger_is_named(archive: SmallArchive, tamper: Tamper, expected: str) -> None:
    tamper(archive)
    assert expected in codes(archive)


def test_an_unreadable_entry_does_not_hide_the_rest(archive: SmallArchive) -> None:
    record = archive.record("t1")
    volume = archive.volumes()[0].id
    sql("update ledger_entry set data = :data where subject_id = :id", data=b"{}", id=record.id)(archive)
    sql("update ledger_entry set data = :data where subject_id = :id", data=b"{}", id=volume)(archive)
    sql("update records_component set sm3 = :sm3 where ordinal = 1", sm3="0" * 64)(archive)
    found = archive.fsck()
    paths = {finding.path for finding in found.findings}
    assert {f"record/{record.id}", f"volume/{volume}"} <= paths
    assert sum(finding.code == "fsck-digest-differs" for finding in found.findings) == found.files


def test_looking_changes_nothing(archive: SmallArchive) -> None:
    def content() -> list[tuple[object, ...]]:
        with archive.kernel.database.reading() as connection:
            return [tuple(row) for row in connection.execute(text("select * from records_item order by id"))]

    before, size = content(), len(archive.entries())
    archive.fsck()
    assert (content(), len(archive.entries())) == (before, size)


def test_every_finding_has_its_sentence(archive: SmallArchive) -> None:
    sql("update records_component set sm3 = :sm3, size = 0 where ordinal = 1", sm3="0" * 64)(archive)
    sql("update volumes_volume set item_count = 9, number = 9")(archive)
    found = archive.fsck().findings
    assert len(found) > 5
    assert all("。" in finding.message and "{" not in finding.message for finding in found)
