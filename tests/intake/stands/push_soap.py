"""A trading system that pushes the general envelope over SOAP, with a client of its own that reads our description."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import requests
import zeep
from zeep.transports import Transport

from tests import push_messages as messages
from tests.intake.stand import Trouble
from tests.intake.stands.push_rest import CUT_MOST, DATA_SET, PushStand, failed
from tests.small_push import NUMBER, TOKEN, SmallPush
from tests.wire import Wire

_BOMB = """<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"""


class _Slow(requests.Session):
    """Hands the body over piece by piece."""

    def request(self, *given: Any, **named: Any) -> requests.Response:
        data = named.get("data")
        if isinstance(data, bytes):
            named["data"] = self._pieces(data)
        return super().request(*given, **named)

    @staticmethod
    def _pieces(data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), 512):
            time.sleep(0.005)
            yield data[start : start + 512]


def client(url: str, session: requests.Session) -> Any:
    """A client made from our own description at `url`."""
    session.trust_env = False
    transport: Any = Transport
    made: Any = zeep.Client
    return made(f"{url}?wsdl", transport=transport(session=session, timeout=20, operation_timeout=20)).service


class PushSoapStand(PushStand):
    """Over SOAP. What is cut breaks off on the way back, or while the description is read."""

    name = "push-soap"

    def send(self, push: SmallPush, raw: bytes) -> None:
        slow = self.trouble_now is Trouble.SLOW
        with ExitStack() as stack:
            url = push.url
            if self.trouble_now is Trouble.DOWN:
                url = "http://127.0.0.1:9"
            elif self.trouble_now is Trouble.CUT:
                wire = Wire(url.removeprefix("http://"), cut_after=self.cut_at % CUT_MOST)
                url = f"http://{stack.enter_context(wire).endpoint}"
            session = stack.enter_context(_Slow() if slow else requests.Session())
            try:
                self._call(f"{url}/api/v1/push/soap/upload-data", session, raw)
            except requests.RequestException as error:
                raise failed(error) from error

    @staticmethod
    def _call(url: str, session: requests.Session, raw: bytes) -> None:
        validation = f"<VALIDATION><TOKEN>{TOKEN}</TOKEN><SYSTEM_NO>{NUMBER}</SYSTEM_NO></VALIDATION>"
        said = client(url, session).UploadData_G_V4(validation=validation, data=raw.decode())
        answer = json.loads(said)
        assert answer["STATUS"] == "1" or answer["MSG"]

    def dirty(self) -> Mapping[str, str]:
        expected = {name: code for name, code in super().dirty().items() if name != "d5"}
        # No SOAP client sends what XML cannot hold.
        self._sent = [raw for raw in self._sent if b"\x0b" not in raw]
        self.add(messages.xml(DATA_SET, "d7", self.fields()).replace(b"UTF-8", b"GB2312"))
        bomb = _BOMB.encode() + messages.xml(DATA_SET, "d8", self.fields()).partition(b"?>")[2]
        self.add(bomb)
        return expected | {"d7": "", self.unreadable(bomb): "push-not-xml"}

    @staticmethod
    def unreadable(raw: bytes) -> str:
        """The id of a message that does not say which it is."""
        return f"message-{sha256(raw).hexdigest()[:16]}"


@contextmanager
def stand(folder: Path) -> Iterator[PushSoapStand]:
    """A sender; it needs nothing on disk."""
    del folder
    yield PushSoapStand()
