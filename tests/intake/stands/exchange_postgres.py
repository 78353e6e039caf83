"""An exchange database on a real PostgreSQL server, reached through a wire that can be cut, stopped and slowed."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from ingest.connectors.rows import row_digest
from ingest.types import Summary
from tests.intake.stand import SOURCE, Counts, Happening, Trouble
from tests.intake.stands.exchange import OPTIONS
from tests.services import fresh_database, plain
from tests.small_archive import SmallArchive

_TABLE = """create table "T_NOTICE" ("M_ID" varchar(64), "TITLE" varchar(200), "CONTENT" text, "SEND_ TIME" timestamp,
    "M_TM" timestamptz default clock_timestamp(), "IS_DELETE" integer, "STATUS" char(1) default '0',
    "REASON" varchar(60), "SUM" numeric(20, 6), "M_ATT_DOC" text, "EXTRA" jsonb, "SEAL" bytea)"""
_DROP_SECONDS = 0.002


class Wire:
    """Passes on to a port of this machine; after `budget` bytes from there it cuts, with `slow` it dawdles."""

    def __init__(self, target: int) -> None:
        self.budget: int | None = None
        self.slow = False
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self.open:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._pass, args=(near, far), daemon=True).start()
            threading.Thread(target=self._back, args=(far, near), daemon=True).start()

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(65_536):
                far.sendall(data)
        _end(far)

    def _back(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(1_024 if self.slow else 65_536):
                if self.slow:
                    threading.Event().wait(_DROP_SECONDS)
                if self.budget is not None:
                    data = data[: self.budget]
                    self.budget -= len(data)
                near.sendall(data)
                if self.budget == 0:
                    break
        _end(near)
        _end(far)


class ExchangePostgresStand:
    """One table on a server."""

    name = "exchange-postgres"
    unlike: Mapping[Happening, tuple[Counts, str]] = {}

    def __init__(self, url: str, wire: Wire, files: Path) -> None:
        self._far = make_url(url)
        self._wire = wire
        self._files = files
        self._database = psycopg.connect(plain(url), autocommit=True)
        self.execute(_TABLE)

    def close(self) -> None:
        self._database.close()

    def execute(self, statement: str, *values: object) -> None:
        self._database.execute(statement.encode(), values)

    def register(self, archive: SmallArchive) -> None:
        secrets = archive.settings.secrets
        secrets.mkdir(parents=True, exist_ok=True)
        secret = secrets / "exchange"
        secret.write_text(self._far.password or "unused", encoding="utf-8")
        secret.chmod(0o600)
        far = self._far
        near = f"{far.drivername}://{far.username}@127.0.0.1:{self._wire.port}/{far.database}"
        options = OPTIONS | {"files": str(self._files), "password": "secret:exchange", "batch": 2}
        archive.ingest.sources.register(SOURCE, "exchange", near, options)

    def publish(self, name: str, text: str) -> None:
        statement = """insert into "T_NOTICE" ("M_ID", "TITLE", "CONTENT", "SEND_ TIME", "SUM", "EXTRA", "SEAL")
            values (%s, %s, %s, '2026-05-04 09:30', 12.500000, '{"标段": ["一", "二"]}', '\\xff00')"""
        self.execute(statement, name, f"{name}公告", text)

    def change(self, name: str, text: str) -> None:
        self._set("CONTENT", text, name)

    def rename(self, name: str, title: str) -> None:
        self._set("TITLE", title, name)

    def withdraw(self, name: str) -> None:
        self._set("IS_DELETE", 1, name)

    def vanish(self, name: str) -> None:
        self.execute('delete from "T_NOTICE" where "M_ID" = %s', name)

    def dirty(self) -> Mapping[str, str]:
        for name in ("garbled", "untitled", "control", "infinite", "tomorrow", "missing", "twice", "twice"):
            self.publish(name, "正文")
        self._set("CONTENT", "招标公告正文".encode("gb18030").decode("latin-1"), "garbled")
        self._set("TITLE", None, "untitled")
        self._set("CONTENT", "正文\x07尾", "control")
        self._set("SEND_ TIME", "infinity", "infinite")
        self.execute("""update "T_NOTICE" set "M_TM" = '2099-01-01' where "M_ID" = 'tomorrow'""")
        self._set("M_ATT_DOC", "nowhere.pdf", "missing")
        twins = """update "T_NOTICE" set "M_TM" = '2026-05-04', "TITLE" = ctid::text where "M_ID" = 'twice'"""
        self.execute(twins)
        self.execute("""insert into "T_NOTICE" ("TITLE", "STATUS") values ('没有主键', '1')""")
        return {
            "garbled": "exchange-text-garbled",
            "untitled": "field-empty",
            "control": "",
            "infinite": "",
            "tomorrow": "",
            "missing": "exchange-file-missing",
            "twice": "exchange-key-twice",
            "twice#2": "exchange-key-twice",
            self._keyless(): "exchange-key-empty",
        }

    def _keyless(self) -> str:
        """The id of the row without a key: what it says, all but its status."""
        self.execute("""update "T_NOTICE" set "M_TM" = '2026-05-04 00:00:00+00' where "M_ID" is null""")
        said: dict[str, object] = dict.fromkeys(("M_ID", "TITLE", "CONTENT", "SEND_ TIME", "M_TM", "IS_DELETE"))
        said |= {"TITLE": "没有主键", "M_TM": "2026-05-04 00:00:00+00"}
        said |= dict.fromkeys(("SUM", "M_ATT_DOC", "EXTRA", "SEAL"))
        return "row-" + row_digest(said).removeprefix("row:")[:16]

    @contextmanager
    def trouble(self, kind: Trouble, seed: int) -> Iterator[None]:
        if kind is Trouble.CUT:
            self._wire.budget = Random(seed).randrange(1, 20_000)  # noqa: S311 - drawn, not secret
        self._wire.open = kind is not Trouble.DOWN
        self._wire.slow = kind is Trouble.SLOW
        try:
            yield
        finally:
            self._wire.budget, self._wire.open, self._wire.slow = None, True, False

    def deliver(self, archive: SmallArchive) -> Summary:
        return archive.ingest.intake.sync(SOURCE, archive.ingest.opener)[0]

    def _set(self, column: str, value: object, name: str) -> None:
        statement = sql.SQL("""update "T_NOTICE" set {} = %s, "M_TM" = clock_timestamp(), "STATUS" = '0'
            where "M_ID" = %s""")
        self._database.execute(statement.format(sql.Identifier(column)), (value, name))


@contextmanager
def stand(folder: Path) -> Iterator[ExchangePostgresStand]:
    """A table in a database of its own."""
    with fresh_database() as url:
        wire = Wire(make_url(url).port or 5432)
        made = ExchangePostgresStand(url, wire, folder)
        try:
            yield made
        finally:
            made.close()
            wire.close()


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
