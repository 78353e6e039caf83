import io
import json
import time
import zipfile
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from ingest.simulator.faults import LONG_TITLE, understate, victims
from ingest.simulator.port import Site
from ingest.simulator.portal import Platform
from ingest.simulator.scenario import Faults, Scenario
from ingest.simulator.types import Item

Serve = Callable[[Site], httpx.Client]
SEED, PROJECTS = 11, 4


@pytest.fixture(scope="module")
def items() -> tuple[Item, ...]:
    return Platform(Scenario(SEED, PROJECTS)).items


def troubled(faults: Faults) -> Platform:
    return Platform(Scenario(SEED, PROJECTS, faults))


def one(infoid: str) -> frozenset[str]:
    return frozenset({infoid})


def with_file(items: tuple[Item, ...], suffix: str) -> Item:
    return next(item for item in items if item.attachments and item.attachments[0].name.endswith(suffix))


def listed(site: Platform) -> list[str]:
    return [str(row["infoid"]) for row in site.listing(None)]


def test_shares_choose_the_same_different_items_each_time(items: tuple[Item, ...]) -> None:
    first, second = (victims(Faults.demo(), items, SEED) for _ in range(2))
    assert first == second
    assert all(first[name] for name in Faults.demo().chosen())
    hits = Counter(infoid for chosen in first.values() for infoid in chosen)
    assert set(hits.values()) == {1}


def test_no_fault_befalls_anybody_unasked(items: tuple[Item, ...]) -> None:
    assert not any(victims(Faults(), items, SEED).values())


def test_late_items_show_up_after_their_own_date_deep_in_the_list(items: tuple[Item, ...]) -> None:
    late = items[10].infoid
    site = troubled(Faults(late=one(late)))
    assert late not in listed(site)
    site.advance(days=6)
    row = site.listing(None)[listed(site).index(late)]
    assert str(row["infodate"]) == items[10].published.strftime("%Y-%m-%d")
    assert listed(site).index(late) == len(items) - 11


def test_listed_twice(items: tuple[Item, ...]) -> None:
    counts = Counter(listed(troubled(Faults(twice=one(items[3].infoid)))))
    assert counts.pop(items[3].infoid) == 2
    assert set(counts.values()) == {1}


def test_out_of_order_items_stand_below_older_ones(items: tuple[Item, ...]) -> None:
    newest = items[-1].infoid
    rows = troubled(Faults(out_of_order=one(newest))).listing(None)
    at = next(index for index, row in enumerate(rows) if row["infoid"] == newest)
    assert at == 17
    assert rows[at - 1]["infodate"] < rows[at]["infodate"]
    assert len(rows) == len(items)


def test_silent_edits_change_text_and_edit_date_some_days_later(items: tuple[Item, ...]) -> None:
    infoid = items[0].infoid
    site = troubled(Faults(edited=one(infoid)))
    before = site.detail(infoid)
    site.advance(days=5)
    after = site.detail(infoid)
    assert before is not None
    assert after is not None
    assert before["infocontent"] != after["infocontent"]
    assert before["lasteditdate"] < after["lasteditdate"]
    assert before["title"] == after["title"]


def test_withdrawn_some_days_later(items: tuple[Item, ...]) -> None:
    infoid = items[0].infoid
    site = troubled(Faults(withdrawn=one(infoid)))
    assert site.detail(infoid) is not None
    site.advance(days=7)
    assert site.detail(infoid) is None
    assert infoid not in listed(site)


@pytest.mark.parametrize("fault", ["truncated_attachment", "empty_attachment"])
def test_damaged_attachments_are_smaller_than_announced(items: tuple[Item, ...], serve: Serve, fault: str) -> None:
    item = with_file(items, ".pdf")
    client = serve(troubled(Faults(**{fault: one(item.infoid)})))  # type: ignore[arg-type]  # names of two fields
    told = client.get(f"/api/detail/{item.infoid}").json()["attachments"][0]
    data = client.get(told["url"]).content
    assert told["size"] == item.attachments[0].size
    expected = told["size"] // 3 if fault == "truncated_attachment" else 0
    assert data == item.attachments[0].content()[:expected]


