"""Deciding by given codes, labels, title and body; asking when the evidence is missing, thin or contradictory."""

import time

import pytest

from archive.messages import catalogue
from archive.plan.service import load_plan
from classifiers.arbiter import classify
from classifiers.types import Decision, Evidence


def decide(title: str = "", **known: object) -> Decision:
    return classify(Evidence(id="t", title=title, **known), load_plan())  # type: ignore[arg-type]  # fields by name


def asked(decision: Decision) -> set[str]:
    return {reason.code for reason in decision.reasons if reason.code.startswith("classify-ask-")}


@pytest.mark.parametrize(
    ("title", "category", "code"),
    [
        ("某某路改造工程施工招标公告", "A02", "GC.02.01"),
        ("某某路改造工程施工招标计划", "A02", "GC.01.06"),
        ("某某路改造工程监理资格预审公告", "A02", "GC.02.02"),
        ("某某路改造工程施工变更公告", "A02", "GC.02.08"),
        ("某某路改造工程施工招标公告的更正", "A02", "GC.02.08"),
        ("更正公告：某某路改造工程施工招标公告", "A02", "GC.02.08"),
        ("某某路改造工程招标文件澄清公告", "A02", "GC.02.07"),
        ("某某路改造工程施工最高投标限价公告", "A02", "GC.02.09"),
        ("某某路改造工程施工[中标候选人公示]", "A02", "GC.06.01"),
        ("某某路改造工程施工[中标候选人公示变更][第1次变更]", "A02", "GC.06.01"),
        ("某某路改造工程施工中标结果公告", "A02", "GC.06.03"),
        ("某某路改造工程施工流标公告", "A02", "GC.09.02"),
        ("某某路改造工程施工合同公示", "A02", "GC.07.02"),
        ("某某路改造工程评标过程录音录像", "A02", "GC.05.09"),
        ("某某变电站变更工程施工招标公告", "A02", "GC.02.01"),
        ("某某学校家具政府采购意向", "D01", "ZC.01.01"),
        ("某某学校家具竞争性磋商公告", "D01", "ZC.02.01"),
        ("某某学校家具采购需求公示", "D01", "ZC.01.03"),
        ("某某学校家具单一来源采购公示", "D01", "ZC.01.06"),
        ("某某学校家具公开招标中标公告", "D01", "ZC.06.02"),
        ("某某学校家具中标（成交）结果公告", "D01", "ZC.06.02"),
        ("某某学校家具结果更正公告", "D01", "ZC.02.04"),
        ("某某学校家具废标公告", "D01", "ZC.06.05"),
        ("某某学校家具政府采购合同公告", "D01", "ZC.07.02"),
        ("某某学校家具采购评审报告", "D01", "ZC.05.07"),
        ("某某地块国有建设用地使用权挂牌出让公告", "B01", "TD.02.01"),
        ("某某地块国有建设用地使用权成交结果公示", "B01", "TD.05.02"),
        ("某某石料矿采矿权挂牌出让公告", "C01", "KQ.02.01"),
        ("某某公司股权转让信息预披露", "E01", "CQ.02.01"),
        ("某某公司办公楼招租公告", "E01", "CQ.02.02"),
        ("某某市医用耗材带量采购拟中选公示", "H01", "YX.04.01"),
        ("某某村鱼塘经营权流转公告", "J01", "NC.02.01"),
        ("某某集团工装服比选公告", "Z01", "QT.01.01"),
    ],
)
def test_a_clear_title_in_a_known_trade_is_decided(title: str, category: str, code: str) -> None:
    decision = decide(title, category=category)
    assert (decision.class_code, decision.needs_person) == (code, False)
    cls = load_plan().classes[code]
    assert (decision.doc_type, decision.stage, decision.trade_type) == (cls.doc_type, cls.stage, category[0])
    assert 0.7 < decision.confidence <= 1
    assert decision.is_notice


