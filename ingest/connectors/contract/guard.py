"""A guard on sockets: while it stands, nothing is connected to but hosts that a source names.

It sees what goes through Python's own sockets. A library that connects on its own, as those of databases do, is not
seen.
"""

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import urlsplit

from ingest.connectors.secrets import is_reference
from ingest.types import Source

_HOST: Final = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d+)?")


class Guard:
    """Remembers where connections went: `reached` are hosts that the source names, `elsewhere` what was refused."""

    def __init__(self, hosts: frozenset[str]) -> None:
        self._hosts = set(hosts)
        self._addresses: set[str] = set()
        self.reached: set[str] = set()
        self.elsewhere: set[str] = set()

    def allow(self, host: str) -> None:
        """Let a host be connected to that the source does not name."""
        self._hosts.add(host)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Guard every socket of this process while the block lasts."""
        look_up, connect = socket.getaddrinfo, socket.socket.connect
        connect_ex, send_to = socket.socket.connect_ex, socket.socket.sendto

        def guarded_look_up(host: Any, *arguments: Any, **more: Any) -> Any:
            self._require(host)
            found = look_up(host, *arguments, **more)
            self._addresses |= {str(address[0]) for *_, address in found}
            return found

        def guarded_connect(sock: socket.socket, address: Any) -> None:
            self._require_address(sock, address)
            connect(sock, address)

        def guarded_connect_ex(sock: socket.socket, address: Any) -> int:
            self._require_address(sock, address)
            return connect_ex(sock, address)

        def guarded_send_to(sock: socket.socket, data: Any, *rest: Any) -> int:
            self._require_address(sock, rest[-1])
            return send_to(sock, data, *rest)

        with (
            patch.object(socket, "getaddrinfo", guarded_look_up),
            patch.object(socket.socket, "connect", guarded_connect),
            patch.object(socket.socket, "connect_ex", guarded_connect_ex),
            patch.object(socket.socket, "sendto", guarded_send_to),
        ):
            yield

    def _require_address(self, sock: socket.socket, address: Any) -> None:
        # A socket of the file system leads to no other host.
        if sock.family in {socket.AF_INET, socket.AF_INET6} and str(address[0]) not in self._addresses:
            self._require(address[0])

    def _require(self, host: Any) -> None:
        name = (host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")).lower()
        if name in self._hosts or name in self._addresses:
            self.reached.add(name)
            return
        self.elsewhere.add(name)
        raise ConnectionRefusedError(f"{name} is not named by the source")


def hosts_of(source: Source) -> frozenset[str]:
    """The hosts that location and options of a source name."""
    texts = [source.location, *_texts(source.options)]
    return frozenset(host for text in texts if not is_reference(text) for host in _hosts_in(text))


def _hosts_in(text: str) -> Iterator[str]:
    if match := _HOST.fullmatch(text.strip()):
        yield match[1].lower()
    try:
        host = urlsplit(text.strip()).hostname
    except ValueError:
        host = None
    if host:
        yield host.lower()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
