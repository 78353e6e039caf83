"""The register as people work with it: nobody does without the right what the service itself would do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from access_control.memory import EVERYTHING, AllowList
from archive.authorization import Actor, Permission
from archive.errors import Forbidden, InvalidInput
from classifiers.personal_data import mask
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import Arrival, ConnectorKind, Opened
from ingest.connectors.registry import GROUP, Registry
from ingest.extractors.reading import read_component
from ingest.sources.desk import SourceDesk, SourceDeskPorts, Wanted
from ingest.sources.health import SourceHealthService
from ingest.sources.preview import Previewer
from ingest.sources.samples import Ending
from ingest.sources.service import SourceService
from ingest.types import Source
from tests.small_archive import SOURCE, SmallArchive, notice
from tests.unit.sources.test_service import PUSHED, USUAL

READER, KEEPER, NOBODY = Actor("acc_reader", "reader"), Actor("acc_keeper", "keeper"), Actor("acc_nobody", "nobody")
MACHINE = Actor("acc_machine", "machine")
MOBILE = "13912345678"

READING: list[Callable[[SourceDesk, Actor], object]] = [
    lambda desk, actor: desk.connectors(actor),
    lambda desk, actor: desk.kind(actor, "portal"),
    lambda desk, actor: desk.all(actor),
    lambda desk, actor: desk.find(actor, SOURCE),
    lambda desk, actor: desk.refused(actor, SOURCE),
]
CHANGING: list[Callable[[SourceDesk, Actor], object]] = [
    lambda desk, actor: desk.add(actor, Wanted("a", "portal", "http://portal.example", {})),
    lambda desk, actor: desk.change(actor, "site", {}),
    lambda desk, actor: desk.preview(actor, "site"),
    lambda desk, actor: desk.apply(actor, "site"),
    lambda desk, actor: desk.discard(actor, "site"),
    lambda desk, actor: desk.schedule(actor, "site", 5),
    lambda desk, actor: desk.ask(actor, "site"),
    lambda desk, actor: desk.pause(actor, "site"),
    lambda desk, actor: desk.resume(actor, "site"),
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SourceDesk]:
    with SmallArchive.at(tmp_path / "home") as archive:
        kernel = archive.kernel
        manage = dict.fromkeys((Permission.SOURCE_READ, Permission.SOURCE_MANAGE), (EVERYTHING,))
        allowed = {
            READER.id: {Permission.SOURCE_READ: (EVERYTHING,)},
            KEEPER.id: manage | {Permission.RECORD_READ: (EVERYTHING,)},
            MACHINE.id: manage,
            NOBODY.id: {Permission.RECORD_READ: (EVERYTHING,)},
        }
        registry = Registry([PUSHED], tuple)
        sources = SourceService(kernel.database, kernel.ledger, kernel.jobs, archive.clock, registry, USUAL)
        sources.register("site", "portal", "http://portal.example")
        sources.register("pushed", PUSHED.name, "push:")
        health = SourceHealthService(kernel.database, kernel.jobs, archive.clock, sources)
        previewer = Previewer(_opened, read_component, kernel.plan)
        policy = AllowList(archive.clock, allowed)
        yield SourceDesk(SourceDeskPorts(sources, health, previewer, registry, policy, lambda text: mask(text).text))


@contextmanager
def _opened(_: Source) -> Iterator[Opened]:
    yield Opened(MemoryConnector([Arrival("n1", notice("n1", f"公告 联系电话{MOBILE}"))]), {})


@pytest.mark.parametrize("act", [*READING, *CHANGING])
def test_nobody_does_anything_without_the_right(desk: SourceDesk, act: Callable[[SourceDesk, Actor], object]) -> None:
    with pytest.raises(Forbidden):
        act(desk, NOBODY)


@pytest.mark.parametrize("act", CHANGING)
def test_whoever_may_read_changes_nothing(desk: SourceDesk, act: Callable[[SourceDesk, Actor], object]) -> None:
    for reads in READING:
        reads(desk, READER)
    with pytest.raises(Forbidden):
        act(desk, READER)


def test_samples_are_masked_for_whoever_sees_no_records(desk: SourceDesk) -> None:
    assert MOBILE in repr(desk.preview(KEEPER, "site"))
    assert MOBILE not in repr(desk.preview(MACHINE, "site"))


def test_a_source_that_others_push_to_shows_nothing_and_can_still_be_changed(desk: SourceDesk) -> None:
    desk.change(KEEPER, "pushed", {"key": "secret:a"})
    assert desk.preview(KEEPER, "pushed").ending is Ending.UNREAD
    assert desk.apply(KEEPER, "pushed").options == {"key": "secret:a"}


def test_a_connector_that_cannot_be_loaded_is_listed_with_what_is_wrong(desk: SourceDesk) -> None:
    desk._ports.registry._installed = lambda: (EntryPoint("theirs", "not_installed_anywhere:KIND", GROUP),)
    found = desk.connectors(READER)
    assert isinstance(found["portal"], ConnectorKind)
    broken = found["theirs"]
    assert isinstance(broken, InvalidInput)
    assert broken.code == "connector-broken"
