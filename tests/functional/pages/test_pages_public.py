"""What a citizen sees: the front page, results, the notice with its versions, project and proof."""

import re

import pytest

from archive.records.types import ComponentRole
from tests.functional.pages.world import (
    CODE,
    INSPECTOR,
    MASKED,
    MOBILE,
    PROJECT,
    RECORDING,
    TAKEN_BACK,
    TENDER,
    UNSURE,
    World,
)


def _get(pages: World, address: str, status: int = 200) -> str:
    with pages.client() as client:
        answer = client.get(address)
    assert answer.status_code == status, answer.text
    return answer.text


def test_the_front_page_shows_what_is_public_and_counts_it(pages: World) -> None:
    html = _get(pages, "/")
    assert TENDER in html
    assert "公开档案 4 件" in html
    assert RECORDING not in html
    assert UNSURE not in html


def test_the_front_page_says_that_counts_are_missing_when_the_index_is(own_pages: World) -> None:
    for file in (own_pages.runtime.kernel.settings.home / "index").rglob("*"):
        if file.is_file():
            file.write_bytes(b"")
    html = _get(own_pages, "/")
    assert "暂时无法统计" in html
    assert TENDER in html


def test_results_mark_what_was_asked_for(pages: World) -> None:
    html = _get(pages, "/search?q=公开招标")
    assert "共 1 件" in html
    assert "<mark>公开招标</mark>" in html
    assert pages.records["n1"].id in html


def test_filters_narrow_the_results_and_stay_chosen(pages: World) -> None:
    html = _get(pages, "/search?trade=A&region=370100&from=2026-03-20&to=2026-12-31&type=中标候选人公示")
    assert "共 1 件" in html
    assert '<option value="A" selected>' in html
    assert 'value="2026-03-20"' in html


@pytest.mark.parametrize("address", ["/search?q=鲲鹏展翅", "/search?trade=B", "/search", "/search?q=工程&page=9"])
def test_nothing_to_show_is_said_in_words(pages: World, address: str) -> None:
    assert 'class="state-box"' in _get(pages, address)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ('/search?q=工程 "中标', "search-quote"),
        ("/search?q=工程&from=昨天", "search-day"),
        ("/search?q=工程&sort=random", "search-sort"),
        ("/search?q=工程&region=济南", "region-code"),
    ],
)
def test_a_question_that_cannot_be_read_is_an_error_and_never_an_empty_list(
    pages: World, address: str, code: str
) -> None:
    html = _get(pages, address, status=422)
    assert code in html
    assert 'role="alert"' in html
    assert "没有与" not in html


def test_the_place_of_the_mistake_is_marked(pages: World) -> None:
    assert "工程 <mark>&#34;</mark>中标" in _get(pages, '/search?q=工程 "中标', status=422)


def test_a_notice_reads_like_the_notice(pages: World) -> None:
    html = _get(pages, f"/records/{pages.records['n1'].id}")
    assert f"<h1>{TENDER}</h1>" in html
    assert re.search(r"<tr><td>招标人</td><td>清溪区水务局</td>", html)
    assert "第 2 版 / 共 2 版" in html
    assert CODE in html
    assert pages.records["n4"].id in html
    assert "2026-03-02 09:30" in html


def test_the_public_never_sees_a_mobile_number(pages: World) -> None:
    record = pages.records["n1"].id
    addresses = [
        f"/records/{record}",
        f"/records/{record}?version=1",
        f"/records/{record}/changes",
        f"/records/{record}/proof",
        f"/search?q={MOBILE}",
        "/search?q=苗青",
        f"/api/v1/records/{record}",
        "/api/v1/search?q=苗青",
        "/",
    ]
    texts = {address: _get(pages, address) for address in addresses}
    shown = [address for address, text in texts.items() if MOBILE in text.replace(f'value="{MOBILE}"', "")]
    assert [address for address in shown if not address.startswith(f"/search?q={MOBILE}")] == []
    assert MASKED in texts[f"/records/{record}"]
    assert "没有与" in texts[f"/search?q={MOBILE}"]


