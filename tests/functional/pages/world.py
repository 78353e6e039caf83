"""A small archive behind the real application: a dozen documents of our own making, taken through the real pipeline."""

import io
import json
import re
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import httpx
import uvicorn
from fastapi import FastAPI

from access_control.wiring import ensure_defaults
from archive.authorization import SYSTEM_ACTOR
from archive.ledger.follower import follow
from archive.records.types import ComponentRole, Delivery, Incoming, Record
from archive.settings import Settings
from archive.wiring import found
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import GONE, WITHDRAWN, Arrival, Gone, Refused, Withdrawn
from ingest.simulator.recordings import record
from ingest.types import Summary
from ingest.waking import ADVANCE
from ingest.worker import Runtime, build_runtime
from web.app import create_app
from web.services import Services
from web.wiring import services_of

ZONE = ZoneInfo("Asia/Shanghai")
MOBILE = "13912345678"
MASKED = "139****5678"
ARCHIVIST = ("archivist", "pages-of-the-archivist")
INSPECTOR = ("inspector", "pages-of-the-inspector")
SOURCE = "portal"
PROJECT = "清溪河护岸修复工程"
CODE = "M3701002026000777"
TENDER = f"{PROJECT}招标公告"
RECORDING = f"{PROJECT}评标过程录音录像"
TAKEN_BACK = f"{PROJECT}最高投标限价公告"
_SESSIONS = "sessions.json"
UNSURE = "关于系统维护期间服务安排的说明"


def _file(
    name: str, content: bytes, role: ComponentRole = ComponentRole.MAIN, media_type: str = "text/html"
) -> Incoming:
    return Incoming(name, role, lambda: io.BytesIO(content), media_type=media_type)


def _page(title: str, *paragraphs: str) -> Incoming:
    body = "".join(paragraph if paragraph.startswith("<") else f"<p>{paragraph}</p>" for paragraph in paragraphs)
    html = f"<html><head><meta charset='utf-8'><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"
    return _file("notice.html", html.encode())


def _notice(external_id: str, title: str, label: str, days: int, *files: Incoming, **hints: object) -> Arrival:
    known: dict[str, object] = {"project_code": CODE, "project_name": PROJECT, "source_label": label, "category": "A02"}
    published = datetime(2026, 3, 2, 9, 30, tzinfo=ZONE) + timedelta(days=days)
    return Arrival(external_id, Delivery(external_id, title, "370100", published, files, known | hints))


_CONTACTS = (
    "<table><tr><td>类别</td><td>名称</td><td>联系人</td><td>联系电话</td></tr>"
    f"<tr><td>招标人</td><td>清溪区水务局</td><td>苗青</td><td>{MOBILE}</td></tr></table>"
)
_TENDER_TEXT = "一、招标条件。本招标项目已由清溪区行政审批服务局批准建设，现对该项目施工进行公开招标。"


def arrivals() -> list[Arrival]:
    """What the source delivers first."""
    minutes = _file("现场说明.txt", "现场踏勘集合地点：清溪河一号闸。".encode(), ComponentRole.ATTACHMENT, "text/plain")
    video = record(CODE, "环境1", datetime(2026, 3, 25, 9, 0, tzinfo=ZONE), 2)
    played = _file("环境1.mp4", video, ComponentRole.ATTACHMENT, "video/mp4")
    evil = "<script>alert(1)</script>"
    return [
        _notice("n1", TENDER, "招标公告", 0, _page(TENDER, _TENDER_TEXT, _CONTACTS, "开标地点：第三开标室。"), minutes),
        _notice("n2", TAKEN_BACK, "最高投标限价公告", 3, _page(TAKEN_BACK, "最高投标限价为三百万元。")),
        _notice(
            "n3", f"{PROJECT}中标候选人公示", "中标候选人公示", 24, _page("公示", "第一中标候选人：清溪建设有限公司。")
        ),
        _notice("n4", f"{PROJECT}中标结果公告", "中标结果公告", 29, _page("公告", f"中标人：清溪建设有限公司。{evil}")),
        _notice("n5", RECORDING, "", 23, _page(RECORDING, "录音录像见附件。"), played, data_no="9063"),
        Arrival(
            "n6", Delivery("n6", UNSURE, "370100", datetime(2026, 3, 9, 8, 0, tzinfo=ZONE), (_page(UNSURE, "略。"),))
        ),
        _notice("n7", f"{PROJECT}变更公告", "变更公告", 9, _file("notice.html", b"")),
        Arrival("n8", Refused("file-empty", {}, b"nothing")),
        Arrival("n9", Gone(GONE)),
    ]


