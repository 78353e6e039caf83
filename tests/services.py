"""Real servers for tests: their addresses as `deploy/services start` left them, and databases that belong to one test.

`make test` starts the servers and says that they are required; run by hand without them, their tests skip.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from archive.settings import environment

ADDRESSES = Path(__file__).resolve().parents[1] / ".services" / "env.json"
REQUIRED = environment().get("JUANZONG_REQUIRE_SERVICES") == "1"


def service_url(name: str) -> str:
    """The address of a server; a test that needs one that does not run is skipped, or fails where it is required."""
    known: dict[str, str] = json.loads(ADDRESSES.read_text(encoding="utf-8")) if ADDRESSES.exists() else {}
    if name not in known:
        reason = f"needs {name}: deploy/services start"
        if REQUIRED:
            pytest.fail(reason)
        pytest.skip(reason)
    return known[name]


@contextmanager
def fresh_database(template: str | None = None) -> Iterator[str]:
    """The address of an empty PostgreSQL database, or of a copy of `template`; gone when the block ends."""
    server = service_url("postgres")
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(plain(server), autocommit=True) as connection:
        statement = sql.SQL("create database {} template {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template or "template0")))
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(plain(server), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def plain(url: str) -> str:
    """An address as the driver itself takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://")
