import hashlib
import re
from collections import defaultdict
from datetime import timedelta

import pytest

from ingest.simulator.life_cycles import KINDS, OUTCOMES, categories, rota
from ingest.simulator.portal import Platform
from ingest.simulator.rendering import render
from ingest.simulator.scenario import Scenario
from ingest.simulator.types import Attachment, Item

AWARDS = {
    "engineering": "GC.06.03",
    "procurement": "ZC.06.02",
    "land": "TD.05.02",
    "mining": "KQ.05.02",
    "property": "CQ.05.01",
    "drugs": "YX.04.02",
}
ENDINGS = {"engineering": "GC.09.02", "procurement": "ZC.06.05", "land": "TD.02.03", "property": "CQ.02.03"}


def rounds(platform: Platform) -> dict[tuple[str, int], list[Item]]:
    found = defaultdict(list)
    for item in platform.items:
        found[item.project_code, item.round].append(item)
    return found


def test_equal_seeds_give_equal_platforms_and_other_seeds_others() -> None:
    one, two, other = (Platform(Scenario(seed, 6)) for seed in (5, 5, 6))
    assert one.items == two.items
    details = [[site.detail(item.infoid) for item in site.items[:12]] for site in (one, two)]
    assert details[0] == details[1]
    assert not {item.infoid for item in one.items} & {item.infoid for item in other.items}


def test_attachments_are_the_same_bytes_when_they_are_made_again() -> None:
    digests = []
    for _ in range(2):
        render.cache_clear()
        first: dict[str, Attachment] = {}
        for item in Platform(Scenario(5, 4)).items:
            for attachment in item.attachments:
                first.setdefault(attachment.name.rpartition(".")[2], attachment)
        assert set(first) == {"pdf", "ofd", "docx", "xlsx", "mp4", "txt"}
        digests.append({suffix: attachment.sha256 for suffix, attachment in first.items()})
    assert digests[0] == digests[1]


def test_every_kind_and_every_outcome_appears_within_one_round_of_the_rota(platform: Platform) -> None:
    assert {item.kind for item in platform.items} == set(KINDS)
    assert {item.outcome for item in platform.items} == set(OUTCOMES)
    assert {plan.kind for plan in rota()[:12]} == set(KINDS)
    assert {plan.outcome for plan in rota()[:12]} == set(OUTCOMES)
    variants = {item.trade_type for item in platform.documents(kind="procurement")}
    assert variants == {"D01", "D02", "D03"}


def test_each_round_ends_as_its_outcome_says(platform: Platform) -> None:
    for items in rounds(platform).values():
        codes, kind = {item.class_code for item in items}, items[0].kind
        if items[0].round_outcome == "award":
            assert AWARDS[kind] in codes
        else:
            assert AWARDS[kind] not in codes
            assert ENDINGS[kind] in codes


def test_a_second_tender_carries_the_name_of_the_first_with_its_mark(platform: Platform) -> None:
    again = {item.project_code for item in platform.documents(outcome="retendered")}
    assert len(again) >= 3
    for code in again:
        first, second = (rounds(platform)[code, number] for number in (1, 2))
        assert first[0].round_outcome == "failed"
        assert second[0].round_outcome == "award"
        assert second[0].project_name in {first[0].project_name + mark for mark in ("（二次）", "（第2次）")}
        assert second[0].tender_project_code != first[0].tender_project_code
        assert second[0].unified_deal_code != first[0].unified_deal_code
        assert first[-1].published + timedelta(days=7) < second[0].published


def test_documents_of_a_round_appear_in_the_order_of_the_procedure(platform: Platform) -> None:
    order = {"GC.02.01": 0, "GC.04.01": 1, "GC.05.07": 2, "GC.06.01": 3, "GC.06.03": 4, "GC.06.04": 5, "GC.07.01": 6}
    for items in rounds(platform).values():
        ranks = [order[item.class_code] for item in items if item.class_code in order]
        assert ranks == sorted(ranks)
        assert (items[-1].published - items[0].published).days < 150