def test_a_dataset_number_decides_class_and_trade() -> None:
    decision = decide("某某路改造工程施工", data_no="513")
    assert (decision.class_code, decision.trade_type, decision.needs_person) == ("GC.06.03", "A", False)


def test_a_dataset_of_several_classes_is_resolved_by_its_qualifier_or_the_title() -> None:
    assert decide("某某路改造工程", data_no="503/BULLETIN_TYPE=2").class_code == "GC.02.02"
    assert decide("某某路改造工程资格预审公告", data_no="503").class_code == "GC.02.02"
    assert decide("某某路改造工程", data_no="503").class_code == "GC.02.01"


def test_an_attachment_code_counts_with_its_signed_twin() -> None:
    decision = decide("某某路改造工程中标候选人公示", attachment_codes=("PUBLICITY_DOC", "PUBLICITY_DOC_SIGN"))
    assert decision.class_code == "GC.06.01"
    assert "classify-by-file-code" in {reason.code for reason in decision.reasons}


def test_labels_of_sources_decide_where_the_title_is_silent() -> None:
    by_number = decide("某某路改造工程施工", source_label="003001004")
    assert (by_number.class_code, by_number.trade_type, by_number.needs_person) == ("GC.06.01", "A", False)
    by_word = decide("某某路改造工程施工", notice_type="中标结果公告", category="A02")
    assert (by_word.class_code, by_word.needs_person) == ("GC.06.03", False)


def test_the_body_decides_only_when_its_opening_and_its_phrases_agree() -> None:
    body = "招标公告\n一、招标条件\n本项目已批准建设。\n三、投标人资格要求\n四、招标文件的获取"
    assert decide("某某路改造工程施工", category="A02", body=body).needs_person is False
    thin = decide("某某路改造工程施工", category="A02", body="本项目已具备招标条件。")
    assert thin.class_code == "GC.02.01"
    assert asked(thin) == {"classify-ask-unsure"}


def test_nothing_known_asks_without_a_guess() -> None:
    decision = decide("某某事项", body="某某内容")
    assert (decision.class_code, decision.trade_type, decision.confidence) == (None, None, 0.0)
    assert asked(decision) == {"classify-ask-no-evidence"}


def test_a_missing_title_always_asks() -> None:
    decision = decide("  ", data_no="513")
    assert decision.class_code == "GC.06.03"
    assert asked(decision) == {"classify-ask-title-missing"}


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("某某路改造工程中标结果公告", {"notice_type": "中标候选人公示"}),
        ("某某路改造工程合同公示", {"source_label": "003001005"}),
        ("某某路改造工程中标候选人公示", {"data_no": "513"}),
    ],
)
def test_firm_evidence_that_contradicts_itself_asks(title: str, known: dict[str, object]) -> None:
    decision = decide(title, category="A02", **known)
    assert "classify-ask-conflict" in asked(decision)
    assert decision.runner_up not in {None, decision.class_code}


def test_a_title_that_contradicts_its_label_asks_one_that_refines_it_does_not() -> None:
    corrected = decide("某某路改造工程施工更正公告", category="A02", notice_type="招标公告")
    assert (corrected.class_code, corrected.needs_person) == ("GC.02.08", False)
    contradicted = decide("某某路改造工程施工中标结果公告", category="A02", notice_type="招标公告")
    assert contradicted.needs_person


def test_a_result_that_speaks_of_failure_is_never_decided_alone() -> None:
    decision = decide(
        "某某学校家具中标结果公告", category="D01", source_label="dfgg/zbgg", body="第2包因不足三家废标。"
    )
    assert decision.class_code == "ZC.06.02"
    assert asked(decision) == {"classify-ask-doubt"}


def test_an_unknown_trade_asks_with_the_kind_as_document_type() -> None:
    decision = decide("某某设备结果公告")
    assert decision.class_code is None
    assert decision.doc_type == "中标（成交）结果公告"
    assert asked(decision) == {"classify-ask-trade-unknown"}


def test_a_kind_that_the_trade_does_not_know_asks() -> None:
    decision = decide("某某学校家具中标候选人公示", category="D01")
    assert decision.class_code is None
    assert "classify-ask-no-class" in asked(decision)


