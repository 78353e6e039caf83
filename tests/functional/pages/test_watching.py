"""What those who watch are told: health, metrics, the log of requests."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from archive.authorization import SYSTEM_ACTOR
from archive.records.types import Delivery, RecordState
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import Arrival
from ingest.types import Summary
from ingest.watching.families import FAMILIES
from ingest.watching.health import HealthPorts, HealthService
from tests.functional.pages.world import ARCHIVIST, SOURCE, UNSURE, World, arrivals
from web.api import health
from web.app import create_app

TOKEN = "a-token-of-the-watcher"
PARTS = {"database", "schema", "blobs", "policy", "index"}
Values = dict[tuple[str, ...], float]


def values(text: str) -> Values:
    """Every sample by its name followed by the values of its labels in the order of the family."""
    order = {family.name: family.labels for family in FAMILIES}
    return {
        (sample.name, *(sample.labels[label] for label in order[sample.name])): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def asked(client: httpx.Client, token: str = TOKEN) -> httpx.Response:
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def watched(own_pages: World) -> World:
    """The application with a token set."""
    app = own_pages.app
    app.state.services = replace(own_pages.services, watch=replace(own_pages.services.watch, metrics_token=TOKEN))
    return own_pages


@contextmanager
def unreachable(world: World) -> Iterator[None]:
    """The database does not answer."""
    home = world.runtime.kernel.settings.home
    world.runtime.kernel.database.dispose()
    for file in home.glob("archive.db*"):
        file.unlink()
    (home / "archive.db").mkdir()
    yield


def test_without_a_token_set_nobody_gets_metrics(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        nowhere = client.get("/nowhere")
        for answer in (client.get("/metrics"), asked(client), asked(client, "None")):
            assert answer.status_code == 404
            assert answer.text.count("page-unknown") == nowhere.text.count("page-unknown")


def test_only_the_token_opens_the_metrics(watched: World) -> None:
    with watched.client() as client:
        for wrong in (TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é"):
            headers = {b"Authorization": f"Bearer {wrong}".encode()}
            assert client.get("/metrics", headers=headers).status_code == 404
        assert client.get("/metrics").status_code == 404
        assert client.get("/metrics", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 404
        assert client.get(f"/metrics?token={TOKEN}").status_code == 404
        answer = asked(client)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_the_metrics_are_what_prometheus_reads_and_every_family_is_there(watched: World) -> None:
    with watched.client() as client:
        text = asked(client).text
    read = list(text_string_to_metric_families(text))
    assert [family.name for family in read] == [family.name for family in FAMILIES]
    assert {family.type for family in read} == {"gauge"}
    for family, known in zip(read, FAMILIES, strict=True):
        assert family.documentation == known.meaning
        assert all(set(sample.labels) == set(known.labels) for sample in family.samples)


def test_the_numbers_are_those_of_the_archive(watched: World) -> None:
    overview = watched.services.status.overview(SYSTEM_ACTOR)
    with watched.client() as client:
        found = values(asked(client).text)
    assert {state: found["juanzong_records", state] for state in RecordState} == overview.records
    assert {state: found["juanzong_volumes", state] for state in overview.volumes} == overview.volumes
    assert sum(number for name, number in found.items() if name[0] == "juanzong_waiting") == overview.review
    assert sum(number for name, number in found.items() if name[0] == "juanzong_returned") == overview.returned
    assert found["juanzong_source_refused", SOURCE] == overview.refused == 1
    assert found["juanzong_source_gone", SOURCE] == overview.gone == 1
    assert found["juanzong_ledger_entries",] == overview.ledger_size
    assert found["juanzong_ledger_unpublished_entries",] == 0
    assert found["juanzong_index_lag_entries",] == 0
    assert {name[1] for name in found if name[0] == "juanzong_up"} == PARTS | {"counts"}
    assert {number for name, number in found.items() if name[0] == "juanzong_up"} == {1}
    assert UNSURE not in str(found)


def test_the_numbers_change_with_the_work(watched: World) -> None:
    intake = watched.runtime.ingest.intake
    with watched.client() as client:
        before = values(asked(client).text)
        first = arrivals()[0].what
        assert isinstance(first, Delivery)
        another = Arrival("another", replace(first, external_id="another"))
        intake.take(SOURCE, MemoryConnector([another]), Summary())
        time.sleep(0.05)
        taken = values(asked(client).text)
        watched.settle()
        settled = values(asked(client).text)
    assert taken["juanzong_records", "captured"] == before["juanzong_records", "captured"] + 1
    assert taken["juanzong_jobs", "advance", "waiting"] == 1
    assert taken["juanzong_jobs_oldest_due_seconds", "advance"] >= 0.05
    assert taken["juanzong_index_lag_entries",] > 0
    assert taken["juanzong_ledger_unpublished_entries",] > 0
    assert settled["juanzong_records", "captured"] == 0
    assert settled["juanzong_jobs", "advance", "waiting"] == 0
    assert settled["juanzong_jobs_oldest_due_seconds", "advance"] == 0
    assert settled["juanzong_index_lag_entries",] == settled["juanzong_ledger_unpublished_entries",] == 0
    done = ("juanzong_step_outcomes_recent", "identify", "done")
    assert settled[done] == before[done] + 1
    assert settled["juanzong_step_milliseconds_mean", "identify"] > 0
    assert ("juanzong_step_milliseconds_mean", "receive") not in settled


def test_what_fails_is_counted_by_kind_and_code(watched: World) -> None:
    jobs = watched.runtime.kernel.jobs
    with watched.runtime.kernel.database.writing() as uow:
        jobs.enqueue(uow, "sync", "one")
        jobs.enqueue(uow, "sync", "two")
    for number in range(2):
        job = jobs.claim("test", frozenset({"sync"}))
        assert job is not None
        if number:
            jobs.set_aside(job, "source-unknown", "")
        else:
            jobs.retry(job, "source-unreachable", "")
    with watched.client() as client:
        found = values(asked(client).text)
    assert found["juanzong_jobs_failing", "sync", "source-unknown", "aside"] == 1
    assert found["juanzong_jobs_failing", "sync", "source-unreachable", "again"] == 1
    assert found["juanzong_jobs", "sync", "aside"] == 1


def test_a_source_that_fails_is_told_and_so_is_its_silence(watched: World) -> None:
    watched.runtime.ingest.intake._failed(SOURCE, "source-unreachable", "")
    with watched.client() as client:
        found = values(asked(client).text)
    assert found["juanzong_source_failing", SOURCE] == 1
    assert found["juanzong_source_success_age_seconds", SOURCE] > 0


def break_index(world: World) -> str:
    index = world.runtime.kernel.settings.home / "index"
    shutil.rmtree(index)
    index.write_text("no folder", encoding="utf-8")
    return "index"


def break_blobs(world: World) -> str:
    blobs = world.runtime.kernel.settings.home / "blobs"
    shutil.rmtree(blobs)
    blobs.write_text("no folder", encoding="utf-8")
    return "blobs"


@pytest.mark.parametrize("breaking", [break_index, break_blobs])
def test_a_part_that_is_broken_is_named_and_the_rest_still_tells(
    watched: World, breaking: Callable[[World], str]
) -> None:
    with watched.client() as client:
        assert client.get("/health/ready").json() == {"status": "ok", "parts": dict.fromkeys(PARTS, "ok")}
        part = breaking(watched)
        ready = client.get("/health/ready")
        answer = asked(client)
    assert ready.status_code == 503
    told = ready.json()
    assert told["status"] == "failing"
    assert {name for name, said in told["parts"].items() if said != "ok"} == {part}
    assert str(watched.runtime.kernel.settings.home) not in ready.text
    assert answer.status_code == 200
    found = values(answer.text)
    assert {name[1] for name, number in found.items() if name[0] == "juanzong_up" and not number} == {part}
    assert found["juanzong_ledger_entries",] > 0


def test_a_database_that_does_not_answer_is_told_and_no_scrape_fails(watched: World) -> None:
    with watched.client() as client, unreachable(watched):
        ready = client.get("/health/ready")
        answer = asked(client)
        assert client.get("/health/live").json()["status"] == "ok"
    assert ready.status_code == 503
    assert ready.json()["parts"]["database"] == "database-unavailable"
    assert (ready.json()["parts"]["index"], ready.json()["parts"]["blobs"]) == ("ok", "ok")
    assert answer.status_code == 200
    found = values(answer.text)
    assert found["juanzong_up", "database"] == found["juanzong_up", "counts"] == 0
    assert (found["juanzong_up", "index"], found["juanzong_up", "blobs"]) == (1, 1)
    assert ("juanzong_ledger_entries",) not in found


def test_a_schema_of_another_program_is_not_ready(own_pages: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for head, code in (("9999", "database-outdated"), ("0000", "database-newer")):
        monkeypatch.setattr("ingest.watching.health.HEAD", head)
        with own_pages.client() as client:
            answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["parts"]["schema"] == code


def test_a_part_that_hangs_does_not_hang_the_answer(own_pages: World) -> None:
    kernel, services = own_pages.runtime.kernel, own_pages.services
    ports = HealthPorts(kernel.database, kernel.blobs, services.authorizer, lambda: None, queue=lambda: time.sleep(3))
    own_pages.app.state.services = replace(services, health=HealthService(ports, seconds=0.2))
    with own_pages.client() as client:
        started = time.monotonic()
        answer = client.get("/health/ready")
        assert time.monotonic() - started < 2
    assert answer.status_code == 503
    assert answer.json()["parts"] == dict.fromkeys(PARTS, "ok") | {"queue": "part-slow"}


def test_the_old_addresses_are_gone(pages: World) -> None:
    with pages.client() as client:
        assert {client.get(old).status_code for old in ("/healthz", "/readyz")} == {404}
    assert health.router.prefix == "/health"


def test_a_request_is_one_line_with_its_route_and_without_its_query(pages: World) -> None:
    record = pages.records["n1"].id
    with capture_logs() as logs, pages.client() as client:
        answer = client.get("/search", params={"q": "张三的投标"})
        client.get(f"/api/v1/records/{record}")
        client.get("/health/live")
        client.get("/gone/张三")
    told = [line for line in logs if line["event"] == "http.request"]
    assert [(line["method"], line["route"], line["status"], line["log_level"]) for line in told] == [
        ("GET", "/search", 200, "info"),
        ("GET", "/api/v1/records/{reference}", 200, "info"),
        ("GET", "/health/live", 200, "debug"),
        ("GET", "", 404, "info"),
    ]
    assert all(line["milliseconds"] > 0 for line in told)
    assert "张三" not in json.dumps(logs, ensure_ascii=False, default=str)
    assert len(answer.headers["x-request-id"]) == 12


def test_the_application_can_be_built_without_a_token(pages: World) -> None:
    assert pages.services.watch.metrics_token is None
    assert create_app(pages.services).title == "卷宗 Juanzong"
