"""People who upload: a sender that speaks tus over HTTP to the real application on a loopback port."""

import random
import socket
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from access_control.types import Role
from access_control.wiring import AccessControl, build_access, ensure_defaults
from archive.authorization import SYSTEM_ACTOR
from archive.errors import SourceFailed
from ingest.sources.service import IMPORTED
from ingest.types import Summary
from ingest.worker import Runtime, redact
from search.wiring import Ports, build_search
from tests.functional.pages.world import served
from tests.intake.stand import SOURCE, Counts, Happening, Trouble
from tests.small_archive import SmallArchive
from web.app import create_app
from web.wiring import services_of

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
UPLOADS = "/api/v1/uploads"
_PIECE = 700
_DELETES_NOTHING = "a person deletes nothing by uploading"


def metadata(**values: str | bytes) -> dict[str, str]:
    """The header of an upload."""
    pairs = [
        f"{key} {b64encode(value if isinstance(value, bytes) else value.encode()).decode()}"
        for key, value in values.items()
    ]
    return {"Upload-Metadata": ",".join(pairs)}


@dataclass
class _File:
    """A file on the sender's desk; `address` is where its upload goes on."""

    data: bytes
    said: dict[str, str | bytes]
    address: str | None = None


@dataclass
class UploadStand:
    """Sends every file on the desk, each time anew; what was interrupted goes on."""

    name: str = "upload"
    unlike: Mapping[Happening, tuple[Counts, str]] = field(
        default_factory=lambda: {
            Happening.WITHDRAWN: (Counts(), _DELETES_NOTHING),
            Happening.GONE: (Counts(), _DELETES_NOTHING),
        }
    )
    stack: ExitStack = field(default_factory=ExitStack)
    desk: dict[str, _File] = field(default_factory=dict)
    client: httpx.Client | None = None
    trouble_now: Trouble | None = None
    cut: random.Random = field(default_factory=random.Random)

    def register(self, archive: SmallArchive) -> None:
        kernel = archive.kernel
        access = build_access(kernel.database, kernel.clock, kernel.ids, kernel.ledger)
        ports = Ports(kernel.database, kernel.ledger, access.authorizer, redact, archive.settings.web.timezone)
        runtime = Runtime(kernel, access, build_search("memory:", ports), archive.ingest)
        listener = self.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.stack.enter_context(served(create_app(services_of(runtime)), listener))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.client = self.stack.enter_context(httpx.Client(base_url=address, timeout=30))
        self.client.cookies.set("juanzong_session", _session(archive, access))
        archive.ingest.sources.register(SOURCE, "upload", IMPORTED)

    def publish(self, name: str, text: str) -> None:
        self.desk[name] = _File(text.encode(), {"filename": name, "source": SOURCE})

    def change(self, name: str, text: str) -> None:
        self.desk[name] = _File(text.encode(), self.desk[name].said)

    def rename(self, name: str, title: str) -> None:
        self.desk[name] = _File(self.desk[name].data, {"filename": f"{title}.txt", "source": SOURCE})

    def withdraw(self, name: str) -> None:
        del self.desk[name]

    def vanish(self, name: str) -> None:
        del self.desk[name]

    def dirty(self) -> Mapping[str, str]:
        odd: dict[str, str | bytes] = {
            "../../etc/n6": "../../etc/n6",
            "n\ufffd7": "n\x1b7",
            "公告八": "公告八".encode("gb18030"),
            "empty": "empty",
        }
        for name, given in odd.items():
            data = b"" if name == "empty" else name.encode()
            self.desk[name] = _File(data, {"filename": given, "source": SOURCE})
        bad: dict[str, tuple[str, dict[str, str | bytes]]] = {
            "nameless": ("upload-name", {}),
            "undated": ("upload-published", {"filename": "n9", "published": "昨天"}),
            "hinted": ("upload-hints", {"filename": "n10", "hints": "[1]"}),
            "damaged": ("upload-refused", {"filename": "n11", "sha256": "0" * 64}),
        }
        for name, (_, said) in bad.items():
            self.desk[name] = _File(name.encode(), {**said, "source": SOURCE})
        return dict.fromkeys(odd, "") | {name: code for name, (code, _) in bad.items()}

    @contextmanager
    def trouble(self, kind: Trouble, seed: int) -> Iterator[None]:
        self.trouble_now, self.cut = kind, random.Random(seed)  # noqa: S311 - draws a place to cut, no secret
        try:
            yield
        finally:
            self.trouble_now = None

    def deliver(self, archive: SmallArchive) -> Summary:
        del archive
        summary = Summary()
        for name, file in self.desk.items():
            try:
                self._send(name, file, summary)
            except httpx.TransportError as error:
                raise SourceFailed("upload-broken-off") from error
            summary.received += 1
        return summary

    def _send(self, name: str, file: _File, summary: Summary) -> None:
        client = self.client
        assert client is not None
        if self.trouble_now is Trouble.DOWN:
            httpx.post(f"http://127.0.0.1:{_unused_port()}{UPLOADS}", headers=TUS)
        if file.address is None:
            said = {**TUS, "Upload-Length": str(len(file.data)), **metadata(**file.said)}
            answer = client.post(UPLOADS, headers=said)
            if answer.is_error:
                _refused(name, answer, summary)
                return
            file.address = answer.headers["Location"]
        answer = client.head(str(file.address), headers=TUS)
        assert answer.status_code == 200, answer
        offset = int(answer.headers["Upload-Offset"])
        if offset < len(file.data):
            sent = {**TUS, **BYTES, "Upload-Offset": str(offset), "Content-Length": str(len(file.data) - offset)}
            answer = client.patch(str(file.address), headers=sent, content=self._pieces(file.data[offset:]))
        file.address = None
        if answer.is_error:
            _refused(name, answer, summary)
            return
        receipt = answer.headers["Juanzong-Receipt"]
        setattr(summary, receipt, getattr(summary, receipt) + 1)

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        last = self.cut.randrange(len(data)) if self.trouble_now is Trouble.CUT else len(data)
        for start in range(0, last, _PIECE):
            yield data[start : min(start + _PIECE, last)]
            if self.trouble_now is Trouble.SLOW:
                time.sleep(0.02)
        if last < len(data):
            raise httpx.WriteError("the sender is gone")


def _unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _refused(name: str, answer: httpx.Response, summary: Summary) -> None:
    error = answer.json()["error"]
    summary.refused.append({"id": name, "code": error["code"], "message": error["message"]})


def _session(archive: SmallArchive, access: AccessControl) -> str:
    """A session of an archivist made for this."""
    with archive.kernel.database.writing() as uow:
        ensure_defaults(uow, access, "370000")
    secret = "sent-by-the-sender-of-files"
    access.service.create_account("sender", "递送员", Role.ARCHIVIST, "000000", secret, by=SYSTEM_ACTOR)
    return access.service.authenticate("sender", secret)[0]


@contextmanager
def stand(folder: Path) -> Iterator[UploadStand]:
    """The sender; nothing of it lies in `folder`."""
    del folder
    made = UploadStand()
    with made.stack:
        yield made
