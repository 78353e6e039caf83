"""Spreadsheets as people send them: where the heading is, what a row becomes, and which rows are refused."""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from archive.clock import FixedClock
from archive.errors import ArchiveError, InvalidInput, SourceFailed
from archive.messages import catalogue
from archive.records.types import Delivery
from ingest.connectors.port import Arrival, Context, Gone, Held, Known, Refused, Same
from ingest.connectors.secrets import Secrets
from ingest.connectors.sheets.connector import open_sheets
from ingest.types import ArrivalStatus, SeenArrival, Source
from tests.small_portal import LOCALE

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEADING = ("序号", "标题", "预算金额", "发布时间")


def seen(external_id: str) -> SeenArrival:
    unset = (None, "", None, None, None)
    return SeenArrival("s", external_id, ArrivalStatus.CAPTURED, *unset, NOW, NOW, NOW, NOW)


def read(
    path: Path,
    known: Callable[[str], Known | None] = lambda _: None,
    held: Sequence[str] = (),
    again: bool = False,
    **options: object,
) -> list[Arrival]:
    captured = Held(lambda _=None: iter([seen(each) for each in held]), lambda _before, _limit: [])
    context = Context(LOCALE, FixedClock(NOW), Secrets(path.parent), captured, path.parent)
    position = {"path": str(path)} if again else {}
    with open_sheets(Source("s", "sheets", str(path), position, NOW, options=options), context) as opened:
        return list(opened.connector.arrivals(known))


def workbook(folder: Path, *rows: Sequence[object]) -> Path:
    made, path = Workbook(), folder / "rows.xlsx"
    for row in rows:
        made.active.append(row)
    made.save(path)
    return path


def titles(arrivals: Sequence[Arrival]) -> list[str]:
    return [arrival.what.title for arrival in arrivals if isinstance(arrival.what, Delivery)]


def codes(arrivals: Sequence[Arrival]) -> list[str]:
    found = [arrival.what.code for arrival in arrivals if isinstance(arrival.what, Refused)]
    assert all(code in catalogue() for code in found)
    return found


def test_the_heading_need_not_come_first(tmp_path: Path) -> None:
    row = [1, "甲", 12.5, datetime(2026, 5, 4)]  # noqa: DTZ001 - cells have no zone
    path = workbook(tmp_path, ["某中心公告汇总"], [], ["单位：", "某中心"], HEADING, row)
    (arrival,) = read(path)
    assert isinstance(arrival.what, Delivery)
    assert (arrival.what.title, arrival.what.published) == ("甲", datetime(2026, 5, 3, 16, tzinfo=UTC))
    main, envelope = arrival.what.components
    assert "<th>预算金额</th><td>12.5</td>" in main.open().read().decode()
    said = json.loads(envelope.open().read())
    assert (said["sheet"], said["number"], said["row"]["标题"]) == ("Sheet", 5, "甲")


def test_a_row_is_the_same_whatever_its_number(tmp_path: Path) -> None:
    first = read(workbook(tmp_path, HEADING, [1, "甲", 1, "2026-05-04"], [2, "乙", 1, "2026-05-04"]))
    moved = read(workbook(tmp_path, HEADING, [1, "丙", 1, "2026-05-04"], [2, "甲", 1, "2026-05-04"]))
    assert first[0].external_id == moved[1].external_id
    known = Known(first[0].fingerprint, gone=False, checked_at=NOW)
    again = read(workbook(tmp_path, HEADING, [9, "甲", 1, "2026-05-04"]), lambda _: known)
    assert isinstance(again[0].what, Same)


def test_equal_rows_are_numbered(tmp_path: Path) -> None:
    first, second = read(workbook(tmp_path, HEADING, [1, "甲", 1, ""], [2, "甲", 1, ""]))
    assert second.external_id == f"{first.external_id}#2"


def test_an_id_given_twice_is_taken_once(tmp_path: Path) -> None:
    heading = ("编号", "标题")
    arrivals = read(workbook(tmp_path, heading, ["a", "甲"], ["a", "乙"], ["b", "丙"]))
    assert (titles(arrivals), codes(arrivals)) == (["甲", "丙"], ["row-id-twice"])


