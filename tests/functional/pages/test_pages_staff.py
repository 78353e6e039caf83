"""The work of an archivist and of an inspector, done through the pages."""

import io
import re
import zipfile

import pytest

from archive.authorization import SYSTEM_ACTOR
from archive.records.types import ComponentRole, RecordState
from archive.volumes.types import VolumeState
from tests.functional.pages.world import (
    ARCHIVIST,
    INSPECTOR,
    PROJECT,
    RECORDING,
    TENDER,
    UNSURE,
    World,
    question,
    token,
)


def test_every_number_of_the_overview_leads_to_that_many(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        html = client.get("/console").text
        numbers = re.findall(r'href="(/console/(?:records|volumes)\?state=[a-z]+)">[^<]*<b>([0-9]+)</b>', html)
        assert len(numbers) >= 4
        for address, number in numbers:
            listed = client.get(address).text
            assert f'<span class="faint">{number}</span></h1>' in listed, address
            assert listed.count("<tr>\n<td") == int(number), address
        assert 'href="/console/review">1</a>' in html
        assert UNSURE in client.get("/console/review").text


def test_lists_without_anything_say_what_would_be_there(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        for address in ("/console/records?state=filed", "/console/volumes?state=closed", "/console/records?page=7"):
            assert 'class="state-box"' in client.get(address).text, address
    with pages.client(INSPECTOR) as client:
        assert 'class="state-box"' in client.get("/desk?q=鲲鹏").text


def test_an_unknown_state_is_refused(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        answer = client.get("/console/records?state=lost")
    assert answer.status_code == 422
    assert "request-invalid" in answer.text


def test_a_record_shows_its_checks_with_four_outcomes_in_words(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        html = client.get(f"/console/records/{pages.records['n1'].id}").text
    for word in ("真实性", "完整性", "可用性", "安全性", "✓", "通过", "未检测", "病毒感染检测"):
        assert word in html
    component = pages.component("n1", ComponentRole.MAIN)
    view = pages.services.records.find(SYSTEM_ACTOR, pages.records["n1"].id)
    assert next(one.sm3 for one in view.components if one.id == component) in html
    assert f'href="/files/{component}"' in html


def test_refused_arrivals_are_listed_with_their_reason(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        html = client.get("/console/sources").text
    assert "n8" in html
    assert "file-empty" in html


def test_a_returned_record_stands_in_the_list_with_its_reason(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        html = client.get("/console/returned").text
        assert pages.records["n7"].id in html
        assert "四性检测" in html
        assert 'value="accept"' in client.get(f"/console/review/{pages.records['n7'].id}").text


def test_a_decision_lets_the_record_go_on(own_pages: World) -> None:
    record = own_pages.records["n6"].id
    with own_pages.client(ARCHIVIST) as client:
        html = client.get(f"/console/review/{record}").text
        form = {"csrf": token(html), "choice": "class", "value": "GC.02.01 工程建设 · 招标公告", "reason": "人工判断"}
        stale = client.post(
            f"/console/review/{record}", data=form | {"question": "1:classify:2020-01-01T00:00:00+00:00"}
        )
        assert (stale.status_code, "decision-stale" in stale.text) == (409, True)
        form["question"] = question(html)
        answer = client.post(f"/console/review/{record}", data=form)
        assert answer.headers["location"] == f"/console/review?done={record}"
        assert "已记录决定" in client.get(answer.headers["location"]).text
        own_pages.settle()
        now = own_pages.services.records.find(SYSTEM_ACTOR, record).record
        assert now.class_code == "GC.02.01"
        assert "人工决定" in client.get(f"/console/records/{record}").text


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "decision-missing"),
        ({"choice": "class", "value": "XX.99.99", "reason": "试"}, "decision-class"),
        ({"choice": "class", "value": "GC.02.01"}, "decision-without-reason"),
        ({"choice": "return"}, "decision-without-reason"),
        ({"choice": "accept"}, "decision-choice"),
        ({"choice": "project", "value": ""}, "decision-missing"),
    ],
)
def test_a_decision_that_cannot_be_used_is_told_beside_the_form(
    pages: World, fields: dict[str, str], code: str
) -> None:
    record = pages.records["n6"].id
    with pages.client(ARCHIVIST) as client:
        html = client.get(f"/console/review/{record}").text
        form = {"csrf": token(html), "question": question(html)} | fields
        answer = client.post(f"/console/review/{record}", data=form)
    assert answer.status_code == 422
    assert code in answer.text
    assert UNSURE in answer.text
    assert pages.services.records.find(SYSTEM_ACTOR, record).record.state is RecordState.WAITING


def test_a_decision_that_somebody_else_has_made_is_a_conflict(pages: World) -> None:
    record = pages.records["n1"].id
    with pages.client(ARCHIVIST) as client:
        form = {"csrf": token(client.get("/console").text), "choice": "accept"}
        answer = client.post(f"/console/review/{record}", data=form)
    assert answer.status_code == 409
    assert "decision-not-asked" in answer.text


def test_declaring_what_is_missing_closes_the_volume(own_pages: World) -> None:
    volume = own_pages.records["n1"].volume_id
    with own_pages.client(ARCHIVIST) as client:
        html = client.get(f"/console/volumes/{volume}").text
        assert html.count("缺</span>") == 3
        form = {"csrf": token(html)}
        refused = client.post(f"/console/volumes/{volume}/declare", data=form | {"reason": "  "})
        assert refused.status_code == 422
        assert "declaration-without-reason" in refused.text
        answer = client.post(f"/console/volumes/{volume}/declare", data=form | {"reason": "招标文件由他处保管"})
        html = client.get(answer.headers["location"]).text
        assert "案卷已归档，档号" in html
        again = client.post(f"/console/volumes/{volume}/declare", data=form | {"reason": "再来一次"})
        assert again.status_code == 409
        view = own_pages.services.volumes.volume(SYSTEM_ACTOR, str(volume))
        assert view.volume.state is VolumeState.CLOSED
        own_pages.settle()
        filed = own_pages.services.records.find(SYSTEM_ACTOR, own_pages.records["n1"].id).record
        assert filed.reference_code is not None
    with own_pages.client() as client:
        html = client.get(f"/p/{filed.reference_code}").text
        assert f"<h1>{TENDER}</h1>" in html
        assert 'class="seal"' in html
        assert client.get(f"/p/{filed.reference_code}-9").status_code == 404


def test_the_case_page_holds_the_project_together(pages: World) -> None:
    with pages.client(INSPECTOR) as client:
        html = client.get(f"/desk/projects/{pages.records['n1'].project_id}").text
        assert PROJECT in html
        assert RECORDING in html
        assert f'src="/files/{pages.component("n5", ComponentRole.ATTACHMENT)}"' in html
        assert "离线验证说明" in html
        found = client.get(f"/desk?q={pages.records['n1'].project_id}").text
        assert PROJECT in found
        assert "search-quote" in client.get('/desk?q="工').text


def test_evidence_is_built_and_handed_over(own_pages: World) -> None:
    project = own_pages.records["n1"].project_id
    with own_pages.client(INSPECTOR) as client:
        form = {"csrf": token(client.get(f"/desk/projects/{project}").text)}
        answer = client.post(f"/desk/projects/{project}/evidence", data=form)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{project}.zip"')
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert "manifest.json" in names
    assert any("mp4" in name for name in names)


def test_a_recording_is_given_in_parts(pages: World) -> None:
    address = f"/files/{pages.component('n5', ComponentRole.ATTACHMENT)}"
    with pages.client(INSPECTOR) as client:
        whole = client.get(address)
        assert whole.status_code == 200
        assert whole.headers["content-type"] == "video/mp4"
        assert whole.headers["accept-ranges"] == "bytes"
        assert whole.headers["content-disposition"].startswith("inline;")
        assert "filename*=UTF-8''%E7%8E%AF%E5%A2%831.mp4" in whole.headers["content-disposition"]
        size = len(whole.content)
        for asked, start, end in (("bytes=0-99", 0, 100), ("bytes=100-", 100, size), ("bytes=-50", size - 50, size)):
            part = client.get(address, headers={"Range": asked})
            assert part.status_code == 206
            assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
            assert part.content == whole.content[start:end]
        beyond = client.get(address, headers={"Range": f"bytes={size}-"})
        assert beyond.status_code == 416
        assert "range-unsatisfiable" in beyond.text
        head = client.head(address)
        assert head.headers["content-length"] == str(size)
        assert head.content == b""


def test_a_file_is_shown_where_it_can_do_nothing(pages: World) -> None:
    with pages.client(INSPECTOR) as client:
        answer = client.get(f"/files/{pages.component('n4', ComponentRole.MAIN)}")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "清溪建设有限公司" in answer.content.decode()
