"""Tika servers that misbehave on demand: a stand-in that answers as it is told, and a relay before a real one."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from ingest.extractors.registry import Registry, build_registry
from ingest.extractors.tika import TikaExtractor
from ingest.extractors.tika_server import TikaServer

Answer = Callable[[BaseHTTPRequestHandler], None]


def registry_with(url: str) -> Registry:
    """Our own extractors, and a Tika server for the rest."""
    return Registry((*build_registry()._extractors, TikaExtractor(TikaServer(url))))


class StandIn(ThreadingHTTPServer):
    """Says that it is Tika, and answers files as `answer` does. Counts the files it was sent."""

    daemon_threads = True

    def __init__(self, answer: Answer, version: str = "Apache Tika 3.3.2") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.version = version
        self.files = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_GET(self) -> None:
        self._say(200, self.server.version.encode())

    def do_PUT(self) -> None:
        self.server.files += 1
        # Whoever is cut off while sending complains; nobody here listens.
        with suppress(OSError):
            self.server.answer(self)

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        del format, args


def taken(handler: BaseHTTPRequestHandler) -> None:
    """Take the whole file."""
    handler.rfile.read(int(handler.headers["Content-Length"]))


def says(status: int, body: bytes = b"") -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        taken(handler)
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def cuts(handler: BaseHTTPRequestHandler) -> None:
    """Go away in the middle of a file, as a process does that is killed."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def sleeps(handler: BaseHTTPRequestHandler) -> None:
    taken(handler)
    time.sleep(5)


def drips(handler: BaseHTTPRequestHandler) -> None:
    """Always something, never an end."""
    taken(handler)
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b"[")
        handler.wfile.flush()
        time.sleep(0.05)


def floods(handler: BaseHTTPRequestHandler) -> None:
    taken(handler)
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1_000):
        handler.wfile.write(b" " * (1 << 20))


@contextmanager
def standing_in(answer: Answer, version: str = "Apache Tika 3.3.2") -> Iterator[StandIn]:
    with StandIn(answer, version) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Relay:
    """Passes bytes on to a real server. `down` for seconds after each of the first `cuts` files, which it cuts off."""

    def __init__(self, target: str, cuts: int, down: float) -> None:
        parts = urlsplit(target)
        self._target = (str(parts.hostname), parts.port or 80)
        self._cuts = cuts
        self._down = down
        self._over = threading.Event()
        self._socket = self._listen(0)
        self._address = self._socket.getsockname()
        self.cut = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._address[1]}"

    def run(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            with connection:
                opening = connection.recv(1 << 16)
                cutting = opening.startswith(b"PUT") and self.cut < self._cuts
                if opening and not cutting:
                    self._pass_on(connection, opening)
            if cutting:
                self.cut += 1
                self._restart()
        self._socket.close()

    def stop(self) -> None:
        self._over.set()

    def _restart(self) -> None:
        self._socket.close()
        time.sleep(self._down)
        self._socket = self._listen(self._address[1])

    def _pass_on(self, near: socket.socket, opening: bytes) -> None:
        with socket.create_connection(self._target, 30) as far:
            far.sendall(opening)
            up = threading.Thread(target=_pump, args=(near, far), daemon=True)
            up.start()
            _pump(far, near)
            up.join()

    @staticmethod
    def _listen(port: int) -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen()
        made.settimeout(0.05)
        return made


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def relayed(target: str, cuts: int, down: float) -> Iterator[Relay]:
    relay = Relay(target, cuts, down)
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join()
