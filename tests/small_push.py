"""A small archive behind its real server on loopback, as pushing senders see it; what intake did with it is counted."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from threading import Thread

import httpx
import uvicorn

from access_control.wiring import build_access
from archive.errors import ArchiveError
from archive.jobs.port import Job, JobQueue
from ingest.connectors.port import Arrival
from ingest.push.joining import Joiner
from ingest.push.service import PUSH, PushPorts, PushService
from ingest.push.wiring import Push
from ingest.taking import Taker
from ingest.types import Summary
from ingest.worker import Runtime, redact
from search.wiring import Ports, build_search
from tests.small_archive import SmallArchive
from web.app import create_app
from web.wiring import services_of

TOKEN = "a token that nobody guesses"
SECRET = "secret:push-token"
NUMBER = "S001"


class Counting(Taker):
    """Passes documents on to intake and adds up what became of them."""

    def __init__(self, taker: Taker) -> None:
        self.__dict__.update(vars(taker))
        self.summary = Summary()

    def take(self, source: str, arrival: Arrival, summary: Summary) -> None:
        before = Summary()
        super().take(source, arrival, before)
        for kept in (self.summary, summary):
            for one in fields(Summary):
                setattr(kept, one.name, getattr(kept, one.name) + getattr(before, one.name))


@dataclass(frozen=True)
class SmallPush:
    """The server's address, the archive behind it, and what was counted."""

    archive: SmallArchive
    url: str
    counting: Counting
    push: Push

    def send(self, raw: bytes, source: str = "stand", token: str = TOKEN, **headers: str) -> httpx.Response:
        """Push one message over REST."""
        given = {"Authorization": f"Bearer {token}", **headers}
        return httpx.post(f"{self.url}/api/v1/push/{source}", content=raw, headers=given, timeout=30, trust_env=False)

    def asked(self, key: str, source: str = "stand") -> httpx.Response:
        """Ask what has become of a message."""
        given = {"Authorization": f"Bearer {TOKEN}"}
        url = f"{self.url}/api/v1/push/{source}/messages/{key}"
        return httpx.get(url, headers=given, timeout=30, trust_env=False)

    def work(self) -> None:
        """Take in what was pushed, as a worker would; what fails is put back."""
        jobs = self.archive.kernel.jobs
        while (job := jobs.claim("test", frozenset({PUSH}))) is not None:
            work_one(self.push.joiner, jobs, job)


def work_one(joiner: Joiner, jobs: JobQueue, job: Job) -> None:
    """Do one job as a worker does it."""
    try:
        joiner.join(job.key)
    except ArchiveError as error:
        jobs.retry(job, error.code, error.message())
    else:
        jobs.complete(job)


def keep_token(archive: SmallArchive, text: str = TOKEN) -> None:
    """Keep the sender's token where secrets are kept."""
    folder = archive.settings.secrets
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / SECRET.removeprefix("secret:")
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


@contextmanager
def served(archive: SmallArchive) -> Iterator[SmallPush]:
    """The archive behind its server for as long as the block lasts."""
    kernel = archive.kernel
    access = build_access(kernel.database, kernel.clock, kernel.ids, kernel.ledger, session_lifetime=timedelta(hours=1))
    settings = archive.settings
    ports = Ports(kernel.database, kernel.ledger, access.authorizer, redact, settings.web.timezone, kernel.plan)
    search = build_search(settings.search.url, ports)
    own: PushPorts = archive.ingest.push.joiner._ports
    counting = Counting(own.taker)
    counted = replace(own, taker=counting)
    push = Push(archive.ingest.push.senders, PushService(counted), Joiner(counted))
    app = create_app(replace(services_of(Runtime(kernel, access, search, archive.ingest)), push=push))
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield SmallPush(archive, f"http://127.0.0.1:{listener.getsockname()[1]}", counting, push)
        finally:
            server.should_exit = True
            thread.join(10)
