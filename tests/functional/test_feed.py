"""The feed that we publish: nothing passed over, nothing shown that is not public, whoever writes meanwhile."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.authorization import PUBLIC_ACTOR, Permission
from archive.db.present import now
from archive.errors import InvalidInput
from archive.ledger.repository import Connection
from archive.records.feed.service import FeedPorts, FeedService
from archive.records.feed.types import LAST_ID, Cursor, FeedPage
from archive.records.reading import RecordView
from archive.records.repository import RecordRepository
from tests.functional.pages.world import ARCHIVIST, World, build_home, open_world
from tests.services import fresh_database
from tests.small_archive import SmallArchive, ending, notice, taken_back, tender

Seen = dict[str, tuple[int, bool]]
LONG = timedelta(days=2)


class Reader:
    """Somebody who follows the feed and keeps the last that was said of each record."""

    def __init__(self, feed: FeedService, limit: int = 2) -> None:
        self._feed = feed
        self._limit = limit
        self.cursor: Cursor | None = None
        self.seen: Seen = {}

    def page(self) -> FeedPage:
        page = self._feed.page(self.cursor, self._limit)
        # As a program would: the cursor is a text in between.
        self.cursor = Cursor.read(page.next.text())
        for view in page.items:
            self.seen[view.record.external_id] = told(view)
        return page

    def all(self) -> Seen:
        while self.page().more:
            pass
        return self.seen


def told(view: RecordView) -> tuple[int, bool]:
    return view.version.number, view.withdrawn


def public(archive: SmallArchive) -> Seen:
    """What is public in the end, asked in the other way: record by record."""
    scope = archive.authorizer.scope(PUBLIC_ACTOR, Permission.RECORD_LIST)
    with archive.kernel.database.reading() as connection:
        records = RecordRepository(connection).page(scope, limit=1000)
    reader = archive.reader()
    return {record.external_id: told(reader.find(PUBLIC_ACTOR, record.id)) for record in records}


def feed_of(archive: SmallArchive, ahead: timedelta = timedelta(0)) -> FeedService:
    """The feed of an archive whose database has the archive's own clock, `ahead` of it; a second on, nothing waits."""

    def present(_: Connection) -> datetime:
        return archive.clock.now() + ahead + timedelta(seconds=1)

    ports = FeedPorts(
        archive.kernel.database,
        archive.authorizer,
        archive.reader(),
        present,
    )
    return FeedService(ports)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallArchive]:
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database()) if request.param == "postgresql" else None
        yield stack.enter_context(SmallArchive.at(tmp_path / "home", database))


def release(archive: SmallArchive, external_id: str, moment: datetime) -> None:
    """Let what is settled of a record be public only from a moment on, as a scheme with an embargo would."""
    record = archive.record(external_id)
    with archive.kernel.database.writing() as uow:
        repository = RecordRepository(uow.connection)
        grade = repository.grades(record.id)[record.version]
        repository.put_grade(replace(grade, released_from=moment))
        repository.update_record(record.id, released_from=moment)


def test_a_reader_learns_of_what_appears_changes_and_is_taken_back(archive: SmallArchive) -> None:
    reader = Reader(feed_of(archive))
    assert reader.all() == {}
    archive.take(tender(1, "某工程"), tender(2, "又一工程"), ending(2, "又一工程"))
    archive.work()
    archive.clock.advance(LONG)
    assert reader.all() == public(archive) == {"t1": (1, False), "t2": (1, False), "e2": (1, False)}
    archive.take(tender(1, "某工程", body="更正。"), taken_back("e2"))
    archive.work()
    archive.clock.advance(LONG)
    assert reader.all() == public(archive)
    assert (reader.seen["t1"], reader.seen["e2"]) == ((2, False), (1, True))


def test_nothing_new_is_the_same_answer_again(archive: SmallArchive) -> None:
    archive.take(tender(1, "某工程"))
    archive.work()
    archive.clock.advance(LONG)
    reader = Reader(feed_of(archive))
    reader.all()
    archive.clock.advance(LONG)
    page = reader.page()
    assert (page.items, page.more) == ((), False)
    archive.clock.advance(LONG)
    assert reader.page() == page


