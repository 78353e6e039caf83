"""Watching an archive that stands on real servers: each is asked, and each that goes is named."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from access_control.wiring import ensure_defaults
from archive.settings import Settings
from archive.wiring import found
from ingest.watching.exposition import exposition
from ingest.worker import build_runtime
from tests.services import fresh_database, service_url
from web.services import Services
from web.wiring import services_of

pytestmark = pytest.mark.services


@contextmanager
def on_servers(home: Path, database: str, **given: str) -> Iterator[Services]:
    known = {
        "ARCHIVE_DATABASE_URL": database,
        "ARCHIVE_QUEUE_URL": service_url("rabbitmq"),
        "ARCHIVE_BLOBS_URL": f"{service_url('minio')}/watched-{secrets.token_hex(4)}",
        "ARCHIVE_SEARCH_URL": f"{service_url('elasticsearch')}/watched-{secrets.token_hex(4)}",
    }
    settings = Settings.load(known | given, home)
    found(settings)
    runtime = build_runtime(settings)
    with runtime.kernel.database.writing() as uow:
        ensure_defaults(uow, runtime.access, "370000")
    try:
        yield services_of(runtime)
    finally:
        runtime.kernel.close()


def codes(services: Services) -> dict[str, str | None]:
    return {part: answer.code for part, answer in services.health.parts().items()}


def test_every_server_is_asked_and_the_metrics_are_read(tmp_path: Path) -> None:
    with fresh_database() as database, on_servers(tmp_path / "home", database) as services:
        assert codes(services) == dict.fromkeys(("database", "schema", "blobs", "policy", "index", "queue"))
        text = exposition(services.metrics.read())
    assert text.count("juanzong_up{") == text.count("} 1.0\njuanzong_up") + 1 == 7


def test_a_database_that_goes_is_named_and_the_others_still_answer(tmp_path: Path) -> None:
    with ExitStack() as running:
        with fresh_database() as database:
            services = running.enter_context(on_servers(tmp_path / "home", database))
            assert set(codes(services).values()) == {None}
        # Dropped under the running archive.
        gone = codes(services)
        text = exposition(services.metrics.read())
    assert gone["database"] == gone["schema"] == "database-unavailable"
    assert gone["blobs"] is gone["queue"] is gone["index"] is None
    assert 'juanzong_up{part="database"} 0.0' in text


def test_a_broker_that_is_not_there_is_named_within_the_time_there_is(tmp_path: Path) -> None:
    nobody = "amqp://guest:a-secret@127.0.0.1:9//"
    with fresh_database() as database, on_servers(tmp_path / "h", database, ARCHIVE_QUEUE_URL=nobody) as services:
        found_codes = codes(services)
    assert found_codes.pop("queue") is not None
    assert set(found_codes.values()) == {None}
