"""The index on a real server when things go wrong: refusals, cut connections, dead and sleeping rebuilds."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.clock import FixedClock
from archive.errors import ArchiveError, Damaged, Unavailable
from search.elastic.address import Address
from search.elastic.claim import LEASE
from search.elastic.client import Server
from search.elastic.index import ElasticIndex
from search.port import Replacement
from tests.fault.forwarder import Forwarder
from tests.fault.rebuild_demo import STEPS
from tests.search_engines import SERVICES, fresh_address, names
from tests.unit.search.documents import ask, document, found

pytestmark = SERVICES
ROOT = Path(__file__).resolve().parents[2]
LATER = LEASE + timedelta(minutes=1)


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_address() as address:
        yield address


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(UTC))


@pytest.fixture
def index(url: str, clock: FixedClock) -> ElasticIndex:
    made = ElasticIndex(Address.read(url), clock)
    made.apply([document("rec_1", ledger_index=1)], 1)
    return made


def generations(url: str) -> list[str]:
    """The last digits of the generations there are."""
    return [name.rpartition("-")[2] for name in names(url) if "-v" in name]


def set_block(url: str, block: str) -> None:
    server = Server(Address.read(url))
    with server.asked() as client:
        client.indices.put_settings(index=f"{server.address.name}-v1-000001", settings={f"index.blocks.{block}": True})


def test_a_refused_document_is_named_and_nothing_is_said_to_be_indexed(index: ElasticIndex) -> None:
    # No term of an index may be longer than 32 KB.
    refused = document("rec_3", ledger_index=3, state="x" * 40_000)
    batch = [document("rec_2", ledger_index=2), refused, document("rec_4", ledger_index=4)]
    for _ in range(2):
        with pytest.raises(Damaged, match="search-index-rejected") as refusal:
            index.apply(batch, 4)
        assert refusal.value.params["record"] == "rec_3"
        assert index.position() == 1
    index.apply([document("rec_3", ledger_index=3), *batch[::2]], 4)
    assert (found(index), index.position()) == ({"rec_1", "rec_2", "rec_3", "rec_4"}, 4)


@pytest.mark.parametrize("block", ["write", "read_only_allow_delete"])
def test_an_index_made_read_only_by_its_keeper_stays_so_and_is_tried_again(
    url: str, index: ElasticIndex, block: str
) -> None:
    set_block(url, block)
    with pytest.raises(Unavailable, match="search-index-unwritable"):
        index.apply([document("rec_2", ledger_index=2)], 2)
    assert (found(index), index.position()) == ({"rec_1"}, 1)


def test_an_index_of_several_parts_is_one_index(clock: FixedClock) -> None:
    with fresh_address(options="shards=3") as url:
        index = ElasticIndex(Address.read(url), clock)
        documents = [document(f"rec_{number:04}", "公告", ledger_index=number) for number in range(2_300)]
        index.apply(documents, 2_300)
        assert (index.count(), index.position(), ask(index, "公告").total) == (2_300, 2_300, 2_300)
        pages = [ask(index, "公告", size=100, offset=offset).hits for offset in range(0, 2_300, 100)]
        assert sorted(hit.record_id for page in pages for hit in page) == [change.record_id for change in documents]


def test_a_cut_connection_is_made_again_as_soon_as_the_server_is_back(url: str, clock: FixedClock) -> None:
    with Forwarder(Address.read(url).port) as forwarder:
        through = url.replace(f":{Address.read(url).port}/", f":{forwarder.port}/")
        index = ElasticIndex(Address.read(through), clock)
        index.apply([document("rec_1")], 1)
        for position in (2, 3):
            forwarder.stop()
            for _ in range(4):
                with pytest.raises(Unavailable, match="search-unavailable"):
                    ask(index)
            forwarder.start()
            assert found(index) == {"rec_1"}
            forwarder.cut()
            index.apply([document("rec_1", ledger_index=position)], position)
            assert index.position() == position


def test_an_index_of_another_layout_must_be_rebuilt(url: str, index: ElasticIndex) -> None:
    name = Address.read(url).name
    with Server(Address.read(url)).asked() as client:
        client.indices.create(index=f"{name}-v0-000009")
        client.indices.update_aliases(
            actions=[
                {"remove": {"index": f"{name}-v1-000001", "alias": name}},
                {"add": {"index": f"{name}-v0-000009", "alias": name}},
            ]
        )
    for question in (lambda: ask(index), index.position, index.count, lambda: index.apply([], 9)):
        with pytest.raises(Damaged, match="search-index-layout"):
            question()
    rebuild(index)
    assert (found(index), generations(url)) == ({"rec_2"}, ["000010"])


def test_an_alias_that_stands_for_somebody_elses_index_is_damage_not_emptiness(url: str, index: ElasticIndex) -> None:
    name = Address.read(url).name
    with Server(Address.read(url)).asked() as client:
        client.indices.create(index=f"{name}-other", aliases={name: {}})
    for question in (lambda: ask(index), lambda: index.apply([], 9)):
        with pytest.raises(Damaged, match="search-index-unreadable"):
            question()
    rebuild(index)
    assert found(index) == {"rec_2"}
    assert f"{name}-other" in names(url)


def test_an_index_that_bears_the_name_itself_is_no_empty_one(url: str, clock: FixedClock) -> None:
    with Server(Address.read(url)).asked() as client:
        client.indices.create(index=Address.read(url).name)
    index = ElasticIndex(Address.read(url), clock)
    for question in (lambda: ask(index), index.position, lambda: index.apply([], 9)):
        with pytest.raises(Damaged, match="search-index-unreadable"):
            question()


def test_everything_can_be_said_in_the_words_of_release_8(clock: FixedClock) -> None:
    # A server of release 9 understands them: that ours are those of both is all that can be tried on it.
    with fresh_address(options="compat=8") as url:
        index = ElasticIndex(Address.read(url), clock)
        index.apply([document("rec_1", "滨河路改造", "GC-2026-D30", ledger_index=1)], 1)
        assert found(index, "滨") == found(index, "GC-2026-D3*") == found(index, "河路 -绿化") == {"rec_1"}
        rebuild(index)
        assert (found(index), index.position()) == ({"rec_2"}, 2)


def test_several_who_write_first_make_one_index(url: str, clock: FixedClock) -> None:
    start, refused = threading.Barrier(4), list[ArchiveError]()

    def write(number: int) -> None:
        own = ElasticIndex(Address.read(url), clock)
        start.wait()
        while True:
            try:
                return own.apply([document(f"rec_{number}", ledger_index=number)], number)
            except Unavailable as error:
                refused.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert {error.code for error in refused} <= {"search-index-locked"}
    index = ElasticIndex(Address.read(url), clock)
    assert (found(index), index.position()) == ({f"rec_{number}" for number in range(4)}, 3)
    assert generations(url) == ["000001"]


def test_while_one_catches_up_others_are_told_to_come_again(url: str, index: ElasticIndex, clock: FixedClock) -> None:
    other = ElasticIndex(Address.read(url), clock)
    refused: list[ArchiveError] = []

    def meet() -> None:
        attempts: list[Callable[[], None]] = [
            lambda: other.apply([document("rec_9", ledger_index=9)], 9),
            lambda: rebuild(other),
        ]
        for attempt in attempts:
            with pytest.raises(Unavailable) as refusal:
                attempt()
            refused.append(refusal.value)
        assert found(other) == {"rec_1"}

    with index.replacement() as new:
        new.apply([document("rec_2", ledger_index=2)], 2)
        new.promote(meet)
    assert [error.code for error in refused] == ["search-index-locked", "search-rebuild-running"]
    other.apply([document("rec_9", ledger_index=9)], 9)
    assert (found(index), generations(url)) == ({"rec_2", "rec_9"}, ["000002"])


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_rebuild_leaves_an_answer_and_nothing_for_long(
    url: str, index: ElasticIndex, clock: FixedClock, step: str
) -> None:
    kill_at(url, step)
    answer = "rec_new" if step == "exchanged" else "rec_1"
    assert (found(index), generations(url)) == ({answer}, ["000001", "000002"])
    with pytest.raises(Unavailable, match="search-rebuild-running"):
        rebuild(index)
    late = [document("rec_late", ledger_index=9)]
    if step == "blocked":
        with pytest.raises(Unavailable, match="search-index-locked"):
            index.apply(late, 9)
        clock.advance(LATER)
        index.apply(late, 9)
        # Whoever lifts the block has also dropped what the dead rebuild might still have put in its place.
        assert generations(url) == ["000001"]
    else:
        index.apply(late, 9)
        clock.advance(LATER)
    assert (found(index), index.position()) == ({answer, "rec_late"}, 9)
    rebuild(index)
    assert found(index) == {"rec_2"}
    assert len(generations(url)) == 1


def test_a_rebuild_that_slept_too_long_cannot_undo_what_others_wrote(
    url: str, index: ElasticIndex, clock: FixedClock
) -> None:
    other = ElasticIndex(Address.read(url), clock)

    def sleep() -> None:
        clock.advance(LATER)
        other.apply([document("rec_9", ledger_index=9)], 9)

    with pytest.raises(Unavailable, match="search-rebuild-running"):
        rebuild(index, sleep)
    assert (found(index), index.position(), generations(url)) == ({"rec_1", "rec_9"}, 9, ["000001"])


def test_a_rebuild_that_slept_too_long_lifts_no_block_of_another(
    url: str, index: ElasticIndex, clock: FixedClock
) -> None:
    other, writer = (ElasticIndex(Address.read(url), clock) for _ in range(2))
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        leave.wait(30)

    thread = threading.Thread(target=rebuild, args=(other, hold))

    def sleep() -> None:
        clock.advance(LATER)
        thread.start()
        assert inside.wait(30)

    try:
        with pytest.raises(Unavailable, match="search-rebuild-running"):
            rebuild(index, sleep)
        with pytest.raises(Unavailable, match="search-index-locked"):
            writer.apply([document("rec_9", ledger_index=9)], 9)
    finally:
        leave.set()
        thread.join()
    assert found(index) == {"rec_2"}


def test_of_two_rebuilds_the_one_that_took_over_wins(url: str, index: ElasticIndex, clock: FixedClock) -> None:
    other = ElasticIndex(Address.read(url), clock)

    def replaced(new: Replacement) -> None:
        clock.advance(LATER)
        rebuild(other)
        new.apply([document("rec_x", ledger_index=9)], 9)

    with pytest.raises(Unavailable, match="search-rebuild-running"), index.replacement() as new:
        replaced(new)
    assert (found(index), generations(url)) == ({"rec_2"}, ["000003"])
    rebuild(index)


def test_a_long_rebuild_that_gives_signs_of_life_is_left_alone(
    url: str, index: ElasticIndex, clock: FixedClock
) -> None:
    other = ElasticIndex(Address.read(url), clock)
    with index.replacement() as new:
        for number in range(8):
            clock.advance(LEASE / 2)
            new.apply([document(f"rec_{number}", ledger_index=number)], number)
            with pytest.raises(Unavailable, match="search-rebuild-running"):
                rebuild(other)
        new.promote(nothing)
    assert ask(index).total == 8


def nothing() -> None:
    """There is nothing to catch up with."""


def rebuild(index: ElasticIndex, between: Callable[[], None] = nothing) -> None:
    with index.replacement() as new:
        new.apply([document("rec_2", ledger_index=2)], 2)
        new.promote(between)


def kill_at(url: str, step: str) -> None:
    """Start a rebuild in another process and kill it at a step of its."""
    command = [sys.executable, "-m", "tests.fault.rebuild_demo", url, step]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        reached = process.stdout.readline().strip()
        os.kill(process.pid, signal.SIGKILL)
    assert reached == step
