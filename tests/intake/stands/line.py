"""A wire to a server that can be slowed, cut after so many bytes of answers, or taken away."""

import socket
import time

from tests.fault.forwarder import Forwarder


class Line(Forwarder):
    """Passes on to `target`, both on this machine. `passed` counts the bytes of answers.

    `cut_after` lets so many more through and then ends every connection, once; `delay` is in seconds per piece.
    """

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.passed = 0
        self.cut_after: int | None = None
        self.delay = 0.0

    def answer(self, sink: socket.socket, data: bytes) -> None:
        """Pass on what the target answers, as far as the line holds."""
        if self.delay:
            time.sleep(self.delay)
        left = self.cut_after
        piece = data if left is None else data[:left]
        sink.sendall(piece)
        self.passed += len(piece)
        if left is None:
            return
        whole = len(piece) == len(data)
        self.cut_after = left - len(piece) if whole else None
        if not whole:
            self.cut()
