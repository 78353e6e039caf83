"""What a second delivery comes to: one table, one test for each of its rows, through the real adapters.

The table that people read stands in `docs/reconciliation.md` and must say the same.
"""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from archive.authorization import PUBLIC_ACTOR
from archive.errors import NotFound
from archive.records.repository import RecordRepository
from archive.records.types import Delivery, RecordState, Version, VersionReason
from ingest.connectors.port import DELETED, GONE, WITHDRAWN, Arrival, Gone, Refused, Stated, Withdrawn
from ingest.types import ArrivalStatus, Summary
from tests.functional.command_line import ROOT
from tests.small_archive import SmallArchive, attachment, gone, notice, taken_back, tender

Row = Callable[[SmallArchive], Summary]

EARLY, LATE = datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 5, 5, tzinfo=UTC)
PLAN: Final = ("plan.pdf", b"%PDF-1.4 a plan")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def dated(delivery: Delivery | Withdrawn, revised: datetime, external_id: str = "n1") -> Arrival:
    return Arrival(external_id, delivery, stated=Stated(revised=revised))


def versions(archive: SmallArchive, external_id: str = "n1") -> list[Version]:
    with archive.kernel.database.reading() as connection:
        return RecordRepository(connection).versions(archive.record(external_id).id)


def main_digest(archive: SmallArchive, external_id: str, number: int = 1) -> str:
    version = next(version for version in versions(archive, external_id) if version.number == number)
    with archive.kernel.database.reading() as connection:
        return RecordRepository(connection).components(version.id)[0].sha256


def is_public(archive: SmallArchive, external_id: str) -> bool:
    try:
        archive.reader().find(PUBLIC_ACTOR, archive.record(external_id).id)
    except NotFound:
        return False
    return True


def status(archive: SmallArchive, external_id: str = "n1") -> ArrivalStatus:
    seen = archive.arrival(external_id)
    assert seen is not None
    return seen.status


def published(archive: SmallArchive) -> None:
    """One notice that the public sees."""
    archive.take(tender(1, "望岳大道改造工程"))
    archive.work()
    assert is_public(archive, "t1")


