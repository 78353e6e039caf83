"""Every search engine there is, empty and for one test: what a contract of search runs on."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from search.elastic.address import Address
from search.elastic.client import Server
from search.port import SearchIndex
from search.wiring import build_index
from tests.services import service_url

SERVICES = pytest.mark.services
ENGINES: list[Any] = ["memory", "tantivy", pytest.param("elastic", marks=SERVICES)]


@contextmanager
def engine(kind: str, folder: Path) -> Iterator[SearchIndex]:
    """An empty index, gone when the block ends."""
    if kind != "elastic":
        yield build_index("memory:" if kind == "memory" else f"tantivy://{folder / 'index'}")
        return
    with fresh_address() as url:
        yield build_index(url)


@contextmanager
def fresh_address(service: str = "elasticsearch", options: str = "") -> Iterator[str]:
    """The address of an index of its own on a real server; whatever it has become there is dropped."""
    server = urlsplit(service_url(service))
    query = "&".join(part for part in (server.query, "replicas=0&shards=1", options) if part)
    url = urlunsplit(server._replace(path=f"/t{secrets.token_hex(6)}", query=query))
    try:
        yield url
    finally:
        drop(url)


def names(url: str) -> list[str]:
    """What there is on the server of an index."""
    server = Server(Address.read(url))
    with server.asked() as client:
        return sorted(client.indices.get_alias(index=f"{server.address.name}*").body)


def drop(url: str) -> None:
    """Drop everything that there is of an index."""
    found = names(url)
    if found:
        with Server(Address.read(url)).asked() as client:
            client.indices.delete(index=found)