def test_a_lying_zip_announces_less_than_it_holds(items: tuple[Item, ...], serve: Serve) -> None:
    item = with_file(items, ".docx")
    client = serve(troubled(Faults(lying_zip=one(item.infoid))))
    data = client.get(f"/files/{item.infoid}/{item.attachments[0].name}").content
    honest = item.attachments[0].content()
    assert len(data) == len(honest)
    with zipfile.ZipFile(io.BytesIO(data)) as lying, zipfile.ZipFile(io.BytesIO(honest)) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.file_size)
        assert lying.getinfo(largest.filename).file_size == 16
        with pytest.raises(zipfile.BadZipFile):
            lying.read(largest.filename)
        assert lying.read("[Content_Types].xml") == archive.read("[Content_Types].xml")


def test_understating_needs_a_zip() -> None:
    with pytest.raises(ValueError, match="not found"):
        understate(b"no archive at all")


def test_wrong_encoding_is_declared_as_utf_8(items: tuple[Item, ...], serve: Serve) -> None:
    answer = serve(troubled(Faults(wrong_encoding=one(items[0].infoid)))).get(f"/api/detail/{items[0].infoid}")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode("utf-8")
    assert json.loads(answer.content.decode("gb18030"))["title"] == items[0].title


def test_a_byte_order_mark_stands_before_the_answer(items: tuple[Item, ...], serve: Serve) -> None:
    answer = serve(troubled(Faults(byte_order_mark=one(items[0].infoid)))).get(f"/api/detail/{items[0].infoid}")
    assert answer.content.startswith(b"\xef\xbb\xbf{")
    assert json.loads(answer.content.decode("utf-8-sig"))["title"] == items[0].title


def test_a_title_of_ten_thousand_characters(items: tuple[Item, ...]) -> None:
    site = troubled(Faults(long_title=one(items[0].infoid)))
    detail = site.detail(items[0].infoid)
    assert detail is not None
    assert len(detail["title"]) == LONG_TITLE == 10_000
    assert detail["title"].startswith(items[0].title)


def test_flaky_details_answer_in_the_end(items: tuple[Item, ...], serve: Serve) -> None:
    client = serve(troubled(Faults(flaky=one(items[0].infoid), flaky_times=2)))
    codes = [client.get(f"/api/detail/{items[0].infoid}").status_code for _ in range(4)]
    assert codes == [502, 502, 200, 200]
    assert client.get(f"/api/detail/{items[1].infoid}").status_code == 200


def test_the_first_requests_of_all_are_refused(serve: Serve) -> None:
    client = serve(troubled(Faults(refused_requests=3)))
    assert [client.get("/api/list").status_code for _ in range(5)] == [503, 503, 503, 200, 200]


def test_slow_answers_come_late_but_whole(items: tuple[Item, ...], serve: Serve) -> None:
    client = serve(troubled(Faults(slow=one(items[0].infoid), slow_seconds=0.2)))
    begin = time.monotonic()
    answer = client.get(f"/api/detail/{items[0].infoid}")
    assert time.monotonic() - begin >= 0.2
    assert answer.json()["infoid"] == items[0].infoid


def test_half_an_answer_is_cut_once_and_whole_the_next_time(items: tuple[Item, ...], serve: Serve) -> None:
    client = serve(troubled(Faults(half_answer=one(items[0].infoid))))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        client.get(f"/api/detail/{items[0].infoid}")
    assert client.get(f"/api/detail/{items[0].infoid}").json()["title"] == items[0].title


def test_faults_can_be_changed_while_the_platform_runs(items: tuple[Item, ...]) -> None:
    site = troubled(Faults())
    site.faults = Faults(twice=one(items[0].infoid))
    assert listed(site).count(items[0].infoid) == 2
    assert site.befallen("twice") == {items[0].infoid}
    site.faults = Faults()
    assert listed(site).count(items[0].infoid) == 1


def test_the_demo_scenario_shows_every_fault() -> None:
    site = Platform(Scenario.demo(SEED, 12))
    assert all(site.befallen(name) for name in site.faults.chosen())
    gone = site.befallen("withdrawn") | site.befallen("late")
    assert len(gone) < len(site.items) // 20