def later() -> list[Arrival]:
    """What it delivers afterwards: one notice changed, one gone."""
    changed = _page(TENDER, _TENDER_TEXT, _CONTACTS, "开标地点：第九开标室。")
    return [_notice("n1", TENDER, "招标公告", 0, changed), Arrival("n2", Withdrawn(WITHDRAWN))]


@dataclass(frozen=True)
class World:
    """The application over one home, with its records by the source's own ids."""

    runtime: Runtime
    services: Services
    app: FastAPI
    records: Mapping[str, Record]
    url: str
    sessions: Mapping[str, str]

    @contextmanager
    def client(self, account: tuple[str, str] | None = None, *, fresh: bool = False) -> Iterator[httpx.Client]:
        """A browser, logged in as `account` or as nobody. It does not follow redirects.

        Hashing a password is slow on purpose: unless `fresh`, a session is used that the home was made with.
        """
        with httpx.Client(base_url=self.url, timeout=30) as client:
            if account is not None:
                session = self._login(client, account) if fresh else self.sessions[account[0]]
                client.cookies.set("juanzong_session", session)
            yield client

    @staticmethod
    def _login(client: httpx.Client, account: tuple[str, str]) -> str:
        form = {"name": account[0], "password": account[1], "csrf": token(client.get("/login").text)}
        assert client.post("/login", data=form).status_code == 303
        session = client.cookies["juanzong_session"]
        client.cookies.clear()
        return session

    def settle(self) -> None:
        """Let everything happen that happens by itself."""
        settle(self.runtime)

    def component(self, external_id: str, role: ComponentRole) -> str:
        """The id of a component of a record."""
        view = self.services.records.find(SYSTEM_ACTOR, self.records[external_id].id)
        return next(component.id for component in view.components if component.role is role)


def token(html: str) -> str:
    """The token of the first form of a page."""
    match = re.search(r'name="csrf" value="([0-9a-f]+)"', html)
    assert match is not None
    return match[1]


def question(html: str) -> str:
    """What the page of the queue asks, so that an answer can name it."""
    match = re.search(r'name="question" value="([^"]+)"', html)
    assert match is not None
    return match[1].replace("&#43;", "+")


def build_home(home: Path) -> None:
    """Found an archive in `home` and take in everything."""
    settings = Settings.load({}, home)
    found(settings)
    runtime = build_runtime(settings)
    with runtime.kernel.database.writing() as uow:
        ensure_defaults(uow, runtime.access, "370000")
    for name, password in (ARCHIVIST, INSPECTOR):
        runtime.access.service.set_password(name, password, by=SYSTEM_ACTOR)
    runtime.ingest.sources.register(SOURCE, "portal", "http://127.0.0.1:9/api/list")
    for delivered in (arrivals(), later()):
        runtime.ingest.intake.take(SOURCE, MemoryConnector(delivered), Summary())
        settle(runtime)
    sessions = {
        name: runtime.access.service.authenticate(name, password)[0] for name, password in (ARCHIVIST, INSPECTOR)
    }
    (home / _SESSIONS).write_text(json.dumps(sessions), encoding="utf-8")
    runtime.kernel.database.dispose()


def settle(runtime: Runtime) -> None:
    """Work off every job, close what can be closed, feed the index, sign a checkpoint."""
    jobs = runtime.kernel.jobs
    while (job := jobs.claim("pages", frozenset({ADVANCE}))) is not None:
        runtime.ingest.runner.advance(job.key)
        jobs.complete(job)
    runtime.kernel.closing.sweep(SYSTEM_ACTOR)
    while follow(runtime.kernel.database, runtime.search.projector, 500):
        pass
    runtime.kernel.integrator.publish()


@contextmanager
def open_world(template: Path, home: Path) -> Iterator[World]:
    """The application over a copy of the home at `template`, served on a loopback port."""
    shutil.copytree(template, home)
    runtime = build_runtime(Settings.load({}, home))
    services = services_of(runtime)
    records = {record.external_id: record for record in services.records.page(SYSTEM_ACTOR, limit=100)}
    app = create_app(services)
    with socket.create_server(("127.0.0.1", 0)) as listener, served(app, listener):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        sessions = json.loads((home / _SESSIONS).read_text(encoding="utf-8"))
        yield World(runtime, services, app, records, url, sessions)
    runtime.kernel.database.dispose()


@contextmanager
def served(app: FastAPI, listener: socket.socket) -> Iterator[None]:
    """Serve `app` on `listener` in a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
