"""An exchange database in a SQLite file: the trading system writes rows, we read them and write the status back."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

from ingest.types import Summary
from tests.intake.stand import SOURCE, Counts, Happening, Trouble
from tests.small_archive import SmallArchive

_TABLE = """create table T_NOTICE (M_ID text, TITLE text, CONTENT text, "SEND_ TIME" text, M_TM text, IS_DELETE integer,
    STATUS integer default 0, REASON text, M_ATT_DOC text)"""
OPTIONS = {
    "table": "T_NOTICE",
    "key": ["M_ID"],
    "order": "M_TM",
    "status": {"column": "STATUS", "reason": "REASON"},
    "deleted": {"column": "IS_DELETE", "values": ["1"]},
    "mapping": {"title": {"field": "TITLE", "required": True}, "content": "CONTENT", "published": "SEND_TIME"},
    "acknowledge": True,
    "full_hours": 0,
}
_LOCKED_SECONDS = 0.5


class ExchangeStand:
    """One table in one file."""

    name = "exchange"
    unlike: Mapping[Happening, tuple[Counts, str]] = {}

    def __init__(self, folder: Path) -> None:
        self.path = folder / "exchange.db"
        self.files = folder / "files"
        self.files.mkdir()
        self._moment = 0
        self.execute(_TABLE)

    def execute(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement, values)

    def statuses(self) -> dict[str, int]:
        with closing(sqlite3.connect(self.path)) as connection:
            return dict(connection.execute("select M_ID, STATUS from T_NOTICE"))

    def register(self, archive: SmallArchive) -> None:
        options = OPTIONS | {"files": str(self.files)}
        archive.ingest.sources.register(SOURCE, "exchange", f"sqlite:///{self.path}", options)

    def publish(self, name: str, text: str) -> None:
        values = (name, f"{name}公告", text, "20260504093000", self._now())
        self.execute('insert into T_NOTICE (M_ID, TITLE, CONTENT, "SEND_ TIME", M_TM) values (?, ?, ?, ?, ?)', *values)

    def change(self, name: str, text: str) -> None:
        self._set("update T_NOTICE set CONTENT = ?, M_TM = ?, STATUS = 0 where M_ID = ?", text, name)

    def rename(self, name: str, title: str) -> None:
        self._set("update T_NOTICE set TITLE = ?, M_TM = ?, STATUS = 0 where M_ID = ?", title, name)

    def withdraw(self, name: str) -> None:
        self._set("update T_NOTICE set IS_DELETE = ?, M_TM = ?, STATUS = 0 where M_ID = ?", 1, name)

    def vanish(self, name: str) -> None:
        self.execute("delete from T_NOTICE where M_ID = ?", name)

    def dirty(self) -> Mapping[str, str]:
        self.publish("bytes", "")
        self.execute(
            "update T_NOTICE set CONTENT = cast(? as text) where M_ID = 'bytes'", "国标编码的正文".encode("gb18030")
        )
        self.publish("garbled", "招标公告正文".encode("gb18030").decode("latin-1"))
        self.publish("untitled", "正文")
        self.execute("update T_NOTICE set TITLE = null where M_ID = 'untitled'")
        self.publish("control", "正文\x07\x00尾")
        self.publish("undated", "正文")
        self.execute("update T_NOTICE set \"SEND_ TIME\" = '昨天' where M_ID = 'undated'")
        self.publish("tomorrow", "正文")
        self.execute("update T_NOTICE set M_TM = '2099-01-01 00:00:00' where M_ID = 'tomorrow'")
        for name, file in (("outside", "../exchange.db"), ("missing", "nowhere.pdf"), ("attached", "one.txt;two.txt")):
            self.publish(name, "正文")
            self.execute("update T_NOTICE set M_ATT_DOC = ? where M_ID = ?", file, name)
        for file in ("one.txt", "two.txt"):
            (self.files / file).write_text("附件", encoding="utf-8")
        self.publish("twice", "一")
        self.publish("twice", "二")
        self.execute("update T_NOTICE set M_TM = '2026-05-05 00:00:00' where M_ID = 'twice'")
        return {
            "bytes": "",
            "garbled": "exchange-text-garbled",
            "untitled": "field-empty",
            "control": "",
            "undated": "",
            "tomorrow": "",
            "outside": "exchange-file-outside",
            "missing": "exchange-file-missing",
            "attached": "",
            "twice": "exchange-key-twice",
            "twice#2": "exchange-key-twice",
        }

    @contextmanager
    def trouble(self, kind: Trouble, seed: int) -> Iterator[None]:
        if kind is Trouble.SLOW:
            with self._locked():
                yield
            return
        whole = self.path.read_bytes()
        if kind is Trouble.CUT:
            # The file is being copied over and has got as far as this byte.
            self.path.write_bytes(whole[: Random(seed).randrange(1, len(whole))])  # noqa: S311 - drawn, not secret
        else:
            self.path.unlink()
        try:
            yield
        finally:
            self.path.write_bytes(whole)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The far end holds the whole file for a while."""
        held = threading.Event()

        def hold() -> None:
            with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
                connection.execute("begin exclusive")
                held.set()
                threading.Event().wait(_LOCKED_SECONDS)
                connection.execute("rollback")

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()
        try:
            yield
        finally:
            holder.join()

    def deliver(self, archive: SmallArchive) -> Summary:
        return archive.ingest.intake.sync(SOURCE, archive.ingest.opener)[0]

    def _set(self, statement: str, value: object, name: str) -> None:
        self.execute(statement, value, self._now(), name)

    def _now(self) -> str:
        self._moment += 1
        return f"2026-05-04 09:{self._moment // 60:02}:{self._moment % 60:02}"


@contextmanager
def stand(folder: Path) -> Iterator[ExchangeStand]:
    """An exchange database in `folder`."""
    yield ExchangeStand(folder)
