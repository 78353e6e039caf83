"""Imports every module below the named packages and reports what importing did besides defining names.

Run in a process of its own, with an empty environment: `python import_probe.py ROOT PACKAGE…`.
Prints a JSON list of sentences; an empty list is a clean bill.
"""

import importlib
import json
import os
import pkgutil
import sys
import threading
from pathlib import Path

_NETWORK = {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"}
_PROCESSES = {"subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec"}
_CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate", "sqlite3.connect"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class Probe:
    """Listens to the interpreter's audit events while modules are imported."""

    def __init__(self, root: Path, packages: list[str]) -> None:
        self.folders = [root / package for package in packages]
        self.module = ""
        self.found: list[str] = []

    def listen(self, event: str, arguments: tuple[object, ...]) -> None:
        """Note an event that importing must not cause."""
        if not self.module:
            return
        if event in _NETWORK | _PROCESSES | _CHANGES:
            self._note(f"{event} {arguments[:1]}")
        elif event == "open":
            self._opened(*arguments)

    def _opened(self, path: object, mode: object, flags: object) -> None:
        writes = (isinstance(mode, str) and bool(set(mode) & set("wax+"))) or (
            isinstance(flags, int) and bool(flags & _WRITING)
        )
        if writes:
            self._note(f"opens {path!r} for writing")
        elif isinstance(path, str) and self._is_data(Path(path)):
            self._note(f"loads {path!r}")

    def _is_data(self, path: Path) -> bool:
        inside = any(path.is_relative_to(folder) for folder in self.folders)
        return inside and path.suffix not in {".py", ".pyc"}

    def _note(self, what: str) -> None:
        self.found.append(f"importing {self.module}: {what}")

    def visit(self, package: str) -> None:
        """Import `package` and everything below it."""
        self._import(package)
        for info in pkgutil.walk_packages(sys.modules[package].__path__, f"{package}."):
            # Only there to be run; what it runs is imported without it.
            if not info.name.endswith(".__main__"):
                self._import(info.name)

    def _import(self, name: str) -> None:
        self.module = name
        before = set(threading.enumerate())
        importlib.import_module(name)
        for thread in set(threading.enumerate()) - before:
            self._note(f"starts the thread {thread.name}")
        self.module = ""


def main(arguments: list[str]) -> None:
    """Probe the packages named after the root folder."""
    probe = Probe(Path(arguments[0]), arguments[1:])
    sys.path.insert(0, arguments[0])
    # Asks the system once whether it has IPv6, by binding a socket; that is the library's doing, not ours.
    importlib.import_module("urllib3")
    sys.addaudithook(probe.listen)
    for package in arguments[1:]:
        probe.visit(package)
    sys.stdout.write(json.dumps(probe.found))


if __name__ == "__main__":
    main(sys.argv[1:])
