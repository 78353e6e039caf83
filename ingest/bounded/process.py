"""`python -m ingest.bounded.process FD BOUNDS`: the bounded process, at the other end of the socket `FD`.

It answers calls until its parent is gone. A call names a function of this program by module and name; it is given the
file, where there is one, and the arguments, and gives back what JSON can carry.
"""

import importlib
import json
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from archive.errors import ArchiveError
from ingest.bounded.bounds import Bounds
from ingest.bounded.confinement import allow_cpu, bound, confine, give_up_privileges
from ingest.bounded.folders import hold
from ingest.bounded.landlock import keep_to, program_files
from ingest.bounded.remote import remote_file
from ingest.bounded.wire import BrokenOffError, Frame, receive, send

Inside = Callable[[BinaryIO | None, dict[str, Any]], object]
"""What can be called: the file, where there is one, and the arguments; the answer is what JSON can carry."""

_ROOT = Path(__file__).resolve().parents[2]
_MOST_ASKED = 64 << 20
_PAGE = resource.getpagesize()


def main(descriptor: int, bounds: Bounds) -> int:
    """Answer calls over the socket `descriptor` until it is closed."""
    bound(bounds)
    hold(Path.cwd())
    # Whatever cannot be taken away on this machine is reported by `juanzong doctor`, which asks a process of its own.
    if give_up_privileges():
        keep_to([*program_files(_ROOT), *map(Path, bounds.readable)], Path.cwd(), _ROOT)
        confine()
    with socket.socket(fileno=descriptor) as line:
        while True:
            try:
                _, asked = receive(line, _MOST_ASKED)
                _answer(line, json.loads(asked), bounds)
            except BrokenOffError:
                return 0


def _answer(line: socket.socket, asked: dict[str, Any], bounds: Bounds) -> None:
    allow_cpu(bounds.cpu_seconds)
    size = asked["size"]
    stream = remote_file(line, size) if size is not None else None
    try:
        found = _function(asked["function"])(stream, asked["arguments"])
        body = json.dumps({"value": found, "resident": _resident()}, ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
    except ArchiveError as error:
        params = {name: _plain(value) for name, value in error.params.items()}
        send(line, Frame.REFUSED, json.dumps([type(error).__name__, error.code, params]).encode())
    except MemoryError:
        send(line, Frame.BROKE, b"MemoryError")
    except BrokenOffError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is the answer: the file broke it
        # The type alone: the message of an unforeseen error may quote the file.
        send(line, Frame.BROKE, type(error).__name__.encode())
    else:
        send(line, Frame.DONE, body)
    finally:
        # Nothing may ask for bytes of this file once its call has ended.
        if stream is not None:
            stream.close()


def _function(named: str) -> Inside:
    module, _, name = named.partition(":")
    found: Inside = getattr(importlib.import_module(module), name)
    return found


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _resident() -> int:
    """Bytes of memory this process holds; 0 where the machine does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Bounds(**json.loads(sys.argv[2]))))
