"""A clamd that answers as it is told, and one that keeps the contract: for tests without the real one."""

import socket
import socketserver
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from ingest.malware.nesting import nested

TEXT = b"JUANZONG-ANTIVIRUS-TEST-TEXT"
LIMIT = 100 << 20
VERSION = b"ClamAV 1.4.6/27480/Mon Nov 23 08:26:04 2026\0"

Answer = Callable[["Handler"], None]


class StandIn(socketserver.ThreadingTCPServer):
    """Answers INSTREAM as `answer` does, and VERSION with `version`. Counts the files it was sent."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer: Answer, version: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.version = version
        self.files = 0

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.server_address[1]}"


class Handler(socketserver.StreamRequestHandler):
    server: StandIn

    def handle(self) -> None:
        # Whoever is cut off complains; nobody here listens.
        with suppress(OSError):
            command = self._command()
            if command == b"zVERSION":
                self.wfile.write(self.server.version)
            elif command == b"zINSTREAM":
                self.server.files += 1
                self.server.answer(self)
            else:
                self.wfile.write(b"UNKNOWN COMMAND\0")

    def _command(self) -> bytes:
        said = bytearray()
        while (byte := self.rfile.read(1)) not in {b"\0", b""}:
            said += byte
        return bytes(said)

    def taken(self, most: int = LIMIT) -> bytes | None:
        """The file; None where it grows beyond `most`, and the rest of it is then not taken."""
        file = bytearray()
        while length := struct.unpack(">I", self.rfile.read(4))[0]:
            if len(file) + length > most:
                return None
            file += self.rfile.read(length)
        return bytes(file)


def scans(handler: Handler) -> None:
    """As clamd would, with the definitions that `deploy/services` gives it."""
    file = handler.taken()
    if file is None:
        handler.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
    elif file == nested():
        handler.wfile.write(b"stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND\0")
    elif TEXT in file:
        handler.wfile.write(b"stream: Juanzong.Test.Text.UNOFFICIAL FOUND\0")
    else:
        handler.wfile.write(b"stream: OK\0")


def says(answer: bytes) -> Answer:
    def answering(handler: Handler) -> None:
        handler.taken()
        handler.wfile.write(answer)

    return answering


def cuts(handler: Handler) -> None:
    """Go away in the middle of a file, as a process does that is killed."""
    handler.rfile.read(10)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def stops_taking(handler: Handler) -> None:
    """Take nothing more, and stay."""
    handler.rfile.read(10)
    time.sleep(3)


def sleeps(handler: Handler) -> None:
    """Take it all, and say nothing."""
    handler.taken()
    time.sleep(3)


def drips(handler: Handler) -> None:
    """Always something, never an end."""
    handler.taken()
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


@contextmanager
def standing_in(answer: Answer = scans, version: bytes = VERSION) -> Iterator[StandIn]:
    """Such a server, while the block lasts."""
    with StandIn(answer, version) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
