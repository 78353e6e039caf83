"""Finding and showing, as three readers: each sees what it may and nothing tells of the rest."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.functional.command_line import called

HIT = {"record", "title", "class", "doc_type", "project", "reference_code", "published", "snippet"}
STATUS = {"records", "volumes", "review", "returned", "refused", "gone", "ledger", "index", "jobs", "sources"}
STATES = {"captured", "checked", "classified", "waiting", "returned", "placed", "filed", "withdrawn"}
RECORD = {
    *("id", "title", "state", "version", "class", "doc_type", "trade_type", "region", "published", "access_level"),
    *("project", "volume", "reference_code"),
}
MORE_OF_A_RECORD = {
    *("kind", "source", "external_id", "redacted", "withdrawn"),
    *("versions", "components", "fields", "text", "history"),
}
VOLUME = {"id", "section", "state", "outcome", "ended_on", "reference_code", "retention", "items", "missing"}

_SETTLED = "settled_version IS NOT NULL"
READERS = {
    "public": f"level = 'public' AND {_SETTLED} AND released_from <= datetime('now')",
    "inspector": "level <> 'sealed'",
    "archivist": "true",
    "system": "true",
}
"""Which records each reader may see, written down a second time, as SQL."""


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{home}/archive.db?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


def may_see(home: Path, reader: str, more: str = "true") -> set[str]:
    return {record for (record,) in rows(home, f"SELECT id FROM records_item WHERE {READERS[reader]} AND {more}")}  # noqa: S608 - both are written in this file


def everything(home: Path, reader: str, text: str = "") -> list[dict[str, Any]]:
    """All hits, page by page."""
    hits: list[dict[str, Any]] = []
    while True:
        ran = called(
            "search", text, "--as", reader, "--size", "20", "--offset", str(len(hits)), "--home", home, "--json"
        )
        assert ran.code == 0, ran.err
        assert set(ran.value) == {"total", "hits"}
        hits += ran.value["hits"]
        if not ran.value["hits"] or len(hits) >= ran.value["total"]:
            assert len(hits) == ran.value["total"]
            return hits


@pytest.mark.parametrize("reader", READERS)
def test_each_reader_finds_exactly_what_it_may_see(demo_home: Path, reader: str) -> None:
    expected = may_see(demo_home, reader)
    found = everything(demo_home, reader)
    assert {hit["record"] for hit in found} == expected
    assert len(found) == len(expected) > 0
    assert all(set(hit) == HIT for hit in found)


def test_the_public_never_sees_what_is_restricted_or_waits_for_a_person(demo_home: Path) -> None:
    hidden = may_see(
        demo_home, "system", "level IN ('internal', 'restricted', 'sealed') OR state IN ('waiting', 'returned')"
    )
    assert len(hidden) > 10
    answers = [called("show", record, "--home", demo_home, "--json") for record in hidden]
    assert {answer.code for answer in answers} == {1}
    assert {answer.value["error"]["code"] for answer in answers} == {"reference-unknown"}


def test_the_anonymous_reader_is_the_default(demo_home: Path) -> None:
    assert called("search", "公告", "--home", demo_home, "--json").out == (
        called("search", "公告", "--as", "public", "--home", demo_home, "--json").out
    )


def test_what_is_found_says_what_was_asked_for(demo_home: Path) -> None:
    found = everything(demo_home, "public", "中标结果公告")
    assert found
    assert all("中标结果" in hit["title"] + hit["snippet"] + (hit["doc_type"] or "") for hit in found)


def test_a_project_code_and_a_reference_code_find_their_records(demo_home: Path) -> None:
    ((reference,),) = rows(
        demo_home,
        "SELECT reference_code FROM records_item WHERE reference_code <> '' AND released_from IS NOT NULL LIMIT 1",
    )
    assert [hit["reference_code"] for hit in everything(demo_home, "public", f'"{reference}"')] == [reference]
    code, members = rows(
        demo_home,
        "SELECT p.code, count(*) FROM records_item i JOIN volumes_project p ON p.id = i.project_id"
        " WHERE p.code IS NOT NULL GROUP BY p.code ORDER BY 1 LIMIT 1",
    )[0]
    assert len(everything(demo_home, "archivist", code)) >= members


def test_nothing_found_is_an_answer_not_a_failure(demo_home: Path) -> None:
    ran = called("search", "不存在的词语组合", "--home", demo_home, "--json")
    assert (ran.code, ran.value) == (0, {"total": 0, "hits": []})


def test_for_people_there_is_a_table_and_no_json(demo_home: Path) -> None:
    said = called("search", "公告", "--home", demo_home)
    assert said.code == 0
    assert "共 " in said.out
    assert not said.out.lstrip().startswith("{")


def test_a_record_is_shown_by_id_and_by_reference_code(demo_home: Path) -> None:
    record, reference = rows(
        demo_home,
        "SELECT id, reference_code FROM records_item WHERE state='filed' AND released_from IS NOT NULL ORDER BY 2",
    )[0]
    by_id, by_code = (called("show", name, "--home", demo_home, "--json").value for name in (record, reference))
    assert by_id == by_code
    assert by_id["kind"] == "record"
    assert set(by_id) == RECORD | MORE_OF_A_RECORD
    assert by_id["id"] == record
    assert by_id["text"]
    assert by_id["versions"][-1]["number"] == by_id["version"]
    assert {"id", "role", "name", "size", "sha256", "sm3"} == set(by_id["components"][0])
    assert by_id["history"][0]["type"] == "record.captured"


def test_the_public_copy_leaves_out_what_is_not_for_it(demo_home: Path) -> None:
    ((record,),) = rows(
        demo_home, "SELECT id FROM records_item WHERE state='filed' AND released_from IS NOT NULL LIMIT 1"
    )
    public, full = (
        called("show", record, "--as", reader, "--home", demo_home, "--json").value
        for reader in ("public", "archivist")
    )
    assert (public["redacted"], full["redacted"]) == (True, False)
    assert "envelope" in {component["role"] for component in full["components"]}
    assert "envelope" not in {component["role"] for component in public["components"]}
    assert full["fields"]
    assert public["fields"] == {}


def test_of_a_withdrawn_record_the_public_sees_the_tombstone(demo_home: Path) -> None:
    ((record,),) = rows(demo_home, "SELECT id FROM records_item WHERE state='withdrawn'")
    shown = called("show", record, "--home", demo_home, "--json").value
    assert (shown["withdrawn"], shown["text"], shown["components"]) == (True, "", [])
    assert shown["title"]


@pytest.mark.parametrize("reader", ["public", "inspector", "archivist"])
def test_a_volume_and_a_project_are_shown_by_id_and_by_code(demo_home: Path, reader: str) -> None:
    volume, reference, project, code = rows(
        demo_home,
        "SELECT v.id, v.reference_code, p.id, p.code FROM volumes_volume v JOIN volumes_project p"
        " ON p.id = v.project_id WHERE v.state='closed' AND v.section <> '' AND p.code IS NOT NULL",
    )[0]
    shown = {
        name: called("show", name, "--as", reader, "--home", demo_home, "--json").value
        for name in (volume, reference, project, code)
    }
    assert shown[volume] == shown[reference]
    assert shown[project] == shown[code]
    assert set(shown[volume]) == VOLUME | {"kind", "project", "records"}
    assert set(shown[project]) == {"kind", "id", "name", "code", "deal_code", "volumes", "records"}
    assert shown[volume]["kind"] == "volume"
    assert shown[project]["kind"] == "project"
    assert volume in {each["id"] for each in shown[project]["volumes"]}
    for place, column in ((volume, "volume_id"), (project, "project_id")):
        expected = may_see(demo_home, reader, f"{column} = '{place}'")
        assert {record["id"] for record in shown[place]["records"]} == expected


def test_status_agrees_with_what_is_stored_and_with_what_search_finds(demo_home: Path) -> None:
    status = called("status", "--home", demo_home, "--json").value
    assert set(status) == STATUS
    assert set(status["records"]) == STATES
    stored = Counter(dict(rows(demo_home, "SELECT state, count(*) FROM records_item GROUP BY state")))
    assert +Counter(status["records"]) == stored
    volumes = Counter(dict(rows(demo_home, "SELECT state, count(*) FROM volumes_volume GROUP BY state")))
    assert +Counter(status["volumes"]) == volumes
    assert status["index"] == {"lag": 0}
    assert status["jobs"] == {"pending": 0, "failed": []}
    ((entries,),) = rows(demo_home, "SELECT count(*) FROM ledger_entry")
    assert status["ledger"] == {"size": entries, "published": entries}
    assert status["review"] == status["records"]["waiting"]
    assert len(everything(demo_home, "archivist")) == sum(status["records"].values())