def test_a_version_that_is_not_settled_is_not_told_nor_that_there_is_one(archive: SmallArchive) -> None:
    archive.take(tender(1, "某工程"))
    archive.work()
    archive.clock.advance(LONG)
    reader = Reader(feed_of(archive))
    assert reader.all() == {"t1": (1, False)}
    archive.take(tender(1, "某工程", body="尚未处理。"))
    archive.clock.advance(LONG)
    assert reader.page().items == ()
    archive.work()
    archive.clock.advance(LONG)
    assert reader.all() == {"t1": (2, False)}


def test_an_embargo_passes_by_the_clock_alone(archive: SmallArchive) -> None:
    archive.take(*(tender(number, f"工程{number}") for number in range(5)))
    archive.work()
    moment = archive.clock.now() + LONG
    for number in range(5):
        release(archive, f"t{number}", moment)
    archive.clock.advance(timedelta(seconds=10))
    reader = Reader(feed_of(archive))
    assert reader.all() == {}
    archive.clock.advance(LONG)
    # Five at the same moment, two to a page: the place within the moment is kept.
    assert [len(page.items) for page in iter_pages(reader)] == [2, 2, 1]
    assert reader.seen == public(archive)


def iter_pages(reader: Reader) -> Iterator[FeedPage]:
    while (page := reader.page()).more:
        yield page
    yield page


def test_a_host_whose_clock_is_behind_passes_nothing(archive: SmallArchive) -> None:
    archive.take(tender(1, "某工程"), tender(2, "又一工程"))
    archive.work()
    release(archive, "t1", archive.clock.now() - timedelta(seconds=2))
    ahead = Reader(feed_of(archive), limit=1)
    ahead.page()
    archive.clock.advance(-timedelta(seconds=60))
    release(archive, "t2", archive.clock.now() + timedelta(seconds=30))
    # Judged by this clock neither is public yet; a place beyond them must not be given.
    page = ahead.page()
    assert (page.items, page.next) == ((), ahead.cursor)
    archive.clock.advance(LONG)
    assert ahead.all() == public(archive)


def test_the_newest_second_is_held_back_on_the_clock_of_the_database(archive: SmallArchive) -> None:
    archive.take(tender(1, "某工程"))
    archive.work()
    reader = Reader(feed_of(archive, ahead=-timedelta(milliseconds=500)))
    assert reader.all() == {}
    archive.clock.advance(timedelta(milliseconds=500))
    assert reader.all() == {"t1": (1, False)}


def test_entries_from_a_clock_that_was_wrong_hold_nobody_up(archive: SmallArchive) -> None:
    archive.clock.advance(timedelta(days=400))
    archive.take(tender(1, "某工程"))
    archive.work()
    archive.clock.advance(-timedelta(days=399))
    assert Reader(feed_of(archive)).all() == {"t1": (1, False)}


def test_a_cursor_of_another_ledger_is_refused(archive: SmallArchive) -> None:
    archive.take(tender(1, "某工程"))
    archive.work()
    archive.clock.advance(LONG)
    feed, good = feed_of(archive), feed_of(archive).page(None, 10).next
    for bad in (replace(good, leaf="00000000"), replace(good, index=good.index + 1_000)):
        with pytest.raises(InvalidInput) as refused:
            feed.page(bad, 10)
        assert refused.value.code == "feed-cursor-foreign"


@given(st.text(max_size=200))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Cursor.read(text)
    assert refused.value.code == "feed-cursor"


def test_a_cursor_is_what_it_was() -> None:
    cursor = Cursor(-1, "-", datetime.fromisoformat("2026-06-01T00:00:00.000001+00:00"), LAST_ID)
    assert Cursor.read(cursor.text()) == cursor


