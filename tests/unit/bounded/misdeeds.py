"""What a file might make a parser do, as functions that a bounded process can be told to run."""

import ctypes
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from archive.errors import InvalidInput, Unavailable
from ingest.bounded.wire import SPAN, Frame, receive, send


def length(stream: BinaryIO, arguments: dict[str, Any]) -> int:
    del arguments
    return len(stream.read())


def span(stream: BinaryIO, arguments: dict[str, Any]) -> str:
    stream.seek(arguments["start"])
    return stream.read(arguments["length"]).hex()


def who(stream: BinaryIO | None, arguments: dict[str, Any]) -> dict[str, Any]:
    del stream, arguments
    return {
        "process": os.getpid(),
        "environment": sorted(os.environ),
        "open": len(list(Path("/proc/self/fd").iterdir())),
    }


def connect(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream, arguments
    with socket.socket():
        pass


def execute(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream, arguments
    subprocess.run([sys.executable, "-c", ""], check=True)


def open_file(stream: BinaryIO | None, arguments: dict[str, Any]) -> int:
    del stream
    return len(Path(arguments["path"]).read_bytes())


def write_much(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream
    with Path("much").open("wb") as file:
        file.writelines(b"x" * (1 << 20) for _ in range(arguments["mebibytes"]))


def turn(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream, arguments
    while True:
        pass


def sleep(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream
    time.sleep(arguments["seconds"])


def hoard(stream: BinaryIO | None, arguments: dict[str, Any]) -> int:
    del stream
    return len(bytearray(arguments["bytes"]))


def babble(stream: BinaryIO | None, arguments: dict[str, Any]) -> str:
    del stream
    return "x" * int(arguments["bytes"])


def fall(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream, arguments
    ctypes.string_at(0)


def raise_unforeseen(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream
    raise RuntimeError(arguments["secret"])


def refuse(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream, arguments
    raise InvalidInput("file-truncated", missing=3)


def be_away(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream, arguments
    raise Unavailable("format-registry-failed")


def fall_once(stream: BinaryIO | None, arguments: dict[str, Any]) -> str:
    """Breaks a process that has worked before, as memory in disorder does."""
    del stream, arguments
    if "worn" in sys.modules:
        os.abort()
    return "fresh"


def wear(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream, arguments
    sys.modules["worn"] = sys.modules["sys"]


def print_much(stream: BinaryIO | None, arguments: dict[str, Any]) -> str:
    del stream, arguments
    sys.stdout.write("x" * (1 << 20))
    sys.stderr.write("x" * (1 << 20))
    return "said"


def fork(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream, arguments
    if os.fork() == 0:
        os._exit(0)


def end_parent(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream, arguments
    os.kill(os.getppid(), 0)


def bound_parent(stream: BinaryIO | None, arguments: dict[str, Any]) -> None:
    del stream, arguments
    resource.prlimit(os.getppid(), resource.RLIMIT_CORE)


def start_threads(stream: BinaryIO | None, arguments: dict[str, Any]) -> int:
    del stream
    done: list[int] = []
    threads = [threading.Thread(target=done.append, args=(each,)) for each in range(arguments["count"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done)


def say(stream: BinaryIO, arguments: dict[str, Any]) -> None:
    """Say on the line what nobody says who has not taken the process over, and never end."""
    line = stream.raw._line  # type: ignore[attr-defined]  # what a parser that was taken over would look for
    send(line, Frame(arguments["frame"].encode()), arguments["body"].encode() * arguments["times"])
    time.sleep(60)


def drip(stream: BinaryIO, arguments: dict[str, Any]) -> None:
    """Announce a long answer and send a byte of it now and then."""
    line = stream.raw._line  # type: ignore[attr-defined]  # as above
    line.sendall(Frame.DONE.value + (1_000).to_bytes(8, "big"))
    while True:
        line.sendall(b" ")
        time.sleep(arguments["seconds"])


def read_far(stream: BinaryIO, arguments: dict[str, Any]) -> str:
    del arguments
    line = stream.raw._line  # type: ignore[attr-defined]  # as above
    send(line, Frame.READ, SPAN.pack((1 << 64) - 1, 1))
    return receive(line, 1)[0].name
