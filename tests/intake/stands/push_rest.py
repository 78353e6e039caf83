"""A trading system that pushes its data sets over REST, all of them again each time."""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import httpx

from archive.errors import SourceFailed
from ingest.types import Summary
from tests import push_messages as messages
from tests.intake.stand import SOURCE, Counts, Happening, Trouble
from tests.small_archive import SmallArchive
from tests.small_push import NUMBER, SECRET, TOKEN, SmallPush, keep_token, served

DATA_SET = "1801"
CUT_MOST = 400
GONE_REASON = "nobody sees what a sender no longer has: reconciliation does"
_PIECE = 512


def failed(detail: object) -> SourceFailed:
    """The sender could not deliver."""
    return SourceFailed("source-unreachable", source=SOURCE, detail=type(detail).__name__)


class PushStand:
    """What both pushing stands have: the messages so far, a clock, and trouble on the way."""

    name = "push"
    unlike: Mapping[Happening, tuple[Counts, str]] = {Happening.GONE: (Counts(), GONE_REASON)}

    def __init__(self) -> None:
        self._sent: list[bytes] = []
        self._documents: dict[str, dict[str, str]] = {}
        self._seconds = 0
        self.trouble_now: Trouble | None = None
        self.cut_at = 0

    def register(self, archive: SmallArchive) -> None:
        keep_token(archive)
        options = {"token": SECRET, "system_no": NUMBER, "key_alone": True}
        archive.ingest.sources.register(SOURCE, "push", "push:", options)

    def publish(self, name: str, text: str) -> None:
        self._documents[name] = {"ANNOUNCEMENT_TITLE": f"{name}公告", "ANNOUNCEMENT_CONNECT": text}
        self._say(name, "1")

    def change(self, name: str, text: str) -> None:
        self._documents[name]["ANNOUNCEMENT_CONNECT"] = text
        self._say(name, "2")

    def rename(self, name: str, title: str) -> None:
        self._documents[name]["ANNOUNCEMENT_TITLE"] = title
        self._say(name, "2")

    def withdraw(self, name: str) -> None:
        self._say(name, "3")

    def vanish(self, name: str) -> None:
        del self._documents[name]

    def _say(self, name: str, operation: str) -> None:
        self.add(messages.xml(DATA_SET, name, self.fields(**self._documents[name]), operation))

    def fields(self, **values: str) -> messages.Given:
        """The fields of one message, each later than the last by the sender's clock."""
        self._seconds += 1
        moment = {"DATA_TIMESTAMP": f"202605210930{self._seconds:02d}", "PUBLISHING_TIME": "20260520093000"}
        return messages.valid(DATA_SET, **moment | values)

    def add(self, raw: bytes) -> None:
        """Have one more message to send."""
        self._sent.append(raw)

    @contextmanager
    def trouble(self, kind: Trouble, seed: int) -> Iterator[None]:
        self.trouble_now, self.cut_at = kind, Random(seed).randrange(1, CUT_MOST * 4)  # noqa: S311 - a place, no secret
        yield
        self.trouble_now = None

    def deliver(self, archive: SmallArchive) -> Summary:
        with served(archive) as push:
            try:
                for raw in self._sent:
                    self.send(push, raw)
            finally:
                push.work()
            summary = push.counting.summary
            summary.unchanged += len(self._sent) - _counted(summary)
            summary.received = len(self._sent)
            return summary

    def send(self, push: SmallPush, raw: bytes) -> None:
        """Send one message, through whatever trouble there is.

        Raises:
            SourceFailed: it did not get through.
        """
        raise NotImplementedError

    def dirty(self) -> Mapping[str, str]:
        incomplete = [(name, text) for name, text in self.fields() if name != "PROJECT_NAME"]
        self.add(messages.xml(DATA_SET, "d1", incomplete))
        self.add(messages.xml(DATA_SET, "d2", self.fields(), operation="9"))
        self.add(messages.xml(DATA_SET, "d3", self.fields(UNIFIED_DEAL_CODE="A999999999999999")))
        self.add(messages.xml(DATA_SET, "d4", self.fields(TRADE_DATE="2026年5月20日")))
        self.add(messages.xml(DATA_SET, "d5", self.fields(ANNOUNCEMENT_CONNECT="一\x0b二")))
        self.add(messages.xml(DATA_SET, "d6", self.fields(ANNOUNCEMENT_CONNECT="<p>一</p><p>二；三")))
        return {"d1": "push-refused", "d2": "push-refused", "d3": "", "d4": "", "d5": "", "d6": ""}


def _counted(summary: Summary) -> int:
    changed = summary.captured + summary.new_versions + summary.renamed + summary.unchanged
    return changed + summary.withdrawn + summary.superseded + len(summary.refused)


class PushRestStand(PushStand):
    """Over REST. What is cut breaks off at any byte of the request or of its answer."""

    name = "push-rest"

    def send(self, push: SmallPush, raw: bytes) -> None:
        if self.trouble_now is Trouble.DOWN:
            self._post("http://127.0.0.1:9", raw)
        elif self.trouble_now is Trouble.CUT:
            self._cut(push.url, raw)
        else:
            self._post(push.url, raw)

    def _post(self, url: str, raw: bytes) -> None:
        content = iter([raw[at : at + _PIECE] for at in range(0, len(raw), _PIECE)])
        slow = self.trouble_now is Trouble.SLOW
        headers = {"Authorization": f"Bearer {TOKEN}"}
        try:
            body = _slowly(content) if slow else raw
            httpx.post(f"{url}/api/v1/push/{SOURCE}", content=body, headers=headers, timeout=20, trust_env=False)
        except httpx.TransportError as error:
            raise failed(error) from error

    def _cut(self, url: str, raw: bytes) -> None:
        target = urlsplit(url)
        head = f"POST /api/v1/push/{SOURCE} HTTP/1.1\r\nHost: {target.netloc}\r\nAuthorization: Bearer {TOKEN}\r\n"
        request = f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw
        with socket.create_connection((target.hostname or "", target.port or 0)) as connection:
            connection.sendall(request[: self.cut_at])
            if self.cut_at >= len(request):
                connection.recv(1 + self.cut_at - len(request))
        raise failed(ConnectionResetError())

    def dirty(self) -> Mapping[str, str]:
        expected = dict(super().dirty())
        wrong = messages.xml(DATA_SET, "d7", self.fields(ANNOUNCEMENT_TITLE="国标编码公告"))
        self.add(wrong.decode().encode("gb18030"))
        self.add(b"\xef\xbb\xbf" + messages.xml(DATA_SET, "d8", self.fields()))
        self.add(messages.xml(DATA_SET, "d9", self.fields()).decode().encode("utf-16"))
        given = {f" {name.lower()} ": text for name, text in self.fields()}
        self.add(messages.json_of(DATA_SET, "d10", given))
        return expected | {"d7": "", "d8": "", "d9": "", "d10": ""}


def _slowly(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        time.sleep(0.01)
        yield piece


@contextmanager
def stand(folder: Path) -> Iterator[PushRestStand]:
    """A sender; it needs nothing on disk."""
    del folder
    yield PushRestStand()