def test_bad_rows_are_refused_by_name_and_the_others_read(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [1, "甲", "面议", "2026-05-04"],
        ["乙", "12.5", "2026-05-04"],
        list(HEADING),
        [4, None, 3, "2026-05-04"],
        [5, "丁", 3, "2026-05-04", "多"],
        [6, "戊", 3, "2026-05-04"],
    ]
    arrivals = read(workbook(tmp_path, HEADING, *rows))
    assert titles(arrivals) == ["戊"]
    assert codes(arrivals) == [
        "row-column-kind",
        "row-columns-shifted",
        "row-repeats-heading",
        "row-without-title",
        "row-columns-shifted",
    ]


def test_what_a_column_holds_can_be_said(tmp_path: Path) -> None:
    path = workbook(tmp_path, HEADING, [1, "甲", "面议", "2026-05-04"])
    assert titles(read(path, columns={"预算金额": "text"})) == ["甲"]
    with pytest.raises(ArchiveError, match="columns-unknown"):
        read(path, columns={"预算金额": "picture"})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_texts_are_read_in_any_encoding_and_with_any_mark(tmp_path: Path, encoding: str, mark: str) -> None:
    path = tmp_path / "rows.csv"
    lines = [mark.join(HEADING), mark.join(["1", '"甲\n二行"', "12.5", "2026-05-04"])]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    assert titles(read(path)) == ["甲\n二行"]


def test_rows_that_left_the_file_are_gone_only_if_it_is_the_same_file(tmp_path: Path) -> None:
    path = workbook(tmp_path, HEADING, [1, "甲", 1, ""])
    assert [type(each.what) for each in read(path, held=["lost"])] == [Delivery]
    assert [type(each.what) for each in read(path, held=["lost"], again=True)] == [Delivery, Gone]
    assert [type(each.what) for each in read(path, held=["lost"], again=True, vanished="keep")] == [Delivery]


def test_a_sheet_without_a_heading_is_named_and_nothing_counts_as_gone(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["a", "b"], ["c", "d"])
    assert codes(read(path, held=["lost"], again=True)) == ["sheet-without-heading"]


def test_a_broken_file_fails_and_says_so(tmp_path: Path) -> None:
    path = workbook(tmp_path, HEADING, [1, "甲", 1, ""])
    whole = path.read_bytes()
    for broken in (b"", whole[: len(whole) // 2], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600):
        path.write_bytes(broken)
        with pytest.raises(SourceFailed) as caught:
            read(path)
        assert caught.value.code in catalogue()
    path.unlink()
    with pytest.raises(SourceFailed):
        read(path)


def test_two_cells_in_opposite_corners_ask_for_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path, HEADING, [1, "甲", 1, ""])
    corner = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row></sheetData>'
    data = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</sheetData>", corner))
    path.write_bytes(data.getvalue())
    arrivals = read(path)
    assert (titles(arrivals), codes(arrivals)) == (["甲"], ["row-columns-shifted"])


def test_where_a_heading_is_missing_or_rows_are_cleared_away_the_file_is_no_list(tmp_path: Path) -> None:
    context = Context(
        LOCALE, FixedClock(NOW), Secrets(tmp_path), Held(lambda _=None: iter(()), lambda *_: []), tmp_path
    )
    good = workbook(tmp_path, HEADING, (1, "项目一", 5, "2026-05-20"))
    with open_sheets(Source("s", "sheets", str(good), {}, NOW), context) as opened:
        assert opened.inventory is not None
        assert len(list(opened.inventory())) == 1
    with open_sheets(Source("s", "sheets", str(good), {}, NOW, options={"vanished": "keep"}), context) as opened:
        assert opened.inventory is None
    bad = workbook(tmp_path, ("甲", "乙"), ("一", "二"))
    with open_sheets(Source("s", "sheets", str(bad), {}, NOW), context) as opened:
        assert opened.inventory is not None
        with pytest.raises(InvalidInput, match="sheet-without-heading"):
            list(opened.inventory())