@settings(max_examples=8)
@given(seed=st.integers(0, 1 << 30), limit=st.integers(1, 4))
def test_whatever_happens_in_between_a_reader_ends_with_what_is_public(
    tmp_path_factory: pytest.TempPathFactory, seed: int, limit: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - draws what happens, no secret
    with SmallArchive.at(tmp_path_factory.mktemp("feed") / "home") as archive:
        reader = Reader(feed_of(archive), limit)
        for _ in range(12):
            number = draw.randrange(4)
            act = draw.randrange(5)
            if act < 2:
                archive.take(tender(number, f"工程{number}", body=f"{draw.random()}"))
            elif act == 2 and f"t{number}" in archive.records():
                archive.take(taken_back(f"t{number}"))
            elif act == 3:
                archive.work()
                settled = [name for name, record in archive.records().items() if record.settled_version]
                if settled:
                    release(archive, draw.choice(settled), archive.clock.now() + timedelta(hours=draw.randrange(1, 60)))
            archive.advance()
            archive.clock.advance(timedelta(hours=draw.randrange(0, 20)))
            if draw.randrange(2):
                before = public(archive)
                page = reader.page()
                assert all(before[view.record.external_id] == told(view) for view in page.items)
        archive.work()
        archive.clock.advance(timedelta(days=30))
        assert reader.all() == public(archive)


def test_writers_at_the_same_time_hide_nothing_from_a_reader(archive: SmallArchive) -> None:
    ports = FeedPorts(archive.kernel.database, archive.authorizer, archive.reader(), now)
    reader, done = Reader(FeedService(ports), limit=7), threading.Event()

    def write(part: int) -> None:
        for number in range(part * 100, part * 100 + 12):
            archive.take(
                notice(f"w{number}", f"{number}号招标公告", hints={"data_no": "551", "project_code": f"P{number}"})
            )

    def work() -> None:
        while not done.wait(0.01):
            archive.advance()

    writers = [threading.Thread(target=write, args=(part,)) for part in range(3)]
    worker = threading.Thread(target=work)
    for thread in (*writers, worker):
        thread.start()
    while any(thread.is_alive() for thread in writers):
        reader.page()
    done.set()
    worker.join()
    archive.work()
    archive.clock.advance(LONG)
    assert len(public(archive)) == 36
    assert reader.all() == public(archive)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("feed-world")
    build_home(folder / "home")
    with open_world(folder / "home", folder / "copy") as opened:
        yield opened


def told_over_http(client: httpx.Client) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    after, more = "", True
    while more:
        answer = client.get("/api/v1/feed", params={"after": after, "limit": 2})
        assert answer.status_code == 200
        page = answer.json()
        found |= {item["record"]: item for item in page["items"]}
        after, more = page["next"], page["more"]
    return found


def test_over_http_it_is_the_public_copy_whoever_asks(world: World) -> None:
    # The newest second is held back, and this home was made just now.
    time.sleep(1.2)
    with world.client() as stranger, world.client(ARCHIVIST) as archivist:
        found = told_over_http(stranger)
        assert told_over_http(archivist) == found
        for record, item in found.items():
            shown = stranger.get(f"/api/v1/records/{record}").json()
            digests = [(one["name"], one["sha256"]) for one in shown["components"]]
            files = item["files"]
            assert isinstance(files, list)
            assert [(one["name"], one["sha256"]) for one in files] == digests
            assert item["title"] == shown["record"]["title"]
            assert stranger.get(str(item["url"])).status_code == 200
    states = {
        world.services.records.find(PUBLIC_ACTOR, record).record.external_id: item["state"]
        for record, item in found.items()
    }
    assert states == {"n1": "shown", "n2": "withdrawn", "n3": "shown", "n4": "shown"}


def test_over_http_an_answer_can_be_kept_as_long_as_nothing_is_new(world: World) -> None:
    with world.client() as client:
        last = client.get("/api/v1/feed", params={"limit": 200}).json()["next"]
        first = client.get("/api/v1/feed", params={"after": last})
        again = client.get("/api/v1/feed", params={"after": last}, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert first.headers["cache-control"] == "public, no-cache"
        for bad in ("x", "MTox", "a" * 500):
            answer = client.get("/api/v1/feed", params={"after": bad})
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "feed-cursor")
        assert client.get("/api/v1/feed", params={"limit": 0}).status_code == 422
        paths = client.get("/api/v1/openapi.json").json()["paths"]
        assert {"/api/v1/feed", "/api/v1/uploads", "/api/v1/uploads/{upload_id}"} <= set(paths)
