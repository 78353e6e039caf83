"""The same message through many doors at once, and many workers on one document, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.ledger.types import EventType
from ingest.push.repository import PushRepository
from ingest.push.types import Answer, MessageState, Shape
from tests import push_messages as messages
from tests.services import fresh_database
from tests.small_archive import SmallArchive
from tests.small_push import SECRET, keep_token

_DOORS = 6


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallArchive]:
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database()) if request.param == "postgresql" else None
        small = stack.enter_context(SmallArchive.at(tmp_path / "home", database))
        keep_token(small)
        small.ingest.sources.register("sender", "push", "push:", {"token": SECRET})
        yield small


def test_a_message_that_comes_through_many_doors_at_once_is_received_and_joined_once(archive: SmallArchive) -> None:
    raws = [messages.xml("1801", f"k{number}", messages.valid("1801")) for number in range(3)]
    source, push = archive.ingest.sources.get("sender"), archive.ingest.push

    def receive(raw: bytes) -> Answer:
        return push.service.receive(source, raw, Shape.GENERAL_XML)

    with ThreadPoolExecutor(_DOORS) as doors:
        answers = list(doors.map(receive, raws * _DOORS))
        assert [answer.again for answer in answers].count(False) == len(raws)
        with archive.kernel.database.reading() as connection:
            found = [one for raw in range(3) for one in PushRepository(connection).of_key("sender", f"k{raw}")]
        assert [(one.place, one.state) for one in found] == [(1, MessageState.RECEIVED)] * len(raws)
        list(doors.map(push.joiner.join, [one.document for one in found] * _DOORS))
    assert {name: record.version for name, record in archive.records().items()} == {
        f"1801:k{number}": 1 for number in range(3)
    }
    assert [entry.event.type for entry in archive.entries()].count(EventType.RECORD_CAPTURED) == len(raws)
