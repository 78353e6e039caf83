import hashlib
import threading
from collections.abc import Callable

import httpx
import pytest

from ingest.simulator import server as server_module
from ingest.simulator.port import Site
from ingest.simulator.portal import Platform
from ingest.simulator.scenario import Scenario
from ingest.simulator.server import SimulatorServer, serve_forever

Serve = Callable[[Site], httpx.Client]


def test_the_list_pages_newest_first_without_a_cursor(platform: Platform, serve: Serve) -> None:
    client = serve(platform)
    rows, page = [], 1
    while True:
        answer = client.get("/api/list", params={"page": page, "size": 50}).json()
        assert set(answer) == {"total", "items"}
        if not answer["items"]:
            break
        rows += answer["items"]
        page += 1
    assert answer["total"] == len(rows) == len(platform.items)
    moments = [row["pubinwebdate"] for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert rows[0]["infourl"].endswith(rows[0]["infoid"] + ".html")


@pytest.mark.parametrize("category", ["003001", "003001001", "009"])
def test_a_category_takes_in_everything_below_it(platform: Platform, serve: Serve, category: str) -> None:
    answer = serve(platform).get("/api/list", params={"category": category, "size": 100}).json()
    assert answer["total"] == sum(item.category.startswith(category) for item in platform.items) > 0
    assert all(row["categorynum"].startswith(category) for row in answer["items"])


@pytest.mark.parametrize("query", ["page=0", "page=x", "size=-1", "size=９", "page=9999999999"])
def test_a_page_that_is_no_number_is_refused(platform: Platform, serve: Serve, query: str) -> None:
    assert serve(platform).get(f"/api/list?{query}").status_code == 400


def test_the_detail_carries_text_metadata_and_attachments(platform: Platform, serve: Serve) -> None:
    client = serve(platform)
    item = next(item for item in platform.items if item.class_code == "GC.02.01" and item.pushed == "everything")
    detail = client.get(f"/api/detail/{item.infoid}").json()
    assert detail["data_no"] == "503"
    assert detail["unified_deal_code"] == item.unified_deal_code
    assert detail["section_codes"] == list(item.section_codes)
    assert item.project_name in detail["infocontent"]
    assert [entry["code"] for entry in detail["attachments"]] == ["TENDER_NOTICE", "TENDER_NOTICE_SIGN"]
    for told, truth in zip(detail["attachments"], item.attachments, strict=True):
        data = client.get(told["url"]).content
        assert len(data) == told["size"]
        assert hashlib.sha256(data).hexdigest() == truth.sha256


def test_an_unchanged_detail_answers_304_and_an_edited_one_does_not(serve: Serve) -> None:
    site = Platform(Scenario(2, 1))
    client, infoid = serve(site), site.items[0].infoid
    first = client.get(f"/api/detail/{infoid}")
    again = client.get(f"/api/detail/{infoid}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    site.edit(infoid)
    changed = client.get(f"/api/detail/{infoid}", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.json()["lasteditdate"] > first.json()["lasteditdate"]
    assert changed.json()["infocontent"] != first.json()["infocontent"]


def test_what_was_withdrawn_is_gone_everywhere(serve: Serve) -> None:
    site = Platform(Scenario(2, 2))
    item = next(item for item in site.items if item.attachments)
    client = serve(site)
    path = client.get(f"/api/detail/{item.infoid}").json()["attachments"][0]["url"]
    assert client.get(path).status_code == 200
    site.withdraw(item.infoid)
    assert client.get(f"/api/detail/{item.infoid}").status_code == 410
    assert client.get(path).status_code == 404
    rows = client.get("/api/list", params={"size": 100}).json()["items"]
    assert item.infoid not in {row["infoid"] for row in rows}


@pytest.mark.parametrize(
    ("span", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=5-999999999", 206, slice(5, None)),
        ("bytes=999999999-", 416, slice(0, 0)),
        ("bytes=9-3", 416, slice(0, 0)),
        ("lines=1-2", 416, slice(0, 0)),
        ("bytes=-", 416, slice(0, 0)),
    ],
)
def test_ranges_of_a_file(platform: Platform, serve: Serve, span: str, status: int, part: slice) -> None:
    item = next(item for item in platform.items if item.attachments)
    whole = item.attachments[0].content()
    answer = serve(platform).get(f"/files/{item.infoid}/{item.attachments[0].name}", headers={"Range": span})
    assert answer.status_code == status
    assert answer.content == whole[part]
    assert answer.headers["content-range"].endswith(f"/{len(whole)}")


@pytest.mark.parametrize("path", ["/", "/api", "/api/detail/none", "/files/none/none", "/files/%FF/%FE"])
def test_what_does_not_exist_is_not_found(platform: Platform, serve: Serve, path: str) -> None:
    answer = serve(platform).get(path)
    assert answer.status_code == 404
    assert answer.json() == {"error": "Not Found"}


def test_robots_may_read_the_interfaces(platform: Platform, serve: Serve) -> None:
    answer = serve(platform).get("/robots.txt")
    assert "Allow: /api/" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_stopping_frees_the_port_even_while_a_client_stays_connected(platform: Platform) -> None:
    server = SimulatorServer(platform)
    url = server.start()
    with httpx.Client(trust_env=False) as client:
        client.get(f"{url}/robots.txt")
        server.stop()
        server.stop()
        with pytest.raises(httpx.TransportError):
            client.get(f"{url}/robots.txt")
    assert not [thread for thread in threading.enumerate() if thread.name == "simulator"]


def test_serving_for_ever_announces_its_address_and_ends_with_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def interrupted(_: object, poll_interval: float) -> None:
        assert poll_interval > 0
        raise KeyboardInterrupt

    monkeypatch.setattr(server_module._Server, "serve_forever", interrupted)
    with pytest.raises(KeyboardInterrupt):
        serve_forever(Platform(Scenario(1, 1)), announce=told.append)
    assert told[0].startswith("http://127.0.0.1:")
