"""The register of sources for programs: what it answers, whom it refuses, and that nothing secret is in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from access_control.types import Role
from archive.authorization import SYSTEM_ACTOR
from ingest.simulator.server import SimulatorServer
from tests.functional.pages.world import ARCHIVIST, INSPECTOR, MASKED, MOBILE, SOURCE, World, build_home, open_world
from tests.small_portal import SmallPortal, page

BASE = "/api/v1/sources"
ADMIN = ("machine", "sources-of-the-machine")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sources") / "home"
    build_home(home)
    return home


@pytest.fixture
def world(home: Path, tmp_path: Path) -> Iterator[World]:
    with open_world(home, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    with world.client(ARCHIVIST) as opened:
        yield opened


@pytest.fixture
def portal() -> Iterator[str]:
    with SimulatorServer(SmallPortal(page("n1", f"招标公告 联系电话{MOBILE}"), page("n2", "变更公告"))) as base:
        yield base


def added(client: httpx.Client, location: str, **more: object) -> Any:
    body = {"name": "site", "connector": "portal", "location": location} | more
    answer = client.post(BASE, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "status", "retryable"}
    assert error["status"] == answer.status_code
    return answer.status_code, error["code"]


def test_every_source_is_listed_with_how_it_is(client: httpx.Client) -> None:
    (source,) = client.get(BASE).json()["sources"]
    assert (source["name"], source["state"], source["refused"]) == (SOURCE, "never", 1)
    detail = client.get(f"{BASE}/{SOURCE}").json()
    assert detail["source"]["name"] == SOURCE
    assert [(refused["external_id"], refused["code"]) for refused in detail["refused"]] == [("n8", "file-empty")]


def test_a_source_goes_from_its_registration_to_a_changed_option(client: httpx.Client, portal: str) -> None:
    assert added(client, portal)["state"] == "never"
    drafted = client.patch(f"{BASE}/site/draft", json={"options": {"vanished": "withdraw"}}).json()
    assert (drafted["draft"], drafted["previewed"]) == ({"vanished": "withdraw"}, False)
    assert refusal(client.post(f"{BASE}/site/apply")) == (409, "source-not-previewed")
    preview = client.post(f"{BASE}/site/preview").json()
    assert (preview["ending"], [sample["becomes"] for sample in preview["samples"]]) == ("complete", ["captured"] * 2)
    assert client.post(f"{BASE}/site/preview", json={"limit": 1, "live": True}).json()["draft"] is False
    assert client.post(f"{BASE}/site/apply").json()["options"] == {"vanished": "withdraw"}
    assert client.patch(f"{BASE}/site/draft", json={"without": ["vanished"]}).json()["draft"] == {}
    assert client.delete(f"{BASE}/site/draft").json()["draft"] is None


def test_a_source_is_paused_resumed_read_and_scheduled(client: httpx.Client) -> None:
    added(client, "http://127.0.0.1:1")
    assert client.post(f"{BASE}/site/pause").json()["state"] == "paused"
    assert refusal(client.post(f"{BASE}/site/sync")) == (409, "source-paused")
    assert client.post(f"{BASE}/site/resume").json()["asked"] is True
    assert client.post(f"{BASE}/site/sync").status_code == 202
    assert client.put(f"{BASE}/site/schedule", json={"minutes": 9}).json()["minutes"] == 9
    assert refusal(client.put(f"{BASE}/site/schedule", json={"minutes": 0})) == (422, "source-minutes")


def test_what_cannot_be_used_is_refused_in_the_usual_shape(client: httpx.Client) -> None:
    def add(**more: object) -> tuple[int, str]:
        body: dict[str, object] = {"name": "a", "connector": "portal", "location": "http://127.0.0.1:1"}
        return refusal(client.post(BASE, json=body | more))

    assert add(options={"vanishd": "flag"}) == (422, "source-option-unknown")
    assert add(options={"vanished": 7}) == (422, "source-option-kind")
    assert add(connector="portl") == (422, "connector-unknown")
    assert add(location="http://user:hunter2@portal.example") == (422, "source-location-secret")
    assert add(region="Jinan") == (422, "request-invalid")
    assert add(more=1) == (422, "request-invalid")
    assert add(name=SOURCE) == (409, "source-differs")
    assert refusal(client.get(f"{BASE}/nowhere")) == (404, "source-unknown")
    assert refusal(client.post(f"{BASE}/nowhere/pause")) == (404, "source-unknown")


def test_a_source_that_is_down_is_said_to_be_down(client: httpx.Client) -> None:
    added(client, "http://127.0.0.1:1")
    assert refusal(client.post(f"{BASE}/site/preview")) == (502, "source-unreachable")


def test_names_with_signs_are_found(client: httpx.Client) -> None:
    added(client, "http://127.0.0.1:1", name="省 平台/一?#%")
    address = f"{BASE}/%E7%9C%81%20%E5%B9%B3%E5%8F%B0%2F%E4%B8%80%3F%23%25"
    assert client.get(address).json()["source"]["name"] == "省 平台/一?#%"
    assert client.post(f"{address}/pause").json()["state"] == "paused"


def test_whoever_sees_no_records_gets_masked_samples(world: World, portal: str) -> None:
    access = world.runtime.access.service
    access.create_account(ADMIN[0], "管理员", Role.SYSTEM_ADMIN, "370000", by=SYSTEM_ACTOR)
    access.set_password(ADMIN[0], ADMIN[1], by=SYSTEM_ACTOR)
    with world.client(ADMIN, fresh=True) as admin:
        session, _ = access.authenticate(*ADMIN)
        admin.cookies.set("juanzong_session", session)
        added(admin, portal)
        text = admin.post(f"{BASE}/site/preview").text
        assert MOBILE not in text
        assert MASKED in text
    with world.client(ARCHIVIST) as client:
        assert MOBILE in client.post(f"{BASE}/site/preview").text


def test_nobody_without_the_right_sees_or_changes_sources(world: World) -> None:
    changes = [
        ("POST", BASE),
        ("PATCH", f"{BASE}/{SOURCE}/draft"),
        ("DELETE", f"{BASE}/{SOURCE}/draft"),
        ("PUT", f"{BASE}/{SOURCE}/schedule"),
        *(("POST", f"{BASE}/{SOURCE}/{act}") for act in ("preview", "apply", "pause", "resume", "sync")),
    ]
    asked = [("GET", BASE), ("GET", f"{BASE}/{SOURCE}"), *changes]
    with world.client() as stranger:
        answers = [stranger.request(method, address, json={}) for method, address in asked]
        assert {refusal(answer) for answer in answers} == {(401, "login-required")}
    with world.client(INSPECTOR) as inspector:
        answers = [inspector.request(method, address, json={}) for method, address in asked]
        assert {answer.status_code for answer in answers} == {403}
    assert world.services.sources.find(SYSTEM_ACTOR, SOURCE).source.paused_at is None
