"""The register of sources: what may be registered, how options change, when a source is read."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.errors import ArchiveError, Conflict, InvalidInput, NotFound
from ingest.connectors.port import ConnectorKind, Option
from ingest.connectors.registry import Registry
from ingest.sources.service import IMPORTED, SourceService
from ingest.types import Source
from ingest.waking import SYNC
from tests.small_archive import SOURCE, SmallArchive

PLACE = "http://portal.example"
USUAL = timedelta(minutes=10)
PUSHED = ConnectorKind("pushed-here", "对方推送", "pushed", None, (Option("key", "secret", "密钥", "key"),))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


@pytest.fixture
def sources(archive: SmallArchive) -> SourceService:
    kernel = archive.kernel
    registry = Registry([PUSHED], tuple)
    service = SourceService(kernel.database, kernel.ledger, kernel.jobs, archive.clock, registry, USUAL)
    service.register("site", "portal", PLACE)
    return service


def asked(archive: SmallArchive) -> list[str]:
    """Which sources are to be read, as a worker takes them."""
    names = []
    while (job := archive.kernel.jobs.claim("test", frozenset({SYNC}))) is not None:
        names.append(job.key)
        archive.kernel.jobs.complete(job)
    return names


def read(archive: SmallArchive, sources: SourceService, name: str = "site") -> Source:
    assert sources.request_due() >= 1
    assert name in asked(archive)
    return sources.get(name)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("", "portal", PLACE), "source-name"),
        (("x" * 65, "portal", PLACE), "source-name"),
        (("a", "portl", PLACE), "connector-unknown"),
        (("a", "portal", "https://user:hunter2@portal.example"), "source-location-secret"),
        (("site", "folder", PLACE), "source-differs"),
        (("site", "portal", PLACE + "/other"), "source-differs"),
    ],
)
def test_what_cannot_be_registered_is_refused(sources: SourceService, given: tuple[str, str, str], code: str) -> None:
    with pytest.raises(ArchiveError) as refused:
        sources.register(*given)
    assert refused.value.code == code
    assert "hunter2" not in str(refused.value)
    assert len(sources.all()) == 2


@pytest.mark.parametrize("minutes", [0, -1, 44_641])
def test_a_schedule_out_of_range_is_refused(sources: SourceService, minutes: int) -> None:
    with pytest.raises(InvalidInput, match="source-minutes"):
        sources.register("a", "portal", PLACE, minutes=minutes)
    with pytest.raises(InvalidInput, match="source-minutes"):
        sources.schedule("site", minutes)


def test_registering_again_finds_it_and_says_nothing_to_the_ledger(
    archive: SmallArchive, sources: SourceService
) -> None:
    size = len(archive.entries())
    assert sources.register("site", "portal", PLACE).name == "site"
    assert len(archive.entries()) == size


def test_a_secret_in_clear_reaches_neither_database_nor_ledger(archive: SmallArchive, sources: SourceService) -> None:
    with pytest.raises(InvalidInput, match="source-option-secret"):
        sources.register("a", "pushed-here", PLACE, {"key": "hunter2"})
    sources.register("a", "pushed-here", PLACE, {"key": "secret:a"})
    with pytest.raises(InvalidInput, match="source-option-secret"):
        sources.change("a", {"key": "hunter2"})
    assert "hunter2" not in repr(sources.all()) + repr(archive.entries())


def test_a_change_drafts_only_what_it_names(sources: SourceService) -> None:
    sources.register("a", "pushed-here", PLACE, {"key": "secret:a"})
    assert sources.change("a", {}).draft == {"key": "secret:a"}
    assert sources.change("a", {"key": "secret:b"}).draft == {"key": "secret:b"}
    assert sources.get("a").options == {"key": "secret:a"}
    assert sources.change("a", {}, ["key"]).draft == {}
    with pytest.raises(InvalidInput, match="source-option-not-set"):
        sources.change("a", {}, ["key"])
    sources.discard("a")
    assert sources.get("a").draft is None


def test_an_unknown_option_is_refused_with_the_nearest_name(sources: SourceService) -> None:
    with pytest.raises(InvalidInput) as refused:
        sources.change("site", {"vanishd": "withdraw"})
    assert refused.value.params["near"] == "vanished"


def test_a_draft_counts_only_once_it_was_previewed_as_it_is(archive: SmallArchive, sources: SourceService) -> None:
    with pytest.raises(Conflict, match="source-without-draft"):
        sources.apply("site")
    sources.change("site", {"vanished": "withdraw"})
    with pytest.raises(Conflict, match="source-not-previewed"):
        sources.apply("site")
    sources.previewed("site", {"vanished": "withdraw"})
    sources.change("site", {"vanished": "flag"})
    with pytest.raises(Conflict, match="source-not-previewed"):
        sources.apply("site")
    # A preview that took long and ends after the change says nothing about it.
    sources.previewed("site", {"vanished": "withdraw"})
    with pytest.raises(Conflict, match="source-not-previewed"):
        sources.apply("site")
    sources.previewed("site", {"vanished": "flag"})
    assert sources.apply("site").options == {"vanished": "flag"}
    changed = archive.entries()[-1].event
    assert (str(changed.type), changed.subject_id) == ("source.changed", "site")
    assert sources.get("site").draft is None


def test_each_source_is_read_by_its_own_schedule(archive: SmallArchive, sources: SourceService) -> None:
    sources.register("often", "portal", PLACE + "/often", minutes=3)
    assert (sources.request_due(), sorted(asked(archive))) == (2, ["often", "site"])
    assert sources.request_due() == 0
    archive.clock.advance(timedelta(minutes=3))
    assert (sources.request_due(), asked(archive)) == (1, ["often"])
    archive.clock.advance(timedelta(minutes=7))
    assert (sources.request_due(), sorted(asked(archive))) == (2, ["often", "site"])
    sources.schedule("often", None)
    archive.clock.advance(timedelta(minutes=9))
    assert sources.request_due() == 0


def test_a_clock_that_jumps_back_keeps_no_source_waiting(archive: SmallArchive, sources: SourceService) -> None:
    archive.clock.advance(timedelta(days=400))
    read(archive, sources)
    archive.clock.advance(-timedelta(days=400))
    assert sources.next_reading(sources.get("site")) == archive.clock.now()
    read(archive, sources)
    assert sources.request_due() == 0


def test_imported_and_pushed_sources_are_never_due(archive: SmallArchive, sources: SourceService) -> None:
    read(archive, sources)
    sources.register("pushed", "pushed-here", "push:")
    for name in ("pushed", SOURCE):
        assert sources.next_reading(sources.get(name)) is None
    assert sources.get(SOURCE).location == IMPORTED
    assert sources.request_due() == 0
    for name, code in (("pushed", "source-is-pushed"), (SOURCE, "source-is-imported")):
        with pytest.raises(Conflict, match=code):
            sources.ask(name)


def test_a_source_is_read_at_once_where_somebody_asks(archive: SmallArchive, sources: SourceService) -> None:
    read(archive, sources)
    sources.ask("site")
    sources.ask("site")
    assert asked(archive) == ["site"]


def test_a_paused_source_is_not_read_and_resumed_at_once(archive: SmallArchive, sources: SourceService) -> None:
    sources.pause("site")
    sources.pause("site")
    assert (sources.request_due(), sources.next_reading(sources.get("site"))) == (0, None)
    with pytest.raises(Conflict, match="source-paused"):
        sources.ask("site")
    with pytest.raises(Conflict, match="source-paused"):
        archive.ingest.intake.sync("site", archive.ingest.opener)
    sources.resume("site")
    sources.resume("site")
    assert asked(archive) == ["site"]
    acts = [str(entry.event.type) for entry in archive.entries()]
    assert (acts.count("source.paused"), acts.count("source.resumed")) == (1, 1)


@pytest.mark.parametrize("act", ["get", "ask", "pause", "resume", "apply", "discard"])
def test_what_is_not_registered_is_not_found(sources: SourceService, act: str) -> None:
    with pytest.raises(NotFound, match="source-unknown"):
        getattr(sources, act)("nowhere")