def unchanged(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告", attachment(*PLAN)))
    before = archive.entries()
    summary = archive.take(notice("n1", "公告", attachment(*PLAN)))
    assert archive.entries() == before
    assert [version.number for version in versions(archive)] == [1]
    return summary


def renamed(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告", attachment(*PLAN)))
    summary = archive.take(replace(notice("n1", "公告", attachment(*PLAN)), title="另一公告"))
    assert [version.reason for version in versions(archive)] == [VersionReason.CAPTURED, VersionReason.RENAMED]
    assert main_digest(archive, "n1", 1) == main_digest(archive, "n1", 2)
    return summary


def file_renamed(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告", attachment(*PLAN)))
    summary = archive.take(notice("n1", "公告", attachment("other.pdf", PLAN[1])))
    assert versions(archive)[-1].reason is VersionReason.RENAMED
    return summary


def changed(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告"))
    summary = archive.take(notice("n1", "公告", body="另一正文。"))
    assert [version.reason for version in versions(archive)] == [VersionReason.CAPTURED, VersionReason.CHANGED]
    assert main_digest(archive, "n1", 1) != main_digest(archive, "n1", 2)
    return summary


def changed_and_renamed(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告"))
    summary = archive.take(notice("n1", "另一公告", body="另一正文。"))
    assert [version.title for version in versions(archive)] == ["公告", "另一公告"]
    assert versions(archive)[-1].reason is VersionReason.CHANGED
    return summary


def added(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告"))
    summary = archive.take(notice("n2", "另一公告", body="另一正文。"))
    assert set(archive.records()) == {"n1", "n2"}
    return summary


def two_transactions(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告", attachment(*PLAN)))
    summary = archive.take(notice("n2", "公告", attachment(*PLAN)))
    assert archive.record("n1").id != archive.record("n2").id
    assert main_digest(archive, "n1") == main_digest(archive, "n2")
    stored = [path for path in (archive.settings.home / "blobs").rglob("*") if path.is_file()]
    assert len({path.name for path in stored}) == len(stored) == 2
    return summary


def replaced_under_a_new_name(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告"))
    summary = archive.take(notice("n2", "公告"), taken_back("n1"))
    assert archive.states() == {"n1": RecordState.WITHDRAWN, "n2": RecordState.CAPTURED}
    assert main_digest(archive, "n1") == main_digest(archive, "n2")
    return summary


def withdrawn(archive: SmallArchive) -> Summary:
    published(archive)
    archive.take(tender(1, "望岳大道改造工程", body="另一正文。"))
    summary = archive.take(taken_back("t1"))
    assert archive.record("t1").state is RecordState.WITHDRAWN
    assert [version.number for version in versions(archive, "t1")] == [1, 2]
    tombstone = archive.reader().find(PUBLIC_ACTOR, archive.record("t1").id)
    assert not tombstone.components
    return summary


def withdrawn_twice(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告"), taken_back("n1"))
    before = len(archive.entries())
    summary = archive.take(taken_back("n1"))
    assert len(archive.entries()) == before
    return summary


def shown_again(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告"), taken_back("n1"))
    summary = archive.take(notice("n1", "公告"))
    assert archive.record("n1").state is RecordState.CAPTURED
    assert versions(archive)[-1].reason is VersionReason.REAPPEARED
    return summary


def gone_at_source(archive: SmallArchive) -> Summary:
    published(archive)
    summary = archive.take(gone("t1"))
    assert (status(archive, "t1"), is_public(archive, "t1")) == (ArrivalStatus.GONE, True)
    assert archive.record("t1").state is RecordState.PLACED
    return summary


def gone_and_back(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告"), gone("n1"))
    summary = archive.take(notice("n1", "公告"))
    assert status(archive) is ArrivalStatus.CAPTURED
    assert [version.number for version in versions(archive)] == [1]
    return summary


def older_after_newer(archive: SmallArchive) -> Summary:
    archive.take(dated(notice("n1", "公告", body="新。"), LATE))
    old = notice("n1", "公告", body="旧。")
    summary = archive.take(dated(old, EARLY))
    assert [version.number for version in versions(archive)] == [1]
    (superseded,) = [entry for entry in archive.entries() if entry.event.type == "source.item_superseded"]
    kept = superseded.event.body["components"]
    assert isinstance(kept, list)
    with old.components[0].open() as expected, archive.kernel.blobs.open(str(kept[0])) as found:
        assert found.read() == expected.read()
    assert archive.fsck().findings == ()
    return summary


def older_twice(archive: SmallArchive) -> Summary:
    older_after_newer(archive)
    before = len(archive.entries())
    summary = archive.take(dated(notice("n1", "公告", body="旧。"), EARLY))
    assert len(archive.entries()) == before
    return summary


def withdrawn_before_the_newer(archive: SmallArchive) -> Summary:
    archive.take(dated(notice("n1", "公告"), LATE))
    summary = archive.take(dated(Withdrawn(DELETED), EARLY))
    assert archive.record("n1").state is RecordState.CAPTURED
    return summary


def deleted_before_created(archive: SmallArchive) -> Summary:
    first = archive.take(dated(Withdrawn(DELETED), LATE))
    assert (first.withdrawn, archive.records()) == (1, {})
    summary = archive.take(dated(notice("n1", "公告"), EARLY))
    assert archive.record("n1").state is RecordState.WITHDRAWN
    assert status(archive) is ArrivalStatus.WITHDRAWN
    archive.work()
    assert archive.record("n1").state is RecordState.WITHDRAWN
    assert not is_public(archive, "n1")
    return summary


def deleted_before_created_twice(archive: SmallArchive) -> Summary:
    deleted_before_created(archive)
    before = len(archive.entries())
    archive.take(dated(Withdrawn(DELETED), LATE))
    summary = archive.take(dated(notice("n1", "公告"), EARLY))
    assert len(archive.entries()) == before
    assert [version.number for version in versions(archive)] == [1]
    return summary


def created_anew(archive: SmallArchive) -> Summary:
    archive.take(dated(notice("n1", "公告"), EARLY), dated(Withdrawn(DELETED), LATE))
    summary = archive.take(dated(notice("n1", "公告"), LATE + timedelta(hours=1)))
    assert archive.record("n1").state is RecordState.CAPTURED
    assert versions(archive)[-1].reason is VersionReason.REAPPEARED
    return summary


def deleted_then_only_the_newer_came(archive: SmallArchive) -> Summary:
    archive.take(dated(Withdrawn(DELETED), EARLY))
    summary = archive.take(dated(notice("n1", "公告"), LATE))
    assert (archive.record("n1").state, status(archive)) == (RecordState.CAPTURED, ArrivalStatus.CAPTURED)
    return summary


def refused_then_mended(archive: SmallArchive) -> Summary:
    first = archive.take(Arrival("n1", Refused("row-without-content", {"external_id": "n1"}, b"{}")))
    assert (len(first.refused), archive.records()) == (1, {})
    summary = archive.take(notice("n1", "公告"))
    assert status(archive) is ArrivalStatus.CAPTURED
    return summary


def refused_after_good(archive: SmallArchive) -> Summary:
    archive.take(notice("n1", "公告"))
    summary = archive.take(Arrival("n1", Refused("row-without-content", {"external_id": "n1"}, b"{}")))
    assert [version.number for version in versions(archive)] == [1]
    with archive.kernel.blobs.open(str(archive.arrival("n1").raw_sha256)) as raw:  # type: ignore[union-attr]  # it was seen
        assert raw.read() == io.BytesIO(b"{}").read()
    return summary


TABLE: Final[Mapping[str, tuple[str, Row]]] = {
    "the same bytes under the same name": ("unchanged 1", unchanged),
    "the same bytes under another title": ("renamed 1", renamed),
    "the same bytes, a file with another name": ("renamed 1", file_renamed),
    "other bytes under the same name": ("new versions 1", changed),
    "other bytes and another title": ("new versions 1", changed_and_renamed),
    "another id": ("captured 1", added),
    "the same bytes in two transactions": ("captured 1", two_transactions),
    "replaced under a new id": ("captured 1, withdrawn 1", replaced_under_a_new_name),
    "withdrawn": ("withdrawn 1", withdrawn),
    "withdrawn again": ("unchanged 1", withdrawn_twice),
    "shown again after it was withdrawn": ("new versions 1", shown_again),
    "gone at the source": ("gone 1", gone_at_source),
    "shown again after it was gone": ("unchanged 1", gone_and_back),
    "an older state after a newer one": ("superseded 1", older_after_newer),
    "the same older state again": ("unchanged 1", older_twice),
    "an older withdrawal after a newer state": ("superseded 1", withdrawn_before_the_newer),
    "created after it was deleted, with the older date": ("captured 1", deleted_before_created),
    "both once more": ("unchanged 1", deleted_before_created_twice),
    "created again after a deletion, with a newer date": ("new versions 1", created_anew),
    "deleted before it ever came, then created with a newer date": ("captured 1", deleted_then_only_the_newer_came),
    "refused, then mended": ("captured 1", refused_then_mended),
    "good, then refused": ("refused 1", refused_after_good),
}
"""What comes second, what the summary counts, and the test that looks at what has become of it."""


@pytest.mark.parametrize("case", TABLE)
def test_a_second_delivery_comes_to_what_the_table_says(archive: SmallArchive, case: str) -> None:
    counted, row = TABLE[case]
    assert said(row(archive)) == counted


def test_the_table_that_people_read_says_the_same() -> None:
    page = (ROOT / "docs/reconciliation.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([a-z ]+ \d(?:, [a-z ]+ \d)*) \| [^|]+ \|$", page, re.MULTILINE)
    assert dict(rows) == {case: counted for case, (counted, _) in TABLE.items()}


def test_what_was_deleted_before_it_came_stays_so_when_it_could_not_be_taken_in_at_first(archive: SmallArchive) -> None:
    archive.take(dated(Withdrawn(DELETED), LATE))
    archive.take(Arrival("n1", Refused("row-without-content", {"external_id": "n1"}, b"{}")))
    archive.take(dated(notice("n1", "公告"), EARLY))
    assert archive.record("n1").state is RecordState.WITHDRAWN


@pytest.mark.parametrize("code", [GONE, WITHDRAWN])
def test_what_never_came_and_is_no_longer_there_leaves_no_record(archive: SmallArchive, code: str) -> None:
    archive.take(Arrival("n1", Gone(code) if code == GONE else Withdrawn(code)))
    assert archive.records() == {}


def said(summary: Summary) -> str:
    counts = summary.as_json() | {"refused": len(summary.refused)}
    parts = {name: number for name, number in counts.items() if name != "received" and number}
    return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in parts.items())
