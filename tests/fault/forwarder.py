"""A wire to a server that can be cut: connections through it end, or are refused, as when the server stops."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Forwarder:
    """Listens on a port of its own and passes on what it gets to `target`, both on this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Listen no more, and cut what is open."""
        if self._listener is not None:
            # A thread that waits for connections keeps the port until it is woken.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self) -> None:
        """End every connection."""
        while self._open:
            _end(self._open.pop())

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._open |= {near, far}
            for source, sink, send in ((near, far, self.ask), (far, near, self.answer)):
                threading.Thread(target=_pass, args=(source, sink, send), daemon=True).start()

    def ask(self, sink: socket.socket, data: bytes) -> None:
        """Pass on what is said to the target."""
        sink.sendall(data)

    def answer(self, sink: socket.socket, data: bytes) -> None:
        """Pass on what the target answers."""
        sink.sendall(data)


def _pass(source: socket.socket, sink: socket.socket, send: Callable[[socket.socket, bytes], None]) -> None:
    try:
        while data := source.recv(65_536):
            send(sink, data)
    except OSError:
        pass
    finally:
        _end(sink)
        _end(source)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