def test_a_trade_is_found_in_the_unified_code_the_site_and_words() -> None:
    code = "D03-12350100MB02709751-20200319-102642-5"
    assert decide("某某家具招标公告", unified_deal_code=code).trade_type == "D"
    assert decide("某某家具招标公告", source_label="某省政府采购网").trade_type == "D"
    assert decide("某某地块国有建设用地使用权出让公告").trade_type == "B"


def test_the_letter_of_one_province_for_engineering_is_read_by_the_dataset() -> None:
    assert decide("某某路改造工程招标公告", category="G02", data_no="503").trade_type == "A"
    assert decide("某某企业排污权出让公告", category="G02", data_no="1050").trade_type == "G"


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("某某公司行政处罚决定书", ""),
        ("关于某某公司的公示", "经查，某某公司提供虚假材料，现作出如下处罚：记入供应商诚信档案，处以罚款。"),
    ],
)
def test_a_penalty_decision_is_no_notice(title: str, body: str) -> None:
    decision = decide(title, body=body)
    assert not decision.is_notice
    assert decision.needs_person
    assert "classify-ask-not-a-notice" in asked(decision)


def test_a_tender_notice_that_asks_for_a_clean_record_is_still_a_notice() -> None:
    body = "招标公告\n一、招标条件\n三、投标人资格要求：近三年未受过行政处罚。"
    assert decide("某某路改造工程施工招标公告", category="A02", body=body).is_notice


def test_rounds_come_with_the_decision() -> None:
    again = decide("某某学校家具竞争性磋商公告（二次）", category="D01")
    assert (again.round, again.correction, again.republication) == (2, 0, 0)
    corrected = decide("某某学校家具更正公告（第三次）", category="D01")
    assert (corrected.class_code, corrected.round, corrected.correction) == ("ZC.02.04", 1, 3)
    shown_again = decide("某某路改造工程[招标公告][重发公告第1次]", category="A02")
    assert (shown_again.class_code, shown_again.republication) == ("GC.02.01", 1)


def test_every_reason_has_its_sentence_with_all_its_values() -> None:
    decisions = [
        decide("某某路改造工程中标结果公告", category="A02", notice_type="招标公告", data_no="503", body="招标条件"),
        decide("某某学校家具中标候选人公示", category="D01"),
        decide("", body="某某"),
        decide("某某公司行政处罚决定书"),
    ]
    for reason in (reason for decision in decisions for reason in decision.reasons):
        assert reason.code in catalogue()
        assert "{" not in reason.sentence("zh") + reason.sentence("en")


def test_questions_stand_last() -> None:
    reasons = decide("", data_no="513").reasons
    assert reasons[-1].code == "classify-ask-title-missing"
    assert reasons[0].code == "classify-by-data-set"


def test_the_same_evidence_gives_the_same_decision() -> None:
    assert decide("某某路改造工程施工招标公告", category="A02") == decide("某某路改造工程施工招标公告", category="A02")


@pytest.mark.parametrize(
    "title", ["招" * 10_000, "(" * 10_000, "第" * 5_000 + "一次" * 5_000, "\x00\ufffe\ud800", "【】"]
)
def test_a_hostile_title_is_only_a_title(title: str) -> None:
    assert decide(title, category="A02").trade_type == "A"


def test_a_typical_notice_takes_about_a_millisecond() -> None:
    body = "招标公告\n一、招标条件\n" + "本项目位于某某区，建设规模为道路全长两千米。" * 90
    evidence = Evidence(id="t", title="某某路改造工程施工招标公告", body=body, category="A02")
    plan = load_plan()
    classify(evidence, plan)
    best = min(_timed(evidence) for _ in range(20))
    assert best < 0.005, "five times the aim, for a machine that others use too"


def _timed(evidence: Evidence) -> float:
    start = time.perf_counter()
    classify(evidence, load_plan())
    return time.perf_counter() - start
