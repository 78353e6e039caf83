"""The shipped plan: 185 classes, retention, ends, completeness, releases, regions and labels of sources."""

from datetime import UTC, date, datetime

import pytest

from archive.authorization import AccessLevel
from archive.errors import InvalidInput, NotFound
from archive.plan.service import DEFAULT_PLAN, load_plan
from archive.plan.types import Outcome

MOMENT = datetime(2025, 3, 24, 8, tzinfo=UTC)


def test_a_plan_is_read_once_and_holds_every_class_with_its_basis() -> None:
    plan = load_plan()
    assert plan is load_plan(DEFAULT_PLAN)
    assert len(plan.classes) == 185
    assert all(cls.basis and cls.retention in plan.retentions for cls in plan.classes.values())
    levels = [cls.access_level for cls in plan.classes.values()]
    assert [levels.count(level) for level in AccessLevel] == [50, 57, 64, 14]


def test_an_unknown_plan_class_or_period_is_not_found() -> None:
    with pytest.raises(NotFound, match="plan-unknown"):
        load_plan("nowhere-1")
    with pytest.raises(NotFound, match="plan-class-unknown"):
        load_plan().document_class("XX.01.01")
    with pytest.raises(NotFound, match="plan-retention-unknown"):
        load_plan().retention("D7")


@pytest.mark.parametrize(
    ("code", "released"),
    [("GC.06.01", True), ("GC.05.07", False), ("GC.04.01", False), ("ZC.08.04", False), ("ZC.07.01", False)],
)
def test_only_what_the_law_publishes_is_released_by_its_publication(code: str, *, released: bool) -> None:
    plan = load_plan()
    moment = plan.release_moment(plan.document_class(code), MOMENT)
    assert moment == (MOMENT if released else None)
    assert plan.release_moment(plan.document_class(code), None) is None


@pytest.mark.parametrize(
    ("code", "title", "outcome"),
    [
        ("GC.06.03", "", Outcome.AWARD),
        ("ZC.07.02", "", Outcome.AWARD),
        ("GC.06.01", "", None),
        ("GC.09.02", "某某路工程流标公告", Outcome.FAILED),
        ("GC.09.02", "某某路工程终止招标公告", Outcome.TERMINATED),
        ("TD.02.03", "某某地块补充公告", None),
        ("TD.02.03", "某某地块终止公告", Outcome.TERMINATED),
        ("GC.02.01", "", None),
    ],
)
def test_ends(code: str, title: str, outcome: Outcome | None) -> None:
    assert load_plan().ends(code, title) is outcome


def test_release_events_come_with_classes() -> None:
    plan = load_plan()
    assert plan.events("GC.04.01") == ("bid_open",)
    assert plan.events("TD.05.02") == ("deal_result",)
    assert plan.events("GC.01.01") == ()


def test_every_trade_has_a_completeness_rule_for_every_outcome() -> None:
    plan = load_plan()
    for trade in plan.trade_names:
        for outcome in Outcome:
            assert plan.required(trade, outcome)
    assert "GC.05.09" in plan.required("A", Outcome.AWARD)
    with pytest.raises(NotFound, match="plan-completeness-unknown"):
        plan.required("X", Outcome.AWARD)


def test_retention_counts_whole_years_and_permanent_never_falls_due() -> None:
    plan = load_plan()
    assert plan.retention("D15").due(date(2025, 3, 24)) == date(2040, 3, 24)
    assert plan.retention("D10").due(date(2024, 2, 29)) == date(2034, 3, 1)
    assert plan.retention("Y").due(date(2025, 3, 24)) is None
    assert plan.longest_retention(("D10", "Y", "D30")) == "Y"
    assert plan.longest_retention(("D10", "D15")) == "D15"
    assert plan.retention_start("D") == "procurement_end"
    assert plan.retention_start("A") == "process_end"
    with pytest.raises(InvalidInput, match="plan-retention-empty"):
        plan.longest_retention(())


def test_datasets_name_their_classes_with_and_without_qualifier() -> None:
    plan = load_plan()
    assert plan.classes_of_data("513") == ("GC.06.03",)
    assert plan.classes_of_data("503/BULLETIN_TYPE=2") == ("GC.02.02",)
    assert plan.classes_of_data("503/BULLETIN_TYPE=7") == plan.classes_of_data("503")
    assert plan.classes_of_data("503")[0] == "GC.02.01"
    assert plan.classes_of_data("99999") == ()


def test_a_signed_twin_has_the_class_of_its_main_file() -> None:
    plan = load_plan()
    assert (
        plan.classes_of_file_code("tender_notice_sign") == plan.classes_of_file_code("TENDER_NOTICE") == ("GC.02.01",)
    )
    assert plan.classes_of_file_code("UNHEARD_OF") == ()


@pytest.mark.parametrize(
    ("label", "trade"),
    [
        ("A01", "A"),
        ("D03", "D"),
        ("房建及市政工程", "A"),
        ("政府采购", "D"),
        ("H", "H"),
        ("信息技术", None),
        ("K01", None),
    ],
)
def test_trades_of_categories(label: str, trade: str | None) -> None:
    assert load_plan().trade_of_category(label) == trade


def test_labels_of_sources() -> None:
    plan = load_plan()
    channel = plan.channel(" 003001005 ")
    assert channel is not None
    assert (channel.class_code, channel.trade) == ("GC.06.03", "A")
    assert plan.channel("000000000") is None
    assert plan.trade_of_site("某省政府采购网") == "D"
    assert plan.trade_of_site("某省新闻网") is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("370000", "370000"),
        ("济南市", "370100"),
        ("山东省德州市某县", "371400"),
        ("山东省", "370000"),
        ("某某县", None),
        ("", None),
    ],
)
def test_regions_by_name(name: str, code: str | None) -> None:
    assert load_plan().region_code(name) == code


def test_the_fonds_is_the_one_of_the_nearest_centre() -> None:
    plan = load_plan()
    assert plan.fonds("371425") == plan.fonds("371400") != plan.fonds("370000")
    assert plan.fonds("379900") == plan.fonds("370000")
    assert plan.fonds("110000") == plan.default_fonds