def test_an_inspector_sees_the_number_and_is_told_so(pages: World) -> None:
    with pages.client(INSPECTOR) as client:
        html = client.get(f"/records/{pages.records['n1'].id}").text
    assert MOBILE in html
    assert "所见多于公众" in html


def test_markup_in_a_document_is_text(pages: World) -> None:
    html = _get(pages, f"/records/{pages.records['n4'].id}")
    assert "<script>alert" not in html


def test_an_earlier_version_says_that_it_is_not_the_present_one(pages: World) -> None:
    html = _get(pages, f"/records/{pages.records['n1'].id}?version=1")
    assert "第三开标室" in html
    assert "不是最新的" in html
    assert "现场踏勘集合地点" in html


def test_changes_show_what_came_and_what_went(pages: World) -> None:
    html = _get(pages, f"/records/{pages.records['n1'].id}/changes?from=1&to=2")
    assert "<del>开标地点：第<b>三</b>开标室。</del>" in html
    assert "<ins>开标地点：第<b>九</b>开标室。</ins>" in html
    assert "现场踏勘集合地点" in html


def test_a_withdrawn_notice_keeps_a_tombstone_and_nothing_else(pages: World) -> None:
    record = pages.records["n2"].id
    for address in (f"/records/{record}", f"/records/{record}?version=1", f"/records/{record}/changes"):
        html = _get(pages, address)
        assert TAKEN_BACK in html
        assert "已撤回" in html
        assert "三百万元" not in html


def test_the_proof_holds_and_shows_its_figures(pages: World) -> None:
    html = _get(pages, f"/records/{pages.records['n1'].id}/proof")
    assert "证明成立" in html
    checkpoint = pages.services.checkpoints
    with pages.services.database.reading() as connection:
        signed = checkpoint.latest(connection)
    assert signed is not None
    assert signed.checkpoint.root.hex() in html
    html = _get(pages, f"/records/{pages.records['n4'].id}/proof")
    component = pages.component("n4", ComponentRole.MAIN)
    with pages.client() as client:
        listed = client.get(f"/api/v1/records/{pages.records['n4'].id}").json()["components"]
    assert next(one["sha256"] for one in listed if one["id"] == component) in html
    assert all(one["role"] != "envelope" for one in listed)


def test_entries_after_the_checkpoint_are_said_to_wait(own_pages: World) -> None:
    with own_pages.client(INSPECTOR) as client:
        # Opening a restricted file writes an entry about it that no checkpoint covers yet.
        recording = own_pages.records["n5"].id
        video = own_pages.component("n5", ComponentRole.ATTACHMENT)
        assert client.get(f"/files/{video}").status_code == 200
        html = client.get(f"/records/{recording}/proof").text
    assert "另有 1 条较新的记录等待下一个检查点" in html


@pytest.mark.parametrize("external_id", ["n5", "n6", "n7"])
def test_what_is_not_public_does_not_exist_for_the_public(pages: World, external_id: str) -> None:
    record = pages.records[external_id].id
    for tail in ("", "/proof", "/changes"):
        html = _get(pages, f"/records/{record}{tail}", status=404)
        assert "没有找到" in html
        assert pages.records[external_id].title not in html


def test_english_is_remembered(pages: World) -> None:
    with pages.client() as client:
        assert "Published lately" in client.get("/?lang=en").text
        assert "Published lately" in client.get("/").text
        assert "最近公开" in client.get("/?lang=zh").text


def test_the_project_line_leads_to_the_other_notices(pages: World) -> None:
    html = _get(pages, f"/records/{pages.records['n4'].id}")
    assert PROJECT in html
    linked = set(re.findall(r'href="/records/(rec_[0-9a-z]+)"', html))
    assert {pages.records[one].id for one in ("n1", "n2", "n3")} <= linked
    assert pages.records["n5"].id not in linked
