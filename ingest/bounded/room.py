"""The parent's side: one bounded process, started when it is needed and replaced when it is used up."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from archive.errors import ArchiveError, InvalidInput, Unavailable
from ingest.bounded.bounds import Bounds
from ingest.bounded.folders import own_folder
from ingest.bounded.wire import SPAN, BrokenOffError, Frame, hurry, receive, send

_ROOT: Final = Path(__file__).resolve().parents[2]
_MOST_READ: Final = 8 << 20
_GRACE_SECONDS: Final = 5.0
# As text, an answer has as many parts as letters at most; beyond that it is made to fill our memory once it is read.
_MOST_PARTS: Final = 6_000_000


@dataclass
class Allowance:
    """The seconds that one file has left. Only its own turns count, not the waiting while others have theirs."""

    seconds: float


@dataclass
class _Occupant:
    """A process that is running, and the socket to it. `folder` is where it may write."""

    process: "subprocess.Popen[bytes]"
    line: socket.socket
    folder: Path
    owner: int
    calls: int = 0
    resident: int = 0

    def end(self) -> None:
        """End the process and take its folder away; inherited over a fork it is somebody else's."""
        self.line.close()
        if self.owner != os.getpid():
            return
        if self.process.poll() is None:
            # With whatever it has started, where the kernel does not keep it from starting anything.
            with suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_GRACE_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)


class Room:
    """Runs one call after another in a bounded process. Threads wait for each other.

    A process that broke is replaced; the file is blamed only when a fresh process breaks over it too.
    """

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self._occupant: _Occupant | None = None
        self._ending: weakref.finalize[..., Room] | None = None
        self._turn = threading.Lock()

    def call(
        self,
        function: str,
        arguments: Mapping[str, object],
        stream: BinaryIO | None = None,
        allowance: Allowance | None = None,
    ) -> Any:
        """What `function` (`package.module:name`) answers, given `stream` and `arguments`.

        `allowance` is what is left of the time for this file, at most that of the bounds; the call takes its share of
        it. The stream is left open.

        Raises:
            InvalidInput: what the function raised; or the file took more than the bounds allow: `reading-too-long`,
                `reading-too-much-memory`, `reading-too-much-said`, `reading-broke-off`.
            Unavailable: what the function or the stream raised; `reading-room-closed`, no process can be started.
        """
        own = allowance or Allowance(self.bounds.seconds)
        size = stream.seek(0, os.SEEK_END) if stream is not None else None
        asked = json.dumps({"function": function, "arguments": arguments, "size": size}).encode()
        if own.seconds <= 0:
            raise self._too_long()
        with self._turn:
            began = time.monotonic()
            try:
                return self._answered(asked, stream, began + min(own.seconds, self.bounds.seconds))
            finally:
                own.seconds -= time.monotonic() - began

    def close(self) -> None:
        """End the process, where there is one."""
        with self._turn:
            self._leave()

    def _answered(self, asked: bytes, stream: BinaryIO | None, until: float) -> Any:
        occupant = self._present()
        fresh = occupant.calls == 0
        try:
            return self._ask(occupant, asked, stream, until)
        except InvalidInput as error:
            if fresh or error.code not in _OF_THE_PROCESS:
                raise
            return self._ask(self._present(), asked, stream, until)

    def _ask(self, occupant: _Occupant, asked: bytes, stream: BinaryIO | None, until: float) -> Any:
        occupant.calls += 1
        try:
            said, body = self._converse(occupant.line, asked, stream, until)
        except TimeoutError as error:
            self._leave()
            raise self._too_long() from error
        except OverflowError as error:
            self._leave()
            raise InvalidInput("reading-too-much-said", limit=self.bounds.answer_bytes) from error
        except BrokenOffError as error:
            raise self._died(occupant) from error
        except BaseException:
            # The conversation stands in its middle: nothing more can be said to this process.
            self._leave()
            raise
        if said is Frame.BROKE:
            self._leave()
            raise self._broke(body[:_LONGEST_DETAIL].decode("ascii", "replace"))
        try:
            if said is Frame.DONE:
                value, occupant.resident = _answer(body)
                return value
            refusal = _refusal(body)
        except _UNFIT as error:
            # Whatever was said is not what these processes say: a parser may have been taken over.
            self._leave()
            raise self._broke("unfit answer") from error
        raise refusal

    def _converse(
        self, line: socket.socket, asked: bytes, stream: BinaryIO | None, until: float
    ) -> tuple[Frame, bytes]:
        """Send the call, serve what is read of the file, and give the end."""
        hurry(line, until)
        send(line, Frame.CALL, asked)
        while True:
            kind, body = receive(line, self.bounds.answer_bytes, until)
            hurry(line, until)
            if kind in _ENDS:
                return kind, body
            if kind is not Frame.READ or stream is None or len(body) != SPAN.size:
                raise BrokenOffError
            offset, length = SPAN.unpack(body)
            try:
                stream.seek(offset)
                piece = stream.read(min(length, _MOST_READ))
            except (OSError, ValueError, OverflowError):
                send(line, Frame.UNREADABLE, b"")
            else:
                send(line, Frame.BYTES, piece)

    def _died(self, occupant: _Occupant) -> InvalidInput:
        """Why a process is gone: the kernel ended it over a bound, or the file broke it."""
        with suppress(subprocess.TimeoutExpired):
            occupant.process.wait(_GRACE_SECONDS)
        code = occupant.process.returncode
        self._leave()
        if code == -signal.SIGXCPU:
            return InvalidInput("reading-too-long", seconds=self.bounds.cpu_seconds)
        return self._broke(signal.Signals(-code).name if code is not None and code < 0 else str(code))

    def _too_long(self) -> InvalidInput:
        return InvalidInput("reading-too-long", seconds=round(self.bounds.seconds))

    def _broke(self, detail: str) -> InvalidInput:
        if detail in _OUT_OF_MEMORY:
            return InvalidInput("reading-too-much-memory", limit=self.bounds.memory_bytes)
        return InvalidInput("reading-broke-off", detail=detail)

    def _present(self) -> _Occupant:
        occupant = self._occupant
        if occupant is not None and occupant.owner != os.getpid():
            # Inherited over a fork: the process is our parent's, and so is the conversation with it.
            self._leave()
            occupant = None
        if occupant is not None and (
            occupant.calls >= self.bounds.calls
            or occupant.resident > self.bounds.resident_bytes
            or occupant.process.poll() is not None
        ):
            self._leave()
            occupant = None
        if occupant is None:
            occupant = self._occupant = _started(self.bounds)
            # Whoever forgets to close a room still leaves no process behind.
            self._ending = weakref.finalize(self, occupant.end)
        return occupant

    def _leave(self) -> None:
        if self._ending is not None:
            self._ending()
        self._occupant = self._ending = None


