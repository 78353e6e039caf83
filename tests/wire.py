"""A wire between a test and a real server that can be cut: bytes pass through a loopback proxy, which counts them."""

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

_BLOCK = 1 << 16


class Wire:
    """Passes connections on to `host:port`.

    With `cut_after`, each connection is broken off once so many bytes have come back over it. With `certificate` (a PEM
    file of key and certificate), what comes in is TLS.
    """

    def __init__(self, endpoint: str, cut_after: int | None = None, certificate: Path | None = None) -> None:
        host, _, port = endpoint.rpartition(":")
        self._target = (host, int(port))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self._context and certificate:
            self._context.load_cert_chain(certificate)
        self.cut_after = cut_after
        self.connections = 0
        self.open = 0
        self._counting = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing alone does not wake a thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _start(self, work: object, *arguments: object) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with self._counting:
                self.open += 1
            self._start(self._join, near)

    def _join(self, plain: socket.socket) -> None:
        near: socket.socket = plain
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(plain.close)
            if self._context:
                near = stack.enter_context(self._context.wrap_socket(plain, server_side=True))
            far = stack.enter_context(socket.create_connection(self._target))
            there = threading.Thread(target=_pump, args=(near, far, None), daemon=True)
            there.start()
            _pump(far, near, self.cut_after)
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            there.join()
        with self._counting:
            self.open -= 1


def _pump(source: socket.socket, target: socket.socket, most: int | None) -> None:
    passed = 0
    with contextlib.suppress(OSError):
        while most is None or passed < most:
            block = source.recv(_BLOCK if most is None else min(_BLOCK, most - passed))
            if not block:
                break
            target.sendall(block)
            passed += len(block)
    if most is None:
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
