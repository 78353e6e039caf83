"""Notices from JSON lines: what is read, and how each bad line is named."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import SourceFailed
from archive.messages import catalogue
from archive.records.types import ComponentRole, Delivery
from ingest.connectors.notices import NoticesConnector
from ingest.connectors.port import Arrival, Refused
from tests.small_portal import LOCALE

GOOD = {"id": "ok", "title": " 招标公告 ", "body": "正文", "published": "2026-05-04 09:00"}


def line(**values: object) -> bytes:
    return json.dumps(GOOD | values, ensure_ascii=False).encode()


def read(folder: Path, *lines: bytes) -> list[Arrival]:
    path = folder / "notices.jsonl"
    path.write_bytes(b"\n".join(lines))
    return list(NoticesConnector(path, LOCALE).arrivals(lambda _: None))


def delivery(arrival: Arrival) -> Delivery:
    assert isinstance(arrival.what, Delivery)
    return arrival.what


def test_a_row_becomes_a_delivery_and_the_line_its_envelope(tmp_path: Path) -> None:
    data = line(region="370100", source_label="003001", url="/a.html", extra={"kept": "in the envelope"})
    (arrival,) = read(tmp_path, data)
    found = delivery(arrival)
    assert (found.external_id, found.title, found.region) == ("ok", "招标公告", "370100")
    assert found.published == datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
    assert found.hints == {"source_label": "003001", "region": "370100", "url": "/a.html"}
    main, envelope = found.components
    assert (main.name, main.role, main.open().read()) == ("notice.txt", ComponentRole.MAIN, "正文".encode())
    assert (envelope.role, envelope.open().read()) == (ComponentRole.ENVELOPE, data + b"")


def test_html_is_the_main_document_where_there_is_some(tmp_path: Path) -> None:
    (arrival,) = read(tmp_path, line(html="<p>正文</p>"))
    main = delivery(arrival).components[0]
    assert (main.name, main.media_type) == ("notice.html", "text/html")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_of_chinese_systems_are_read(tmp_path: Path, encoding: str) -> None:
    (arrival,) = read(tmp_path, json.dumps(GOOD, ensure_ascii=False).encode(encoding))
    assert delivery(arrival).title == "招标公告"


BAD = {
    "no JSON": (b"{", "row-not-json"),
    "half a line": (line()[:20], "row-not-json"),
    "no object": (b"[1, 2]", "row-not-json"),
    "null": (b"null", "row-not-json"),
    "deeper than anybody means": (b"[" * 100_000, "row-not-json"),
    "a number longer than Python reads": (b'{"id": ' + b"9" * 5000 + b"}", "row-not-json"),
    "neither UTF-8 nor GB18030": (b'{"id": "\xff\xff"}', "row-not-utf8"),
    "UTF-16": (line().decode().encode("utf-16-le"), "row-not-json"),
    "no id": (line(id=None), "row-without-id"),
    "an empty id": (line(id="  "), "row-without-id"),
    "an id that is a number": (line(id=7), "row-without-id"),
    "an id with half a character": (b'{"id": "\\ud800", "body": "x"}', "row-without-id"),
    "a title that is a number": (line(title=7), "row-field-type"),
    "a body that is a list": (line(body=["正文"]), "row-field-type"),
    "a date that is an object": (line(published={"$date": 1}), "row-field-type"),
    "no content": (line(body=" ", html=""), "row-without-content"),
}


@pytest.mark.parametrize(("data", "code"), BAD.values(), ids=BAD)
def test_a_bad_line_is_refused_by_name_and_the_others_are_read(tmp_path: Path, data: bytes, code: str) -> None:
    first, bad, last = read(tmp_path, line(), data, line(id="last"))
    assert isinstance(bad.what, Refused)
    assert bad.what.code == code
    assert code in catalogue()
    assert bad.what.raw.rstrip(b"\n") == data
    assert bad.external_id.encode()
    assert (delivery(first).external_id, delivery(last).external_id) == ("ok", "last")


def test_lines_without_an_id_are_told_apart_by_their_content(tmp_path: Path) -> None:
    ids = [arrival.external_id for arrival in read(tmp_path, b"{", b"[")]
    again = [arrival.external_id for arrival in read(tmp_path, b"[", b"[")]
    assert len({*ids, *again}) == 3
    assert ids[1] == again[1]


def test_half_a_character_in_a_title_is_marked_not_dropped(tmp_path: Path) -> None:
    (arrival,) = read(tmp_path, b'{"id": "a", "title": "\\ud800x", "body": "y\\udfff", "url": "\\udcff"}')
    found = delivery(arrival)
    assert (found.title, found.hints["url"]) == ("\ufffdx", "\ufffd")
    assert found.components[0].open().read().decode() == "y\ufffd"


def test_a_date_that_is_none_is_unknown_not_invented(tmp_path: Path) -> None:
    found = [delivery(arrival) for arrival in read(tmp_path, line(published="昨天"), line(published="0001-01-01"))]
    assert [each.published for each in found] == [None, None]


def test_blank_lines_are_nothing(tmp_path: Path) -> None:
    assert len(read(tmp_path, b"", line(), b"  ", b"")) == 1
    assert read(tmp_path) == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.jsonl", tmp_path):
        with pytest.raises(SourceFailed) as caught:
            list(NoticesConnector(path, LOCALE).arrivals(lambda _: None))
        assert caught.value.code == "import-path"


TABLE = "1\t甲项目\t内容\t12.50\t否\t2026年03月"
SHIFTED = "乙项目\t内容\t98\t是\t2026年04月"


def test_a_table_with_a_shifted_line_is_refused_and_the_line_named(tmp_path: Path) -> None:
    good, bad = read(tmp_path, line(body=f"{TABLE}\n{TABLE}"), line(id="bad", body=f"{TABLE}\n{SHIFTED}"))
    assert delivery(good).external_id == "ok"
    assert isinstance(bad.what, Refused)
    assert (bad.what.code, bad.what.params["line"]) == ("row-table-shifted", 2)
    assert bad.what.code in catalogue()


def test_a_cell_over_several_lines_is_no_shift(tmp_path: Path) -> None:
    over = TABLE.replace("内容", "一、内容\n二、其他\n三、再者")
    (arrival,) = read(tmp_path, line(body=f"{TABLE}\n{over}\n\n附注\t无"))
    assert delivery(arrival).external_id == "ok"


def test_a_mapping_says_where_a_row_has_what(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    path.write_text(json.dumps({"KEY": 7, "NAME": "公告", "TEXT": "<p>正文</p>", "PRICE_UINT": "1", "SUM": "1.5"}))
    mapping = {
        "id": "key",
        "title": "NAME",
        "content": "TEXT",
        "hints.budget": {"field": "SUM", "as": "money", "unit_field": "PRICE_UNIT"},
    }
    (arrival,) = NoticesConnector(path, LOCALE, mapping).arrivals(lambda _: None)
    found = delivery(arrival)
    assert (found.external_id, found.title, found.components[0].name) == ("7", "公告", "notice.html")
    assert found.hints == {"budget": "1.5", "budget_fen": "1500000"}