_ENDS: Final = frozenset({Frame.DONE, Frame.REFUSED, Frame.BROKE})
_OF_THE_PROCESS: Final = frozenset({"reading-broke-off", "reading-too-much-memory"})
_OUT_OF_MEMORY: Final = frozenset({"MemoryError", "SIGKILL"})
_REFUSALS: Final[Mapping[str, type[ArchiveError]]] = {kind.__name__: kind for kind in (InvalidInput, Unavailable)}
# What reading an answer raises that is none: no JSON, not of its shape, deeper or larger than anything sensible.
_UNFIT: Final = (ValueError, TypeError, LookupError, OverflowError, RecursionError)
_LONGEST_DETAIL: Final = 80


def _answer(body: bytes) -> tuple[Any, int]:
    """What was answered, and how much memory the process holds; one of `_UNFIT` where it is no answer."""
    if sum(map(body.count, (b"[", b"{", b",", b":"))) > _MOST_PARTS:
        raise ValueError("too many parts")
    said = json.loads(body.decode("utf-8", "surrogatepass"))
    return said["value"], int(said["resident"])


def _refusal(body: bytes) -> ArchiveError:
    """The error that was raised; one of `_UNFIT` where it is none that can be raised there."""
    kind, code, params = json.loads(body)
    return _REFUSALS[kind](str(code), **params)


def _started(bounds: Bounds) -> _Occupant:
    """A fresh process: nothing of our environment but where programs and libraries lie, and a folder of its own.

    What parsers print belongs to nobody; the answers go over the socket.
    """
    ours, theirs = socket.socketpair()
    folder = own_folder()
    command = [sys.executable, "-m", "ingest.bounded.process", str(theirs.fileno()), json.dumps(asdict(bounds))]
    surroundings = {"PYTHONPATH": str(_ROOT), "TMPDIR": str(folder), "LANG": "C.UTF-8", "GOMAXPROCS": "2"}
    try:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=surroundings,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
    except OSError as error:
        ours.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise Unavailable("reading-room-closed", detail=error.strerror or type(error).__name__) from error
    finally:
        theirs.close()
    return _Occupant(process, ours, folder, os.getpid())
