"""Over the web: what a stranger must not learn from pages, from answers to programs or from search."""

from archive.authorization import PUBLIC_ACTOR, AccessLevel
from archive.records.repository import RecordRepository
from archive.records.types import ComponentRole, Delivery
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import WITHDRAWN, Arrival, Withdrawn
from ingest.types import Summary
from search.types import Query
from tests.functional.pages.world import ARCHIVIST, CODE, MASKED, MOBILE, PROJECT, TENDER, World, arrivals, later

WITHHELD = "原件含个人信息，摘要不公开"


def _take(world: World, *delivered: Arrival) -> None:
    world.runtime.ingest.intake.take("portal", MemoryConnector(delivered), Summary())
    world.settle()


def _changed(title: str) -> Arrival:
    """A third version of the tender notice that checks return: its page is empty."""
    first = arrivals()[0].what
    assert isinstance(first, Delivery)
    empty = next(a.what for a in arrivals() if a.external_id == "n7")
    assert isinstance(empty, Delivery)
    hints = dict(first.hints)
    return Arrival("n1", Delivery("n1", title, first.region, first.published, empty.components, hints))


def test_masked_digits_cannot_be_found_from_digests(pages: World) -> None:
    record = pages.records["n1"].id
    with pages.client() as client:
        answer = client.get(f"/api/v1/records/{record}").json()
        page, proof = client.get(f"/records/{record}").text, client.get(f"/records/{record}/proof").text
        listed = client.get(f"/api/v1/records/{record}/versions").json()
    main = next(one for one in answer["components"] if one["role"] == "main")
    assert MASKED in main["text"]
    assert (main["sha256"], main["sm3"], answer["version"]["digest"]) == (None, None, None)
    assert main["withheld"].startswith(WITHHELD)
    assert [(one["digest"], one["withheld"][: len(WITHHELD)]) for one in listed] == [(None, WITHHELD)] * 2
    with pages.services.database.reading() as connection:
        repository = RecordRepository(connection)
        versions = repository.versions(record)
        mains = [c for v in versions for c in repository.components(v.id) if c.role is ComponentRole.MAIN]
    digests = [*(v.digest for v in versions), *(d for c in mains for d in (c.sha256, c.sm3))]
    assert WITHHELD in page
    assert WITHHELD in proof
    assert not [digest for digest in digests if digest in page + proof + str(answer) + str(listed)]
    with pages.client(ARCHIVIST) as client:
        assert versions[-1].digest in client.get(f"/records/{record}").text


def test_a_version_that_was_returned_is_never_public(own_pages: World) -> None:
    record = own_pages.records["n1"].id
    _take(own_pages, _changed(f"{PROJECT}错误的标题{MOBILE}"))
    with own_pages.client(ARCHIVIST) as client:
        assert "错误的标题" in client.get(f"/records/{record}").text
    for gone in (False, True):
        if gone:
            _take(own_pages, Arrival("n1", Withdrawn(WITHDRAWN)))
        hit = own_pages.services.search.search(PUBLIC_ACTOR, Query(f"项目:{CODE} 招标公告")).hits
        assert record in [one.record_id for one in hit]
        with own_pages.client() as client:
            addresses = [f"/records/{record}", f"/records/{record}/changes", f"/records/{record}/proof"]
            found = [
                client.get(address) for address in (*addresses, f"/api/v1/records/{record}", "/", "/search?q=错误")
            ]
            third = client.get(f"/records/{record}?version=3"), client.get(f"/records/{record}?version=9")
        assert [one.status_code for one in found] == [200] * len(found)
        assert not [one.url for one in found if "错误的标题" in one.text.replace("q=错误", "")]
        assert all(TENDER in one.text for one in found[:3])
        assert [one.status_code for one in third] == [404, 404]


def test_a_withdrawn_version_is_not_public_again_with_its_successor(own_pages: World) -> None:
    record = own_pages.records["n1"].id
    _take(own_pages, Arrival("n1", Withdrawn(WITHDRAWN)))
    again = later()[0]
    assert isinstance(again.what, Delivery)
    _take(own_pages, again)
    with own_pages.client() as client:
        answer = client.get(f"/api/v1/records/{record}").json()
        assert [one["number"] for one in answer["versions"]] == [3]
        assert [client.get(f"/api/v1/records/{record}?version={n}").status_code for n in (1, 2, 3)] == [404, 404, 200]
        changes = client.get(f"/records/{record}/changes")
        page = client.get(f"/records/{record}").text
    assert "第三开标室" not in changes.text
    assert "changes?from=2" not in page


def test_absence_looks_the_same_for_what_is_hidden_and_what_is_not_there(pages: World) -> None:
    hidden = next(record for record in pages.records.values() if record.level is not AccessLevel.PUBLIC)
    component = pages.component(hidden.external_id, ComponentRole.MAIN)
    with pages.client() as client:
        for one, other in ((hidden.id, "rec_x"), (f"{hidden.id}/proof", "rec_x/proof")):
            found = [client.get(f"/api/v1/records/{each}") for each in (one, other)]
            assert [each.status_code for each in found] == [404, 404]
            assert len({each.json()["error"]["code"] for each in found}) == 1
        found = [client.get(f"/files/{each}") for each in (component, "cmp_x")]
    assert len({each.status_code for each in found}) == 1


def test_a_volume_tells_the_public_how_many_records_it_may_see(pages: World) -> None:
    volume = pages.records["n1"].volume_id
    with pages.client() as client:
        answer = client.get(f"/api/v1/volumes/{volume}").json()
    assert answer["volume"]["item_count"] == len(answer["records"])
    assert (answer["volume"]["missing"], answer["volume"]["declared"]) == ([], [])