def test_codes_follow_the_national_specification(platform: Platform) -> None:
    for item in platform.items:
        assert re.fullmatch(r"[A-Z]\d\d-[0-9A-Z]{18}-\d{8}-\d{6}-[0-9A-Z*]", item.unified_deal_code)
        assert item.unified_deal_code[:3] == item.trade_type
        assert 1 <= len(item.section_codes) <= 2
        assert len(set(item.section_codes)) == len(item.section_names)
        assert item.category_name == categories()[item.category]
        assert item.category.startswith("003" if item.public else "009")
        if item.kind == "engineering":
            lengths = len(item.project_code), len(item.tender_project_code), {len(code) for code in item.section_codes}
            assert lengths == (17, 20, {23})


def test_no_two_projects_share_a_name_and_no_two_items_an_identifier(platform: Platform) -> None:
    names = {(item.project_code, item.project_name) for item in platform.items if item.round == 1}
    assert len({name for _, name in names}) == len({item.project_code for item in platform.items})
    assert len({item.infoid for item in platform.items}) == len(platform.items)


def test_a_project_with_two_sections_has_papers_of_its_own_for_each(platform: Platform) -> None:
    project = platform.documents(kind="engineering", outcome="award")[0].project_code
    contracts = [item for item in platform.documents(project_code=project) if item.class_code == "GC.07.01"]
    assert [len(item.section_codes) for item in contracts] == [1, 1]
    assert contracts[0].section_codes != contracts[1].section_codes
    notice = next(item for item in platform.documents(project_code=project) if item.class_code == "GC.02.01")
    assert set(notice.section_codes) == {code for item in contracts for code in item.section_codes}


def test_some_public_notices_come_without_metadata_and_files_for_the_archive_never_do(platform: Platform) -> None:
    pushed = defaultdict(set)
    for item in platform.items:
        pushed[item.public].add(item.pushed)
    assert pushed[True] == {"everything", "codes", "nothing"}
    assert pushed[False] == {"everything"}


def test_the_portal_never_tells_the_truth_that_tests_measure_against(platform: Platform) -> None:
    hidden = {"class_code", "kind", "outcome", "round", "round_outcome", "public", "pushed"}
    for item in platform.items[:40]:
        detail = platform.detail(item.infoid)
        assert detail is not None
        assert not hidden & set(detail)
        if item.pushed == "nothing":
            assert detail["project_code"] is None
            assert detail["section_codes"] is None


def test_texts_name_people_and_numbers_so_that_redaction_has_something_to_do(platform: Platform) -> None:
    candidates = next(item for item in platform.items if item.class_code == "GC.06.01")
    detail = platform.detail(candidates.infoid)
    assert detail is not None
    assert re.search(r"1[3-9]\d0000\d{4}", detail["infocontent"])
    assert "<table" in detail["infocontent"]
    assert "{" not in detail["infocontent"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_passage_of_a_kind_can_be_filled(platform: Platform, kind: str) -> None:
    for item in platform.documents(kind=kind):
        text = str(item.passage.blocks())
        assert item.project_name in text or item.section_names[0] in text
        assert "{" not in text.replace("{}", "")


def test_time_publishes_and_never_runs_backwards() -> None:
    whole = Platform(Scenario(3, 3))
    site = Platform(Scenario(3, 3, opening=whole.first_day))
    before = len(site.visible())
    site.advance(days=30)
    assert before < len(site.visible()) < len(site.items)
    assert all(item.published.date() <= site.today for item in site.visible())
    site.advance(to=site.first_day)
    assert site.today == site.first_day + timedelta(days=30)
    site.advance(to=site.last_day)
    assert site.visible() == site.items == whole.visible()


def test_building_is_quick_because_nothing_is_rendered(platform: Platform) -> None:
    untouched = Platform(Scenario(99, 12))
    assert not any("_measured" in vars(entry) for item in untouched.items for entry in item.attachments)
    entry = next(entry for item in untouched.items for entry in item.attachments)
    assert entry.sha256 == hashlib.sha256(entry.content()).hexdigest()
    assert entry.size == len(entry.content())
    assert platform.items
