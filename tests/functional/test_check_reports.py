"""Reports and tasks over HTTP: who gets them, what they are sent as, what an answer changes."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from archive.authorization import SYSTEM_ACTOR
from archive.records.model import item
from ingest.checks.types import Phase
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import Arrival
from ingest.types import Summary
from tests.functional.pages.world import ARCHIVIST, INSPECTOR, SOURCE, World, build_home, open_world
from tests.small_archive import ending, tender

PROJECT = "南湖中学课桌采购项目"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reports") / "home"
    build_home(made)
    return made


@pytest.fixture
def world(home: Path, tmp_path: Path) -> Iterator[World]:
    with open_world(home, tmp_path / "home") as opened:
        given = [Arrival(what.external_id, what) for what in (tender(7, PROJECT), ending(7, PROJECT))]
        opened.runtime.ingest.intake.take(SOURCE, MemoryConnector(given), Summary())
        opened.settle()
        yield opened


def closed(world: World) -> str:
    (volume,) = world.runtime.ingest.verdicts.volumes.closed()
    return volume


def reported(world: World) -> str:
    volume = closed(world)
    world.runtime.ingest.verdicts.volumes.settle(volume)
    return volume


def test_every_form_is_a_download_that_cannot_act_and_is_what_the_ledger_names(world: World) -> None:
    volume = reported(world)
    with world.client(ARCHIVIST) as client:
        for form, kind in (
            ("json", "application/json"),
            ("html", "text/html; charset=utf-8"),
            ("pdf", "application/pdf"),
        ):
            answer = client.get(f"/api/v1/volumes/{volume}/report", params={"format": form})
            assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
            assert answer.headers["content-disposition"].startswith("attachment;")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "'unsafe-inline'" not in answer.headers["content-security-policy"].partition("style-src")[0]
            assert "script-src 'unsafe" not in answer.headers["content-security-policy"]
            assert hashlib.sha256(answer.content).hexdigest() == answer.headers["etag"].strip('"')
        page = client.get(f"/api/v1/volumes/{volume}/report", params={"format": "html"})
        assert page.headers["content-security-policy"].startswith("sandbox;")
        shown = client.get(f"/console/volumes/{volume}").text
    assert f"/api/v1/volumes/{volume}/report?format=pdf" in shown
    assert world.runtime.ingest.verdicts.volumes.request_due() == 0


def test_a_volume_without_a_report_says_so_and_shows_no_link(world: World) -> None:
    volume = closed(world)
    with world.client(ARCHIVIST) as client:
        answer = client.get(f"/api/v1/volumes/{volume}/report")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "check-report-missing")
        assert "report?format" not in client.get(f"/console/volumes/{volume}").text


def test_nobody_else_gets_a_report(world: World) -> None:
    volume = reported(world)
    address = f"/api/v1/volumes/{volume}/report"
    with world.client() as client:
        assert client.get(address).status_code in {401, 404}
        assert client.get("/api/v1/volumes/none/report").status_code == 404
    with world.client(INSPECTOR) as client:
        assert client.get(address).status_code == 403


def test_whoever_may_not_see_every_item_does_not_get_the_report(world: World) -> None:
    volume = reported(world)
    hidden = next(r.id for r in world.services.records.page(SYSTEM_ACTOR, limit=100) if r.volume_id == volume)
    with world.runtime.kernel.database.writing() as uow:
        uow.connection.execute(update(item).where(item.c.id == hidden).values(region="110000"))
    with world.client(ARCHIVIST) as client:
        answer = client.get(f"/api/v1/volumes/{volume}/report")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "check-report-not-whole")
        assert "report?format" not in client.get(f"/console/volumes/{volume}").text


def test_a_task_is_listed_answered_and_counted_by_the_next_run(world: World) -> None:
    volume = closed(world)
    checker = world.runtime.ingest.verdicts.volumes
    checker.check(volume, Phase.KEEPING)
    with world.client(ARCHIVIST) as client:
        items = client.get("/api/v1/checks/tasks").json()["items"]
        task = next(item for item in items if item["subject"] == volume)
        address = f"/api/v1/checks/tasks/{task['id']}/answer"
        empty = client.post(address, json={"outcome": "pass", "note": " "})
        assert (empty.status_code, empty.json()["error"]["code"]) == (422, "check-task-note")
        assert client.post(address, json={"outcome": "not_checked", "note": "略"}).status_code == 422
        assert (
            client.post("/api/v1/checks/tasks/none/answer", json={"outcome": "pass", "note": "略"}).status_code == 404
        )
        given = client.post(address, json={"outcome": "pass", "note": "抽查三件，可打开"}).json()
        assert (given["state"], given["outcome"], given["note"]) == ("answered", "pass", "抽查三件，可打开")
        left = [item["id"] for item in client.get("/api/v1/checks/tasks").json()["items"]]
        answered = client.get("/api/v1/checks/tasks", params={"state": "answered"}).json()["items"]
    assert task["id"] not in left
    assert [item["id"] for item in answered] == [task["id"]]
    checker.check(volume, Phase.KEEPING)
    with world.client(ARCHIVIST) as client:
        data = client.get(f"/api/v1/volumes/{volume}/report", params={"format": "json", "phase": "keeping"}).content
    shown = {each["id"]: each["outcome"] for each in json.loads(data)["tasks"]}
    assert shown[task["id"]] == "pass"


def test_an_inspector_answers_nothing(world: World) -> None:
    closed(world)
    with world.client(INSPECTOR) as client:
        assert client.get("/api/v1/checks/tasks").status_code == 403
        answer = client.post("/api/v1/checks/tasks/none/answer", json={"outcome": "pass", "note": "略"})
        assert answer.status_code == 403
