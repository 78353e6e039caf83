"""A wire to a server that can be slowed, cut after so many bytes of answers, or taken away."""

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self


class Line:
    """Passes on to `target`, both on this machine. `passed` counts the bytes of answers.

    `cut_after` lets so many more through and then ends every connection, once; `delay` is in seconds per piece.
    """

    def __init__(self, target: int) -> None:
        self.port = 0
        self.passed = 0
        self.cut_after: int | None = None
        self.delay = 0.0
        self._target = target
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

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
        """Listen no more, and end every connection."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self._cut()

    def _cut(self) -> None:
        with self._guard:
            ends, self._open = self._open, set()
        for end in ends:
            _close(end)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            with self._guard:
                self._open |= {near, far}
            threading.Thread(target=self._pass, args=(near, far), kwargs={"counted": False}, daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near), kwargs={"counted": True}, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, *, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if counted and not self._let_through(sink, data):
                    self._cut()
                    return
                if not counted:
                    sink.sendall(data)
        _close(source)
        _close(sink)

    def _let_through(self, sink: socket.socket, data: bytes) -> bool:
        if self.delay:
            time.sleep(self.delay)
        left = self.cut_after
        piece = data if left is None else data[:left]
        sink.sendall(piece)
        self.passed += len(piece)
        if left is None:
            return True
        self.cut_after = left - len(piece) if len(piece) == len(data) else None
        return len(piece) == len(data)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
