"""One leader among many: whoever leads does what must be done once, on however many hosts the others work.

On SQLite, whose file belongs to one machine, a lock of the operating system; on PostgreSQL an advisory lock of a
session. Both end with their holder, however that ends, and another takes over. A leader that has lost its session but
not yet noticed does no harm: units of work come one after another, and everything a leader does may be done twice.
"""

import fcntl
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from archive.db.uow import Database

_LEADER = 0x4A5A0002
_TRY = text("select pg_try_advisory_lock(:lock)")
_STILL = text("select 1")


class Leadership:
    """The lead over one database. `place` is a file for the lock where the database is a file itself."""

    def __init__(self, database: Database, place: Path) -> None:
        self._database = database
        self._place = place
        self._file: IO[bytes] | None = None
        self._session: Connection | None = None

    def held(self) -> bool:
        """Whether we lead now, having taken the lead if nobody had it.

        A database that does not answer cannot say so: then nobody is told that they lead.
        """
        return self._ask_database() if self._database.distributed else self._ask_system()

    def release(self) -> None:
        """Let another lead."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._session is not None:
            self._session.close()
            self._session = None

    def _ask_system(self) -> bool:
        if self._file is not None:
            return True
        file = self._place.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def _ask_database(self) -> bool:
        try:
            if self._session is not None:
                self._session.execute(_STILL)
                return True
            # The lock lives in this session, which belongs to nobody else and has no transaction open.
            session = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if session.execute(_TRY, {"lock": _LEADER}).scalar_one():
                session.detach()
                self._session = session
                return True
            session.close()
        except DBAPIError:
            self.release()
        return False
