"""The page of sources and that of one: how each is, and draft, preview, apply without any script."""

from collections.abc import Iterator

import httpx
import pytest

from archive.authorization import SYSTEM_ACTOR
from ingest.connectors.port import ConnectorKind, Option
from ingest.simulator.server import SimulatorServer
from ingest.sources.repository import SourceRepository
from tests.functional.pages.world import ARCHIVIST, INSPECTOR, SOURCE, World, token
from tests.small_portal import SmallPortal, page

LIST = "/console/sources"
LONG = "很长的来源名称" * 9
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def client(own_pages: World) -> Iterator[httpx.Client]:
    with own_pages.client(ARCHIVIST) as opened:
        yield opened


@pytest.fixture
def portal() -> Iterator[str]:
    with SimulatorServer(SmallPortal(page("n1", "清溪河工程招标公告"), page("bad", "", infocontent=""))) as base:
        yield base


def post(client: httpx.Client, address: str, **form: object) -> httpx.Response:
    csrf = token(client.get(address.rpartition("/")[0]).text)
    return client.post(address, data={"csrf": csrf} | form)


def test_the_list_shows_each_source_with_its_state_and_backlog(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        html = client.get(LIST).text
        english = client.get(f"{LIST}?lang=en").text
    for text in (f'href="{LIST}/{SOURCE}"', "未采集", "未能接收 1", "来源不再提供 1", "即将读取", "n8", "file-empty"):
        assert text in html
    assert "never used" in english


def test_a_source_is_shown_with_options_and_what_it_refused(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        html = client.get(f"{LIST}/{SOURCE}").text
    for text in ("vanished", "保存为草稿", "预览样本", "暂停", "立即读取", "n8", "file-empty"):
        assert text in html


def test_a_draft_is_previewed_and_applied_by_forms(own_pages: World, client: httpx.Client, portal: str) -> None:
    own_pages.runtime.ingest.sources.register("site", "portal", portal)
    here = f"{LIST}/site"
    answer = post(client, f"{here}/draft", name=["vanished"], value=["withdraw"])
    assert answer.headers["location"] == f"{here}?done=drafted#options"
    html = client.get(here).text
    assert "草稿要先在真实样本上预览" in html
    assert f"{here}/apply" not in html
    shown = post(client, f"{here}/preview")
    for text in ("清溪河工程招标公告", "可以接收", "不能接收", "notice.html", f"{here}/apply"):
        assert text in shown.text
    assert post(client, f"{here}/apply").headers["location"] == f"{here}?done=applied"
    assert own_pages.runtime.ingest.sources.get("site").options == {"vanished": "withdraw"}
    assert "新配置已启用" in client.get(f"{here}?done=applied").text
    post(client, f"{here}/draft", name=["vanished"], value=[""])
    assert own_pages.runtime.ingest.sources.get("site").draft == {}
    assert post(client, f"{here}/discard").status_code == 303
    assert own_pages.runtime.ingest.sources.get("site").draft is None


def test_a_source_is_paused_read_and_resumed_by_buttons(own_pages: World, client: httpx.Client) -> None:
    here = f"{LIST}/{SOURCE}"
    assert post(client, f"{here}/read").headers["location"] == f"{here}?done=asked"
    assert "等待读取" in client.get(here).text
    assert post(client, f"{here}/pause").status_code == 303
    html = client.get(here).text
    assert "已暂停" in html
    assert "立即读取" not in html
    refused = post(client, f"{here}/read")
    assert (refused.status_code, "source-paused" in refused.text) == (409, True)
    assert post(client, f"{here}/resume").status_code == 303
    assert own_pages.runtime.ingest.sources.get(SOURCE).paused_at is None


def test_what_went_wrong_is_told_where_it_was_asked_for(client: httpx.Client) -> None:
    here = f"{LIST}/{SOURCE}"
    down = post(client, f"{here}/preview")
    assert (down.status_code, "source-unreachable" in down.text) == (502, True)
    early = post(client, f"{here}/apply")
    assert (early.status_code, "source-without-draft" in early.text) == (409, True)
    assert client.get(f"{LIST}/nowhere").status_code == 404


def test_a_wrong_value_stays_in_the_form(own_pages: World, client: httpx.Client) -> None:
    options = (
        Option("page_size", "number", "每页件数", "rows a page"),
        Option("key", "secret", "口令", "the password"),
    )
    registry = own_pages.runtime.ingest.opener.registry
    registry._kinds["made"] = ConnectorKind("made", "试验", "a try", None, options)
    own_pages.runtime.ingest.sources.register("made", "made", "push:")
    wrong = post(client, f"{LIST}/made/draft", name=["page_size", "key"], value=["many", "secret:a"])
    assert (wrong.status_code, "source-option-value" in wrong.text, 'value="many"' in wrong.text) == (422, True, True)
    clear = post(client, f"{LIST}/made/draft", name=["page_size", "key"], value=["7", "hunter2"])
    assert (clear.status_code, "source-option-secret" in clear.text) == (422, True)
    assert "hunter2" not in client.get(f"{LIST}/made").text


def test_a_source_whose_connector_is_no_longer_installed_is_shown_all_the_same(
    own_pages: World, client: httpx.Client
) -> None:
    with own_pages.runtime.kernel.database.writing() as uow:
        SourceRepository(uow.connection).update(SOURCE, connector="uninstalled")
    answer = client.get(f"{LIST}/{SOURCE}")
    assert (answer.status_code, "connector-unknown" in answer.text, "暂停" in answer.text) == (200, True, True)
    assert client.get(LIST).status_code == 200


def test_names_of_any_signs_lead_to_their_page_and_run_nothing(own_pages: World, client: httpx.Client) -> None:
    for name in (LONG, EVIL, "a/b?c#d%"):
        own_pages.runtime.ingest.sources.register(name, "portal", f"http://127.0.0.1:1/{EVIL}")
    html = client.get(LIST).text
    assert EVIL not in html
    for name in (LONG, EVIL, "a/b?c#d%"):
        address = httpx.URL(LIST).path + "/" + "".join(f"%{byte:02X}" for byte in name.encode())
        answer = client.get(address)
        assert answer.status_code == 200
        assert EVIL not in answer.text


def test_a_clock_that_is_wrong_is_said(own_pages: World, client: httpx.Client) -> None:
    with own_pages.runtime.kernel.database.writing() as uow:
        SourceRepository(uow.connection).update(SOURCE, clock_skew=-7_200.0)
    assert "7200" in client.get(f"{LIST}/{SOURCE}").text
    assert "校时" in client.get(f"{LIST}/{SOURCE}").text


def test_a_form_of_nobody_changes_nothing(own_pages: World, client: httpx.Client) -> None:
    assert client.post(f"{LIST}/{SOURCE}/pause").status_code == 403
    with own_pages.client(INSPECTOR) as inspector:
        assert inspector.get(f"{LIST}/{SOURCE}").status_code == 403
        assert inspector.post(f"{LIST}/{SOURCE}/pause").status_code == 403
    assert own_pages.services.sources.find(SYSTEM_ACTOR, SOURCE).source.paused_at is None
