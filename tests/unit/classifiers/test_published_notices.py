"""Measured on published notices, where they are at hand. A failure names rows by id, never by text."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.plan.service import load_plan
from classifiers.arbiter import classify
from classifiers.personal_data import detect, mask
from classifiers.types import Decision, Evidence

NOTICES = Path(__file__).resolve().parents[4] / "shared" / "data" / "notices"
pytestmark = pytest.mark.skipif(not NOTICES.is_dir(), reason="needs ../shared/data/notices")

JIANGXI = {"招标计划": "GC.01.06", "招标公告": "GC.02.01", "中标候选人公示": "GC.06.01"}
YICHANG = {"003001005": "GC.06.03", "003001004": "GC.06.01"}

Row = dict[str, str]


def rows(name: str) -> list[Row]:
    with (NOTICES / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [{key: value for key, value in json.loads(line).items() if isinstance(value, str)} for line in lines]


def decide(row: Row, *withheld: str) -> Decision:
    known = ("title", "body", "source_label", "category", "notice_type", "region")
    given = {key: row[key] for key in known if key in row and key not in withheld}
    return classify(Evidence(id=row["id"], **given), load_plan())  # type: ignore[arg-type]  # fields by name


def share(found: list[Row], test: Callable[[Row], bool]) -> float:
    return sum(map(test, found)) / len(found)


def wrong(found: list[Row], expected: Callable[[Row], str], *withheld: str) -> list[str]:
    decisions = [(row, decide(row, *withheld)) for row in found]
    return [r["id"] for r, decided in decisions if not decided.needs_person and decided.class_code != expected(r)]


def test_jiangxi_as_the_pipeline_sees_it() -> None:
    found = rows("jiangxi_ggzy")
    assert len(wrong(found, lambda row: JIANGXI[row["notice_type"]])) <= 1
    assert share(found, lambda row: not decide(row).needs_person) > 0.95


def test_jiangxi_without_its_label_asks_rather_than_errs() -> None:
    found = rows("jiangxi_ggzy")
    assert len(wrong(found, lambda row: JIANGXI[row["notice_type"]], "notice_type")) <= 2
    assert share(found, lambda row: not decide(row, "notice_type").needs_person) > 0.8


@pytest.mark.parametrize("withheld", [(), ("source_label",)])
def test_yichang(withheld: tuple[str, ...]) -> None:
    found = rows("yichang_ggzy_html")
    assert wrong(found, lambda row: YICHANG[row["source_label"]], *withheld) == []
    assert share(found, lambda row: not decide(row, *withheld).needs_person) > 0.99


def test_purchase_intentions_by_title() -> None:
    found = rows("shandong_intentions")
    assert wrong(found, lambda _: "ZC.01.01", "source_label") == []


def test_penalty_decisions_are_never_filed_alone_and_notices_are_never_taken_for_them() -> None:
    penalties = rows("caib_penalties")
    assert all(decide(row).needs_person for row in penalties)
    assert share(penalties, lambda row: not decide(row).is_notice) > 0.75
    for name in ("jiangxi_ggzy", "yichang_ggzy_html"):
        assert [row["id"] for row in rows(name) if not decide(row, "notice_type", "source_label").is_notice] == []


@pytest.mark.parametrize("name", ["jiangxi_ggzy", "yichang_ggzy_html"])
def test_no_number_of_a_person_survives_masking(name: str) -> None:
    found = rows(name)
    assert any(detect(row["body"]) for row in found)
    assert [row["id"] for row in found if detect(mask(row["body"]).text)] == []
